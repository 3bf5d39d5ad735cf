import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshui.domain.changes.shift.evidence import (
    Tally,
    compare_errors,
    compare_latency,
    difference,
    excess_failures,
    interval,
)

BOUNDS = (10.0, 50.0, 100.0, 500.0)


def timed(*cumulative: float) -> Tally:
    return Tally(cumulative[-1], 0, BOUNDS, cumulative)


def test_one_error_in_eight_requests_decides_nothing() -> None:
    assert compare_errors(Tally(8, 1), Tally(100, 0), 0.01).tendency == "unclear"


def test_a_fifth_failing_is_sure_after_a_few_dozen_requests() -> None:
    assert compare_errors(Tally(60, 12), Tally(500, 0), 0.01).tendency == "worse"


def test_a_baseline_that_fails_as_much_excuses_the_candidate() -> None:
    assert compare_errors(Tally(60, 12), Tally(500, 100), 0.01).tendency == "better"


def test_a_single_failure_is_never_sure() -> None:
    assert compare_errors(Tally(1, 1), Tally(100_000, 0), 0.0).tendency == "unclear"


def test_the_sentence_has_the_numbers() -> None:
    said = compare_errors(Tally(60, 12), Tally(500, 1), 0.01).sentence
    assert said == "20% of 60 requests fail, against 0.2% of 500 requests of the baseline: surely more than 1% above it"


def test_a_p95_that_is_surely_too_slow_is_worse() -> None:
    baseline = timed(90, 98, 100, 100, 100)
    assert compare_latency(timed(0, 0, 10, 100, 100), baseline, 1.5).tendency == "worse"
    assert compare_latency(timed(90, 98, 100, 100, 100), baseline, 1.5).tendency == "better"


def test_a_slow_p95_of_few_requests_is_unclear() -> None:
    baseline = timed(900, 980, 1000, 1000, 1000)
    assert compare_latency(timed(10, 10, 11, 12, 12), baseline, 1.5).tendency == "unclear"


def test_without_latency_nothing_is_compared() -> None:
    assert compare_latency(Tally(10, 0), timed(1, 1, 1, 1, 1), 1.5).tendency == "better"


def test_an_empty_interval_knows_nothing() -> None:
    assert interval(0, 0) == (0.0, 1.0)


@given(st.integers(0, 500), st.integers(1, 500))
def test_an_interval_holds_the_share_it_is_about(count: int, more: int) -> None:
    low, high = interval(count, count + more)
    assert 0 <= low <= count / (count + more) + 1e-12
    assert count / (count + more) - 1e-12 <= high <= 1


@given(st.integers(0, 50), st.integers(1, 500), st.integers(0, 50), st.integers(1, 500))
def test_the_difference_turns_round_with_its_sides(x: int, n: int, y: int, m: int) -> None:
    one, two = Tally(x + n, x), Tally(y + m, y)
    low, high = difference(one, two)
    other_low, other_high = difference(two, one)
    assert low - 1e-12 <= one.error_share - two.error_share <= high + 1e-12
    assert (low, high) == pytest.approx((-other_high, -other_low))


def test_equal_versions_are_seldom_called_worse() -> None:
    """Both fail 5% of their requests, and the candidate may fail no more: false alarms stay below 1 in 50."""
    dice = random.Random(7)
    alarms = 0
    for _ in range(1000):
        candidate = Tally(200, sum(dice.random() < 0.05 for _ in range(200)))
        baseline = Tally(1000, sum(dice.random() < 0.05 for _ in range(1000)))
        alarms += compare_errors(candidate, baseline, 0.0).tendency == "worse"
    assert alarms < 20


def test_only_what_the_baseline_would_not_have_failed_is_excess() -> None:
    assert excess_failures(Tally(100, 10), Tally(1000, 50)) == pytest.approx(5)
    assert excess_failures(Tally(100, 1), Tally(1000, 50)) == 0


def test_tallies_add_up() -> None:
    both = timed(1, 2, 3, 4, 5).plus(timed(1, 1, 1, 1, 1))
    assert both.requests == 6
    assert both.cumulative == (2, 3, 4, 5, 6)
    assert Tally(1, 1).plus(timed(1, 1, 1, 1, 1)).cumulative == (1, 1, 1, 1, 1)
