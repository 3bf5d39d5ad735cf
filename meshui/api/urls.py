"""The addresses below /api/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from meshui.api import (
    authorization,
    certificates,
    clusters,
    config,
    demo,
    graph,
    history,
    mesh,
    mtls,
    policies,
    routes,
    session,
    shifts,
    weights,
)
from meshui.api.live_graph import again
from meshui.api.proxy_urls import proxy_patterns

_SERVICE = "services/<str:namespace>/<str:name>"

cluster_patterns: list[URLPattern] = [
    path("graph", again(graph.LiveGraphView.as_view())),
    path("graph/find", graph.FindView.as_view()),
    path("graph/export", graph.ExportView.as_view()),
    path("graph/moments", graph.MomentsView.as_view()),
    path("graph/compare", graph.CompareView.as_view()),
    path("series", graph.SeriesView.as_view()),
    path("namespaces", mesh.NamespacesView.as_view()),
    path("services", mesh.ServicesView.as_view()),
    path(_SERVICE, mesh.ServiceView.as_view()),
    path(f"{_SERVICE}/weights", weights.WeightsView.as_view()),
    path(f"{_SERVICE}/weights/preview", weights.PreviewWeightsView.as_view()),
    path(f"{_SERVICE}/weights/apply", weights.ApplyWeightsView.as_view()),
    path(f"{_SERVICE}/routes", routes.RoutesView.as_view()),
    path(f"{_SERVICE}/routes/preview", routes.PreviewRouteView.as_view()),
    path(f"{_SERVICE}/routes/apply", routes.ApplyRouteView.as_view()),
    path(f"{_SERVICE}/shifts", shifts.StartShiftView.as_view()),
    path("shifts", shifts.ShiftsView.as_view()),
    path("workloads", mesh.WorkloadsView.as_view()),
    path("workloads/<str:namespace>/<str:name>", mesh.WorkloadView.as_view()),
    path("config", policies.ConfigListView.as_view()),
    path("config/<str:kind>/<str:namespace>/<str:name>", policies.ConfigView.as_view()),
    path("certificates", certificates.CertificatesView.as_view()),
    path("findings", policies.FindingsView.as_view()),
    path("mtls", mtls.PostureView.as_view()),
    path("mtls/namespaces/<str:namespace>", mtls.NamespacePostureView.as_view()),
    path("mtls/edge", mtls.EdgeExplanationView.as_view()),
    path("mtls/strict", mtls.StrictView.as_view()),
    path("authorization/explain", authorization.ExplainView.as_view()),
    path("authorization/matrix", authorization.MatrixView.as_view()),
    path("authorization/matrix.csv", authorization.MatrixCsvView.as_view()),
    path("authorization/what-if", authorization.WhatIfView.as_view()),
    path("authorization/suggest", authorization.SuggestView.as_view()),
    path("proxies", config.ProxiesView.as_view()),
    *proxy_patterns,
    path("changes", history.ChangesView.as_view()),
]
v1_patterns: list[URLPattern | URLResolver] = [
    path("session", session.SessionView.as_view()),
    path("clusters", clusters.ClustersView.as_view()),
    path("clusters/<str:cluster>/", include(cluster_patterns)),
    path("changes/<int:number>", history.ChangeView.as_view()),
    path("changes/<int:number>/undo", history.UndoView.as_view()),
    path("shifts/<int:number>", shifts.ShiftView.as_view()),
    path("audit", history.AuditView.as_view()),
    path("audit/export", history.AuditExportView.as_view()),
    path("demo/faults", demo.FaultsView.as_view()),
    path("demo/faults/<str:name>", demo.FaultView.as_view()),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include(v1_patterns)),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
]
