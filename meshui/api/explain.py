"""What happens to this request?"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui import wiring
from meshui.api.answers import answer
from meshui.api.permissions import AnyRole, user_of
from meshui.contract.asked import known_cluster
from meshui.contract.explain import EdgeQuery, ExplainedRequest, ExplainedSource, ExplainRequest, SuggestedRequest
from meshui.contract.openapi import describe
from meshui.domain.failures import Code, Failure
from meshui.domain.proxy.explain.model import Question
from meshui.domain.routing.weights import set_weights
from meshui.records.users import User
from meshui.services import change_weights, explain_request
from meshui.services.acting import actor_of


class SuggestView(APIView):
    """The request to ask about, from an edge."""

    @describe(
        "suggestRequest",
        "A request that takes an edge of the graph",
        answer=SuggestedRequest,
        query=EdgeQuery,
        problems=[404, 503],
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        query = EdgeQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = explain_request.suggest(
            wiring.cluster_runtime(known_cluster(cluster)).proxies,
            wiring.store(),
            cluster,
            query.validated_data["edge"],
            window_seconds=settings.MESHUI.default_window.seconds,
        )
        source = ExplainedSource(namespace=found.asked.namespace, workload=found.asked.workload)
        return answer(
            SuggestedRequest(source=source, question=found.asked.question, destination=found.destination, why=found.why)
        )


class ExplainView(APIView):
    """A question. Nothing is written, so that everybody signed in may ask."""

    permission_classes = [AnyRole]

    @describe(
        "explainRequest",
        "What happens to a request, step by step; with a change also what would",
        answer=ExplainedRequest,
        body=ExplainRequest,
        problems=[403, 404, 503],
    )
    def post(self, request: Request, cluster: str) -> HttpResponse:
        given = ExplainRequest(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        known_cluster(cluster)
        question = Question(
            host=wanted["host"],
            port=wanted["port"],
            path=wanted["path"],
            method=wanted["method"],
            headers=wanted["headers"],
            protocol=wanted["protocol"],
        )
        found = explain_request.explain_request(
            wiring.cluster_runtime(cluster).proxies,
            wiring.store(),
            cluster,
            explain_request.Asked(wanted["namespace"], wanted["workload"], question),
            _change(user_of(request), cluster, wanted),
            window_seconds=settings.MESHUI.default_window.seconds,
        )
        source = ExplainedSource(namespace=wanted["namespace"], workload=wanted["workload"])
        return answer(ExplainedRequest(source=source, now=found.now, after=found.after, after_note=found.after_note))


def _change(user: User, cluster: str, wanted: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The object before and after, of the weights or the manifest given. Raises Failure(INVALID | NOT_FOUND)."""
    runtime, actor = wiring.cluster_runtime(cluster), actor_of(user)
    if change := wanted["weights"]:
        split, before, _ = change_weights.live_split(
            runtime, wiring.store(), actor, cluster, change["namespace"], change["name"]
        )
        if split.object.kind != "VirtualService":
            raise _not_a_virtual_service("weights")
        return before, set_weights(before, split, change["weights"])
    after = wanted["manifest"]
    if after is None:
        return None
    metadata = after.get("metadata")
    if (
        after.get("kind") != "VirtualService"
        or not isinstance(metadata, dict)
        or not isinstance(after.get("spec"), dict)
    ):
        raise _not_a_virtual_service("manifest")
    ref = explain_request.virtual_service_ref(metadata)
    try:
        return runtime.config.get(ref, acting_as=actor), after
    except Failure as failure:
        if failure.code is Code.NOT_FOUND:
            return {}, after
        raise


def _not_a_virtual_service(field: str) -> Failure:
    return Failure(
        Code.INVALID,
        "Only a change of a VirtualService can be explained before it is made.",
        next_step="Ask without the change, or apply it first.",
        fields={field: "This must be of a VirtualService."},
    )
