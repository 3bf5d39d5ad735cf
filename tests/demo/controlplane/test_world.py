"""Reading objects, and the rules by which Istio finds what holds for a client, a server and a host."""

from __future__ import annotations

from typing import Any

import pytest

from meshui.demo.controlplane import destination_rules, mtls, names
from meshui.demo.controlplane.acceptance import Acceptance
from meshui.demo.controlplane.manifests import UnusableError, as_duration, regex, seconds
from meshui.demo.controlplane.mtls import Mode
from meshui.demo.controlplane.routes import for_sidecar
from meshui.demo.controlplane.world import World, build_world, protocol_of, read_pod

Manifest = dict[str, Any]


def made(
    kind: str, name: str, spec: Manifest, namespace: str = "shop", created: str = "1", **metadata: Any
) -> Manifest:
    about = {"namespace": namespace, "name": name, "creationTimestamp": created, **metadata}
    return {"apiVersion": "x/v1", "kind": kind, "metadata": about, "spec": spec}


def pod(name: str = "web", namespace: str = "shop", **labels: str) -> Manifest:
    containers = [{"name": "app", "ports": [{"name": "http", "containerPort": 8080}]}, {"name": "istio-proxy"}]
    found = made("Pod", name, {"containers": containers, "serviceAccountName": name}, namespace)
    found["metadata"]["labels"] = {"app": name, "security.istio.io/tlsMode": "istio"} | labels
    found["status"] = {"podIP": "127.1.0.1", "conditions": [{"type": "Ready", "status": "True"}]}
    return found


def service(name: str = "web", namespace: str = "shop", port: str = "http", target: Any = "http") -> Manifest:
    return made(
        "Service",
        name,
        {"selector": {"app": name}, "ports": [{"name": port, "port": 80, "targetPort": target}]},
        namespace,
    )


def world(*configs: Manifest) -> World:
    return build_world([pod()], [service()], configs)


def peer_authentication(mode: str, namespace: str = "shop", created: str = "1", **spec: Any) -> Manifest:
    name = f"{mode}-{created}".lower()
    return made("PeerAuthentication", name, {"mtls": {"mode": mode}, **spec}, namespace, created)


@pytest.mark.parametrize(
    ("text", "expected"), [("1.5s", 1.5), ("1m30s", 90.0), ("250ms", 0.25), ("1h", 3600.0), ("0s", 0.0), (".5s", 0.5)]
)
def test_durations_are_gos(text: str, expected: float) -> None:
    assert seconds(text, "x") == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "5", "s", "1s!", "-1s", None, 5])
def test_other_durations_are_refused(text: object) -> None:
    with pytest.raises(UnusableError, match=r"spec\.timeout"):
        seconds(text, "spec.timeout")


def test_durations_are_written_as_envoy_reads_them() -> None:
    assert [as_duration(value) for value in (3.0, 0.25, 0.0, 90.5)] == ["3s", "0.25s", "0s", "90.5s"]


@pytest.mark.parametrize("expression", ["(", "(?=a)", r"(a)\1", None])
def test_expressions_that_re2_cannot_take_are_refused(expression: object) -> None:
    with pytest.raises(UnusableError, match="RE2"):
        regex(expression, "x")


def test_a_short_host_is_of_the_rules_namespace_and_a_dotted_one_is_full() -> None:
    assert names.full_host("web", "shop") == "web.shop.svc.cluster.local"
    assert names.full_host("web.edge", "shop") == "web.edge"


def test_a_service_answers_to_short_names() -> None:
    assert names.aliases("web.shop.svc.cluster.local", "shop") == [
        "web.shop.svc.cluster.local",
        "web.shop.svc",
        "web.shop",
        "web",
    ]
    assert names.aliases("api.example", "shop") == ["api.example"]


@pytest.mark.parametrize(
    ("name", "app_protocol", "protocol"),
    [("http", "", "http"), ("http-web", "", "http"), ("grpc-web", "", "grpc"), ("tcp", "", "tcp"), ("", "", "tcp"),
     ("x", "http", "http"), ("x", "kubernetes.io/h2c", "http2"), ("https", "", "tcp")],
)  # fmt: skip
def test_a_ports_protocol_is_in_its_name_or_app_protocol(name: str, app_protocol: str, protocol: str) -> None:
    assert protocol_of(name, app_protocol) == protocol


