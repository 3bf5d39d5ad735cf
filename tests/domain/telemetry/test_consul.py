"""Consul Connect, each with the graph that was worked out on paper."""

from __future__ import annotations

from typing import Any

import pytest

from meshui.domain.telemetry import consul
from tests.domain.conftest import Mesh

WEB, CATALOG, V1 = "workload:demo/shop/web", "service:demo/shop/catalog", "workload:demo/shop/catalog"
ENDS = {
    "namespace": "shop",
    "pod": "web-abc-0",
    "consul_source_service": "web",
    "consul_source_namespace": "default",
    "consul_destination_service": "catalog",
    "consul_destination_namespace": "default",
}


@pytest.fixture
def mesh() -> Mesh:
    return Mesh(consul).workload("shop/web").service("shop/web").workload("shop/catalog").service("shop/catalog")


def answer(mesh: Mesh, rate: float, code: str, **labels: Any) -> Mesh:
    mesh.sample("by_class", {**ENDS, "envoy_response_code_class": code[0], **labels}, rate)
    return mesh.sample("by_code", {**ENDS, "envoy_response_code": code, **labels}, rate)


def test_consuls_service_is_the_one_of_that_name_and_the_only_workload_behind_it(mesh):
    answer(answer(mesh, 9, "200"), 1, "503")
    mesh.sample("encrypted", ENDS, 3.0)
    view = mesh.view()
    assert view.edge_rates == {f"{WEB}>{CATALOG}|http": 10, f"{CATALOG}>{V1}|http": 10}
    edge = view.edge(WEB, CATALOG)
    assert (edge.codes, edge.mtls.observed_share, edge.dialects) == ({"200": 9, "503": 1}, 1, ("consul",))


def test_of_several_workloads_behind_a_service_none_is_said_to_have_answered(mesh):
    mesh.workload("shop/catalog-v2", app="catalog", version="v2")
    answer(mesh, 10, "200")
    assert mesh.view().edge_rates == {f"{WEB}>{CATALOG}|http": 10}


def test_classes_are_used_where_codes_are_not_exported(mesh):
    mesh.sample("by_class", {**ENDS, "envoy_response_code_class": "5"}, 2.0)
    edge = mesh.view().edge(WEB, CATALOG)
    assert (edge.codes, edge.error_share) == ({"5xx": 2}, 1)


def test_outside_of_kubernetes_services_are_joined_by_their_names():
    mesh = Mesh(consul)
    bare = {name: value for name, value in ENDS.items() if name not in ("namespace", "pod")}
    mesh.sample("by_code", {**bare, "envoy_response_code": "200"}, 4.0)
    onward = {**bare, "consul_source_service": "catalog", "consul_destination_service": "db"}
    mesh.sample("by_code", {**onward, "envoy_response_code": "200"}, 3.0)
    assert mesh.view(service_nodes=False).edge_rates == {
        "workload:demo/default/web>workload:demo/default/catalog|http": 4,
        "workload:demo/default/catalog>workload:demo/default/db|http": 3,
    }


def test_a_tcp_service_has_connections_bytes_and_failed_connects(mesh):
    for query, rate in (("opened", 4.0), ("closed", 4.0), ("failed", 1.0), ("sent", 100.0), ("received", 700.0)):
        mesh.sample(query, ENDS, rate)
    edge = mesh.view().edge(WEB, CATALOG, "tcp")
    assert (edge.rate, edge.error_share, edge.flags) == (4, 0.25, {"UF": 1})
    assert (edge.sent_bytes_rate, edge.received_bytes_rate, edge.codes) == (100, 700, {})
    assert "to Consul the service speaks tcp" in edge.caveats[0]


def test_connections_that_carry_requests_are_no_streams(mesh):
    answer(mesh, 10, "200")
    for query, rate in (("opened", 1.0), ("closed", 1.0), ("sent", 100.0)):
        mesh.sample(query, ENDS, rate)
    view = mesh.view(service_nodes=False)
    assert view.edge_rates == {f"{WEB}>{V1}|http": 10}
    assert view.edge(WEB, V1).sent_bytes_rate == 100
