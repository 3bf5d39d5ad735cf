"""Rates shown are Prometheus' own: for every edge, for the same window and instant, within 1%."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from .conftest import Demo, wait_until

REQUESTS = (
    "sum by (reporter, request_protocol, source_workload, source_workload_namespace,"
    " destination_workload, destination_workload_namespace, destination_service_name)"
    " (rate(istio_requests_total[{window}s]))"
)
CONNECTIONS = REQUESTS.replace("istio_requests_total", "istio_tcp_connections_opened_total")

Key = tuple[str, str, str, str]


def node_name(node: dict[str, Any]) -> str:
    return "unknown" if node["kind"] == "unknown" else f"{node['namespace']}/{node['name']}"


def asked_directly(demo: Demo, graph: dict[str, Any]) -> dict[Key, float]:
    """(reporter, protocol, source, destination) -> rate, as Prometheus says it."""
    rates: dict[Key, float] = defaultdict(float)
    for query in (REQUESTS, CONNECTIONS):
        promql = query.format(window=graph["window_seconds"])
        for series in demo.prometheus(promql, graph["evaluated_at"]):
            labels = series["metric"]
            source = workload(labels, "source")
            destination = workload(labels, "destination")
            rate = float(series["value"][1])
            rates[labels["reporter"], labels["request_protocol"], source, destination] += rate
    return rates


def workload(labels: dict[str, str], side: str) -> str:
    name = labels[f"{side}_workload"]
    return "unknown" if name == "unknown" else f"{labels[f'{side}_workload_namespace']}/{name}"


@pytest.mark.parametrize("window", [15, 60])
def test_every_edge_has_the_rate_that_prometheus_itself_answers(demo: Demo, window: int) -> None:
    graph = wait_until(
        lambda: (found := demo.graph(window=window, service_nodes="false"))["edges"] and found,
        seconds=60,
        what="a graph with edges",
    )
    nodes = {node["id"]: node for node in graph["nodes"]}
    expected = asked_directly(demo, graph)
    compared = 0
    for edge in graph["edges"]:
        source, destination = nodes[edge["source"]], nodes[edge["destination"]]
        if destination["kind"] not in ("workload", "gateway"):
            continue
        key = (edge["reporter"], edge["protocol"], node_name(source), node_name(destination))
        assert edge["rate"] == pytest.approx(expected[key], rel=0.01, abs=0.001), edge["id"]
        compared += 1
    assert compared >= 12, "the shop has at least a dozen edges between workloads"


def test_no_traffic_that_prometheus_knows_is_missing_from_the_graph(demo: Demo) -> None:
    graph = demo.graph(window=15, service_nodes="false")
    expected = asked_directly(demo, graph)
    arrived = {(key[1], key[2], key[3]) for key, rate in expected.items() if rate > 0.01 and key[3] != "unknown"}
    nodes = {node["id"]: node for node in graph["nodes"]}
    shown = {
        (edge["protocol"], node_name(nodes[edge["source"]]), node_name(nodes[edge["destination"]]))
        for edge in graph["edges"]
    }
    assert arrived <= shown