def test_a_pods_party_follows_istios_canonical_labels() -> None:
    found = read_pod(
        pod(
            "web-1",
            **{"app.kubernetes.io/name": "shop-web", "service.istio.io/canonical-revision": "blue", "version": "v3"},
        )
    )
    assert found is not None
    assert (found.party.canonical_service, found.party.canonical_revision, found.party.version) == (
        "shop-web",
        "blue",
        "v3",
    )


def test_a_pods_workload_is_its_deployment() -> None:
    owned = pod("web-5b-x1")
    owned["metadata"]["labels"]["pod-template-hash"] = "5b"
    owned["metadata"]["ownerReferences"] = [{"kind": "ReplicaSet", "name": "web-5b", "controller": True}]
    found = read_pod(owned)
    assert found is not None
    assert found.workload == "web"


def test_the_most_specific_peer_authentication_decides() -> None:
    selector = {"matchLabels": {"app": "web"}}
    mesh = peer_authentication("STRICT", "istio-system")
    namespace = peer_authentication("DISABLE")
    workload = peer_authentication("PERMISSIVE", selector=selector, portLevelMtls={"9090": {"mode": "STRICT"}})
    unset = peer_authentication("UNSET", selector=selector)

    def mode(*configs: Manifest, port: int = 8080) -> Mode:
        found = world(*configs)
        return mtls.server_mode(found, found.pods[0], port)

    assert mode() is Mode.PERMISSIVE
    assert mode(mesh) is Mode.STRICT
    assert mode(mesh, namespace) is Mode.DISABLE
    assert mode(mesh, namespace, workload) is Mode.PERMISSIVE
    assert mode(mesh, namespace, workload, port=9090) is Mode.STRICT
    assert mode(mesh, namespace, unset) is Mode.DISABLE
    assert mode(peer_authentication("STRICT", created="2"), peer_authentication("DISABLE", created="1")) is Mode.DISABLE


def rule(name: str, namespace: str = "shop", host: str = "web.shop.svc.cluster.local", **spec: Any) -> Manifest:
    return made("DestinationRule", name, {"host": host, **spec}, namespace)


def test_the_clients_destination_rule_beats_the_services() -> None:
    limited = {"trafficPolicy": {"connectionPool": {"http": {"maxRetries": 1}}}}
    found = world(rule("own", "edge", **limited), rule("theirs"), rule("private", "warehouse"))
    by_client = [destination_rules.rule_for(found, namespace, found.services[0]).keys for namespace in ("edge", "pay")]
    assert [[key[2] for key in keys] for keys in by_client] == [["own"], ["theirs"]]


def test_rules_of_one_host_merge_and_the_exact_host_wins() -> None:
    one = rule("a", subsets=[{"name": "v1", "labels": {"version": "v1"}}])
    two = rule("b", subsets=[{"name": "v1", "labels": {"x": "y"}}, {"name": "v2"}])
    wide = rule("c", host="*.shop.svc.cluster.local", subsets=[{"name": "v9"}])
    found = destination_rules.rule_for(world(wide, one, two), "shop", world().services[0])
    assert {name: labels for name, (labels, _) in found.subsets.items()} == {"v1": {"version": "v1"}, "v2": {}}


def test_a_subsets_policy_overrides_field_by_field_and_a_ports_more() -> None:
    subset = {"name": "v1", "trafficPolicy": {"tls": {"mode": "DISABLE"}}}
    port = {"port": {"number": 80}, "loadBalancer": {"simple": "RANDOM"}}
    policy = {"loadBalancer": {"simple": "ROUND_ROBIN"}, "tls": {"mode": "SIMPLE"}, "portLevelSettings": [port]}
    found = destination_rules.rule_for(
        world(rule("r", trafficPolicy=policy, subsets=[subset])), "shop", world().services[0]
    )
    assert found.settings(80, "v1") == {"loadBalancer": {"simple": "RANDOM"}, "tls": {"mode": "DISABLE"}}
    assert found.settings(81) == {"loadBalancer": {"simple": "ROUND_ROBIN"}, "tls": {"mode": "SIMPLE"}}


def test_auto_mutual_tls_needs_a_sidecar_and_a_willing_server() -> None:
    def takes(*configs: Manifest, label: str = "istio") -> bool:
        found = build_world([pod(**{"security.istio.io/tlsMode": label})], [service()], configs)
        return mtls.endpoint_takes_mtls(found, found.services[0], found.pods[0], found.services[0].ports[0])

    assert takes()
    assert not takes(label="disabled")
    assert not takes(peer_authentication("DISABLE"))
    assert not takes(peer_authentication("DISABLE", selector={"matchLabels": {"app": "web"}}))


