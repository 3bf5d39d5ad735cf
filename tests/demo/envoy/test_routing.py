"""What VirtualServices and DestinationRules make real Envoys do."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.demo.envoy.conftest import BANK, STOCKDB, Mesh, networking, subsets, to, virtual_service


def test_weights_divide_requests(mesh: Mesh) -> None:
    mesh.apply(subsets(), virtual_service({"route": [to("v1", 80), to("v2", 20)]}))
    counts = Counter(answer.text for answer in mesh.calls(200))
    assert 20 <= counts["catalog-v2"] <= 65
    mesh.apply(subsets(), virtual_service({"route": [to("v1", 0), to("v2", 100)]}))
    assert Counter(answer.text for answer in mesh.calls(50)) == {"catalog-v2": 50}


def test_a_shift_of_weights_replaces_routes_only(mesh: Mesh) -> None:
    mesh.apply(subsets(), virtual_service({"route": [to("v1", 90), to("v2", 10)]}))
    before = {entry["proxy"]: entry for entry in mesh.syncz()}["client-abc.shop"]
    mesh.apply(subsets(), virtual_service({"route": [to("v1", 10), to("v2", 90)]}))
    after = {entry["proxy"]: entry for entry in mesh.syncz()}["client-abc.shop"]
    assert after["route_acked"] != before["route_acked"]
    assert after["cluster_acked"] == before["cluster_acked"]
    assert after["listener_acked"] == before["listener_acked"]


def test_matches_choose_by_path_header_method_and_fall_through(mesh: Mesh) -> None:
    mesh.apply(
        subsets(),
        virtual_service(
            {"match": [{"uri": {"exact": "/exact"}, "headers": {"x-who": {"regex": "a+"}}}], "route": [to("v2")]},
            {"match": [{"uri": {"prefix": "/api"}, "method": {"exact": "POST"}}], "route": [to("v2")]},
            {"match": [{"uri": {"regex": "/item/[0-9]+"}}], "route": [to("v2")]},
            {"match": [{"withoutHeaders": {"x-old": {}}, "uri": {"prefix": "/new"}}], "route": [to("v2")]},
            {"route": [to("v1")]},
        ),
    )
    assert mesh.call("/exact", x_who="aa").text == "catalog-v2"
    assert mesh.call("/exact", x_who="b").text == "catalog-v1"
    assert mesh.call("/api/x", method="POST").text == "catalog-v2"
    assert mesh.call("/api/x").text == "catalog-v1"
    assert mesh.call("/item/12").text == "catalog-v2"
    assert mesh.call("/item/x").text == "catalog-v1"
    assert mesh.call("/new").text == "catalog-v2"
    assert mesh.call("/new", x_old="1").text == "catalog-v1"


def test_source_labels_choose_by_client(mesh: Mesh) -> None:
    rules = [{"match": [{"sourceLabels": {"app": "client"}}], "route": [to("v2")]}, {"route": [to("v1")]}]
    mesh.apply(subsets(), virtual_service(*rules))
    assert mesh.call().text == "catalog-v2"
    assert mesh.call(host="catalog.shop", source="stockdb").text == "catalog-v1"


def test_rewrite_headers_redirect_and_direct_response(mesh: Mesh) -> None:
    headers = {"request": {"set": {"x-set": "1"}, "remove": ["x-gone"]}, "response": {"add": {"x-back": "2"}}}
    mesh.apply(
        virtual_service(
            {"match": [{"uri": {"prefix": "/old"}}], "redirect": {"uri": "/new", "redirectCode": 302}},
            {"match": [{"uri": {"prefix": "/teapot"}}], "directResponse": {"status": 418, "body": {"string": "short"}}},
            {"rewrite": {"uri": "/v2", "authority": "other"}, "headers": headers, "route": [to()]},
        )
    )
    redirect = mesh.call("/old")
    assert (redirect.status, redirect.headers["location"]) == (302, "http://catalog/new")
    assert (mesh.call("/teapot").status, mesh.call("/teapot").text) == (418, "short")
    answer = mesh.call("/", x_gone="x")
    seen = [*mesh.applications["catalog-v1"].requests, *mesh.applications["catalog-v2"].requests][0]
    assert (seen.path, seen.host, seen.headers["x-set"], "x-gone" in seen.headers) == ("/v2", "other", "1", False)
    assert answer.headers["x-back"] == "2"


def test_numeric_retries_repeat_a_503_until_it_succeeds(mesh: Mesh) -> None:
    mesh.applications["catalog-v1"].failures = 2
    retries = {"attempts": 3, "perTryTimeout": "2s", "retryOn": "503,connect-failure"}
    mesh.apply(subsets(), virtual_service({"retries": retries, "route": [to("v1")]}))
    assert mesh.call().status == 200
    assert len(mesh.applications["catalog-v1"].requests) == 3


def test_exhausted_retries_are_flagged(mesh: Mesh) -> None:
    mesh.applications["catalog-v1"].failures = 2
    mesh.apply(subsets(), virtual_service({"retries": {"attempts": 1, "retryOn": "503"}, "route": [to("v1")]}))
    before = mesh.total("istio_requests_total", "client", response_code="503", response_flags="URX")
    assert mesh.call().status == 503
    assert mesh.total("istio_requests_total", "client", response_code="503", response_flags="URX") == before + 1


def test_a_timeout_answers_504(mesh: Mesh) -> None:
    mesh.apply(virtual_service({"timeout": "0.2s", "route": [to()]}))
    before = mesh.total("istio_requests_total", "client", response_code="504", response_flags="UT")
    answer = mesh.call("/?sleep=1")
    assert answer.status == 504
    assert 0.15 < answer.seconds < 0.8
    assert mesh.total("istio_requests_total", "client", response_code="504", response_flags="UT") == before + 1


def test_faults_abort_and_delay(mesh: Mesh) -> None:
    everyone = {"value": 100}
    abort = {"abort": {"httpStatus": 451, "percentage": everyone}}
    delay = {"delay": {"fixedDelay": "0.3s", "percentage": everyone}}
    mesh.apply(
        virtual_service(
            {"match": [{"uri": {"prefix": "/abort"}}], "fault": abort, "route": [to()]},
            {"match": [{"uri": {"prefix": "/delay"}}], "fault": delay, "route": [to()]},
            {"fault": {"abort": {"httpStatus": 500, "percentage": {"value": 0}}}, "route": [to()]},
        )
    )
    assert mesh.call("/abort").status == 451
    delayed = mesh.call("/delay")
    assert delayed.status == 200
    assert delayed.seconds >= 0.29
    assert mesh.call("/").status == 200
    assert mesh.total("istio_requests_total", "client", response_code="451", response_flags="FI") >= 1


def test_a_mirror_gets_a_copy(mesh: Mesh) -> None:
    mirror = {"host": "catalog.shop.svc.cluster.local", "subset": "v2"}
    mesh.apply(subsets(), virtual_service({"route": [to("v1")], "mirror": mirror, "mirrorPercentage": {"value": 100}}))
    assert {answer.text for answer in mesh.calls(10)} == {"catalog-v1"}
    mesh.until(lambda: len(mesh.applications["catalog-v2"].requests) == 10)


def test_a_full_circuit_breaker_overflows(mesh: Mesh) -> None:
    limits = {"http": {"http2MaxRequests": 1, "http1MaxPendingRequests": 1, "maxRetries": 1}}
    mesh.apply(
        subsets(trafficPolicy={"connectionPool": limits}),
        virtual_service({"retries": {"attempts": 0}, "route": [to("v1")]}),
    )
    statuses = Counter(answer.status for answer in mesh.calls(20, "/?sleep=0.3"))
    assert statuses[200] >= 1
    assert statuses[503] >= 15
    assert mesh.total("istio_requests_total", "client", response_code="503", response_flags="UO") >= 15


def test_an_ejected_server_leaves_its_cluster_unhealthy(mesh: Mesh) -> None:
    outlier = {"consecutive5xxErrors": 3, "interval": "0.2s", "baseEjectionTime": "30s", "maxEjectionPercent": 100}
    mesh.apply(
        subsets(trafficPolicy={"outlierDetection": outlier}),
        virtual_service({"retries": {"attempts": 0}, "route": [to("v2")]}),
    )
    for _ in range(3):
        assert mesh.call("/?status=500").status == 500
    mesh.until(lambda: mesh.call().status == 503)
    assert mesh.total("istio_requests_total", "client", response_code="503", response_flags="UH") >= 1


def test_tcp_reaches_the_server_by_the_pods_own_address(mesh: Mesh) -> None:
    assert mesh.call_tcp(b"hello\n") == b"hello\n"


def test_tcp_routes_divide_by_weight(mesh: Mesh) -> None:
    nowhere = networking(
        "ServiceEntry",
        "nowhere",
        {
            "hosts": ["nowhere.example"],
            "resolution": "STATIC",
            "ports": [{"number": 6390, "name": "tcp", "protocol": "TCP"}],
            "endpoints": [],
        },
        "warehouse",
    )
    routes = [
        {"destination": {"host": STOCKDB}, "weight": 0},
        {"destination": {"host": "nowhere.example"}, "weight": 100},
    ]
    service = networking("VirtualService", "stockdb", {"hosts": [STOCKDB], "tcp": [{"route": routes}]}, "warehouse")
    mesh.apply(nowhere, service)
    assert mesh.call_tcp() == b""
    mesh.apply(nowhere)
    assert mesh.call_tcp() == b"hello\n"


def test_grpc_reaches_its_service(mesh: Mesh) -> None:
    assert mesh.call_grpc() == b"x"


def test_an_unknown_host_goes_to_the_black_hole(mesh: Mesh) -> None:
    assert mesh.call(host="nobody.example").status == 502
    wanted = {"destination_service": "nobody.example", "destination_service_name": "BlackHoleCluster"}
    assert mesh.total("istio_requests_total", "client", response_code="502", **wanted) >= 1


def test_pods_that_are_not_ready_get_no_requests(mesh: Mesh) -> None:
    condition = mesh.pods["catalog-v1"]["status"]["conditions"][0]
    condition["status"] = "False"
    try:
        mesh.apply()
        assert {answer.text for answer in mesh.calls(20)} == {"catalog-v2"}
    finally:
        condition["status"] = "True"
    mesh.apply()
    assert {answer.text for answer in mesh.calls(40)} == {"catalog-v1", "catalog-v2"}


def test_the_ingress_gateway_serves_its_hosts_only(mesh: Mesh) -> None:
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["shop.example"]}
    gateway = networking("Gateway", "front", {"selector": {"istio": "ingressgateway"}, "servers": [server]}, "edge")
    route = networking(
        "VirtualService",
        "front",
        {"hosts": ["shop.example"], "gateways": ["front"], "http": [{"route": [to()]}]},
        "edge",
    )
    mesh.apply(gateway, route)
    url = f"http://127.{BANK.split('.')[1]}.0.15:8080/"
    assert mesh.run(mesh.get(url, headers={"host": "shop.example"})).status == 200
    assert mesh.run(mesh.get(url, headers={"host": "other.example"})).status == 404
    series = mesh.metrics("istio_requests_total", "ingressgateway", response_code="200")
    assert {(labels["reporter"], labels["source_workload"]) for labels, _ in series} == {("source", "ingressgateway")}


@pytest.fixture
def bank() -> list[dict[str, object]]:
    """The way out: client -> egress gateway (mutual TLS) -> bank."""
    host, egress = "api.bank.example", "egressgateway.edge.svc.cluster.local"
    port = {"number": 80, "name": "http", "protocol": "HTTP", "targetPort": 8080}
    entry = {"hosts": [host], "resolution": "STATIC", "ports": [port], "endpoints": [{"address": BANK}]}
    tls = {
        "port": {"number": 80, "name": "https", "protocol": "HTTPS"},
        "hosts": [host],
        "tls": {"mode": "ISTIO_MUTUAL"},
    }
    routes = [
        {"match": [{"gateways": ["mesh"]}], "route": [{"destination": {"host": egress}}]},
        {"match": [{"gateways": ["edge/egress"]}], "route": [{"destination": {"host": host}}]},
    ]
    policy = {"host": egress, "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL", "sni": host}}}
    return [
        networking("ServiceEntry", "bank", entry | {"location": "MESH_EXTERNAL"}),
        networking("Gateway", "egress", {"selector": {"istio": "egressgateway"}, "servers": [tls]}, "edge"),
        networking("DestinationRule", "egress", policy, "edge"),
        networking("VirtualService", "bank", {"hosts": [host], "gateways": ["mesh", "edge/egress"], "http": routes}),
    ]


def test_the_egress_gateway_takes_mutual_tls_and_leads_out(mesh: Mesh, bank: list[dict[str, object]]) -> None:
    mesh.apply(*bank)
    assert mesh.problems == {}
    assert mesh.call(host="api.bank.example").text == "bank"
    seen = mesh.applications["bank"].requests[0]
    assert not any("peer" in name.lower() for name in seen.headers)
    inside = mesh.metrics("istio_requests_total", "client", destination_workload="egressgateway", response_code="200")
    assert inside[0][0]["destination_principal"] == "spiffe://cluster.local/ns/edge/sa/egressgateway"
    outside = mesh.metrics("istio_requests_total", "egressgateway", destination_service="api.bank.example")
    assert outside[0][0]["destination_workload"] == "unknown"
    assert outside[0][0]["destination_service_namespace"] == "shop"


def test_trace_headers_are_kept(mesh: Mesh) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    mesh.call("/", traceparent=trace, b3="1-2-1", x_request_id="me")
    seen = [*mesh.applications["catalog-v1"].requests, *mesh.applications["catalog-v2"].requests][0].headers
    assert (seen["traceparent"], seen["b3"], seen["x-request-id"]) == (trace, "1-2-1", "me")
