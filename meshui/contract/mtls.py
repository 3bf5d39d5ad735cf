"""Mutual TLS as clients see it: posture, explanations, and the way to STRICT. Most shapes are the domain's own."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec
from rest_framework import serializers

from meshui.contract.fields import QueryInput, Text, YesNo
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mtls.hazards import StrictHazard
from meshui.domain.mtls.plan import StepKind
from meshui.domain.mtls.strict import PlainCaller, QuietWorkload, Status


class StrictStepAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the way."""

    kind: StepKind
    title: str
    text: str
    yaml: str
    """The objects to apply; "" where there are none."""
    patch: bool
    """They only have the fields to merge: `kubectl apply --server-side`, or patch."""
    optional: bool


class StrictAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """May it become STRICT? For a pipeline: `exit_code` is 0 for safe, 1 for would_break, 2 for not_enough_traffic."""

    namespace: str
    workload: str | None
    status: Status
    exit_code: Literal[0, 1, 2]
    reason: str
    already: bool
    """It takes mutual TLS only now."""
    window_seconds: int
    evaluated_at: datetime | None
    workloads: tuple[str, ...]
    """Those in scope, gateways left out."""
    callers: tuple[PlainCaller, ...]
    """Who would be refused."""
    hazards: tuple[StrictHazard, ...]
    quiet: tuple[QuietWorkload, ...]
    """Workloads that too few requests reached to tell."""
    steps: tuple[StrictStepAnswer, ...]
    policy_yaml: str
    replaces: ObjectRef | None
    """The object in force now that the policy is made from."""


EXIT_CODES: dict[Status, Literal[0, 1, 2]] = {"safe": 0, "would_break": 1, "not_enough_traffic": 2}


class MtlsQuery(QueryInput):
    """Over which window."""

    window = serializers.IntegerField(
        required=False, min_value=1, max_value=604_800, help_text="Seconds; one of the cluster's windows."
    )


class StrictQuery(MtlsQuery):
    """What is to become STRICT."""

    namespace = Text(max_length=63)
    workload = Text(required=False, max_length=253, help_text="Only this workload of the namespace.")
    quiet_is_safe = YesNo(default=False, help_text="Workloads that nobody called count as safe.")


class _Name(Text):
    """`NAMESPACE/NAME`."""

    default_error_messages = {"name": "This must be NAMESPACE/NAME."}

    def to_internal_value(self, data: object) -> tuple[str, str]:  # type: ignore[override]  # a parsed value
        namespace, separator, name = super().to_internal_value(data).partition("/")
        if not (namespace and separator and name) or "/" in name:
            self.fail("name")
        return namespace, name


class EdgeQuery(QueryInput):
    """An edge by its ends: at least one of `service` and `called`."""

    caller = _Name(required=False, max_length=320, help_text="NAMESPACE/NAME of the calling workload; none: unknown.")
    caller_reports = YesNo(default=False, help_text="The caller's own proxy tells of these calls.")
    service = _Name(required=False, max_length=320, help_text="NAMESPACE/NAME of the service called.")
    called = _Name(required=False, max_length=320, help_text="NAMESPACE/NAME of the workload reached.")

    def validate(self, attrs: dict[str, object]) -> dict[str, object]:
        if "service" not in attrs and "called" not in attrs:
            raise serializers.ValidationError({"called": ["Give this, or `service`."]})
        return attrs
