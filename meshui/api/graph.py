"""The graph as it is and as it was, what differs between two moments, and the recent past of one element."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui import wiring
from meshui.api.answers import JSON, answer
from meshui.api.clusters import inventories_of
from meshui.api.live_graph import Asked, etag, live_graph, unchanged
from meshui.contract.asked import earliest_moment, known_cluster, known_clusters, known_moment, known_view, known_window
from meshui.contract.graph import (
    CompareQuery,
    ExportQuery,
    FindQuery,
    GraphQuery,
    MomentsQuery,
    SeriesQuery,
    ShownQuery,
    ViewQuery,
)
from meshui.contract.openapi import describe
from meshui.domain.graph.compare import Comparison
from meshui.domain.graph.export import FORMATS
from meshui.domain.graph.find import Matched, find, hidden
from meshui.domain.graph.model import GraphView, ViewSpec
from meshui.domain.join import ALL, cluster_of
from meshui.services import read_graph, read_moments, read_past, read_series
from meshui.services.ports import MetricsSource
from meshui.services.read_comparison import comparison
from meshui.services.read_moments import Moments
from meshui.services.read_series import Series

_IF_NONE_MATCH = OpenApiParameter("If-None-Match", str, "header", description="The ETag of the view that one has.")


class LiveGraphView(APIView):
    """The graph of a cluster, now or at a past moment."""

    @describe(
        "getGraph",
        "The graph as it is now, or as it was",
        answer=GraphView,
        query=ShownQuery,
        problems=[404, 429, 503],
        headers=[_IF_NONE_MATCH],
        unchanged=True,
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        known_clusters(cluster)
        query = ShownQuery(data=request.query_params)
        spec, window = _asked(query, cluster)
        if hide := query.validated_data.get("hide"):
            return answer(hidden(_view(query, cluster, spec, window), hide))
        at = known_moment(query.validated_data.get("at"))
        if at is None:
            return live_graph(request, Asked(cluster, window, spec))
        version, body = read_past.past_view_gzip(wiring.store(), _sources(cluster), cluster, spec, window, at)
        tag = etag(cluster, window, spec, version)
        return unchanged(request, tag) or _compressed(request, body(), tag)


class FindView(APIView):
    """Looking for nodes and edges by what is true of them."""

    @describe("findInGraph", "What an expression finds", answer=Matched, query=FindQuery, problems=[404, 429, 503])
    def get(self, request: Request, cluster: str) -> HttpResponse:
        known_clusters(cluster)
        query = FindQuery(data=request.query_params)
        spec, window = _asked(query, cluster)
        view = _view(query, cluster, spec, window)
        return answer(find(view, query.validated_data["expression"]))


class ExportView(APIView):
    """The graph for other programs."""

    @describe(
        "exportGraph",
        "The graph as a file: GraphML, DOT or JSON",
        answer=None,
        query=ExportQuery,
        problems=[404, 429, 503],
        media_types=[one.media_type for one in FORMATS.values()],
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        known_clusters(cluster)
        query = ExportQuery(data=request.query_params)
        spec, window = _asked(query, cluster)
        chosen = FORMATS[query.validated_data["to"]]
        view = _view(query, cluster, spec, window)
        if hide := query.validated_data.get("hide"):
            view = hidden(view, hide)
        response = HttpResponse(chosen.write(view), content_type=f"{chosen.media_type}; charset=utf-8")
        return _as_file(response, f"{_file(cluster)}-{view.published_at:{_FILE_TIME}}.{chosen.extension}")


class MomentsView(APIView):
    """The past that can be shown."""

    @describe(
        "listMoments",
        "Which past moments can be shown, and how much traffic there was",
        answer=Moments,
        query=MomentsQuery,
        problems=[404, 429, 503],
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        known_clusters(cluster)
        query = MomentsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        given = query.validated_data
        window = known_window(given.get("window"))
        end = known_moment(given.get("to"), "to") or datetime.now(UTC)
        # A film may begin before anything can be shown: those moments are not in it.
        begin = max(given.get("from") or end - timedelta(hours=1), earliest_moment())
        return answer(
            read_moments.moments_of_all(wiring.store(), _sources(cluster), window, begin, end, given.get("step"))
            if cluster == ALL
            else read_moments.moments(
                wiring.store(), _sources(cluster)[cluster], cluster, window, begin, end, given.get("step")
            )
        )


class CompareView(APIView):
    """Two moments of the graph."""

    @describe(
        "compareGraphs",
        "What is new, gone, failing, slower or busier between two moments, as far as it is not chance",
        answer=Comparison,
        query=CompareQuery,
        problems=[404, 429, 503],
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        known_clusters(cluster)
        query = CompareQuery(data=request.query_params)
        spec, window = _asked(query, cluster)
        given = query.validated_data
        moments = known_moment(given["from"], "from"), known_moment(given.get("to"), "to")
        before, after = (_view_at(one, cluster, spec, window) for one in moments)
        response = answer(comparison(wiring.store(), spec, before, after))
        if given["download"]:
            name = f"{_file(cluster)}-{before.published_at:{_FILE_TIME}}-{after.published_at:{_FILE_TIME}}.json"
            return _as_file(response, name)
        return response


class SeriesView(APIView):
    """One node or edge over the recent past."""

    @describe("getSeries", "Rate, errors and duration over time", answer=Series, query=SeriesQuery, problems=[404, 503])
    def get(self, request: Request, cluster: str) -> HttpResponse:
        known_clusters(cluster)
        query = SeriesQuery(data=request.query_params)
        spec, window = _asked(query, cluster)
        given = query.validated_data
        at = known_moment(given.get("at"))
        # An element's own cluster knows its past best.
        where = known_cluster(cluster_of(given["id"])) if cluster == ALL else cluster
        series = read_series.series(wiring.store(), where, window, given["id"], spec, given["last"], at)
        return answer(series)


def _view(query: GraphQuery, cluster: str, spec: ViewSpec, window: int) -> GraphView:
    """The view at the moment asked for, or the live one."""
    return _view_at(known_moment(query.validated_data.get("at")), cluster, spec, window)


def _view_at(at: datetime | None, cluster: str, spec: ViewSpec, window: int) -> GraphView:
    if at is None:
        return read_graph.current_view(wiring.store(), cluster, spec, window, wiring.members(cluster))
    return read_past.past_view(wiring.store(), _sources(cluster), cluster, spec, window, at)


def _sources(cluster: str) -> dict[str, MetricsSource]:
    """The metrics of the cluster, or of all."""
    names = wiring.clusters() if cluster == ALL else (cluster,)
    return {name: wiring.cluster_runtime(name).metrics for name in names}


def _compressed(request: Request, body: bytes, tag: str) -> HttpResponse:
    """The compressed body, as the client can read it."""
    if "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", ""):
        response = HttpResponse(body, content_type=JSON, headers={"Content-Encoding": "gzip"})
    else:
        response = HttpResponse(gzip.decompress(body), content_type=JSON)
    for name, value in (("ETag", tag), ("Cache-Control", "private, no-cache"), ("Vary", "Accept-Encoding")):
        response.headers[name] = value
    return response


_FILE_TIME = "%Y%m%dT%H%M%SZ"


def _file(cluster: str) -> str:
    return "all" if cluster == ALL else cluster


def _as_file(response: HttpResponse, name: str) -> HttpResponse:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _asked(query: ViewQuery, cluster: str) -> tuple[ViewSpec, int]:
    query.is_valid(raise_exception=True)
    window = known_window(query.validated_data.get("window"))
    return known_view(query.spec(), lambda: inventories_of(cluster)), window
