"""Guarded shifts: starting one, watching it, acting on it."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui import wiring
from meshui.api.answers import answer
from meshui.api.authentication import client_address
from meshui.api.clusters import inventory_of
from meshui.api.permissions import user_of
from meshui.contract.asked import known_cluster, missing
from meshui.contract.openapi import describe
from meshui.contract.shifts import ActOnShift, ShiftDetail, ShiftsQuery, ShiftSummary, StartShift, VersionEvidence
from meshui.domain.changes.shift.evidence import Tally
from meshui.domain.changes.shift.machine import spent
from meshui.domain.changes.shift.plan import ENDED
from meshui.records.shifts import GuardedShift
from meshui.records.users import User
from meshui.services import guard_shift


class StartShiftView(APIView):
    """Shifting a service's traffic gradually."""

    @describe(
        "startShift",
        "Move traffic to another version in guarded steps, as the user who asks",
        answer=ShiftDetail,
        status=201,
        body=StartShift,
        problems=[403, 404, 409, 422, 503],
        tag="shifts",
    )
    def post(self, request: Request, cluster: str, namespace: str, name: str) -> HttpResponse:
        if (namespace, name) not in inventory_of(cluster).services:
            raise missing("service", name, namespace=namespace, cluster=cluster)
        given = StartShift(data=request.data)
        given.is_valid(raise_exception=True)
        wanted, user = given.validated_data, user_of(request)
        shift = guard_shift.begin(
            _sources(cluster),
            user,
            cluster,
            namespace,
            name,
            candidate=wanted["candidate"],
            baseline=wanted["baseline"],
            steps=wanted["steps"],
            pause_seconds=wanted["pause_seconds"],
            patience_seconds=wanted["patience_seconds"],
            guard=given.validated_guard(),
            reason=wanted["reason"],
            resource_version=wanted["resource_version"],
            address=client_address(request),
            now=datetime.now(UTC),
        )
        return answer(_detail(shift, user), status=201)


class ShiftsView(APIView):
    """The guarded shifts of a cluster."""

    @describe(
        "listShifts",
        "Guarded shifts, newest first",
        answer=list[ShiftSummary],
        query=ShiftsQuery,
        problems=[404],
        tag="shifts",
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        known_cluster(cluster)
        query = ShiftsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = GuardedShift.objects.filter(cluster=cluster)
        if wanted := query.validated_data.get("service"):
            namespace, slash, name = wanted.partition("/")
            if not slash:
                raise serializers.ValidationError({"service": ["This must be namespace/name."]})
            found = found.filter(service_namespace=namespace, service_name=name)
        user = user_of(request)
        return answer([_summary(one, user) for one in found[: query.validated_data["limit"]]])


class ShiftView(APIView):
    """One guarded shift."""

    @describe("getShift", "Where a shift stands, and why", answer=ShiftDetail, problems=[404], tag="shifts")
    def get(self, request: Request, number: int) -> HttpResponse:
        return answer(_detail(_shift(number), user_of(request)))

    @describe(
        "actOnShift",
        "Pause, resume, promote or abort a shift",
        answer=ShiftDetail,
        body=ActOnShift,
        problems=[403, 404, 409, 422, 429, 503],
        tag="shifts",
    )
    def post(self, request: Request, number: int) -> HttpResponse:
        given = ActOnShift(data=request.data)
        given.is_valid(raise_exception=True)
        shift, user = _shift(number), user_of(request)
        guard_shift.act(
            _sources(shift.cluster),
            shift,
            given.validated_data["action"],
            user,
            client_address(request),
            datetime.now(UTC),
        )
        return answer(_detail(shift, user))


def _sources(cluster: str) -> guard_shift.Sources:
    return guard_shift.Sources(
        runtime=wiring.cluster_runtime(cluster),
        store=wiring.store(),
        events=wiring.events(),
        window_seconds=min(window.seconds for window in wiring.environment().windows),
    )


def _shift(number: int) -> GuardedShift:
    shift = GuardedShift.objects.filter(pk=number).first()
    if shift is None:
        raise missing("shift", str(number))
    return shift


def _summary(shift: GuardedShift, user: User) -> ShiftSummary:
    plan, standing = guard_shift.plan_of(shift), guard_shift.standing_of(shift)
    if standing.phase in ("rolled_back", "aborted"):
        weight = plan.original[0]
    else:
        weight = plan.steps[standing.step] if standing.step >= 0 else plan.original[0]
    return ShiftSummary(
        id=shift.pk,
        cluster=shift.cluster,
        service_namespace=shift.service_namespace,
        service_name=shift.service_name,
        object=shift.object,
        author=shift.author,
        reason=shift.reason,
        candidate=plan.candidate,
        baseline=plan.baseline,
        steps=plan.steps,
        phase=standing.phase,
        step=standing.step,
        weight=weight,
        said=standing.reason,
        created_at=shift.created_at,
        ended_at=shift.ended_at,
        can_act=user.can_edit and standing.phase not in ENDED,
    )


def _detail(shift: GuardedShift, user: User) -> ShiftDetail:
    plan, standing = guard_shift.plan_of(shift), guard_shift.standing_of(shift)
    return ShiftDetail(
        shift=_summary(shift, user),
        pause_seconds=plan.pause_seconds,
        patience_seconds=plan.patience_seconds,
        guard=plan.guard,
        original=plan.original,
        step_since=standing.step_since,
        candidate=_evidence(plan.candidate, standing.candidate),
        baseline=_evidence(plan.baseline, standing.baseline),
        budget_spent=round(spent(standing), 3),
        history=standing.history,
    )


def _evidence(name: str, tally: Tally) -> VersionEvidence:
    return VersionEvidence(
        id=name,
        requests=round(tally.requests, 1),
        failed=round(tally.failed, 1),
        error_share=round(tally.error_share, 6),
        p95_ms=None if tally.p95_ms is None else round(tally.p95_ms, 3),
    )
