"""Cumulative latency buckets on other bounds."""

from __future__ import annotations

import numpy as np

from meshui.domain.telemetry.rows import Durations, FloatColumn


def on_bounds(durations: Durations, bounds: FloatColumn) -> FloatColumn:
    """The cumulative buckets at other bounds, which hold all of its own: between its own, requests are spread evenly,
    as quantiles take them, so that no quantile changes."""
    own = durations.bounds
    if not len(durations) or len(own) == len(bounds):
        return durations.cumulative if len(own) == len(bounds) else np.zeros((len(durations), len(bounds)))
    finite = own[np.isfinite(own)]
    above = np.searchsorted(own, bounds)
    below = above - 1
    lower = np.where(below >= 0, own[below], np.minimum(finite[0], 0.0) if len(finite) else 0.0)
    upper = own[np.minimum(above, len(own) - 1)]
    whole = (upper == bounds) | (above >= len(own))
    # Inside the infinite bucket there is no telling where: all of it counts as slower than any finite bound.
    inside = ~whole & np.isfinite(upper)
    share = np.where(whole, 1.0, 0.0)
    share[inside] = (bounds[inside] - lower[inside]) / (upper[inside] - lower[inside])
    before = np.where(below >= 0, durations.cumulative[:, below], 0.0)
    after = durations.cumulative[:, np.minimum(above, len(own) - 1)]
    return np.asarray(before + (after - before) * np.clip(share, 0.0, 1.0), dtype=np.float64)
