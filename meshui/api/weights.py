"""The traffic split of a service: reading it, trying a change, making it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui import wiring
from meshui.api.answers import answer, answer_problem
from meshui.api.authentication import client_address
from meshui.api.clusters import inventory_of
from meshui.api.permissions import user_of
from meshui.api.recording import recorded
from meshui.contract.asked import missing
from meshui.contract.edits import AppliedChange, ChangePreview, preview_of
from meshui.contract.mesh import WorkloadName
from meshui.contract.openapi import describe
from meshui.contract.weights import (
    ApplyWeights,
    PreviewWeights,
    ServiceWeights,
    WeightedDestination,
    WeightedRoute,
    conflict_of,
)
from meshui.domain.changes.effect import service_rates
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.inventory import Key
from meshui.domain.routing.split import Split, SplitDestination
from meshui.records import changes
from meshui.records.users import User
from meshui.services import change_weights, read_graph
from meshui.services.acting import actor_of


class WeightsView(APIView):
    """How a service's traffic is split."""

    @describe("getWeights", "How the traffic of a service is split", answer=ServiceWeights, problems=[403, 404, 503])
    def get(self, request: Request, cluster: str, namespace: str, name: str) -> HttpResponse:
        _known_service(cluster, namespace, name)
        return answer(_current(user_of(request), cluster, namespace, name))


class PreviewWeightsView(APIView):
    """Trying a change of weights."""

    @describe(
        "previewWeights",
        "What a change of weights would do; nothing is written",
        answer=ChangePreview,
        body=PreviewWeights,
        problems=[403, 404, 409, 503],
    )
    def post(self, request: Request, cluster: str, namespace: str, name: str) -> HttpResponse:
        _known_service(cluster, namespace, name)
        given = PreviewWeights(data=request.data)
        given.is_valid(raise_exception=True)
        user = user_of(request)
        try:
            preview = change_weights.preview(
                wiring.cluster_runtime(cluster),
                wiring.store(),
                actor_of(user),
                cluster,
                namespace,
                name,
                given.validated_data["weights"],
                given.validated_data["resource_version"],
                window_seconds=settings.MESHUI.default_window.seconds,
            )
        except Failure as failure:
            if failure.code is Code.CONFLICT:
                return _conflict(failure, user, cluster, namespace, name)
            raise
        return answer(preview_of(preview))


class ApplyWeightsView(APIView):
    """Making a change of weights."""

    @describe(
        "applyWeights",
        "Change the weights: dry run, then write, as the user who asks",
        answer=AppliedChange,
        body=ApplyWeights,
        problems=[403, 404, 409, 422, 503],
    )
    def post(self, request: Request, cluster: str, namespace: str, name: str) -> HttpResponse:
        _known_service(cluster, namespace, name)
        given = ApplyWeights(data=request.data)
        given.is_valid(raise_exception=True)
        user, wanted = user_of(request), given.validated_data
        runtime = wiring.cluster_runtime(cluster)
        intent = changes.intend(
            user,
            cluster,
            "weights",
            reason=wanted["reason"],
            wanted=wanted["weights"],
            service_namespace=namespace,
            service_name=name,
        )
        try:
            applied = recorded(
                intent,
                client_address(request),
                lambda: change_weights.apply(
                    runtime,
                    wiring.store(),
                    actor_of(user),
                    cluster,
                    namespace,
                    name,
                    wanted["weights"],
                    wanted["resource_version"],
                    wanted["reason"],
                ),
            )
        except Failure as failure:
            if failure.code is Code.CONFLICT:
                return _conflict(failure, user, cluster, namespace, name)
            raise
        return answer(applied)


def _known_service(cluster: str, namespace: str, name: str) -> None:
    if (namespace, name) not in inventory_of(cluster).services:
        raise missing("service", name, namespace=namespace, cluster=cluster)


def _current(user: User, cluster: str, namespace: str, name: str) -> ServiceWeights:
    """The split as the cluster has it now. Raises Failure(NOT_FOUND) when nothing divides the service's traffic."""
    store = wiring.store()
    split, _, _ = change_weights.live_split(
        wiring.cluster_runtime(cluster), store, actor_of(user), cluster, namespace, name
    )
    window = settings.MESHUI.default_window.seconds
    rates: Mapping[Key, float] | None
    try:
        rates = service_rates(read_graph.snapshot(store, cluster, window).graph, namespace, name)
    except Failure as failure:
        if failure.code is not Code.NOT_READY:
            raise
        rates = None
    return _weights(split, rates, user)


def _conflict(failure: Failure, user: User, cluster: str, namespace: str, name: str) -> HttpResponse:
    """The 409, with the split as it is now where it can be read."""
    current: ServiceWeights | None = None
    with contextlib.suppress(Failure):  # the conflict itself is still worth telling
        current = _current(user, cluster, namespace, name)
    return answer_problem(conflict_of(failure, current))


def _weights(split: Split, rates: Mapping[Key, float] | None, user: User) -> ServiceWeights:
    return ServiceWeights(
        object=split.object,
        resource_version=split.resource_version,
        editable=split.editable and user.can_edit,
        managed_by=split.managed_by,
        reason=split.reason,
        routes=tuple(
            WeightedRoute(
                name=route.name,
                matches=route.matches,
                destinations=tuple(_destination(one, rates) for one in route.destinations),
            )
            for route in split.routes
        ),
    )


def _destination(one: SplitDestination, rates: Mapping[Key, float] | None) -> WeightedDestination:
    return WeightedDestination(
        id=one.id,
        label=one.label,
        subset=one.subset,
        host=one.host,
        weight=one.weight,
        workloads=tuple(WorkloadName(namespace=namespace, name=name) for namespace, name in one.workloads),
        rate=None if rates is None else sum(rates.get(key, 0.0) for key in one.workloads),
        pods_ready=one.pods_ready,
        pods_total=one.pods_total,
    )
