"""The live graph, and the recent past of one element of it."""

from __future__ import annotations

import hashlib

from django.http import HttpResponse, HttpResponseNotModified
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui import wiring
from meshui.api.answers import JSON, answer
from meshui.api.clusters import inventory_of
from meshui.contract.asked import known_cluster, known_view, known_window
from meshui.contract.graph import ExportQuery, FindQuery, GraphQuery, SeriesQuery, ShownQuery
from meshui.contract.openapi import describe
from meshui.domain.graph.export import FORMATS
from meshui.domain.graph.find import Matched, find, hidden
from meshui.domain.graph.model import GraphView, ViewSpec
from meshui.services import read_graph, read_series
from meshui.services.read_series import Series

_IF_NONE_MATCH = OpenApiParameter("If-None-Match", str, "header", description="The ETag of the view that one has.")


class LiveGraphView(APIView):
    """The graph of a cluster."""

    @describe(
        "getGraph",
        "The graph as it is now",
        answer=GraphView,
        query=ShownQuery,
        problems=[404, 503],
        headers=[_IF_NONE_MATCH],
        unchanged=True,
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        known_cluster(cluster)
        query = ShownQuery(data=request.query_params)
        spec, window = _asked(query, cluster)
        if hide := query.validated_data.get("hide"):
            return answer(hidden(read_graph.current_view(wiring.store(), cluster, spec, window), hide))
        version, body = read_graph.current_view_bytes(wiring.store(), cluster, spec, window)
        etag = _etag(cluster, window, spec, version)
        if etag in [given.strip() for given in request.headers.get("If-None-Match", "").split(",")]:
            response: HttpResponse = HttpResponseNotModified()
        else:
            response = HttpResponse(body, content_type=JSON)
        response.headers["ETag"] = etag
        response.headers["Cache-Control"] = "private, no-cache"
        return response


class FindView(APIView):
    """Looking for nodes and edges by what is true of them."""

    @describe("findInGraph", "What an expression finds", answer=Matched, query=FindQuery, problems=[404, 503])
    def get(self, request: Request, cluster: str) -> HttpResponse:
        known_cluster(cluster)
        query = FindQuery(data=request.query_params)
        spec, window = _asked(query, cluster)
        view = read_graph.current_view(wiring.store(), cluster, spec, window)
        return answer(find(view, query.validated_data["expression"]))


class ExportView(APIView):
    """The graph for other programs."""

    @describe(
        "exportGraph",
        "The graph as a file: GraphML, DOT or JSON",
        answer=None,
        query=ExportQuery,
        problems=[404, 503],
        media_types=[one.media_type for one in FORMATS.values()],
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        known_cluster(cluster)
        query = ExportQuery(data=request.query_params)
        spec, window = _asked(query, cluster)
        chosen = FORMATS[query.validated_data["to"]]
        view = read_graph.current_view(wiring.store(), cluster, spec, window)
        if hide := query.validated_data.get("hide"):
            view = hidden(view, hide)
        response = HttpResponse(chosen.write(view), content_type=f"{chosen.media_type}; charset=utf-8")
        name = f"{cluster}-{view.published_at:%Y%m%dT%H%M%SZ}.{chosen.extension}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.headers["Cache-Control"] = "private, no-store"
        return response


class SeriesView(APIView):
    """One node or edge over the recent past."""

    @describe("getSeries", "Rate, errors and duration over time", answer=Series, query=SeriesQuery, problems=[404, 503])
    def get(self, request: Request, cluster: str) -> HttpResponse:
        known_cluster(cluster)
        query = SeriesQuery(data=request.query_params)
        spec, window = _asked(query, cluster)
        given = query.validated_data
        series = read_series.series(wiring.store(), cluster, window, given["id"], spec, given["last"])
        return answer(series)


def _asked(query: GraphQuery, cluster: str) -> tuple[ViewSpec, int]:
    query.is_valid(raise_exception=True)
    window = known_window(query.validated_data.get("window"))
    return known_view(query.spec(), lambda: inventory_of(cluster)), window


def _etag(cluster: str, window: int, spec: ViewSpec, version: int) -> str:
    whole = f"{cluster}|{version}|{window}|{spec}"
    return f'"{hashlib.sha256(whole.encode()).hexdigest()[:32]}"'
