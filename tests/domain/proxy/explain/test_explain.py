"""What happens to a request: from the source's proxy to the destination's, with the reason of each step."""

from __future__ import annotations

import json
from typing import Any

from meshui.domain.mesh.inventory import Inventory, build_inventory
from meshui.domain.mesh.workloads import Pod
from meshui.domain.proxy.explain.explain import explain, explain_without_proxy
from meshui.domain.proxy.explain.model import Question, Rates, RequestExplanation, Step
from meshui.domain.proxy.view import ProxyView, view_of
from tests.domain.proxy.dumps import (
    V1,
    V2,
    Json,
    cluster,
    config_dump,
    encoded,
    listener,
    route,
    split,
    statuses,
    virtual_host,
)

ANY = {"prefix": "/"}
CATALOG = Question("catalog", 80)
_MTLS = {
    "name": "tls",
    "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "common_tls_context": {
            "alpn_protocols": ["istio"],
            "tls_certificate_sds_secret_configs": [{"name": "default"}],
        },
    },
}


def source(*routes: Json, live: bytes | None = None, **cluster_more: Any) -> ProxyView:
    clusters = (
        cluster(V1, "10.0.1.1:8080", "10.0.1.2:8080", **cluster_more),
        cluster(V2, "10.0.2.1:8080", **cluster_more),
    )
    host = virtual_host(*(routes or (route("split", ANY, split(90, 10)),)))
    return view_of("shop/web", encoded(config_dump(host, clusters=clusters)), live)


def server(match: Json | None = None) -> ProxyView:
    inbound = listener(
        "virtualInbound", 15006, {"route_config": {"name": "inbound|8080||"}}, "INBOUND", filter_chain_match=match or {}
    )
    return view_of("shop/catalog", encoded(config_dump(listeners=(inbound,))), None)


def mesh(*policies: Json) -> Inventory:
    def pod(name: str, ip: str, workload: str, version: str) -> Json:
        labels = {"app": workload.split("-")[0], "version": version, "pod-template-hash": "x"}
        owner = {"kind": "ReplicaSet", "name": f"{workload}-x", "controller": True}
        return {
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {"namespace": "shop", "name": name, "labels": labels, "ownerReferences": [owner]},
            "spec": {"serviceAccountName": workload, "containers": [{"name": "app"}, {"name": "istio-proxy"}]},
            "status": {"phase": "Running", "podIP": ip, "conditions": [{"type": "Ready", "status": "True"}]},
        }

    pods = [
        pod("web-1", "10.0.0.1", "web", "v1"),
        pod("catalog-v1-1", "10.0.1.1", "catalog-v1", "v1"),
        pod("catalog-v1-2", "10.0.1.2", "catalog-v1", "v1"),
        pod("catalog-v2-1", "10.0.2.1", "catalog-v2", "v2"),
    ]
    return build_inventory([*pods, *policies], "demo")


def policy(kind: str, name: str, spec: Json) -> Json:
    return {
        "apiVersion": "security.istio.io/v1",
        "kind": kind,
        "metadata": {"namespace": "shop", "name": name},
        "spec": spec,
    }


def ask(view: ProxyView, inventory: Inventory, question: Question = CATALOG, **more: Any) -> RequestExplanation:
    web = next(pod for pod in inventory.pods if pod.workload == "web")
    return explain(view, question, pod=web, inventory=inventory, destination=lambda pod: server(), **more)


def step(found: RequestExplanation, kind: str) -> Step:
    steps = [*found.steps, *(one for branch in found.branches for one in branch.steps)]
    return next(one for one in steps if one.kind == kind)


def test_each_cluster_has_its_chance_and_its_end() -> None:
    found = ask(source(), mesh())
    assert [(one.cluster, one.share, one.verdict, one.workloads) for one in found.branches] == [
        (V1, 0.9, "reaches", ("shop/catalog-v1",)),
        (V2, 0.1, "reaches", ("shop/catalog-v2",)),
    ]
    assert found.verdict == "reaches"
    assert str(step(found, "route").object) == "VirtualService shop/catalog"


