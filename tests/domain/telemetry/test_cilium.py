"""Hubble's metrics, each with the graph that was worked out on paper."""

from __future__ import annotations

from typing import Any

import pytest

from meshui.domain.telemetry import cilium
from tests.domain.conftest import Mesh

WEB, V1 = "workload:demo/shop/web", "workload:demo/shop/catalog-v1"
ENDS = {
    "source_namespace": "shop",
    "source_workload": "web",
    "destination_namespace": "shop",
    "destination_workload": "catalog-v1",
}


@pytest.fixture
def mesh() -> Mesh:
    return Mesh(cilium).workload("shop/web").workload("shop/catalog-v1", app="catalog").service("shop/catalog")


def answer(mesh: Mesh, rate: float, status: str = "200", reporter: str = "server", **labels: Any) -> Mesh:
    return mesh.sample("requests", {**ENDS, "reporter": reporter, "status": status, **labels}, rate)


def verdict(mesh: Mesh, rate: float, action: str = "forwarded", match: str = "l3-l4", **labels: Any) -> Mesh:
    its = {**ENDS, "direction": "ingress", "action": action, "match": match, **labels}
    return mesh.sample("verdicts", its, rate)


def test_requests_are_counted_by_one_side_of_the_proxy(mesh):
    answer(answer(answer(mesh, 9), 1, "503"), 10, reporter="client")
    edge = mesh.view(service_nodes=False).edge(WEB, V1)
    assert (edge.rate, edge.reporter, edge.dialects) == (10, "source", ("cilium",))
    assert edge.mtls.observed_share is None
    assert edge.caveats == ("Hubble's metrics do not say whether it is encrypted.",)


def test_latencies_are_seconds(mesh):
    answer(mesh, 10)
    for bound, rate in (("0.005", 0.0), ("0.01", 10.0), ("+Inf", 10.0)):
        mesh.sample("duration_bounds", {"le": bound}, 1.0)
        mesh.sample("durations", {**ENDS, "reporter": "server", "le": bound}, rate)
    assert mesh.view(service_nodes=False).edge(WEB, V1).p50_ms == 7.5


def test_verdicts_count_connections_only_where_no_requests_are_seen(mesh):
    verdict(verdict(answer(mesh, 10), 2, "redirected"), 3, destination_workload="db")
    view = mesh.view(service_nodes=False)
    assert view.edge_rates == {f"{WEB}>{V1}|http": 10, f"{WEB}>workload:demo/shop/db|tcp": 3}
    assert "No HTTP metrics" in view.edge(WEB, "workload:demo/shop/db", "tcp").caveats[0]


def test_without_verdicts_flow_events_tell_who_talks_to_whom(mesh):
    mesh.sample("flows", {**ENDS, "verdict": "FORWARDED"}, 4.0)
    assert mesh.view(service_nodes=False).edge_rates == {f"{WEB}>{V1}|tcp": 4}
    verdict(mesh, 1)
    assert mesh.view(service_nodes=False).edge_rates == {f"{WEB}>{V1}|tcp": 1}


def test_a_dropped_connection_is_a_denial_and_its_packets_are_not_counted_again(mesh):
    verdict(verdict(mesh, 3), 1, "dropped", "none")
    mesh.sample("drops", {**ENDS, "reason": "POLICY_DENIED"}, 7.0)
    edge = mesh.view(service_nodes=False).edge(WEB, V1, "tcp")
    assert (edge.rate, edge.flags, edge.error_share, edge.authz.denied_rate) == (4, {"DENY": 1}, 0.25, 1)


def test_drops_tell_of_denials_where_verdicts_do_not(mesh):
    mesh.sample("drops", {**ENDS, "reason": "AUTH_REQUIRED"}, 2.0)
    assert mesh.view(service_nodes=False).edge(WEB, V1, "tcp").authz.denied_rate == 2


def test_a_request_refused_by_an_l7_rule_is_a_denial_and_the_applications_403_is_not(mesh):
    verdict(answer(answer(mesh, 6), 4, "403"), 1, "dropped", "l7/http")
    edge = mesh.view(service_nodes=False).edge(WEB, V1)
    assert (edge.rate, edge.codes, edge.flags, edge.authz.denied_rate) == (10, {"200": 6, "403": 4}, {"DENY": 1}, 1)


def test_peers_that_are_no_pods_have_the_name_that_the_context_gives(mesh):
    world = {"source_namespace": "", "source_workload": ""}
    answer(mesh, 1, **world, source="reserved:world")
    answer(mesh, 2, **world, source="reserved:ingress")
    answer(mesh, 3, destination_namespace="", destination_workload="", destination="api.example.com", reporter="client")
    assert mesh.view(service_nodes=False).edge_rates == {
        f"unknown:demo>{V1}|http": 1,
        f"workload:demo//cilium-ingress>{V1}|http": 2,
        f"{WEB}>service:demo//api.example.com|http": 3,
    }


def test_series_without_context_labels_name_nobody(mesh):
    mesh.sample("requests", {"reporter": "server", "status": "200"}, 5.0)
    assert mesh.view().view.edges == ()
