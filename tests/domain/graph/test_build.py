"""Golden cases: small meshes, each with the graph that was worked out on paper."""

from __future__ import annotations

import pytest

WEB, CATALOG = "workload:demo/shop/web", "service:demo/shop/catalog"
V1, V2 = "workload:demo/shop/catalog-v1", "workload:demo/shop/catalog-v2"


def test_two_reporters_of_one_edge_are_not_added(shop):
    view = shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 10).view()
    assert view.edge_rates == {f"{WEB}>{CATALOG}|http": 10, f"{CATALOG}>{V1}|http": 10}
    assert view.edge(WEB, CATALOG).reporter == "source"


def test_the_callers_view_is_preferred(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 8, by="source")
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 2, code="504", flags="UT", by="source")
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 10, by="destination")
    edge = shop.view().edge(WEB, CATALOG)
    assert edge.codes == {"200": 8, "504": 2}
    assert edge.flags == {"UT": 2}
    assert edge.code_flags == {"504": {"UT": 2}}
    assert edge.error_share == pytest.approx(0.2)


def test_requests_that_never_arrived_stay_with_the_service(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 9)
    shop.calls("shop/web", "shop/catalog", "unknown", 1, code="503", flags="UH", by="source")
    view = shop.view()
    assert view.edge(WEB, CATALOG).rate == 10
    assert view.edge(WEB, CATALOG).error_share == pytest.approx(0.1)
    assert view.edge(CATALOG, V1).rate == 9
    assert view.edge(CATALOG, V1).error_share == 0
    without = shop.view(service_nodes=False)
    assert without.edge_rates == {f"{WEB}>{V1}|http": 9, f"{WEB}>{CATALOG}|http": 1}


def test_a_caller_without_a_proxy_is_told_by_the_called_side(shop):
    shop.calls("unknown", "shop/catalog", "shop/catalog-v1", 3, by="destination", mtls=False)
    edge = shop.view().edge("unknown:demo", CATALOG)
    assert (edge.rate, edge.reporter, edge.mtls.observed_share) == (3, "destination", 0)


def test_a_caller_that_is_not_scraped_is_told_by_the_called_side(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 3, by="destination")
    assert shop.view().edge(WEB, CATALOG).rate == 3


def test_both_sides_naming_different_services_are_counted_once(shop):
    shop.service("shop/catalog-alias", app="catalog")
    shop.calls("shop/web", "shop/catalog-alias", "shop/catalog-v1", 5, by="source")
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 5, by="destination")
    view = shop.view(service_nodes=False)
    assert view.edge_rates == {f"{WEB}>{V1}|http": 5}
    assert view.edge(WEB, V1).mtls.observed_share == 1


def test_a_destination_that_the_caller_could_not_name_is_not_counted_twice(shop):
    shop.calls("shop/web", "shop/catalog", "unknown", 5, by="source")
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 5, by="destination")
    assert shop.view().edge_rates == {f"{WEB}>{CATALOG}|http": 5}


def test_a_caller_known_only_by_its_certificate_is_named(shop):
    principal = "spiffe://cluster.local/ns/shop/sa/web"
    shop.workload("shop/db").service("shop/db")
    shop.calls("unknown", "shop/db", "shop/db", 2, protocol="tcp", by="destination", principal=principal)
    view = shop.view(service_nodes=False)
    assert view.edge_rates == {f"{WEB}>workload:demo/shop/db|tcp": 2}
    shop.calls("shop/web", "shop/db", "shop/db", 2, protocol="tcp", by="source")
    view = shop.view(service_nodes=False)
    assert view.edge_rates == {f"{WEB}>workload:demo/shop/db|tcp": 2}
    assert view.edge(WEB, "workload:demo/shop/db", "tcp").mtls.observed_share == 1


def test_an_identity_of_several_workloads_names_none_of_them(shop):
    shop.workload("shop/a", account="shared").workload("shop/b", account="shared")
    principal = "spiffe://cluster.local/ns/shop/sa/shared"
    shop.calls("unknown", "shop/catalog", "shop/catalog-v1", 2, by="destination", principal=principal)
    assert "unknown:demo" in shop.view().nodes


