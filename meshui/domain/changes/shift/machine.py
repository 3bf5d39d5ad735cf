"""The guarded shift as a state machine: from where it stands, the time and what was seen, to what is to be done.

Order of the questions at each look: may it go on at all (paused, ended)? is the error budget spent? is the candidate
surely worse? is the step's time over and enough seen? Only the last one moves traffic to the candidate.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from meshui.domain.changes.shift.evidence import (
    Tally,
    compare_errors,
    compare_latency,
    excess_failures,
)
from meshui.domain.changes.shift.plan import ENDED, MOST_STEPS, Moment, Phase, Plan, Standing
from meshui.domain.failures import Code, Failure

_MOST_MOMENTS = 200


class Seen(msgspec.Struct, frozen=True):
    """Counts of both versions over (`since`, `until`], a stretch that does not overlap the one before."""

    since: datetime
    until: datetime
    candidate: Tally
    baseline: Tally


class Decision(msgspec.Struct, frozen=True):
    """`weights` are to be set before `standing` is true; None: nothing is to be written."""

    standing: Standing
    weights: dict[str, int] | None = None


def check_plan(plan: Plan) -> Plan:
    """The plan if it can be followed. Raises Failure(INVALID) with fields."""
    fields: dict[str, str] = {}
    if plan.candidate == plan.baseline:
        fields["candidate"] = "This must be another version than the baseline."
    if not plan.steps or len(plan.steps) > MOST_STEPS:
        fields["steps"] = f"Give 1 to {MOST_STEPS} steps."
    elif any(later <= earlier for earlier, later in zip(plan.steps, plan.steps[1:], strict=False)):
        fields["steps"] = "Each step must be above the one before."
    elif plan.steps[0] <= plan.original[0]:
        fields["steps"] = f"The first step must be above the weight of now, {plan.original[0]}."
    elif plan.steps[-1] > plan.share:
        fields["steps"] = f"The two versions share {plan.share}% of the traffic: no step can be above it."
    if fields:
        raise Failure(Code.INVALID, "The shift can't be planned: " + " ".join(fields.values()), fields=fields)
    return plan


def started(plan: Plan, now: datetime) -> Decision:
    """The first step."""
    standing = Standing(phase="running", step=-1, step_since=now)
    return _step_to(plan, standing, 0, now, f"started: {plan.candidate} gets {plan.steps[0]}%")


def counted(standing: Standing, seen: Seen) -> Standing:
    """The standing with what was seen since the last look; stretches that began before the step, or that are counted
    already, tell nothing about it."""
    if seen.since < standing.step_since or (standing.counted_to is not None and seen.since < standing.counted_to):
        return standing
    return msgspec.structs.replace(
        standing,
        candidate=standing.candidate.plus(seen.candidate),
        baseline=standing.baseline.plus(seen.baseline),
        counted_to=seen.until,
    )


def advance(plan: Plan, standing: Standing, now: datetime) -> Decision:
    """What is to be done now."""
    if standing.phase in ENDED:
        return Decision(standing)
    if reason := worse(plan, standing):
        return rolled_back(plan, standing, now, reason)
    if standing.phase == "paused":
        return Decision(standing)
    waited = now - standing.step_since
    if waited < timedelta(seconds=plan.pause_seconds):
        return Decision(standing)
    if doubt := _doubt(plan, standing):
        if waited < timedelta(seconds=plan.pause_seconds + plan.patience_seconds):
            return Decision(msgspec.structs.replace(standing, reason=doubt))
        return Decision(_noted(standing, now, f"paused: {doubt}", phase="paused"))
    why = _why(plan, standing)
    if standing.step == len(plan.steps) - 1:
        return Decision(_noted(standing, now, f"promoted: {why}", phase="promoted"))
    following = standing.step + 1
    return _step_to(plan, standing, following, now, f"{plan.candidate} gets {plan.steps[following]}%: {why}")


def worse(plan: Plan, standing: Standing) -> str | None:
    """Why the candidate must not go on; None when nothing says so surely."""
    if (lost := spent(standing)) > plan.guard.error_budget:
        return f"the error budget is spent: about {lost:.0f} requests failed that {plan.baseline} would have answered"
    errors = compare_errors(standing.candidate, standing.baseline, plan.guard.error_increase)
    if errors.tendency == "worse":
        return errors.sentence
    latency = compare_latency(standing.candidate, standing.baseline, plan.guard.latency_times)
    return latency.sentence if latency.tendency == "worse" else None


def paused(standing: Standing, now: datetime, by: str) -> Standing:
    """Held by a person. Raises Failure(CONFLICT) when it isn't running."""
    _must(standing, "running", "paused")
    return _noted(standing, now, f"paused by {by}", phase="paused")


