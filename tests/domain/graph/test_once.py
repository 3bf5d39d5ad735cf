"""Dialects that see the same traffic: it is counted once."""

from __future__ import annotations

import msgspec
import numpy as np

from meshui.domain.graph.build import build_graph
from meshui.domain.telemetry.dialects import combined
from meshui.domain.telemetry.rows import DIALECTS, TelemetryRows
from tests.domain.conftest import CLUSTER, Mesh

WEB, V1, OTHER = ("demo/shop/web", "demo/shop/catalog-v1", "demo/shop/other")


def told(dialect: str, mesh: Mesh) -> TelemetryRows:
    rows = mesh.rows()
    named = np.full(len(rows.keys), DIALECTS.index(dialect), dtype=np.int32)
    return msgspec.structs.replace(rows, keys=msgspec.structs.replace(rows.keys, dialect=named))


def edges(shop: Mesh, *parts: TelemetryRows) -> dict[tuple[str, str], tuple[float, str]]:
    graph = build_graph(combined(parts, CLUSTER), shop.inventory(), cluster=CLUSTER)
    ends = [
        (graph.nodes[source].id, graph.nodes[destination if destination >= 0 else service].id)
        for source, service, destination in zip(graph.source, graph.service, graph.destination, strict=True)
    ]
    said = zip(graph.rate.tolist(), (DIALECTS[number] for number in graph.dialect), strict=True)
    return {
        (source.split(":")[1], destination.split(":")[1]): one
        for (source, destination), one in zip(ends, said, strict=True)
    }


def test_the_better_dialect_is_believed(shop):
    istio = told("istio", Mesh().calls("shop/web", "shop/catalog", "shop/catalog-v1", 10))
    cilium = told("cilium", Mesh().calls("shop/web", "unknown", "shop/catalog-v1", 9, by="destination"))
    assert edges(shop, cilium, istio) == {(WEB, V1): (10, "istio")}


def test_what_only_one_dialect_sees_stays_its_own(shop):
    istio = told("istio", Mesh().calls("shop/web", "shop/catalog", "shop/catalog-v1", 10))
    linkerd = told("linkerd", Mesh().calls("shop/other", "shop/db", "shop/db", 4, by="source"))
    assert edges(shop, istio, linkerd) == {(WEB, V1): (10, "istio"), (OTHER, "demo/shop/db"): (4, "linkerd")}


def test_a_workload_whose_own_proxy_reports_tells_all_that_arrives(shop):
    """Istio can't name a caller without a sidecar, Cilium can: the request is one all the same."""
    istio = told("istio", Mesh().calls("unknown", "shop/catalog", "shop/catalog-v1", 5, by="destination", mtls=False))
    cilium = told("cilium", Mesh().calls("shop/other", "unknown", "shop/catalog-v1", 5, by="destination", mtls=False))
    assert edges(shop, istio, cilium) == {("demo", V1): (5, "istio")}


def test_a_service_called_and_the_workload_behind_it_are_the_same_call(shop):
    istio = told("istio", Mesh().calls("shop/web", "shop/catalog", "unknown", 5, by="source"))
    cilium = told("cilium", Mesh().calls("shop/web", "unknown", "shop/catalog-v1", 5, by="destination", mtls=False))
    assert edges(shop, istio, cilium) == {(WEB, "demo/shop/catalog"): (5, "istio")}


def test_a_proxys_raw_statistics_do_not_count_beside_what_it_reports(shop):
    istio = told("istio", Mesh().calls("shop/web", "shop/catalog", "shop/catalog-v1", 10))
    raw = told("envoy", Mesh().calls("shop/web", "outbound_80__catalog", "unknown", 10, by="source"))
    assert edges(shop, istio, raw) == {(WEB, V1): (10, "istio")}


def test_latencies_and_bytes_of_the_other_dialect_are_left_out_too(shop):
    istio = Mesh().calls("shop/web", "shop/catalog", "shop/catalog-v1", 10, by="source")
    cilium = Mesh().calls("shop/web", "shop/catalog", "shop/catalog-v1", 10, by="source")
    istio.took("shop/web", "shop/catalog", "shop/catalog-v1", {"5": 10, "+Inf": 10})
    cilium.took("shop/web", "shop/catalog", "shop/catalog-v1", {"5": 0, "+Inf": 10})
    rows = combined([told("istio", istio), told("cilium", cilium)], CLUSTER)
    graph = build_graph(rows, shop.inventory(), cluster=CLUSTER)
    assert graph.cumulative.tolist() == [[10, 10]]
