"""Quantiles as Prometheus computes them."""

from __future__ import annotations

import math
from bisect import bisect_left

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshui.domain.graph.latency import quantiles

BOUNDS = np.array([10.0, 25.0, 50.0, 100.0, math.inf])


def reference(bounds: list[float], counts: list[float], q: float) -> float:
    """histogram_quantile's bucketQuantile (promql/quantile.go), for monotonic buckets."""
    if counts[-1] == 0:
        return math.nan
    rank = q * counts[-1]
    place = min(bisect_left(counts[:-1], rank), len(counts) - 1)
    if place == len(bounds) - 1:
        return bounds[-2]
    if place == 0 and bounds[0] <= 0:
        return bounds[0]
    start, end, count = 0.0, bounds[place], counts[place]
    if place > 0:
        start = bounds[place - 1]
        count -= counts[place - 1]
        rank -= counts[place - 1]
    return start + (end - start) * (rank / count)


@pytest.mark.parametrize(
    ("counts", "q", "expected"),
    [
        ([0, 0, 10, 10, 10], 0.5, 37.5),
        ([10, 10, 10, 10, 10], 0.95, 9.5),
        ([0, 0, 0, 0, 10], 0.5, 100),
        ([5, 10, 10, 10, 10], 0.75, 17.5),
    ],
)
def test_by_hand(counts: list[float], q: float, expected: float):
    assert quantiles(BOUNDS, np.array([counts], dtype=float), q)[0] == pytest.approx(expected)


def test_without_requests_nothing_is_known():
    assert math.isnan(quantiles(BOUNDS, np.zeros((1, 5)), 0.5)[0])
    assert quantiles(BOUNDS, np.zeros((0, 5)), 0.5).tolist() == []
    assert math.isnan(quantiles(np.array([5.0]), np.ones((1, 1)), 0.5)[0])


@given(st.lists(st.floats(0, 100), min_size=5, max_size=5), st.sampled_from([0.01, 0.5, 0.9, 0.95, 0.99, 1.0]))
def test_same_as_prometheus(parts: list[float], q: float):
    counts = np.cumsum(parts)
    got = quantiles(BOUNDS, counts[None, :], q)[0]
    expected = reference(BOUNDS.tolist(), counts.tolist(), q)
    assert (math.isnan(got) and math.isnan(expected)) or got == pytest.approx(expected)


def test_buckets_are_merged_before_the_quantile():
    fast, slow = [90.0, 90, 90, 90, 90], [0.0, 0, 0, 10, 10]
    merged = np.array([fast]) + np.array([slow])
    assert quantiles(BOUNDS, merged, 0.5)[0] < 10
    assert quantiles(BOUNDS, merged, 0.99)[0] > 50
