"""The addresses of proxies and explanations, below a cluster's."""

from __future__ import annotations

from django.urls import URLPattern, path

from meshui.api import explain, proxies

_PROXY = "proxies/<str:namespace>/<str:pod>"

proxy_patterns: list[URLPattern] = [
    path("sync", proxies.SyncView.as_view()),
    path("sync/rollout", proxies.RolloutView.as_view()),
    path(_PROXY, proxies.ProxyView.as_view()),
    path(f"{_PROXY}/listeners", proxies.ListenersView.as_view()),
    path(f"{_PROXY}/routes", proxies.RoutesView.as_view()),
    path(f"{_PROXY}/clusters", proxies.ClustersView.as_view()),
    path(f"{_PROXY}/endpoints", proxies.EndpointsView.as_view()),
    path(f"{_PROXY}/secrets", proxies.SecretsView.as_view()),
    path(f"{_PROXY}/stats", proxies.StatsView.as_view()),
    path(f"{_PROXY}/raw", proxies.RawView.as_view()),
    path(f"{_PROXY}/compare", proxies.CompareView.as_view()),
    path(f"{_PROXY}/logging", proxies.LoggingView.as_view()),
    path("explain", explain.ExplainView.as_view()),
    path("explain/edge", explain.SuggestView.as_view()),
]
