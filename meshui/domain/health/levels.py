"""Error shares to levels, for many elements at once, with hysteresis."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from meshui.domain.health.thresholds import DEFAULT, Thresholds

HEALTHY: Final = 0
DEGRADED: Final = 1
FAILING: Final = 2

Levels = NDArray[np.int8]
_Array = NDArray[np.float64]
NEVER: Final = 4.0
"""A threshold that no share reaches."""


def levels(
    total: _Array,
    failed: _Array,
    window_seconds: int,
    previous: Levels,
    degraded: _Array,
    failing: _Array,
    how: Thresholds = DEFAULT,
) -> Levels:
    """The level of each element by failed of total (rates per second) and its own thresholds (NEVER: none);
    `previous` are the levels before. All arrays have one shape."""
    share = np.divide(failed, total, out=np.zeros(np.shape(total)), where=total > 0)
    count = failed * window_seconds
    lower = wilson_lower(count, total * window_seconds, how.confidence)
    # rate() extrapolates: two failures may come out a little below 2.
    enough = count >= how.minimum_failed - 0.5

    def reached(threshold: _Array, level: int) -> NDArray[np.bool_]:
        rises = enough & (share > threshold) & (lower > threshold / 2)
        holds = (previous >= level) & (total > 0) & (share > 0) & (share >= how.keep * threshold)
        either: NDArray[np.bool_] = rises | holds
        return either

    fails, degrades = reached(failing, FAILING), reached(degraded, DEGRADED)
    return np.where(fails, FAILING, np.where(degrades, DEGRADED, HEALTHY)).astype(np.int8)


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
