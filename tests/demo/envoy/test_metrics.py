"""The labels of Istio's metrics as real Envoys report them, against Istio's metrics reference."""

from __future__ import annotations

import pytest

from tests.demo.envoy.conftest import CATALOG, RECS, STOCKDB, Labels, Mesh, subsets, to, virtual_service


def party(side: str, workload: str, namespace: str = "shop") -> Labels:
    app, _, version = workload.partition("-")
    return {
        f"{side}_workload": workload,
        f"{side}_workload_namespace": namespace,
        f"{side}_app": app,
        f"{side}_version": version or "v1",
        f"{side}_canonical_service": app,
        f"{side}_canonical_revision": version or "v1",
        f"{side}_cluster": "demo",
        f"{side}_principal": f"spiffe://cluster.local/ns/{namespace}/sa/{workload}",
    }


def nobody(side: str) -> Labels:
    names = ("workload", "workload_namespace", "app", "version", "canonical_service", "cluster", "principal")
    return {f"{side}_{name}": "unknown" for name in names} | {f"{side}_canonical_revision": "latest"}


def service(host: str) -> Labels:
    name, namespace = host.split(".")[:2]
    return {
        "destination_service": host,
        "destination_service_name": name,
        "destination_service_namespace": namespace,
    }


def http(code: str, flags: str = "-", protocol: str = "http") -> Labels:
    return {"request_protocol": protocol, "response_code": code, "response_flags": flags}


SOURCE = {"reporter": "source", "connection_security_policy": "unknown"}
DESTINATION = {"reporter": "destination", "connection_security_policy": "mutual_tls"}


def test_http_is_reported_by_both_sides(mesh: Mesh) -> None:
    mesh.apply(subsets(), virtual_service({"route": [to("v1")]}))
    edge = party("source", "client") | party("destination", "catalog-v1") | service(CATALOG)
    source, destination = edge | SOURCE | http("218"), edge | DESTINATION | http("218")
    assert mesh.call("/?status=218").status == 218
    assert mesh.metrics("istio_requests_total", "client", response_code="218") == [(source, 1.0)]
    assert mesh.metrics("istio_requests_total", "catalog-v1", response_code="218") == [(destination, 1.0)]


def test_histograms_have_istios_buckets(mesh: Mesh) -> None:
    mesh.call("/?status=219&sleep=0.12")
    series = "istio_request_duration_milliseconds"
    mesh.until(lambda: mesh.total(f"{series}_count", "client", response_code="219") == 1)
    found = mesh.metrics(f"{series}_bucket", "client", response_code="219")
    counts = {labels["le"]: value for labels, value in found}
    assert counts["100"] == 0
    assert counts["250"] == counts["+Inf"] == 1
    assert {"0.5", "1", "5", "10", "3600000"} <= counts.keys()
    assert mesh.total("istio_response_bytes_sum", "client", response_code="219") > 0
    assert mesh.total("istio_request_bytes_count", "client", response_code="219") == 1


def test_grpc_has_its_status(mesh: Mesh) -> None:
    mesh.call_grpc()
    edge = party("source", "client") | party("destination", "recs") | service(RECS)
    labels = edge | http("200", protocol="grpc") | {"grpc_response_status": "0"}
    assert mesh.metrics("istio_requests_total", "client", request_protocol="grpc")[0][0] == labels | SOURCE
    assert mesh.metrics("istio_requests_total", "recs", request_protocol="grpc")[0][0] == labels | DESTINATION


def test_tcp_counts_connections_and_bytes(mesh: Mesh) -> None:
    edge = party("source", "client") | party("destination", "stockdb", "warehouse") | service(STOCKDB)
    labels = edge | {"request_protocol": "tcp", "response_flags": "-"}
    before = mesh.total("istio_tcp_connections_closed_total", "stockdb", source_workload="client")
    assert mesh.call_tcp(b"hello\n") == b"hello\n"
    mesh.until(
        lambda: mesh.total("istio_tcp_connections_closed_total", "stockdb", source_workload="client") == before + 1
    )
    for name in ("connections_opened", "connections_closed", "sent_bytes", "received_bytes"):
        source = mesh.metrics(f"istio_tcp_{name}_total", "client", destination_workload="stockdb", response_flags="-")
        assert [found for found, _ in source] == [labels | SOURCE]
        destination = mesh.metrics(f"istio_tcp_{name}_total", "stockdb", source_workload="client", response_flags="-")
        assert [found for found, _ in destination] == [labels | DESTINATION]
        if name.endswith("bytes"):
            assert destination[0][1] >= 6


def test_a_plain_text_client_is_nobody_whatever_it_says(mesh: Mesh) -> None:
    assert mesh.call_plain("/?status=220", x_mesh_peer="web;shop;web;v1;web;v1;demo").status == 220
    [(labels, _)] = mesh.metrics("istio_requests_total", "catalog-v1", response_code="220")
    expected = nobody("source") | party("destination", "catalog-v1") | service(CATALOG) | http("220")
    expected |= {"reporter": "destination", "connection_security_policy": "none", "destination_principal": "unknown"}
    assert labels == expected


@pytest.mark.parametrize("said", ["", "liar;x;x;x;x;x;x"])
def test_an_application_never_sees_the_peer_header_nor_sets_it(mesh: Mesh, said: str) -> None:
    mesh.apply(subsets(), virtual_service({"route": [to("v1")]}))
    mesh.call("/?status=221", **({"x_mesh_peer": said} if said else {}))
    seen = mesh.applications["catalog-v1"].requests[-1]
    assert "x-mesh-peer" not in seen.headers
    [(labels, _)] = mesh.metrics("istio_requests_total", "catalog-v1", response_code="221")
    assert labels["source_workload"] == "client"


def test_nothing_to_reach_has_unknown_destinations(mesh: Mesh) -> None:
    condition = mesh.pods["recs"]["status"]["conditions"][0]
    condition["status"] = "False"
    try:
        mesh.apply()
        assert mesh.call(host=f"{RECS}:9000").status == 503
    finally:
        condition["status"] = "True"
    found = mesh.metrics("istio_requests_total", "client", response_flags="UH", destination_service=RECS)
    expected = party("source", "client") | nobody("destination") | service(RECS) | http("503", "UH") | SOURCE
    assert [labels for labels, _ in found] == [expected | {"source_principal": "unknown"}]


def test_logs_are_json_with_istios_names(mesh: Mesh) -> None:
    mesh.call("/?status=222", user_agent="tester")
    mesh.until(lambda: '"response_code":222' in mesh.log("client"))
    for word in ('"user_agent":"tester"', '"direction":"outbound"', '"route_name":"default"', '"upstream_cluster"'):
        assert word in mesh.log("client")


def test_a_scrape_stays_small(mesh: Mesh) -> None:
    assert len(mesh.admin("client", r"/stats/prometheus?filter=%5Eistio%5C.")) < 2_000_000
    assert len(mesh.admin("client", "/stats/prometheus?usedonly")) < 3_000_000
