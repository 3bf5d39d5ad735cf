"""Each golden case, by the way that a real cluster's metrics take: a real Prometheus is polled, the snapshot is
published to a real store, and the view is read from there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from meshui.adapters.prometheus.client import PrometheusClient, PrometheusOptions
from meshui.adapters.store.redis import RedisStore, StoreOptions
from meshui.domain.graph.model import Edge, GraphView, Node, ViewSpec
from meshui.domain.join import ALL
from meshui.services.poll_inventory import poll_inventory
from meshui.services.poll_telemetry import BEHIND, poll_telemetry
from meshui.services.publish_snapshot import publish_snapshot
from meshui.services.read_graph import current_view
from tests.conftest import prometheus_of
from tests.golden.reading import WINDOW, Case, cases, edge_id, exposition, moment, node_id
from tests.services.conftest import Events, Inventory

CASES = cases()


@pytest.fixture(scope="module")
def metrics(prometheus_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusClient]:
    """A Prometheus that has seen all cases, one after the other."""
    folder = tmp_path_factory.mktemp("golden")
    (folder / "cases.om").write_text(exposition(CASES))
    promtool = str(prometheus_binary.with_name("promtool"))
    create = [promtool, "tsdb", "create-blocks-from", "openmetrics", str(folder / "cases.om"), str(folder / "data")]
    subprocess.run(create, check=True, capture_output=True, timeout=120)
    with prometheus_of(prometheus_binary, folder) as url:
        client = PrometheusClient(PrometheusOptions(url=url))
        yield client
        client.close()


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.says for case in CASES])
def test_the_graph_is_the_one_worked_out_by_hand(number: int, metrics: PrometheusClient, valkey: str) -> None:
    case = CASES[number]
    store = RedisStore(StoreOptions(url=valkey, prefix=f"golden-{number}"))
    try:
        at = moment(number)
        for when in ([at - timedelta(seconds=case.earlier)] if case.earlier else []) + [at]:
            for cluster in case.clusters:
                publish(case, cluster, when, metrics, store)
        spec = msgspec.convert(case.view, ViewSpec)
        one = case.clusters[0] if len(case.clusters) == 1 else ALL
        view = current_view(store, one, spec, WINDOW, case.clusters)
    finally:
        store.close()
    edges = {edge.id: edge for edge in view.edges}
    assert {id_: edge.rate for id_, edge in edges.items()} == pytest.approx(
        {edge_id(short): expected.get("rate", 0) for short, expected in case.edges.items()}, rel=1e-4
    )
    for short, expected in case.edges.items():
        assert told_of_edge(edges[edge_id(short)], expected) == approximately(expected), short
    nodes = {node.id: node for node in view.nodes}
    for short, expected in case.nodes.items():
        assert node_id(short) in nodes, sorted(nodes)
        assert told_of_node(nodes[node_id(short)], view, expected) == approximately(expected), short


def publish(case: Case, cluster: str, at: datetime, metrics: PrometheusClient, store: RedisStore) -> None:
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for manifest in case.mesh().manifests:
        by_kind.setdefault(manifest["kind"], []).append(manifest)
    objects = Inventory(**{kind: tuple(found) for kind, found in by_kind.items()})
    assert poll_inventory(objects, store, cluster, at, 1).failure is None
    assert poll_telemetry(metrics, store, cluster, WINDOW, at + BEHIND) is None
    assert publish_snapshot(store, Events(), cluster, WINDOW, lambda: at)


def approximately(expected: dict[str, Any]) -> dict[str, Any]:
    """Numbers, also those inside, are compared as far as Prometheus' arithmetic is exact."""

    def about(value: Any) -> Any:
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int | float):
            return pytest.approx(value, rel=1e-4, abs=1e-6)
        if isinstance(value, dict):
            return pytest.approx({str(key): one for key, one in value.items()}, rel=1e-4, abs=1e-6)
        return value

    return {name: about(value) for name, value in expected.items()}


def told_of_edge(edge: Edge, asked: dict[str, Any]) -> dict[str, Any]:
    """What the case wants to know of the edge."""
    found: dict[str, Any] = {
        "rate": edge.rate,
        "errors": edge.error_share,
        "mtls": edge.mtls.observed_share,
        "expected": edge.mtls.expected,
        "denied": edge.authz.denied_rate,
        "health": edge.health.state,
        "why": edge.health.reason,
        "p50": edge.p50_ms,
        "p90": edge.p90_ms,
        "p95": edge.p95_ms,
        "p99": edge.p99_ms,
        "sent": edge.sent_bytes_rate,
        "received": edge.received_bytes_rate,
        "callers": [principal.rpartition("/ns/")[2] for principal in edge.source_principals],
        "called": [principal.rpartition("/ns/")[2] for principal in edge.destination_principals],
        "hosts": list(edge.hosts),
        "idle": edge.idle_since is not None,
    }
    return {name: found[name] if name in found else getattr(edge, name) for name in asked}


def told_of_node(node: Node, view: GraphView, asked: dict[str, Any]) -> dict[str, Any]:
    """What the case wants to know of the node."""
    boxes = {box.id: box for box in view.boxes}
    box = boxes.get(node.box or "")
    inside = []
    while box is not None:
        inside.append(f"{box.kind} {box.label}")
        box = boxes.get(box.parent or "")
    found: dict[str, Any] = {
        "in": node.inbound.rate,
        "out": node.outbound.rate,
        "errors": node.inbound.error_share,
        "health": node.health.state,
        "why": node.health.reason,
        "badges": sorted(badge.name for badge in node.badges),
        "reasons": [badge.reason for badge in node.badges],
        "boxes": inside,
    }
    return {name: found[name] if name in found else getattr(node, name) for name in asked}
