"""What two versions of a service did in the same stretches of time, and whether the new one is worse.

Shares are compared by interval, not by point: a Wilson interval for one share (Wilson 1927), Newcombe's hybrid score
interval for the difference of two (Newcombe 1998, method 10). One error in eight requests decides nothing.
"""

from __future__ import annotations

from math import sqrt
from typing import Literal

import msgspec
import numpy as np

from meshui.domain.graph.latency import quantiles

SURE = 2.576
"""Standard deviations of a bound, one-sided 99.5%: a step is looked at several times, and each look may err."""
_TAIL = 0.05
"""A p95 is where the slowest twentieth begins."""

Tendency = Literal["better", "unclear", "worse"]


class Tally(msgspec.Struct, frozen=True):
    """What one version did: requests, those that failed by its own fault, and cumulative latency buckets, all as
    counts. `bounds` are milliseconds, rising and finite (JSON knows no other); `cumulative` ends with one more: all."""

    requests: float = 0.0
    failed: float = 0.0
    bounds: tuple[float, ...] = ()
    cumulative: tuple[float, ...] = ()

    @property
    def error_share(self) -> float:
        return self.failed / self.requests if self.requests > 0 else 0.0

    @property
    def p95_ms(self) -> float | None:
        """None where no latency was seen."""
        if not self.cumulative or self.cumulative[-1] <= 0:
            return None
        return float(quantiles(np.array((*self.bounds, np.inf)), np.array([self.cumulative]), 0.95)[0])

    def plus(self, other: Tally) -> Tally:
        """Both together. Buckets of other bounds are dropped rather than guessed."""
        if not self.cumulative or not other.cumulative:
            bounds, cumulative = (self.bounds, self.cumulative) if self.cumulative else (other.bounds, other.cumulative)
        elif self.bounds == other.bounds:
            bounds = self.bounds
            cumulative = tuple(one + two for one, two in zip(self.cumulative, other.cumulative, strict=True))
        else:
            bounds, cumulative = other.bounds, other.cumulative
        return Tally(self.requests + other.requests, self.failed + other.failed, bounds, cumulative)


class Comparison(msgspec.Struct, frozen=True):
    """How the candidate stands against the baseline, with the numbers in a sentence."""

    tendency: Tendency
    sentence: str


def interval(count: float, total: float, deviations: float = SURE) -> tuple[float, float]:
    """The Wilson interval of a share seen as `count` of `total`; (0, 1) where nothing was seen."""
    if total <= 0:
        return 0.0, 1.0
    share = min(max(count / total, 0.0), 1.0)
    square = deviations * deviations
    middle = (share + square / (2 * total)) / (1 + square / total)
    spread = deviations * sqrt(share * (1 - share) / total + square / (4 * total * total)) / (1 + square / total)
    return max(0.0, middle - spread), min(1.0, middle + spread)


def difference(candidate: Tally, baseline: Tally, deviations: float = SURE) -> tuple[float, float]:
    """The interval of candidate's error share minus baseline's (Newcombe)."""
    low, high = interval(candidate.failed, candidate.requests, deviations)
    base_low, base_high = interval(baseline.failed, baseline.requests, deviations)
    share, base = candidate.error_share, baseline.error_share
    between = share - base
    return (
        between - sqrt((share - low) ** 2 + (base_high - base) ** 2),
        between + sqrt((high - share) ** 2 + (base - base_low) ** 2),
    )


def compare_errors(candidate: Tally, baseline: Tally, most_more: float) -> Comparison:
    """Whether the candidate fails more than `most_more` (a share) above the baseline: `worse` when that is sure,
    `better` when the share seen is within it, `unclear` when it is above without being sure."""
    lower, _ = difference(candidate, baseline)
    seen = candidate.error_share - baseline.error_share
    said = f"{_share(candidate)} fail, against {_share(baseline)} of the baseline"
    if candidate.failed >= 2 and lower > most_more:
        return Comparison("worse", f"{said}: surely more than {_percent(most_more)} above it")
    if seen <= most_more:
        return Comparison("better", f"{said}: within {_percent(most_more)} of it")
    return Comparison("unclear", f"{said}: more than {_percent(most_more)} above it, but too few requests to be sure")


def compare_latency(candidate: Tally, baseline: Tally, most_times: float) -> Comparison:
    """Whether the candidate's p95 is more than `most_times` the baseline's: sure when surely more than a twentieth of
    the candidate's requests took longer than that."""
    ours, theirs = candidate.p95_ms, baseline.p95_ms
    if ours is None or theirs is None:
        return Comparison("better", "no latency to compare")
    limit = theirs * most_times
    said = f"p95 is {ours:.0f} ms, against {theirs:.0f} ms of the baseline"
    timed = candidate.cumulative[-1]
    slower = timed - _counted_within(candidate, limit)
    lower, _ = interval(slower, timed)
    if slower >= 2 and lower > _TAIL:
        return Comparison("worse", f"{said}: surely more than {most_times:g} times it")
    if ours <= limit:
        return Comparison("better", f"{said}: within {most_times:g} times it")
    return Comparison("unclear", f"{said}: more than {most_times:g} times it, but too few requests to be sure")


def excess_failures(candidate: Tally, baseline: Tally) -> float:
    """How many of the candidate's requests failed that the baseline would not have failed."""
    return max(0.0, candidate.failed - candidate.requests * baseline.error_share)


def _counted_within(tally: Tally, limit_ms: float) -> float:
    """Requests that took at most so long; linear inside a bucket, as quantiles are."""
    counts = np.maximum.accumulate(np.array(tally.cumulative[:-1]))
    return float(np.interp(limit_ms, [0.0, *tally.bounds], [0.0, *counts]))


def _share(tally: Tally) -> str:
    return f"{_percent(tally.error_share)} of {tally.requests:.0f} requests"


def _percent(share: float) -> str:
    return f"{share * 100:.1f}".removesuffix(".0") + "%"
