"""Error shares to levels, for many elements at once, with hysteresis."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from meshui.domain.health.thresholds import Thresholds

HEALTHY: Final = 0
DEGRADED: Final = 1
FAILING: Final = 2

Levels = NDArray[np.int8]
_Array = NDArray[np.float64]
_NEVER: Final = 2.0
"""A share that nothing reaches."""


def server_levels(total: _Array, failed: _Array, window_seconds: int, previous: Levels, limits: Thresholds) -> Levels:
    """The level of each element by failed of total (rates per second); `previous` are the levels before."""
    return _levels(total, failed, window_seconds, previous, limits, limits.degraded, limits.failing)


def client_levels(total: _Array, failed: _Array, window_seconds: int, previous: Levels, limits: Thresholds) -> Levels:
    """The same for errors that are the caller's."""
    degraded = _NEVER if limits.client_degraded is None else limits.client_degraded
    failing = _NEVER if limits.client_failing is None else limits.client_failing
    return _levels(total, failed, window_seconds, previous, limits, degraded, failing)


def wilson_lower(failed: _Array, total: _Array, deviations: float) -> _Array:
    """The lower bound of a share seen as `failed` of `total` (Wilson score interval); 0 where there is nothing."""
    some = total > 1e-6
    count = np.where(some, total, 1.0)
    share = np.clip(failed / count, 0.0, 1.0)
    square = deviations * deviations
    middle = share + square / (2 * count)
    spread = deviations * np.sqrt(share * (1 - share) / count + square / (4 * count * count))
    bound: _Array = np.where(some, np.maximum(0.0, (middle - spread) / (1 + square / count)), 0.0)
    return bound


def _levels(
    total: _Array,
    failed: _Array,
    window_seconds: int,
    previous: Levels,
    limits: Thresholds,
    degraded: float,
    failing: float,
) -> Levels:
    share = np.divide(failed, total, out=np.zeros(len(total)), where=total > 0)
    count = failed * window_seconds
    lower = wilson_lower(count, total * window_seconds, limits.confidence)
    # rate() extrapolates: two failures may come out a little below 2.
    enough = count >= limits.minimum_failed - 0.5

    def reached(threshold: float, level: int) -> NDArray[np.bool_]:
        rises = enough & (share > threshold) & (lower > threshold / 2)
        holds = (previous >= level) & (total > 0) & (share > 0) & (share >= limits.keep * threshold)
        either: NDArray[np.bool_] = rises | holds
        return either

    fails, degrades = reached(failing, FAILING), reached(degraded, DEGRADED)
    levels: Levels = np.where(fails, FAILING, np.where(degrades, DEGRADED, HEALTHY)).astype(np.int8)
    return levels