def test_the_routes_before_say_why_not_they() -> None:
    tester = {"prefix": "/", "headers": [{"name": "x-tester", "string_match": {"exact": "yes"}}]}
    routes = route("beta", tester, {"cluster": V2}), route("split", ANY, {"cluster": V1})
    found = ask(source(*routes), mesh())
    (passed,) = step(found, "route").passed_over
    assert (passed.name, passed.why) == ("beta", "the header x-tester is absent")
    found = ask(source(*routes), mesh(), Question("catalog", 80, headers={"X-Tester": "yes"}))
    assert [one.cluster for one in found.branches] == [V2]


def test_a_route_for_a_share_of_requests_is_told_as_one() -> None:
    fraction = {"prefix": "/", "runtime_fraction": {"default_value": {"numerator": 20}}}
    found = ask(source(route("canary", fraction, {"cluster": V2}), route("rest", ANY, {"cluster": V1})), mesh())
    assert step(found, "route").title == "rest"
    assert "80% of such requests" in step(found, "route").says
    assert step(found, "route").details == ("canary takes 20%: it takes 20% of the requests",)


def test_no_host_no_route_no_cluster_and_no_endpoint_are_different_ends() -> None:
    assert ask(source(), mesh(), Question("nobody", 80)).verdict == "no_route"
    only = route("only", {"path": "/a"}, {"cluster": V1})
    assert ask(source(only), mesh()).verdict == "no_route"
    assert ask(source(route("gone", ANY, {"cluster": "outbound|80|v9|catalog"})), mesh()).verdict == "no_cluster"
    ejected = statuses(v1=[{"failed_outlier_check": True}, {"eds_health_status": "UNHEALTHY"}])
    view = source(route("one", ANY, {"cluster": V1}), live=ejected, common_lb_config={"healthy_panic_threshold": {}})
    found = ask(view, mesh())
    assert (found.verdict, found.branches[0].healthy) == ("no_endpoint", 0)
    assert next(one for one in found.meanings if one.flag == "UH").expected


def test_too_few_healthy_endpoints_are_a_panic() -> None:
    live = statuses(v1=[{"failed_outlier_check": True}, {"failed_outlier_check": True}])
    found = ask(source(route("one", ANY, {"cluster": V1}), live=live), mesh())
    assert found.verdict == "reaches"
    assert "in panic, all get requests" in step(found, "endpoints").says


def test_a_strict_server_refuses_plain_text() -> None:
    strict = policy("PeerAuthentication", "default", {"mtls": {"mode": "STRICT"}})
    found = ask(source(), mesh(strict))
    assert found.verdict == "refused"
    assert str(step(found, "mtls").object) == "PeerAuthentication shop/default"
    assert ask(source(transport_socket=_MTLS), mesh(strict)).verdict == "reaches"


def test_a_connection_that_no_inbound_chain_takes_is_refused() -> None:
    inventory = mesh()
    web = next(pod for pod in inventory.pods if pod.workload == "web")
    only_tls = server({"transport_protocol": "tls"})
    found = explain(source(), CATALOG, pod=web, inventory=inventory, destination=lambda pod: only_tls)
    assert found.verdict == "refused"
    assert "plain text: the connection is closed" in step(found, "inbound").says


def test_authorization_sees_the_identity_only_over_mutual_tls() -> None:
    rule = {"from": [{"source": {"principals": ["cluster.local/ns/shop/sa/web"]}}]}
    allow = policy("AuthorizationPolicy", "web-only", {"rules": [rule]})
    found = ask(source(), mesh(allow))
    assert found.verdict == "denied"
    assert str(step(found, "authorization").object) == "AuthorizationPolicy shop/web-only"
    assert next(one for one in found.meanings if one.code == "403").expected
    assert ask(source(transport_socket=_MTLS), mesh(allow)).verdict == "reaches"