def test_an_identity_of_several_workloads_is_the_one_that_reports_calling(shop):
    shop.workload("shop/a", account="shared").workload("shop/b", account="shared")
    principal = "spiffe://cluster.local/ns/shop/sa/shared"
    shop.calls("unknown", "shop/catalog", "shop/catalog-v1", 2, by="destination", principal=principal)
    shop.calls("shop/b", "shop/catalog", "shop/catalog-v1", 2, by="source")
    view = shop.view(service_nodes=False)
    assert view.edge_rates == {f"workload:demo/shop/b>{V1}|http": 2}


def test_mutual_tls_is_what_the_called_side_saw(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 10, by="source")
    assert shop.view().edge(WEB, CATALOG).mtls.observed_share is None
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 6, by="destination")
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 2, by="destination", mtls=False)
    assert shop.view().edge(WEB, CATALOG).mtls.observed_share == pytest.approx(0.75)


def test_shares_of_mutual_tls_are_weighed_by_rate(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 9)
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v2", 1, mtls=False)
    view = shop.view()
    assert view.edge(WEB, CATALOG).mtls.observed_share == pytest.approx(0.9)
    assert view.edge(CATALOG, V2).mtls.observed_share == 0


def test_http_and_grpc_are_edges_of_their_own(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 4)
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 2, protocol="grpc", grpc="0")
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 1, protocol="grpc", grpc="14", flags="UF")
    view = shop.view()
    assert view.edge(WEB, CATALOG).rate == 4
    grpc = view.edge(WEB, CATALOG, "grpc")
    assert (grpc.rate, grpc.grpc_codes) == (3, {"0": 2, "14": 1})
    assert grpc.error_share == pytest.approx(1 / 3)
    assert view.node(V1).inbound.rate == 7


def test_tcp_counts_connections_and_bytes_and_is_no_request(shop):
    shop.workload("shop/db").service("shop/db")
    shop.calls("shop/web", "shop/db", "shop/db", 3, protocol="tcp")
    shop.calls("shop/web", "shop/db", "unknown", 1, protocol="tcp", flags="UF,URX", by="source")
    ends = {**shop.samples["tcp_opened"][0][0]}
    shop.sample("tcp_request_bytes", ends, 500).sample("tcp_response_bytes", ends, 9000)
    view = shop.view()
    edge = view.edge(WEB, "service:demo/shop/db", "tcp")
    assert (edge.rate, edge.sent_bytes_rate, edge.received_bytes_rate) == (4, 500, 9000)
    assert edge.codes == {}
    assert edge.flags == {"UF": 1, "URX": 1}
    assert edge.code_flags == {"": {"UF": 1, "URX": 1}}
    assert edge.error_share == pytest.approx(0.25)
    assert edge.p95_ms is None
    assert view.node("workload:demo/shop/db").inbound.rate == 0


def test_an_open_connection_without_news_is_still_an_edge(shop):
    shop.workload("shop/db").service("shop/db")
    shop.calls("shop/web", "shop/db", "shop/db", 1, protocol="tcp", by="source destination")
    labels = [sample[0] for sample in shop.samples["tcp_opened"]]
    shop.samples = {"tcp_request_bytes": [(one, 100.0) for one in labels]}
    edge = shop.view().edge(WEB, "service:demo/shop/db", "tcp")
    assert (edge.rate, edge.sent_bytes_rate, edge.error_share) == (0, 100, None)
    assert edge.mtls.observed_share == 1
    assert edge.health.state == "healthy"


def test_latency_comes_from_the_reporter_of_the_edge(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 10)
    shop.took("shop/web", "shop/catalog", "shop/catalog-v1", {"50": 0, "100": 10, "+Inf": 10})
    shop.took("shop/web", "shop/catalog", "shop/catalog-v1", {"50": 10, "100": 10, "+Inf": 10}, by="destination")
    assert shop.view().edge(WEB, CATALOG).p50_ms == pytest.approx(75)


def test_latency_of_a_service_is_of_all_its_requests(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 90).calls(
        "shop/web", "shop/catalog", "shop/catalog-v2", 10
    )
    shop.took("shop/web", "shop/catalog", "shop/catalog-v1", {"50": 90, "100": 90, "+Inf": 90})
    shop.took("shop/web", "shop/catalog", "shop/catalog-v2", {"50": 0, "100": 10, "+Inf": 10})
    view = shop.view()
    assert view.edge(WEB, CATALOG).p90_ms == pytest.approx(50)
    assert view.edge(WEB, CATALOG).p95_ms == pytest.approx(75)
    assert view.edge(CATALOG, V2).p50_ms == pytest.approx(75)


