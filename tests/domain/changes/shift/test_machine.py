from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshui.domain.changes.shift import machine
from meshui.domain.changes.shift.evidence import Tally
from meshui.domain.changes.shift.machine import Decision, Seen, advance, counted
from meshui.domain.changes.shift.plan import ENDED, Guard, Plan, Standing
from meshui.domain.failures import Code, Failure

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PLAN = Plan(
    candidate="v2",
    baseline="v1",
    steps=(20, 50, 100),
    pause_seconds=60,
    patience_seconds=120,
    share=100,
    original=(10, 90),
    guard=Guard(error_increase=0.01, latency_times=1.5, minimum_requests=50, error_budget=30),
)

SOUND = Tally(1000, 0)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def first() -> Standing:
    return machine.started(PLAN, NOON).standing


def after(standing: Standing, candidate: Tally, baseline: Tally = SOUND, *, start: float = 0) -> Standing:
    return counted(standing, Seen(later(start), later(start + 15), candidate, baseline))


def test_it_starts_with_the_first_step() -> None:
    decision = machine.started(PLAN, NOON)
    assert decision.weights == {"v2": 20, "v1": 80}
    assert decision.standing.step == 0
    assert decision.standing.reason == "started: v2 gets 20%"


def test_a_step_waits_for_its_time() -> None:
    good = after(first(), Tally(100, 0))
    assert advance(PLAN, good, later(59)).weights is None


def test_a_healthy_step_leads_to_the_next() -> None:
    decision = advance(PLAN, after(first(), Tally(100, 0)), later(60))
    assert decision.weights == {"v2": 50, "v1": 50}
    assert decision.standing.step == 1
    assert decision.standing.candidate == Tally()
    assert "0% of 100 requests fail" in decision.standing.reason


def test_the_last_step_promotes_without_writing() -> None:
    last = Standing(phase="running", step=2, step_since=NOON)
    decision = advance(PLAN, after(last, Tally(100, 0)), later(60))
    assert decision.standing.phase == "promoted"
    assert decision.weights is None


def test_too_few_requests_wait_and_then_go_to_a_person() -> None:
    few = after(first(), Tally(10, 0))
    waiting = advance(PLAN, few, later(100))
    assert waiting.standing.phase == "running"
    assert waiting.standing.reason == "v2 has answered 10 of the 50 requests that a step needs"
    assert advance(PLAN, few, later(181)).standing.phase == "paused"


def test_a_failing_candidate_is_rolled_back_before_the_step_is_over() -> None:
    decision = advance(PLAN, after(first(), Tally(60, 12)), later(15))
    assert decision.standing.phase == "rolled_back"
    assert decision.weights == {"v2": 10, "v1": 90}
    assert decision.standing.reason.startswith("rolled back in step 1 of 3: 20% of 60 requests fail")


def test_a_paused_shift_still_rolls_back() -> None:
    held = machine.paused(after(first(), Tally(60, 12)), later(10), "ana")
    assert advance(PLAN, held, later(15)).standing.phase == "rolled_back"


def test_the_error_budget_ends_it_though_no_step_was_surely_worse() -> None:
    spent = Standing(phase="running", step=1, step_since=NOON, spent=29.0)
    decision = advance(PLAN, after(spent, Tally(200, 2)), later(15))
    assert decision.standing.phase == "rolled_back"
    assert "error budget" in decision.standing.reason


def test_the_budget_is_kept_from_step_to_step() -> None:
    decision = advance(PLAN, after(first(), Tally(1000, 8)), later(60))
    assert decision.standing.step == 1
    assert decision.standing.spent == pytest.approx(8)


def test_stretches_from_before_the_step_are_not_counted() -> None:
    assert after(first(), Tally(60, 60), start=-1).candidate == Tally()


def test_no_stretch_is_counted_twice() -> None:
    once = after(first(), Tally(10, 1))
    assert after(once, Tally(10, 1), start=5) == once
    assert after(once, Tally(10, 1), start=15).candidate.requests == 20


def test_resuming_begins_the_step_anew() -> None:
    held = machine.paused(after(first(), Tally(40, 1)), later(30), "ana")
    again = machine.resumed(held, later(300), "ana")
    assert (again.phase, again.step, again.step_since, again.candidate) == ("running", 0, later(300), Tally())
    assert again.spent == pytest.approx(1)


def test_promote_and_abort_by_hand() -> None:
    assert machine.promoted(PLAN, first(), later(1), "ana").weights == {"v2": 100, "v1": 0}
    decision = machine.aborted(PLAN, first(), later(1), "ana")
    assert decision.weights == {"v2": 10, "v1": 90}
    assert decision.standing.reason == "aborted by ana: the weights from before are back"


def test_an_ended_shift_stays_ended() -> None:
    ended = machine.aborted(PLAN, first(), later(1), "ana").standing
    for act in (machine.promoted, machine.aborted):
        with pytest.raises(Failure) as failure:
            act(PLAN, ended, later(2), "ana")
        assert failure.value.code is Code.CONFLICT
    assert advance(PLAN, ended, later(500)) == Decision(ended)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((), "Give 1 to 50 steps."),
        ((50, 20), "Each step must be above the one before."),
        ((10, 20), "The first step must be above the weight of now, 10."),
        ((20, 101), "The two versions share 100% of the traffic: no step can be above it."),
    ],
)
def test_a_plan_that_can_not_be_followed_says_why(steps: tuple[int, ...], said: str) -> None:
    plan = Plan("v2", "v1", steps, 60, 60, 100, (10, 90))
    with pytest.raises(Failure) as failure:
        machine.check_plan(plan)
    assert failure.value.fields == {"steps": said}


@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.floats(0, 0.4), st.integers(0, 500), st.floats(0, 0.1), st.integers(1, 90)),
        max_size=40,
    )
)
def test_weights_always_share_what_they_had_and_only_rise_until_they_are_put_back(
    looks: list[tuple[int, float, int, float, int]],
) -> None:
    decision = machine.started(PLAN, NOON)
    now, weight = NOON, 20
    for requests, failing, base_requests, base_failing, seconds in looks:
        since, now = now, now + timedelta(seconds=seconds)
        standing = counted(
            decision.standing,
            Seen(since, now, Tally(requests, requests * failing), Tally(base_requests, base_requests * base_failing)),
        )
        decision = advance(PLAN, standing, now)
        if decision.weights is not None:
            assert sum(decision.weights.values()) == 100
            if decision.standing.phase == "rolled_back":
                assert decision.weights == PLAN.weights_before
            else:
                assert decision.weights["v2"] > weight
                weight = decision.weights["v2"]
        if decision.standing.phase in ENDED:
            break
        if decision.standing.phase == "paused":
            decision = Decision(machine.resumed(decision.standing, now, "ana"))
