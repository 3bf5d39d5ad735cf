"""Each rule finds its mistake, on the object and at the place where it is, and is silent without it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from meshui.domain.findings.check import check
from meshui.domain.mesh.names import ObjectRef

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SECURITY = "security.istio.io/v1"
GATEWAY_API = "gateway.networking.k8s.io/v1"
CODES_OF_SETUP = {"unused_subset"}


def found(mesh, kind: str, where: str) -> dict[str, str]:
    """Code -> path of what is found on an object."""
    namespace, name = where.split("/")
    its = check(mesh.inventory(), NOW).get(ObjectRef(kind, namespace, name), ())
    assert all(one.message and one.next_step for one in its)
    return {one.code: one.path for one in its}


def route(host: str = "catalog", subset: str = "", weight: int = 100) -> dict[str, Any]:
    destination = {"host": host} | ({"subset": subset} if subset else {})
    return {"destination": destination, "weight": weight}


def http(*rules: dict[str, Any], hosts: tuple[str, ...] = ("catalog",), **more: Any) -> dict[str, Any]:
    return {"hosts": list(hosts), "http": list(rules), **more}


FINE = http({"route": [route()]})


@pytest.mark.parametrize(
    ("spec", "code", "path"),
    [
        (http({"route": [route("nobody")]}), "unknown_host", "$.spec.http[0].route[0].destination.host"),
        (http({"route": [route("catalog.shop")]}), "unknown_host", "$.spec.http[0].route[0].destination.host"),
        (http({"route": [route(subset="v9")]}), "unknown_subset", "$.spec.http[0].route[0].destination.subset"),
        (http({"route": [route()]}, gateways=["front"]), "unknown_gateway", "$.spec.gateways[0]"),
        (http({"route": [route()]}, hosts=("nobody",)), "unknown_own_host", "$.spec.hosts[0]"),
        (http({"route": [route(weight=60), route("web", weight=60)]}), "weights", "$.spec.http[0].route"),
        (http({"timeout": "1s"}), "no_route", "$.spec.http[0]"),
        (http({"delegate": {"name": "gone"}}), "unknown_delegate", "$.spec.http[0].delegate"),
        (http({"route": [route()]}, {"route": [route("web")]}), "shadowed_rule", "$.spec.http[1]"),
        (http({"route": [route()]}, hots=["x"]), "unknown_field", "$.spec.hots"),
        (http({"route": [route()], "timout": "1s"}), "unknown_field", "$.spec.http[0].timout"),
        (
            http({"match": [{"uri": {"regex": "(?=x)"}}], "route": [route()]}),
            "bad_regex",
            "$.spec.http[0].match[0].uri.regex",
        ),
    ],
)
def test_virtual_services(shop, spec, code, path):
    shop.add("VirtualService", "shop/catalog", FINE)
    assert found(shop, "VirtualService", "shop/catalog") == {}
    shop.manifests.pop()
    shop.add("VirtualService", "shop/catalog", spec)
    assert found(shop, "VirtualService", "shop/catalog").get(code) == path


def test_two_virtual_services_for_one_host(shop):
    shop.add("VirtualService", "shop/old", FINE, creationTimestamp="2026-01-01T00:00:00Z")
    shop.add("VirtualService", "shop/new", FINE, creationTimestamp="2026-02-01T00:00:00Z")
    assert found(shop, "VirtualService", "shop/old") == {}
    assert found(shop, "VirtualService", "shop/new") == {"duplicate_host": "$.spec.hosts[0]"}


def test_a_host_that_no_gateway_serves(shop):
    shop.workload("edge/gate", labels={"istio": "ingressgateway"})
    servers = [{"port": {"number": 80, "protocol": "HTTP"}, "hosts": ["shop.example"]}]
    shop.add("Gateway", "edge/front", {"selector": {"istio": "ingressgateway"}, "servers": servers})
    for host, codes in (("shop.example", {}), ("other.example", {"host_not_served": "$.spec.hosts[0]"})):
        spec = http({"route": [route("catalog.shop.svc.cluster.local")]}, hosts=(host,), gateways=["edge/front"])
        shop.add("VirtualService", "edge/front", spec)
        assert found(shop, "VirtualService", "edge/front") == codes
        shop.manifests.pop()


V1 = {"name": "v1", "labels": {"version": "v1"}}


@pytest.mark.parametrize(
    ("spec", "code", "path"),
    [
        ({"host": "nobody"}, "unknown_host", "$.spec.host"),
        ({"host": "catalog", "subsets": [{"name": "v9", "labels": {"version": "v9"}}]}, "empty_subset", None),
        ({"host": "catalog", "subsets": [V1]}, "unused_subset", "$.spec.subsets[0]"),
        (
            {
                "host": "catalog",
                "trafficPolicy": {"tls": {"mode": "DISABLE"}, "portLevelSettings": [{"port": {"number": 80}}]},
            },
            "port_drops_tls",
            "$.spec.trafficPolicy.portLevelSettings[0]",
        ),
        ({"host": "bare", "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}}, "tls_refused", None),
    ],
)
def test_destination_rules(shop, spec, code, path):
    shop.workload("shop/bare", proxy=False).service("shop/bare")
    shop.add("DestinationRule", "shop/catalog", spec)
    its = found(shop, "DestinationRule", "shop/catalog")
    assert code in its
    assert path in (None, its[code])


def test_destination_rules_that_conflict(shop):
    shop.add("DestinationRule", "shop/a", {"host": "catalog", "trafficPolicy": {}, "subsets": [V1]})
    shop.add("DestinationRule", "shop/b", {"host": "catalog", "trafficPolicy": {}, "subsets": [V1]})
    codes = found(shop, "DestinationRule", "shop/b")
    assert codes["conflicting_rule"] == "$.spec.trafficPolicy"
    assert codes["duplicate_subset"] == "$.spec.subsets[0].name"
    assert not {"conflicting_rule", "duplicate_subset"} & found(shop, "DestinationRule", "shop/a").keys()


def test_a_destination_rule_where_nobody_calls_from(shop):
    shop.add("DestinationRule", "empty/catalog", {"host": "catalog.shop.svc.cluster.local"})
    assert "never_used" in found(shop, "DestinationRule", "empty/catalog")


def test_plain_text_that_strict_refuses(shop):
    shop.add("PeerAuthentication", "shop/default", {"mtls": {"mode": "STRICT"}}, SECURITY)
    shop.add("DestinationRule", "shop/catalog", {"host": "catalog", "trafficPolicy": {"tls": {"mode": "DISABLE"}}})
    assert found(shop, "DestinationRule", "shop/catalog")["tls_refused"] == "$.spec.trafficPolicy.tls"


WEB = {"matchLabels": {"app": "web"}}


@pytest.mark.parametrize(
    ("where", "spec", "code", "path"),
    [
        ("shop/p", {"selector": {"matchLabels": {"app": "nobody"}}}, "selects_nothing", "$.spec.selector"),
        ("shop/p", {"portLevelMtls": {"8080": {"mode": "STRICT"}}}, "ports_ignored", "$.spec.portLevelMtls"),
        (
            "shop/p",
            {"selector": WEB, "portLevelMtls": {"80": {"mode": "STRICT"}}},
            "not_a_workload_port",
            "$.spec.portLevelMtls.80",
        ),
        ("istio-system/p", {"selector": WEB}, "selector_in_root", "$.spec.selector"),
        ("shop/p", {"mtls": {"mode": "SOMETIMES"}}, "malformed", "$.spec.mtls.mode"),
        ("shop/p", {"mtls": {"mode": "STRICT"}, "modus": 1}, "unknown_field", "$.spec.modus"),
    ],
)
def test_peer_authentications(shop, where, spec, code, path):
    shop.add("PeerAuthentication", where, spec, SECURITY)
    assert found(shop, "PeerAuthentication", where).get(code) == path


def test_a_younger_policy_of_the_same_level_is_ignored(shop):
    for name, spec in (("a", {}), ("b", {}), ("c", {"selector": WEB}), ("d", {"selector": WEB})):
        shop.add("PeerAuthentication", f"shop/{name}", spec, SECURITY)
    ignored = {name: "ignored_duplicate" in found(shop, "PeerAuthentication", f"shop/{name}") for name in "abcd"}
    assert ignored == {"a": False, "b": True, "c": False, "d": True}


def test_disable_is_nothing_for_ambient(mesh):
    mesh.workload("shop/web", proxy=False, labels={"istio.io/dataplane-mode": "ambient"})
    mesh.add("PeerAuthentication", "shop/p", {"mtls": {"mode": "DISABLE"}}, SECURITY)
    assert "disable_in_ambient" in found(mesh, "PeerAuthentication", "shop/p")


def rule(**source: Any) -> dict[str, Any]:
    return {"selector": WEB, "rules": [{"from": [{"source": source}]}]}


@pytest.mark.parametrize(
    ("spec", "code", "path"),
    [
        ({"selector": WEB}, "denies_all", "$.spec"),
        ({"selector": WEB, "action": "DENY"}, "does_nothing", "$.spec"),
        (rule(namespaces=["shop"]), "identity_without_mtls", "$.spec.rules[0].from[0].source"),
        (
            rule(principals=["cluster.local/ns/shop/sa/nobody"]),
            "unknown_caller",
            "$.spec.rules[0].from[0].source.principals[0]",
        ),
        (
            rule(principals=["spiffe://cluster.local/ns/shop/sa/web"]),
            "unknown_caller",
            "$.spec.rules[0].from[0].source.principals[0]",
        ),
        (rule(principal=["x"]), "unknown_field", "$.spec.rules[0].from[0].source.principal"),
        (
            {"selector": WEB, "rules": [{"when": [{"key": "request.colour", "values": ["red"]}]}]},
            "unknown_condition",
            "$.spec.rules[0].when[0].key",
        ),
        (
            {"targetRefs": [{"kind": "Service", "name": "gone"}], "rules": [{}]},
            "unknown_target",
            "$.spec.targetRefs[0]",
        ),
    ],
)
def test_authorization_policies(shop, spec, code, path):
    shop.add("AuthorizationPolicy", "shop/p", spec, SECURITY)
    assert found(shop, "AuthorizationPolicy", "shop/p").get(code) == path


def test_identities_are_known_where_mutual_tls_is_required(shop):
    shop.add("PeerAuthentication", "shop/default", {"mtls": {"mode": "STRICT"}}, SECURITY)
    shop.add("AuthorizationPolicy", "shop/p", rule(principals=["cluster.local/ns/shop/sa/web"]), SECURITY)
    assert found(shop, "AuthorizationPolicy", "shop/p") == {}


def test_http_rules_on_tcp(mesh):
    mesh.workload("shop/db")
    ports = [{"name": "tcp", "port": 6379, "targetPort": 6379}]
    mesh.add("Service", "shop/db", {"selector": {"app": "db"}, "ports": ports}, "v1")
    spec = {"selector": {"matchLabels": {"app": "db"}}, "rules": [{"to": [{"operation": {"methods": ["GET"]}}]}]}
    mesh.add("AuthorizationPolicy", "shop/p", spec, SECURITY)
    assert "http_rule_on_tcp" in found(mesh, "AuthorizationPolicy", "shop/p")


def backend(name: str, **more: Any) -> dict[str, Any]:
    return {"parentRefs": [{"name": "gate"}], "rules": [{"backendRefs": [{"name": name, "port": 80, **more}]}]}


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (backend("catalog"), None),
        (backend("gone"), "unknown_backend"),
        (backend("catalog", weight=0), "weights"),
        (backend("other", namespace="far"), "missing_grant"),
        ({"parentRefs": [{"name": "gone"}]}, "unknown_parent"),
        ({"parentRefs": [{"kind": "Service", "group": "", "name": "gone"}]}, "unknown_parent"),
    ],
)
def test_gateway_api_routes(shop, spec, code):
    shop.add("Gateway", "shop/gate", {"gatewayClassName": "istio"}, GATEWAY_API).service("far/other")
    shop.add("HTTPRoute", "shop/r", spec, GATEWAY_API)
    assert set(found(shop, "HTTPRoute", "shop/r")) == ({code} if code else set())


def test_a_grant_lets_a_route_use_a_service_of_another_namespace(shop):
    shop.add("Gateway", "shop/gate", {}, GATEWAY_API).service("far/other")
    shop.add("HTTPRoute", "shop/r", backend("other", namespace="far"), GATEWAY_API)
    grant = {"from": [{"kind": "HTTPRoute", "namespace": "shop"}], "to": [{"kind": "Service"}]}
    shop.add("ReferenceGrant", "far/g", grant, "gateway.networking.k8s.io/v1beta1")
    assert found(shop, "HTTPRoute", "shop/r") == {}


def test_what_the_controller_refuses_is_told_from_the_status(shop):
    condition = {"type": "Accepted", "status": "False", "reason": "UnsupportedValue", "message": "no paths in ztunnel"}
    shop.add("AuthorizationPolicy", "shop/p", rule(), SECURITY, status={"conditions": [condition]})
    assert found(shop, "AuthorizationPolicy", "shop/p")["not_accepted"] == "$.status.conditions[0]"


def test_istio_gateways(shop):
    shop.workload("edge/gate", labels={"istio": "ingressgateway"})
    server = {"port": {"number": 443, "protocol": "HTTPS"}, "hosts": ["shop.example"]}
    selector = {"istio": "ingressgateway"}
    shop.add("Gateway", "edge/a", {"selector": selector, "servers": [server]})
    shop.add("Gateway", "edge/b", {"selector": selector, "servers": [server | {"tls": {"mode": "SIMPLE"}}]})
    shop.add("Gateway", "edge/c", {"selector": {"istio": "gone"}, "servers": []})
    assert set(found(shop, "Gateway", "edge/a")) == {"no_tls"}
    assert set(found(shop, "Gateway", "edge/b")) == {"no_certificate", "duplicate_server"}
    assert set(found(shop, "Gateway", "edge/c")) == {"selects_nothing"}


def test_sidecars(shop):
    shop.manifests += [{"kind": "Namespace", "metadata": {"name": name}} for name in ("shop", "istio-system")]
    shop.add("Sidecar", "shop/a", {"egress": [{"hosts": ["gone/*", "istio-system/*"]}]})
    shop.add("Sidecar", "shop/b", {"egress": [{"hosts": ["./*"]}]})
    assert found(shop, "Sidecar", "shop/a")["unknown_import"] == "$.spec.egress[0].hosts[0]"
    assert "hides_own_namespace" in found(shop, "Sidecar", "shop/a")
    assert set(found(shop, "Sidecar", "shop/b")) == {"ignored_duplicate"}


def test_service_entries(shop):
    shop.add("ServiceEntry", "shop/a", {"hosts": ["catalog.shop.svc.cluster.local", "bank.example"]})
    shop.add("ServiceEntry", "shop/b", {"hosts": ["bank.example"]})
    assert found(shop, "ServiceEntry", "shop/a") == {"shadows_service": "$.spec.hosts[0]"}
    assert found(shop, "ServiceEntry", "shop/b") == {"duplicate_host": "$.spec.hosts[0]"}


def test_what_leaves_the_paved_road(shop):
    shop.add("EnvoyFilter", "istio-system/all", {"configPatches": []}, "networking.istio.io/v1alpha3")
    shop.add("WasmPlugin", "shop/w", {"selector": WEB}, "extensions.istio.io/v1alpha1")
    assert set(found(shop, "EnvoyFilter", "istio-system/all")) == {"off_paved_road", "patches_everything"}
    assert set(found(shop, "WasmPlugin", "shop/w")) == {"off_paved_road"}


def test_a_network_policy_that_keeps_ztunnels_out(mesh):
    mesh.workload("shop/web", proxy=False, labels={"istio.io/dataplane-mode": "ambient"})
    spec = {"podSelector": WEB, "ingress": [{"ports": [{"port": 8080}]}]}
    mesh.add("NetworkPolicy", "shop/n", spec, "networking.k8s.io/v1")
    assert found(mesh, "NetworkPolicy", "shop/n") == {"blocks_hbone": "$.spec.ingress[0].ports"}


def test_rollouts_and_canaries(shop):
    canary = {"canaryService": "gone", "stableService": "catalog"}
    shop.add("Rollout", "shop/r", {"strategy": {"canary": canary}}, "argoproj.io/v1alpha1")
    shop.add("Canary", "shop/c", {"targetRef": {"name": "gone"}}, "flagger.app/v1beta1")
    assert found(shop, "Rollout", "shop/r") == {"unknown_service": "$.spec.strategy"}
    assert found(shop, "Canary", "shop/c") == {"unknown_workload": "$.spec.targetRef"}


def test_a_namespace_that_stays_permissive_for_long(shop):
    def namespace(created: str) -> None:
        shop.manifests.append({"kind": "Namespace", "metadata": {"name": "shop", "creationTimestamp": created}})

    namespace("2026-11-10T00:00:00Z")
    assert found(shop, "Namespace", "/shop") == {}
    namespace("2026-05-01T00:00:00Z")
    assert found(shop, "Namespace", "/shop") == {"long_permissive": "$"}
    shop.add("PeerAuthentication", "shop/p", {"mtls": {"mode": "STRICT"}}, SECURITY)
    assert found(shop, "Namespace", "/shop") == {}
