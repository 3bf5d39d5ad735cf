"""Mutual TLS: what is in force, why, and whether more may become STRICT."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui import wiring
from meshui.api.answers import answer
from meshui.contract.asked import known_cluster, known_window
from meshui.contract.mtls import EXIT_CODES, EdgeQuery, MtlsQuery, StrictAnswer, StrictQuery, StrictStepAnswer
from meshui.contract.openapi import describe
from meshui.domain.mtls.explain import EdgeExplanation
from meshui.domain.mtls.posture import MeshPosture, WorkloadPosture
from meshui.domain.mtls.strict import Scope
from meshui.services import read_mtls
from meshui.services.read_mtls import StrictPlan, objects_yaml


class PostureView(APIView):
    """The posture of the mesh."""

    @describe(
        "getMtls",
        "Modes and observed encryption by namespace",
        answer=MeshPosture,
        query=MtlsQuery,
        problems=[404, 503],
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        return answer(read_mtls.mesh_posture(wiring.store(), known_cluster(cluster), _window(request)))


class NamespacePostureView(APIView):
    """The posture of a namespace."""

    @describe(
        "listMtlsWorkloads",
        "The mode at every workload port, and which object decided",
        answer=list[WorkloadPosture],
        query=MtlsQuery,
        problems=[404, 503],
    )
    def get(self, request: Request, cluster: str, namespace: str) -> HttpResponse:
        store, window = wiring.store(), _window(request)
        return answer(read_mtls.workload_postures(store, known_cluster(cluster), window, namespace))


class EdgeExplanationView(APIView):
    """Both sides of an edge."""

    @describe(
        "explainMtls",
        "Why an edge is encrypted or not, level by level",
        answer=EdgeExplanation,
        query=EdgeQuery,
        problems=[404, 503],
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        query = EdgeQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        given = query.validated_data
        return answer(
            read_mtls.explain_edge(
                wiring.store(),
                known_cluster(cluster),
                given.get("caller"),
                given["caller_reports"],
                given.get("service"),
                given.get("called"),
            )
        )


class StrictView(APIView):
    """The gate to STRICT, and the plan."""

    @describe(
        "getStrictPlan",
        "May a namespace or workload become STRICT? Who would break, and the steps; `exit_code` is for pipelines",
        answer=StrictAnswer,
        query=StrictQuery,
        problems=[404, 503],
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        query = StrictQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        given = query.validated_data
        scope = Scope(given["namespace"], given.get("workload"))
        found = read_mtls.strict_plan(
            wiring.store(),
            known_cluster(cluster),
            known_window(given.get("window")),
            min(window.seconds for window in settings.MESHUI.windows),
            scope,
            datetime.now(UTC),
            quiet_is_safe=given["quiet_is_safe"],
        )
        return answer(_strict(scope, found))


def _window(request: Request) -> int:
    query = MtlsQuery(data=request.query_params)
    query.is_valid(raise_exception=True)
    return known_window(query.validated_data.get("window"))


def _strict(scope: Scope, found: StrictPlan) -> StrictAnswer:
    assessment = found.assessment
    return StrictAnswer(
        namespace=scope.namespace,
        workload=scope.workload,
        status=assessment.status,
        exit_code=EXIT_CODES[assessment.status],
        reason=assessment.reason,
        already=assessment.already,
        window_seconds=found.window_seconds,
        evaluated_at=found.evaluated_at,
        workloads=assessment.workloads,
        callers=assessment.callers,
        hazards=assessment.hazards,
        quiet=assessment.quiet,
        steps=tuple(
            StrictStepAnswer(
                kind=step.kind,
                title=step.title,
                text=step.text,
                yaml=objects_yaml(step.objects) if step.objects else "",
                patch=step.patch,
                optional=step.optional,
            )
            for step in found.steps
        ),
        policy_yaml=objects_yaml((assessment.policy,)),
        replaces=assessment.replaces,
    )
