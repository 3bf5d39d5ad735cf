"""Guarded shifts: starting one, where it stands, and acting on it."""

from __future__ import annotations

from datetime import datetime

import msgspec
from rest_framework import serializers

from meshui.contract.fields import Number, QueryInput, Text, Whole, WholeInput
from meshui.domain.changes.shift.plan import MOST_STEPS, Guard, Moment, Phase
from meshui.domain.mesh.names import ObjectRef

LONGEST_PAUSE_SECONDS = 86_400


class ShiftSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A guarded shift and where it stands."""

    id: int
    cluster: str
    service_namespace: str
    service_name: str
    object: ObjectRef
    author: str
    reason: str
    """Why it was started."""
    candidate: str
    """Id of the destination that is given the traffic."""
    baseline: str
    steps: tuple[int, ...]
    """The candidate's weights."""
    phase: Phase
    step: int
    """Index of the step in force."""
    weight: int
    """The candidate's weight now, as far as the shift knows."""
    said: str
    """Why it stands where it stands."""
    created_at: datetime
    ended_at: datetime | None
    can_act: bool


class VersionEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a version did in the step in force."""

    id: str
    requests: float
    failed: float
    error_share: float
    p95_ms: float | None


class ShiftDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A guarded shift with its plan, its evidence and its history."""

    shift: ShiftSummary
    pause_seconds: int
    patience_seconds: int
    guard: Guard
    original: tuple[int, int]
    """The weights of candidate and baseline before."""
    step_since: datetime
    candidate: VersionEvidence
    baseline: VersionEvidence
    budget_spent: float
    """Requests that failed so far which the baseline would have answered."""
    history: tuple[Moment, ...]


class ShiftsQuery(QueryInput):
    """Narrows the list."""

    service = Text(required=False, max_length=320, help_text="namespace/name: only shifts of this service.")
    limit = serializers.IntegerField(default=50, min_value=1, max_value=500)


class GuardInput(WholeInput):
    """When a step may pass."""

    error_increase = Number(
        default=Guard().error_increase,
        min_value=0.0,
        max_value=1.0,
        help_text="How much more of the candidate's requests may fail than of the baseline's: a share, 0.01 is 1%.",
    )
    latency_times = Number(
        default=Guard().latency_times,
        min_value=1.0,
        max_value=100.0,
        help_text="How many times the baseline's p95 the candidate's may be.",
    )
    minimum_requests = Whole(
        default=Guard().minimum_requests,
        min_value=1,
        max_value=1_000_000,
        help_text="Of the candidate, in each step, before it can pass.",
    )
    error_budget = Whole(
        default=Guard().error_budget,
        min_value=0,
        max_value=1_000_000,
        help_text="How many requests the whole shift may fail that the baseline would have answered.",
    )


class StartShift(WholeInput):
    """What is to be shifted, in which steps, and when to go back."""

    resource_version = Text(max_length=100, help_text="Of the object with the weights as it was read.")
    candidate = Text(max_length=300, help_text="Id of the destination that is to be given the traffic.")
    baseline = Text(max_length=300, help_text="Id of the destination that has it now.")
    steps = serializers.ListField(
        child=Whole(min_value=1, max_value=100),
        min_length=1,
        max_length=MOST_STEPS,
        help_text="The candidate's weights, rising.",
    )
    pause_seconds = Whole(
        default=120, min_value=5, max_value=LONGEST_PAUSE_SECONDS, help_text="How long each step is watched at least."
    )
    patience_seconds = Whole(
        default=600,
        min_value=0,
        max_value=LONGEST_PAUSE_SECONDS,
        help_text="How much longer a step may wait for enough requests before it is put to a person.",
    )
    guard = GuardInput(required=False, default=dict)
    reason = Text(max_length=2000, required=False, allow_blank=True, default="", help_text="Why; kept in the history.")

    def validated_guard(self) -> Guard:
        """The guard, of valid input."""
        return Guard(**self.validated_data["guard"])


class ActOnShift(WholeInput):
    """What to do with it."""

    action = serializers.ChoiceField(
        choices=("pause", "resume", "promote", "abort"),
        help_text="`promote`: to the last step at once; `abort`: back to the weights before.",
    )
