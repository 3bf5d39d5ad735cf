"""The traffic split of a service, and changing it."""

from __future__ import annotations

from typing import Any

import msgspec
from rest_framework import serializers

from meshui.contract.failures import Problem
from meshui.contract.fields import Text, Whole, WholeInput
from meshui.contract.mesh import WorkloadName
from meshui.domain.failures import Failure
from meshui.domain.mesh.names import ObjectRef


class WeightedDestination(msgspec.Struct, frozen=True, kw_only=True):
    """One version that a route sends traffic to."""

    id: str
    """What a change calls it."""
    label: str
    subset: str | None
    host: str
    weight: int
    workloads: tuple[WorkloadName, ...]
    rate: float | None
    """Requests per second that arrive there now; None without telemetry."""
    pods_ready: int | None
    pods_total: int | None


class WeightedRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A route whose destinations share its traffic by weight: they add up to 100."""

    name: str
    matches: str
    """Which requests it takes, in words."""
    destinations: tuple[WeightedDestination, ...]


class ServiceWeights(msgspec.Struct, frozen=True, kw_only=True):
    """How a service's traffic is split, and which object says so."""

    object: ObjectRef
    resource_version: str
    """Of the object as it was read; a change must name it."""
    editable: bool
    """The user may edit, and no other controller owns the object."""
    managed_by: str | None
    """The controller (Argo CD, Flux, ...) that would revert an edit."""
    reason: str
    """Why this object is the one that decides."""
    routes: tuple[WeightedRoute, ...]


class ConflictProblem(Problem, frozen=True, kw_only=True):
    """A 409: somebody else changed the object after it was read."""

    current: ServiceWeights | None = None
    """The split as it is now, where it can be read."""
    current_yaml: str | None = None


def conflict_of(failure: Failure, current: ServiceWeights | None = None) -> ConflictProblem:
    """The conflict as clients see it. Use cases put the object as it is now into the context, as `current_yaml`."""
    context = dict(failure.context)
    return ConflictProblem(
        code=failure.code,
        message=failure.message,
        next_step=failure.next_step,
        current_yaml=context.pop("current_yaml", None),
        context=context,
        fields=failure.fields,
        current=current,
    )


class PreviewWeights(WholeInput):
    """The weights wanted, by destination id: whole numbers from 0 to 100, 100 in total for each route."""

    resource_version = Text(max_length=100, help_text="Of the object as it was read.")
    weights = serializers.DictField(
        child=Whole(min_value=0, max_value=100), allow_empty=False, help_text="Weight by destination id."
    )

    def validate_weights(self, weights: dict[str, Any]) -> dict[str, Any]:
        """At most as many as an object can have routes; totals are checked against the object's routes."""
        if len(weights) > 1000:
            raise serializers.ValidationError("There are too many.")
        return weights


class ApplyWeights(PreviewWeights):
    """As for a preview, with the reason that the audit keeps."""

    reason = Text(max_length=2000, required=False, allow_blank=True, default="", help_text="Why; kept in the history.")
