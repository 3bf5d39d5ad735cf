"""The answer of one condition: it holds, it doesn't, it holds for a share of requests, or that can't be told."""

from __future__ import annotations

import msgspec


class Check(msgspec.Struct, frozen=True):
    """`share` of the requests for which it holds; None: what it asks about isn't known. `reason`: why it doesn't hold,
    or what it depends on; "" when it simply holds."""

    share: float | None
    reason: str = ""

    @property
    def fails(self) -> bool:
        return self.share == 0.0


HOLDS = Check(1.0)


def fails(reason: str) -> Check:
    """It doesn't hold."""
    return Check(0.0, reason)


def unknown(reason: str) -> Check:
    """It depends on something that isn't known."""
    return Check(None, reason)


def every(checks: list[Check]) -> Check:
    """All of them: the first that fails, else whether something isn't known, else the product of the shares."""
    for one in checks:
        if one.fails:
            return one
    reason = "; ".join(one.reason for one in checks if one.reason)
    share = 1.0
    for one in checks:
        if one.share is None:
            return Check(None, reason)
        share *= one.share
    return Check(share, reason)