def test_authorization_sees_the_path_as_it_was_rewritten() -> None:
    deny = policy(
        "AuthorizationPolicy", "no-admin", {"action": "DENY", "rules": [{"to": [{"operation": {"paths": ["/admin"]}}]}]}
    )
    view = source(route("one", {"prefix": "/x"}, {"cluster": V1, "prefix_rewrite": "/admin"}))
    assert ask(view, mesh(deny), Question("catalog", 80, path="/x")).verdict == "denied"
    assert ask(view, mesh(deny), Question("catalog", 80, path="/x/y")).verdict == "reaches"


def test_an_injected_fault_ends_it_where_its_filter_is_there() -> None:
    abort = {"abort": {"http_status": 503, "percentage": {"numerator": 100}}}
    faulty = route("f", ANY, {"cluster": V1}, typed_per_filter_config={"envoy.filters.http.fault": abort})
    found = ask(source(faulty), mesh())
    assert step(found, "fault").title == "A fault without its filter"
    assert found.verdict == "reaches"
    manager = {"rds": {"route_config_name": "outbound"}, "http_filters": [{"name": "envoy.filters.http.fault"}]}
    listeners = (listener("virtualOutbound", 15001, manager),)
    view = view_of("shop/web", encoded(config_dump(virtual_host(faulty), listeners=listeners)), None)
    found = ask(view, mesh())
    assert (found.verdict, found.summary) == ("answered", "Every such request is answered 503 by an injected fault.")


def test_answers_have_their_live_rate() -> None:
    rates = Rates(10.0, {"200": 8.0, "503": 1.5, "418": 0.5}, {"UH": 1.0, "URX,UF": 0.5})
    found = ask(source(), mesh(), rates=rates)
    by = {(one.code, one.flag): one for one in found.meanings}
    assert by["200", ""].rate == 8.0
    assert by["503", "UH"].rate == 1.0
    assert by["503", "UF"].rate == 0.5
    assert by["418", ""].title == "418 from the application"


def test_a_caller_without_a_proxy_has_no_route_and_no_identity() -> None:
    strict = policy("PeerAuthentication", "default", {"mtls": {"mode": "STRICT"}})

    def asked(inventory: Inventory) -> RequestExplanation:
        return explain_without_proxy(
            CATALOG,
            [(("shop", "catalog-v1"), 8080)],
            source="warehouse/batch",
            inventory=inventory,
            destination=lambda pod: server(),
        )

    assert asked(mesh()).verdict == "reaches"
    assert asked(mesh(strict)).verdict == "refused"


def test_tcp_goes_to_the_listener_of_its_port() -> None:
    proxy = {"@type": "x/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "cluster": "outbound|6379||db"}
    tcp = {
        "name": "10.0.0.1_6379",
        "address": {"socket_address": {"address": "10.0.0.1", "port_value": 6379}},
        "filter_chains": [{"filters": [{"name": "envoy.filters.network.tcp_proxy", "typed_config": proxy}]}],
    }
    dump = config_dump(clusters=(cluster("outbound|6379||db", "10.0.1.1:6380"),), listeners=(tcp,))
    view = view_of("shop/web", json.dumps(dump).encode(), None)
    found = ask(view, mesh(), Question("db", 6379, protocol="tcp"))
    assert [one.cluster for one in found.branches] == ["outbound|6379||db"]
    assert ask(view, mesh(), Question("db", 6380, protocol="tcp")).verdict == "no_route"


def test_a_proxy_of_a_destination_that_can_not_be_read_is_said() -> None:
    inventory = mesh()
    web: Pod = next(pod for pod in inventory.pods if pod.workload == "web")
    found = explain(source(), CATALOG, pod=web, inventory=inventory, destination=lambda pod: "it does not answer")
    assert step(found, "inbound").state == "unknown"
    assert "it does not answer" in step(found, "inbound").says
