"""Levels: thresholds, evidence and hysteresis."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshui.domain.health.levels import DEGRADED, FAILING, HEALTHY, NEVER, levels, wilson_lower

WINDOW = 60


def level(failed: float, total: float, before: int = HEALTHY, degraded: float = 0.01, failing: float = 0.05) -> int:
    """`failed` and `total` are counts in the window."""
    rates = (np.array([total / WINDOW]), np.array([failed / WINDOW]))
    previous = np.array([before], dtype=np.int8)
    return int(levels(*rates, WINDOW, previous, np.array([degraded]), np.array([failing]))[0])


@pytest.mark.parametrize(
    ("failed", "total", "expected"),
    [
        (0, 0, HEALTHY),
        (0, 1000, HEALTHY),
        (1, 8, HEALTHY),
        (1, 1, HEALTHY),
        (2, 2, FAILING),
        (5, 1000, HEALTHY),
        (10, 1000, HEALTHY),
        (20, 1000, DEGRADED),
        (50, 1000, DEGRADED),
        (52, 1000, FAILING),
        (15, 15, FAILING),
    ],
)
def test_from_health(failed: int, total: int, expected: int):
    assert level(failed, total) == expected


@pytest.mark.parametrize(
    ("before", "failed", "expected"),
    [
        (FAILING, 45, FAILING),
        (FAILING, 41, FAILING),
        (FAILING, 39, DEGRADED),
        (FAILING, 7, HEALTHY),
        (DEGRADED, 9, DEGRADED),
        (DEGRADED, 7, HEALTHY),
        (DEGRADED, 45, DEGRADED),
        (DEGRADED, 0, HEALTHY),
    ],
)
def test_a_level_is_kept_until_it_is_clearly_left(before: int, failed: int, expected: int):
    assert level(failed, 1000, before) == expected


@given(st.lists(st.floats(0.0401, 0.0599), min_size=1, max_size=20))
def test_a_share_around_the_threshold_does_not_flicker(shares: list[float]):
    now, changes = HEALTHY, 0
    for share in shares:
        after = level(share * 10_000, 10_000, now)
        changes += now == FAILING and after != FAILING
        now = after
    assert changes == 0


@given(st.floats(0, 5000), st.floats(0, 1), st.sampled_from([HEALTHY, DEGRADED, FAILING]))
def test_judging_again_by_its_own_result_changes_nothing(total: float, share: float, before: int):
    once = level(share * total, total, before)
    assert level(share * total, total, once) == once


@given(st.floats(1, 5000), st.floats(0, 1), st.floats(0, 1))
def test_more_errors_are_never_better(total: float, one: float, other: float):
    assert level(min(one, other) * total, total) <= level(max(one, other) * total, total)


def test_each_element_has_thresholds_of_its_own_or_none():
    total, failed = np.full(4, 10.0), np.full(4, 1.5)
    degraded, failing = np.array([0.1, 0.01, 0.2, NEVER]), np.array([0.2, 0.05, NEVER, NEVER])
    found = levels(total, failed, WINDOW, np.zeros(4, dtype=np.int8), degraded, failing)
    assert found.tolist() == [DEGRADED, FAILING, HEALTHY, HEALTHY]
    all_failed = levels(total, total, WINDOW, np.zeros(4, dtype=np.int8), degraded, failing)
    assert all_failed.tolist() == [FAILING, FAILING, DEGRADED, HEALTHY]


def test_wilson_bound_is_known_from_tables():
    bound = wilson_lower(np.array([1.0, 15.0, 0.0]), np.array([8.0, 15.0, 0.0]), 1.96)
    assert bound.tolist() == pytest.approx([0.0224, 0.7961, 0], abs=1e-3)
