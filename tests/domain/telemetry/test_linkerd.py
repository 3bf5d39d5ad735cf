"""Linkerd meshes, each with the graph that was worked out on paper."""

from __future__ import annotations

from typing import Any

import pytest

from meshui.domain.telemetry import linkerd
from tests.domain.conftest import Mesh

WEB, CATALOG, V1 = "workload:demo/shop/web", "service:demo/shop/catalog", "workload:demo/shop/catalog-v1"
STRANGER = "unknown:demo"


def identity(account: str) -> str:
    return f"{account}.shop.serviceaccount.identity.linkerd.cluster.local"


TO_V1 = {"dst_namespace": "shop", "dst_service": "catalog", "dst_deployment": "catalog-v1"}
FROM_WEB = {"namespace": "shop", "deployment": "web", "tls": "true", "server_id": identity("catalog"), **TO_V1}
AT_V1 = {"namespace": "shop", "deployment": "catalog-v1"}


@pytest.fixture
def mesh() -> Mesh:
    return Mesh(linkerd).workload("shop/web").workload("shop/catalog-v1", app="catalog").service("shop/catalog")


def answer(mesh: Mesh, rate: float, code: str = "200", grpc: str = "", **labels: Any) -> Mesh:
    return mesh.sample("requests", {**FROM_WEB, "status_code": code, "grpc_status": grpc, **labels}, rate)


def test_the_callers_proxy_names_both_ends_and_the_identity_it_saw(mesh):
    answer(answer(mesh, 8), 2, "503")
    edge = mesh.view().edge(WEB, CATALOG)
    assert (edge.rate, edge.codes, edge.error_share) == (10, {"200": 8, "503": 2}, 0.2)
    assert (edge.reporter, edge.mtls.observed_share, edge.dialects) == ("source", 1, ("linkerd",))
    assert edge.destination_principals == (identity("catalog"),)
    assert mesh.view(service_nodes=False).edge_rates == {f"{WEB}>{V1}|http": 10}


def test_what_arrives_from_meshed_callers_is_not_counted_again(mesh):
    answer(mesh, 10)
    mesh.sample("requests_in", {**AT_V1, "tls": "true", "client_id": identity("web"), "status_code": "200"}, 10.0)
    assert mesh.view(service_nodes=False).edge_rates == {f"{WEB}>{V1}|http": 10}


def test_not_even_where_nobody_knows_whose_the_identity_is(mesh):
    answer(mesh, 10)
    mesh.sample("requests_in", {**AT_V1, "tls": "true", "client_id": identity("ghost"), "status_code": "200"}, 10.0)
    assert mesh.view(service_nodes=False).edge_rates == {f"{WEB}>{V1}|http": 10}


def test_a_caller_without_a_proxy_is_seen_where_it_arrives(mesh):
    answer(mesh, 10)
    mesh.sample("requests_in", {**AT_V1, "tls": "no_identity", "status_code": "200"}, 3.0)
    view = mesh.view(service_nodes=False)
    assert view.edge_rates == {f"{WEB}>{V1}|http": 10, f"{STRANGER}>{V1}|http": 3}
    assert view.edge(STRANGER, V1).mtls.observed_share == 0


def test_a_meshed_caller_that_is_not_scraped_is_named_by_its_identity(mesh):
    mesh.sample("requests_in", {**AT_V1, "tls": "true", "client_id": identity("web"), "status_code": "200"}, 4.0)
    edge = mesh.view(service_nodes=False).edge(WEB, V1)
    assert (edge.rate, edge.reporter, edge.mtls.observed_share) == (4, "destination", 1)


def test_a_request_without_a_status_never_came_back(mesh):
    answer(mesh, 1, "")
    edge = mesh.view().edge(WEB, CATALOG)
    assert (edge.codes, edge.error_share) == ({"0": 1}, 1)


