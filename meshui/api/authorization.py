"""Who may call what, why, and what other policies would change."""

from __future__ import annotations

import yaml
from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui import wiring
from meshui.api.answers import answer
from meshui.api.clusters import inventory_of
from meshui.api.permissions import AnyRole
from meshui.contract.authorization import (
    ExplainCall,
    Explanation,
    MatrixAnswer,
    MatrixQuery,
    SuggestedYaml,
    SuggestionAnswer,
    SuggestQuery,
    TryPolicies,
    WhatIfAnswer,
)
from meshui.contract.openapi import describe
from meshui.domain.authz.edits import PolicyEdit
from meshui.domain.authz.matrix import Matrix, MatrixSpec, as_csv
from meshui.domain.authz.observed import AuthzDisagreement
from meshui.domain.graph.mesh import MeshGraph
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.objects import Manifest
from meshui.services import authorization
from meshui.services.authorization import ObservedTraffic, Question

_TAG = "authorization"


class ExplainView(APIView):
    """Why a request is allowed or denied."""

    permission_classes = [AnyRole]

    @describe(
        "explainCall",
        "May A call B, and which layer and rule decides",
        answer=Explanation,
        body=ExplainCall,
        problems=[404, 503],
        tag=_TAG,
    )
    def post(self, request: Request, cluster: str) -> HttpResponse:
        inventory = inventory_of(cluster)
        body = ExplainCall(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        question = Question(
            caller=given["caller"],
            service=given.get("service"),
            workload=given.get("workload"),
            port=given.get("port"),
            request=body.request(),
        )
        called = given.get("service") or given["workload"]
        return answer(
            Explanation(
                caller="/".join(given["caller"]) if given["caller"] else "",
                called="/".join(called),
                reaches=authorization.explain(inventory, question),
            )
        )


class MatrixView(APIView):
    """Who may call what."""

    @describe(
        "getAuthorizationMatrix",
        "Who may call what, beside the observed traffic",
        answer=MatrixAnswer,
        query=MatrixQuery,
        problems=[404, 429, 503],
        tag=_TAG,
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        traffic, matrix, found = _matrix(request, cluster)
        return answer(MatrixAnswer(traffic=traffic, matrix=matrix, disagreements=found))


class MatrixCsvView(APIView):
    """The same for a spreadsheet."""

    @describe(
        "exportAuthorizationMatrix",
        "Who may call what, as CSV",
        answer=None,
        query=MatrixQuery,
        problems=[404, 429, 503],
        media_types=["text/csv"],
        tag=_TAG,
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        traffic, matrix, _ = _matrix(request, cluster)
        response = HttpResponse(as_csv(matrix), content_type="text/csv; charset=utf-8")
        name = f"{cluster}-authorization-{traffic.until:%Y%m%dT%H%M%SZ}.csv"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.headers["Cache-Control"] = "private, no-store"
        return response


class WhatIfView(APIView):
    """Trying policies on observed traffic."""

    permission_classes = [AnyRole]

    @describe(
        "tryPolicies",
        "What other policies would have done to the observed traffic; nothing is written",
        answer=WhatIfAnswer,
        body=TryPolicies,
        problems=[404, 429, 503],
        tag=_TAG,
    )
    def post(self, request: Request, cluster: str) -> HttpResponse:
        inventory = inventory_of(cluster)
        body = TryPolicies(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        edits = authorization.read_manifests(given["yaml"])
        edits += [PolicyEdit(ObjectRef(one["kind"], one["namespace"], one["name"])) for one in given["delete"]]
        graph, traffic = _observed(inventory, cluster, given["hours"])
        return answer(WhatIfAnswer(traffic=traffic, result=authorization.try_policies(graph, inventory, edits)))


class SuggestView(APIView):
    """The least that the observed traffic needs."""

    @describe(
        "suggestPolicies",
        "The least-privilege policies for the observed traffic of a service or namespace",
        answer=SuggestionAnswer,
        query=SuggestQuery,
        problems=[404, 429, 503],
        tag=_TAG,
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        inventory = inventory_of(cluster)
        query = SuggestQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        given = query.validated_data
        graph, traffic = _observed(inventory, cluster, given["hours"])
        found = authorization.suggest_policies(graph, inventory, given["namespace"], given.get("service") or None)
        policies = tuple(
            SuggestedYaml(
                service=one.service,
                name=one.manifest["metadata"]["name"],
                yaml=_yaml(one.manifest),
                callers=one.callers,
            )
            for one in found.policies
        )
        return answer(
            SuggestionAnswer(
                traffic=traffic,
                policies=policies,
                yaml="---\n".join(one.yaml for one in policies),
                effect=found.effect,
                limits=found.limits,
            )
        )


def _matrix(request: Request, cluster: str) -> tuple[ObservedTraffic, Matrix, tuple[AuthzDisagreement, ...]]:
    inventory = inventory_of(cluster)
    query = MatrixQuery(data=request.query_params)
    query.is_valid(raise_exception=True)
    given = query.validated_data
    graph, traffic = _observed(inventory, cluster, given["hours"])
    spec = MatrixSpec(callers=given["callers"], called=given["called"], service=given["service"])
    matrix = authorization.callers_and_called(graph, inventory, spec)
    return traffic, matrix, authorization.contradictions(graph, inventory)


def _observed(inventory: Inventory, cluster: str, hours: int) -> tuple[MeshGraph, ObservedTraffic]:
    metrics = wiring.cluster_runtime(cluster).metrics
    window = settings.MESHUI.default_window.seconds
    return authorization.observed(wiring.store(), metrics, inventory, cluster, window, hours)


def _yaml(manifest: Manifest) -> str:
    return yaml.safe_dump(manifest, sort_keys=False, default_flow_style=False)
