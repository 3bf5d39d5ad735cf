"""Ambient meshes, each with the graph that was worked out on paper: ztunnel legs, waypoints, a migration."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domain.conftest import Mesh, ends

WEB, CATALOG, WAYPOINT = "workload:demo/shop/web", "service:demo/shop/catalog", "workload:demo/shop/waypoint"
V1 = "workload:demo/shop/catalog-v1"
AMBIENT = {"istio.io/dataplane-mode": "ambient"}


@pytest.fixture
def ambient() -> Mesh:
    return (
        Mesh()
        .workload("shop/web", proxy=False, labels=AMBIENT)
        .workload("shop/catalog-v1", app="catalog", proxy=False, labels=AMBIENT)
        .workload("shop/waypoint", labels={"gateway.istio.io/managed": "istio.io-mesh-controller"})
        .service("shop/catalog")
    )


def through_waypoint(mesh: Mesh, rate: float, **more: Any) -> Mesh:
    """One request as ztunnel, the waypoint and the other ztunnel tell of it; each opens a connection now and then."""
    mesh.calls("shop/web", "shop/catalog", "shop/waypoint", rate / 10, protocol="tcp", by="source")
    mesh.calls("shop/web", "shop/catalog", "shop/catalog-v1", rate, by="waypoint", **more)
    return mesh.calls("shop/waypoint", "shop/catalog", "shop/catalog-v1", rate / 10, protocol="tcp", by="destination")


def test_a_request_through_a_waypoint_is_one_edge_from_the_caller_to_the_backend(ambient):
    view = through_waypoint(ambient, 10).view()
    assert view.edge_rates == {f"{WEB}>{CATALOG}|http": 10, f"{CATALOG}>{V1}|http": 10}
    edge = view.edge(WEB, CATALOG)
    assert (edge.reporter, edge.dialects, edge.caveats) == ("waypoint", ("istio-ambient",), ())
    assert edge.mtls.observed_share == 1
    assert WAYPOINT not in view.nodes


def test_without_a_waypoint_there_are_connections_and_bytes_and_it_is_said_why(ambient):
    ambient.calls("shop/web", "shop/catalog", "shop/catalog-v1", 3, protocol="tcp")
    its = {**ends("shop/web", "shop/catalog", "shop/catalog-v1"), "reporter": "source", "response_flags": "-"}
    ambient.sample("tcp_request_bytes", its, 500.0)
    edge = ambient.view(service_nodes=False).edge(WEB, V1, "tcp")
    assert (edge.rate, edge.sent_bytes_rate, edge.codes, edge.p95_ms) == (3, 500, {}, None)
    assert edge.dialects == ("istio-ambient",)
    assert "No HTTP metrics: ztunnel sees connections" in edge.caveats[0]


def test_a_sidecars_tcp_is_no_ztunnels(shop):
    edge = shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 3, protocol="tcp").view().edge(WEB, CATALOG, "tcp")
    assert (edge.dialects, edge.caveats) == (("istio",), ())


def test_a_waypoint_that_is_not_scraped_is_a_workload_on_the_way(ambient):
    ambient.calls("shop/web", "shop/catalog", "shop/waypoint", 1, protocol="tcp", by="source")
    ambient.calls("shop/waypoint", "shop/catalog", "shop/catalog-v1", 2, protocol="tcp", by="destination")
    assert ambient.view(service_nodes=False).edge_rates == {f"{WEB}>{WAYPOINT}|tcp": 1, f"{WAYPOINT}>{V1}|tcp": 2}


def test_a_caller_that_can_not_reach_the_waypoint_is_an_error(ambient):
    through_waypoint(ambient, 10)
    failed = {**ends("shop/web", "shop/catalog", "shop/waypoint"), "reporter": "source", "response_flags": "CONNECT"}
    ambient.sample("tcp_closed", failed, 2.0)
    view = ambient.view()
    edge = view.edge(WEB, CATALOG, "tcp")
    assert (edge.rate, edge.error_share, edge.flags) == (2, 1, {"CONNECT": 2})
    assert view.edge(WEB, CATALOG).rate == 10


def test_a_denial_that_only_the_called_ztunnel_can_name_is_named(ambient):
    its = ends("shop/web", "shop/catalog", "shop/catalog-v1")
    for reporter, flag in (("source", "CONNECT"), ("destination", "DENY")):
        ambient.sample("tcp_opened", {**its, "reporter": reporter, "response_flags": "-"}, 5.0)
        ambient.sample("tcp_closed", {**its, "reporter": reporter, "response_flags": "-"}, 1.0)
        ambient.sample("tcp_closed", {**its, "reporter": reporter, "response_flags": flag}, 4.0)
    edge = ambient.view(service_nodes=False).edge(WEB, V1, "tcp")
    assert (edge.flags, edge.error_share, edge.authz.denied_rate) == ({"DENY": 4}, 0.8, 4)


def test_a_gateways_own_waypoint_leg_is_hidden_too(ambient):
    ambient.workload("edge/gateway", labels={"istio": "ingressgateway"})
    ambient.calls("edge/gateway", "shop/catalog", "shop/waypoint", 7, by="source")
    ambient.calls("edge/gateway", "shop/catalog", "shop/catalog-v1", 7, by="waypoint")
    ambient.calls("edge/gateway", "shop/catalog", "shop/waypoint", 1, code="503", flags="UF", by="source")
    view = ambient.view(service_nodes=False)
    rates = {edge_id.split("/", 1)[1]: rate for edge_id, rate in view.edge_rates.items()}
    assert sorted(rates.values()) == [1, 7]
    lost = next(edge for edge in view.view.edges if edge.rate == 1)
    assert (lost.destination, lost.codes) == (CATALOG, {"503": 1})


def test_from_a_sidecar_to_ambient_the_requests_are_counted_and_ztunnel_knows_the_encryption(ambient):
    ambient.workload("shop/old")
    ambient.calls("shop/old", "shop/catalog", "shop/catalog-v1", 8, by="source")
    ambient.calls("shop/old", "shop/catalog", "shop/catalog-v1", 1, protocol="tcp", by="destination")
    view = ambient.view(service_nodes=False)
    assert view.edge_rates == {f"workload:demo/shop/old>{V1}|http": 8}
    assert view.edge("workload:demo/shop/old", V1).mtls.observed_share == 1


def test_from_ambient_to_a_sidecar_the_requests_are_counted_and_not_ztunnels_connections(ambient):
    ambient.workload("shop/stock").service("shop/stock")
    ambient.calls("shop/web", "shop/stock", "shop/stock", 1, protocol="tcp", by="source")
    ambient.calls("unknown", "shop/stock", "shop/stock", 6, by="destination", principal=principal("web"))
    view = ambient.view(service_nodes=False)
    assert view.edge_rates == {f"{WEB}>workload:demo/shop/stock|http": 6}


def test_a_sidecars_tcp_port_beside_its_http_port_stays(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 8)
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 2, protocol="tcp")
    assert shop.view(service_nodes=False).edge_rates == {f"{WEB}>{V1}|http": 8, f"{WEB}>{V1}|tcp": 2}


def principal(account: str) -> str:
    return f"spiffe://cluster.local/ns/shop/sa/{account}"


def test_a_service_half_behind_a_waypoint_is_counted_whole(ambient):
    ambient.workload("shop/catalog-v2", app="catalog", version="v2")
    through_waypoint(ambient, 10)
    ambient.calls("unknown", "shop/catalog", "shop/catalog-v2", 5, by="destination", principal=principal("web"))
    view = ambient.view(service_nodes=False)
    assert view.edge_rates == {f"{WEB}>{V1}|http": 10, f"{WEB}>workload:demo/shop/catalog-v2|http": 5}
