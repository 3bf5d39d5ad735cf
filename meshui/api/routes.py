"""What a service's routes do beside sending requests on: reading it, trying a change, making it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui import wiring
from meshui.api.answers import answer
from meshui.api.authentication import client_address
from meshui.api.clusters import inventory_of
from meshui.api.permissions import user_of
from meshui.api.recording import recorded
from meshui.contract.asked import missing
from meshui.contract.edits import AppliedChange, ChangePreview, preview_of
from meshui.contract.openapi import describe
from meshui.contract.routes import ApplyRoute, PreviewRoute, ServiceRoutes
from meshui.records import changes
from meshui.services import change_route
from meshui.services.acting import actor_of
from meshui.services.write_object import version_of


class RoutesView(APIView):
    """How a service's requests are treated on their way."""

    @describe(
        "getRoutes",
        "A service's routes with their timeouts, retries, faults and mirrors",
        answer=ServiceRoutes,
        problems=[403, 404, 503],
    )
    def get(self, request: Request, cluster: str, namespace: str, name: str) -> HttpResponse:
        _known_service(cluster, namespace, name)
        user = user_of(request)
        found = change_route.live_routes(
            wiring.cluster_runtime(cluster), wiring.store(), actor_of(user), cluster, namespace, name, _window()
        )
        return answer(
            ServiceRoutes(
                object=found.rule.ref,
                resource_version=version_of(found.rule.manifest),
                editable=user.can_edit and not found.exclusive,
                managed_by=found.managed_by,
                reason=found.reason,
                routes=found.routes,
                rate=found.flow.rate if found.flow else None,
                chain=found.chain,
            )
        )


class PreviewRouteView(APIView):
    """Trying other settings of a route."""

    @describe(
        "previewRoute",
        "What other settings of a route would do; nothing is written",
        answer=ChangePreview,
        body=PreviewRoute,
        problems=[403, 404, 409, 422, 503],
    )
    def post(self, request: Request, cluster: str, namespace: str, name: str) -> HttpResponse:
        _known_service(cluster, namespace, name)
        given = PreviewRoute(data=request.data)
        given.is_valid(raise_exception=True)
        preview = change_route.preview(
            wiring.cluster_runtime(cluster),
            wiring.store(),
            actor_of(user_of(request)),
            cluster,
            namespace,
            name,
            given.validated_data["route"],
            given.wanted(),
            given.validated_data["resource_version"],
            _window(),
        )
        return answer(preview_of(preview))


class ApplyRouteView(APIView):
    """Making other settings of a route."""

    @describe(
        "applyRoute",
        "Change a route's settings: dry run, then write, as the user who asks; for a while if so wanted",
        answer=AppliedChange,
        body=ApplyRoute,
        problems=[403, 404, 409, 422, 503],
    )
    def post(self, request: Request, cluster: str, namespace: str, name: str) -> HttpResponse:
        _known_service(cluster, namespace, name)
        given = ApplyRoute(data=request.data)
        given.is_valid(raise_exception=True)
        data, user, wanted = given.validated_data, user_of(request), given.wanted()
        runtime, seconds = wiring.cluster_runtime(cluster), data["expires_seconds"]
        intent = changes.intend(
            user,
            cluster,
            "route",
            reason=data["reason"],
            wanted={"route": data["route"], "settings": msgspec.to_builtins(wanted)},
            service_namespace=namespace,
            service_name=name,
            expires_at=None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds),
        )
        applied = recorded(
            intent,
            client_address(request),
            lambda: change_route.apply(
                runtime,
                wiring.store(),
                actor_of(user),
                cluster,
                namespace,
                name,
                data["route"],
                wanted,
                data["resource_version"],
                _window(),
            ),
        )
        return answer(applied)


def _window() -> int:
    return int(settings.MESHUI.default_window.seconds)


def _known_service(cluster: str, namespace: str, name: str) -> None:
    if (namespace, name) not in inventory_of(cluster).services:
        raise missing("service", name, namespace=namespace, cluster=cluster)
