"""Quantiles of cumulative buckets, by the rule of Prometheus' `histogram_quantile`.

Buckets are merged (added) before a quantile is taken; quantiles themselves are never averaged.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def quantiles(bounds: Array, cumulative: Array, q: float) -> Array:
    """The q-quantile (0 to 1) of each row of `cumulative` (rows x bounds), in the unit of `bounds`; nan for a row
    without requests. Linear inside a bucket, the first of which starts at 0; in the infinite bucket the highest
    finite bound."""
    rows = len(cumulative)
    result = np.full(rows, np.nan)
    if rows == 0 or len(bounds) < 2 or not np.isinf(bounds[-1]):
        return result
    counts = np.maximum.accumulate(cumulative, axis=1)
    total = counts[:, -1]
    found = total > 0
    rank = q * total
    bucket = np.minimum((counts < rank[:, None]).sum(axis=1), len(bounds) - 1)
    row = np.arange(rows)
    below = np.maximum(bucket - 1, 0)
    start = np.where(bucket > 0, bounds[below], np.minimum(bounds[0], 0.0))
    before = np.where(bucket > 0, counts[row, below], 0.0)
    end = bounds[bucket]
    inside = counts[row, bucket] - before
    infinite = np.isinf(end)
    width = np.where(infinite, 0.0, end) - start
    share = np.divide(rank - before, inside, out=np.ones(rows), where=inside > 0)
    result[found] = np.where(infinite, bounds[-2], start + width * share)[found]
    return result
