"""How far a certificate's life is, and whether it should have been replaced by now.

Istio's agents renew at half of the life (SECRET_GRACE_PERIOD_RATIO 0.5), Linkerd's at 70%, cert-manager at two thirds:
whatever rotates by itself has done so before three quarters are over. Roots and what people rotate are told of by days.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

State = Literal["good", "late", "expiring", "expired", "not_yet_valid", "unknown"]
LATE = 0.75
"""Of the life: a certificate that rotates by itself has done so before."""
EXPIRING = 0.9
LONG_LIVED = timedelta(days=180)
"""Longer-lived ones are rotated by people, so they are told of by days."""
SOON, VERY_SOON = timedelta(days=60), timedelta(days=14)


class Life(msgspec.Struct, frozen=True):
    """`used`: the share of its life that is over, of 1; `rotated_ago_seconds`: since it is valid."""

    state: State
    reason: str
    used: float | None
    rotated_ago_seconds: float | None
    left_seconds: float | None
    lifetime_seconds: float | None


_UNKNOWN = Life("unknown", "It does not say how long it is valid.", None, None, None, None)


def life_of(valid_from: datetime | None, expires_at: datetime | None, now: datetime) -> Life:
    """The life of a certificate at a moment."""
    if valid_from is None or expires_at is None or expires_at <= valid_from:
        return _UNKNOWN
    whole, left, old = expires_at - valid_from, expires_at - now, now - valid_from
    used = old / whole
    state, reason = _judged(whole, left, old, used)
    seconds = [one.total_seconds() for one in (old, left, whole)]
    return Life(state, reason, used, *seconds)


def _judged(whole: timedelta, left: timedelta, old: timedelta, used: float) -> tuple[State, str]:
    if left <= timedelta(0):
        return "expired", f"It expired {said(-left)} ago: calls with it fail."
    if old < timedelta(0):
        return "not_yet_valid", f"It is valid only in {said(-old)}: a clock is wrong."
    if whole > LONG_LIVED:
        if left < VERY_SOON:
            return "expiring", f"It expires in {said(left)}, and people have to replace it."
        if left < SOON:
            return "late", f"It expires in {said(left)}: plan its replacement."
        return "good", f"It expires in {said(left)}."
    if used >= EXPIRING:
        return (
            "expiring",
            f"{used:.0%} of its {said(whole)} are over and it has not rotated: it expires in {said(left)}.",
        )
    if used >= LATE:
        return "late", f"{used:.0%} of its {said(whole)} are over: it should have rotated at half of them."
    return "good", f"{used:.0%} of its {said(whole)} are over; it rotates at half of them."


def said(span: timedelta) -> str:
    """A span for people: 3 days, 5 h, 12 min."""
    seconds = span.total_seconds()
    if seconds >= 2 * 86400:
        return f"{seconds / 86400:.0f} days"
    if seconds >= 5400:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