def virtual_service(name: str, host: str, created: str = "1", **spec: Any) -> Manifest:
    http = [{"route": [{"destination": {"host": "web"}}]}]
    return made("VirtualService", name, {"hosts": [host], "http": http, **spec}, created=created)


def test_the_oldest_virtual_service_has_a_host_and_an_exact_host_beats_a_wildcard() -> None:
    found = world(
        virtual_service("young", "web", created="2"),
        virtual_service("old", "web", created="1"),
        virtual_service("wide", "*.svc.cluster.local", created="0"),
        virtual_service("gateway", "web", created="0", gateways=["edge/front"]),
        virtual_service("hidden", "web", created="0", exportTo=["other"]),
    )
    chosen = for_sidecar(found, found.pods[0], "web.shop.svc.cluster.local")
    assert chosen is not None
    assert chosen["metadata"]["name"] == "old"


def accept(acceptance: Acceptance, *configs: Manifest) -> tuple[set[str], dict[str, str]]:
    accepted = acceptance.accept([pod()], [service()], configs)
    chosen = {manifest["metadata"]["name"] for kind in accepted.world.configs.values() for manifest in kind}
    return chosen, {key[2]: problem for key, problem in accepted.problems.items()}


def to_subset(name: str) -> Manifest:
    route = {"destination": {"host": "web", "subset": name}}
    return virtual_service("routes", "web", http=[{"route": [route]}])


def test_an_object_never_good_is_left_out() -> None:
    chosen, problems = accept(Acceptance(), to_subset("v1"), peer_authentication("STRICT"))
    assert chosen == {"strict-1"}
    assert "v1" in problems["routes"]


def test_a_bad_version_falls_back_to_the_last_good_one() -> None:
    acceptance = Acceptance()
    good, subsets = to_subset("v1"), rule("subsets", subsets=[{"name": "v1"}])
    accept(acceptance, good, subsets)
    chosen, problems = accept(acceptance, to_subset("v2"), subsets)
    assert chosen == {"routes", "subsets"}
    assert next(iter(acceptance.last_good.values())) is good
    assert problems.keys() == {"routes"}


def test_a_rule_that_routes_still_need_stays_though_changed_or_deleted() -> None:
    acceptance = Acceptance()
    routes, subsets = to_subset("v1"), rule("subsets", subsets=[{"name": "v1"}])
    accept(acceptance, routes, subsets)
    chosen, problems = accept(acceptance, routes)
    assert chosen == {"routes", "subsets"}
    assert problems.keys() == {"routes"}
    _, problems = accept(acceptance, routes, rule("subsets", subsets=[{"name": "v2"}]))
    assert "still needs" in problems["subsets"]
    chosen, problems = accept(acceptance)
    assert (chosen, problems) == (set(), {})


@pytest.mark.parametrize(
    "manifest",
    [
        made("VirtualService", "x", {"hosts": ["web"], "http": "text"}),
        made("VirtualService", "x", {"hosts": ["web"], "http": [{"route": [{"destination": 5}]}]}),
        made("VirtualService", "x", {}),
        made("DestinationRule", "x", {"host": "web", "trafficPolicy": {"loadBalancer": {"consistentHash": {"a": 1}}}}),
        made("DestinationRule", "x", {"host": "web", "trafficPolicy": {"outlierDetection": {"interval": "soon"}}}),
        made("DestinationRule", "x", {"host": "web", "subsets": [None]}),
        made("Gateway", "x", {"servers": [{"port": {"number": 0}, "hosts": ["*"]}]}),
        made("Gateway", "x", {"servers": [{"port": {"number": 443}, "hosts": ["*"], "tls": {"mode": "SIMPLE"}}]}),
        made("ServiceEntry", "x", {"hosts": ["a.example"], "resolution": "NONE"}),
        made("ServiceEntry", "x", {"hosts": ["a.example"], "resolution": "STATIC", "endpoints": [{"address": "x"}]}),
        made("PeerAuthentication", "x", {"mtls": {"mode": "SOMETIMES"}}),
        made("PeerAuthentication", "x", {"portLevelMtls": {"80": {"mode": "STRICT"}}}),
        made("AuthorizationPolicy", "x", {"rules": [5]}),
    ],
    ids=lambda manifest: f"{manifest['kind']}-{str(manifest['spec'])[:40]}",
)
def test_shapes_that_make_no_sense_are_problems_not_crashes(manifest: Manifest) -> None:
    chosen, problems = accept(Acceptance(), manifest)
    assert (chosen, list(problems)) == (set(), ["x"])