def test_grpc_is_known_by_its_status_and_keeps_its_failures_and_latencies(mesh):
    answer(answer(answer(mesh, 8, "200", "0"), 1, "200", "14"), 1, "")
    for bound, rate in (("10", 5.0), ("20", 10.0), ("+Inf", 10.0)):
        mesh.sample("durations", {**FROM_WEB, "le": bound}, rate)
        mesh.sample("duration_bounds", {"le": bound}, 1.0)
    view = mesh.view()
    assert [edge.protocol for edge in view.view.edges] == ["grpc", "grpc"]
    edge = view.edge(WEB, CATALOG, "grpc")
    assert (edge.rate, edge.grpc_codes, edge.error_share) == (10, {"0": 8, "14": 1}, 0.2)
    assert edge.p50_ms == 10


def test_the_transport_counts_both_and_only_what_carries_no_requests_is_tcp(mesh):
    answer(mesh, 10)
    to_db = {**FROM_WEB, "dst_service": "db", "dst_deployment": "db", "tls": "no_identity", "server_id": ""}
    for query, rate in (("tcp_opened", 1.0), ("tcp_closed", 1.0), ("tcp_request_bytes", 50.0)):
        mesh.sample(query, FROM_WEB, rate)
        mesh.sample(query, to_db, 2 * rate)
    view = mesh.view(service_nodes=False)
    assert view.edge(WEB, V1).sent_bytes_rate == 50
    stream = view.edge(WEB, "workload:demo/shop/db", "tcp")
    assert (stream.rate, stream.sent_bytes_rate, stream.mtls.observed_share) == (2, 100, 0)
    assert len(view.view.edges) == 2


def test_a_scrape_without_workload_names_is_resolved_by_pods(mesh):
    labels = {name: value for name, value in FROM_WEB.items() if name != "deployment"}
    mesh.sample("requests", {**labels, "pod": "web-abc-0", "status_code": "200"}, 4.0)
    mesh.sample("requests", {**labels, "status_code": "200"}, 4.0)
    assert mesh.view().edge(WEB, CATALOG).rate == 4


def test_what_is_asked_for_outside_keeps_its_name(mesh):
    labels = {"namespace": "shop", "deployment": "web", "authority": "api.example.com:443", "status_code": "200"}
    mesh.sample("requests", labels, 4.0)
    (edge,) = mesh.view().view.edges
    assert edge.destination == "service:demo//api.example.com"


def test_denials_are_put_onto_the_403s_of_the_caller_that_was_denied(mesh):
    mesh.workload("shop/other")
    answer(answer(mesh, 6), 4, "403")
    answer(mesh, 5, "403", deployment="other")
    mesh.sample("http_denied", {**AT_V1, "tls": "true", "client_id": identity("web")}, 3.9)
    view = mesh.view(service_nodes=False)
    assert view.edge(WEB, V1).flags == {"DENY": 4}
    assert view.edge(WEB, V1).authz.denied_rate == 4
    assert view.edge("workload:demo/shop/other", V1).flags == {}
    assert sum(view.edge_rates.values()) == 15


def test_part_of_the_403s_may_be_the_applications_own(mesh):
    answer(mesh, 4, "403")
    mesh.sample("http_denied", {**AT_V1, "tls": "true", "client_id": identity("web")}, 1.0)
    edge = mesh.view().edge(WEB, CATALOG)
    assert (edge.rate, edge.flags) == (4, {"DENY": 1})


def test_nobody_is_blamed_where_several_might_have_been_denied(mesh):
    mesh.workload("shop/other")
    answer(answer(mesh, 4, "403"), 5, "403", deployment="other")
    mesh.sample("http_denied", {**AT_V1, "tls": "true", "client_id": identity("shared")}, 4.0)
    assert all(edge.flags == {} for edge in mesh.view().view.edges)


def test_a_denied_stranger_is_told_by_the_denial_alone(mesh):
    mesh.sample("http_denied", {**AT_V1, "tls": "no_identity"}, 2.0)
    mesh.sample("tcp_denied", {**AT_V1, "tls": "no_identity"}, 1.0)
    view = mesh.view(service_nodes=False)
    assert (view.edge(STRANGER, V1).codes, view.edge(STRANGER, V1).authz.denied_rate) == ({"403": 2}, 2)
    stream = view.edge(STRANGER, V1, "tcp")
    assert (stream.rate, stream.flags, stream.error_share) == (1, {"DENY": 1}, 1)