def resumed(standing: Standing, now: datetime, by: str) -> Standing:
    """Goes on; the step's time and evidence begin anew. Raises Failure(CONFLICT) when it isn't paused."""
    _must(standing, "paused", "resumed")
    fresh = msgspec.structs.replace(
        standing,
        step_since=now,
        candidate=Tally(),
        baseline=Tally(),
        counted_to=None,
        spent=spent(standing),
    )
    return _noted(fresh, now, f"resumed by {by}", phase="running")


def promoted(plan: Plan, standing: Standing, now: datetime, by: str) -> Decision:
    """All of it at once, because a person says so."""
    _not_ended(standing, "promoted")
    last = plan.steps[-1]
    after = _noted(standing, now, f"promoted by {by}: {plan.candidate} gets {last}%", phase="promoted")
    return Decision(msgspec.structs.replace(after, step=len(plan.steps) - 1), plan.weights(last))


def aborted(plan: Plan, standing: Standing, now: datetime, by: str) -> Decision:
    """Taken back, because a person says so."""
    _not_ended(standing, "aborted")
    text = f"aborted by {by}: the weights from before are back"
    return Decision(_noted(standing, now, text, phase="aborted"), plan.weights_before)


def rolled_back(plan: Plan, standing: Standing, now: datetime, reason: str) -> Decision:
    """Taken back, because of what was seen."""
    text = f"rolled back in step {standing.step + 1} of {len(plan.steps)}: {reason}"
    return Decision(_noted(standing, now, text, phase="rolled_back"), plan.weights_before)


def stopped(standing: Standing, now: datetime, reason: str) -> Standing:
    """Somebody else took over: nothing more is written."""
    return _noted(standing, now, f"stopped: {reason}", phase="stopped")


def held(standing: Standing, now: datetime, reason: str) -> Standing:
    """Put to a person, because it can't be judged or written."""
    return _noted(standing, now, f"paused: {reason}", phase="paused")


def _doubt(plan: Plan, standing: Standing) -> str | None:
    """Why a step can't pass yet."""
    if standing.counted_to is None:
        return "no whole window of telemetry since the step began"
    seen, needed = standing.candidate.requests, plan.guard.minimum_requests
    if seen < needed:
        return f"{plan.candidate} has answered {seen:.0f} of the {needed} requests that a step needs"
    for one in (
        compare_errors(standing.candidate, standing.baseline, plan.guard.error_increase),
        compare_latency(standing.candidate, standing.baseline, plan.guard.latency_times),
    ):
        if one.tendency == "unclear":
            return one.sentence
    return None


def _why(plan: Plan, standing: Standing) -> str:
    errors = compare_errors(standing.candidate, standing.baseline, plan.guard.error_increase)
    latency = compare_latency(standing.candidate, standing.baseline, plan.guard.latency_times)
    return f"{errors.sentence}; {latency.sentence}"


def _step_to(plan: Plan, standing: Standing, step: int, now: datetime, text: str) -> Decision:
    fresh = msgspec.structs.replace(
        standing,
        step=step,
        step_since=now,
        candidate=Tally(),
        baseline=Tally(),
        counted_to=None,
        spent=spent(standing),
    )
    return Decision(_noted(fresh, now, text), plan.weights(plan.steps[step]))


def spent(standing: Standing) -> float:
    """Requests that failed so far which the baseline would have answered."""
    return standing.spent + excess_failures(standing.candidate, standing.baseline)


def _noted(standing: Standing, now: datetime, text: str, *, phase: Phase | None = None) -> Standing:
    history = (*standing.history, Moment(now, standing.step, text))[-_MOST_MOMENTS:]
    return msgspec.structs.replace(standing, phase=phase or standing.phase, reason=text, history=history)


def _must(standing: Standing, phase: Phase, verb: str) -> None:
    if standing.phase != phase:
        raise Failure(
            Code.CONFLICT,
            f"Only a shift that is {phase} can be {verb}; this one is {standing.phase.replace('_', ' ')}.",
            next_step="Look at where it stands now.",
        )


def _not_ended(standing: Standing, verb: str) -> None:
    if standing.phase in ENDED:
        raise Failure(
            Code.CONFLICT,
            f"The shift has ended ({standing.phase.replace('_', ' ')}): it can't be {verb}.",
            next_step="Start another one.",
        )