def test_sizes_come_from_the_reporter_of_the_edge(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 1)
    for labels, _ in shop.samples["requests"]:
        shop.sample("request_bytes", labels, 200).sample("response_bytes", labels, 3000)
    edge = shop.view().edge(WEB, CATALOG)
    assert (edge.sent_bytes_rate, edge.received_bytes_rate) == (200, 3000)


@pytest.mark.parametrize(
    ("labels", "node"),
    [
        ({"destination_service": "x.example", "destination_service_name": "PassthroughCluster"}, "passthrough:demo"),
        ({"destination_service": "x.example", "destination_service_name": "BlackHoleCluster"}, "blackhole:demo"),
        ({"destination_service": "unknown", "destination_service_name": "unknown"}, "unknown:demo/destination"),
        ({"destination_service": "catalog.shop.svc.cluster.local:8080"}, "service:demo/shop/catalog"),
        ({"destination_service": "catalog.shop"}, "service:demo/shop/catalog"),
        ({"destination_service": "catalog"}, "service:demo/shop/catalog"),
        ({"destination_service": "api.bank.example"}, "service_entry:demo/shop/api.bank.example"),
        ({"destination_service": "eu.bank.test"}, "service_entry:demo/shop/*.bank.test"),
        (
            {"destination_service": "nowhere.example", "destination_service_name": "nowhere"},
            "service:demo/shop/nowhere.example",
        ),
    ],
)
def test_what_was_asked_for_has_its_own_kind_of_node(shop, labels: dict[str, str], node: str):
    shop.add("ServiceEntry", "shop/bank", {"hosts": ["api.bank.example", "*.bank.test"], "location": "MESH_EXTERNAL"})
    shop.calls("shop/web", "shop/catalog", "unknown", 1, by="source", **labels)
    assert shop.view().edge(WEB, node).rate == 1


def test_an_inbound_port_that_no_service_declares_has_no_service(shop):
    shop.calls(
        "unknown",
        "shop/x",
        "shop/catalog-v1",
        1,
        by="destination",
        destination_service_name="InboundPassthroughCluster",
    )
    assert shop.view().edge_rates == {f"unknown:demo>{V1}|http": 1}


def test_hosts_and_principals_are_listed(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 3)
    edge = shop.view().edge(WEB, CATALOG)
    assert edge.hosts == ("catalog.shop.svc.cluster.local",)
    assert edge.source_principals == ("spiffe://cluster.local/ns/shop/sa/web",)
    assert edge.destination_principals == ("spiffe://cluster.local/ns/shop/sa/catalog-v1",)


def test_a_workload_that_is_gone_from_the_cluster_keeps_its_traffic(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v0", 1)
    node = shop.view().node("workload:demo/shop/catalog-v0")
    assert (node.pods_total, node.has_proxy, node.inbound.rate) == (None, None, 1)


def test_a_gateway_is_of_its_kind(mesh):
    mesh.workload("edge/gate", labels={"istio": "ingressgateway"}).workload("shop/web").service("shop/web")
    mesh.calls("edge/gate", "shop/web", "shop/web", 5)
    node = mesh.view().node("workload:demo/edge/gate")
    assert node.kind == "gateway"
    assert node.health.reason == "no errors in 5 req/s"


def test_an_empty_mesh_is_an_empty_graph(mesh):
    for kind in ("workload", "service", "namespace"):
        assert mesh.view(kind=kind).view.edges == ()


ISTIOS = {"source_cluster": "Kubernetes", "destination_cluster": "Kubernetes"}


def test_a_cluster_that_istio_calls_otherwise_is_known_by_its_name_here(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 10, **ISTIOS)
    view = shop.view(service_nodes=False)
    assert view.edge_rates == {f"{WEB}>{V1}|http": 10}
    assert view.node(V1).pods_total == 2


def test_a_cluster_is_not_renamed_where_it_is_spoken_of_or_several_report(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 1, **ISTIOS)
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v2", 1)
    assert "workload:Kubernetes/shop/web" in shop.view(service_nodes=False).nodes
