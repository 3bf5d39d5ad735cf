"""What a guarded shift is to do, and where it stands."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from meshui.domain.changes.shift.evidence import Tally

Phase = Literal["running", "paused", "promoted", "rolled_back", "aborted", "stopped"]
ENDED: frozenset[Phase] = frozenset({"promoted", "rolled_back", "aborted", "stopped"})
"""`promoted`: the candidate has all the traffic. `stopped`: somebody else took over; nothing was put back."""

MOST_STEPS = 50


class Guard(msgspec.Struct, frozen=True):
    """When a step may pass. `error_increase`: how much more of the candidate's requests may fail than of the
    baseline's (a share); `latency_times`: how many times the baseline's p95 its p95 may be; `minimum_requests`: of the
    candidate in a step before it can pass; `error_budget`: how many requests the whole shift may fail that the baseline
    would not have failed."""

    error_increase: float = 0.01
    latency_times: float = 1.5
    minimum_requests: int = 50
    error_budget: int = 100


class Plan(msgspec.Struct, frozen=True):
    """`steps` are the candidate's weights, rising to the last. `share` is what candidate and baseline have together:
    the baseline gets what the candidate leaves of it. `original` are both weights before."""

    candidate: str
    baseline: str
    steps: tuple[int, ...]
    pause_seconds: int
    patience_seconds: int
    """How long a step may wait for enough evidence before it is put to a person."""
    share: int
    original: tuple[int, int]
    guard: Guard = Guard()

    def weights(self, candidate_weight: int) -> dict[str, int]:
        """The weights of both when the candidate has that one."""
        return {self.candidate: candidate_weight, self.baseline: self.share - candidate_weight}

    @property
    def weights_before(self) -> dict[str, int]:
        return {self.candidate: self.original[0], self.baseline: self.original[1]}


class Moment(msgspec.Struct, frozen=True):
    """A line of the shift's history."""

    at: datetime
    step: int
    text: str


class Standing(msgspec.Struct, frozen=True):
    """Where a shift is. `step` is the index of the step in force, -1 before the first; the tallies are of that step
    alone, `spent` is the error budget used by the steps before it. `counted_to`: evidence up to then is in the
    tallies."""

    phase: Phase
    step: int
    step_since: datetime
    candidate: Tally = Tally()
    baseline: Tally = Tally()
    spent: float = 0.0
    counted_to: datetime | None = None
    reason: str = ""
    history: tuple[Moment, ...] = ()
