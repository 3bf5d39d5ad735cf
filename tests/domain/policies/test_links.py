"""What objects select and name, and what selects and names them."""

from __future__ import annotations

from typing import Any

import pytest

from meshui.domain.mesh.names import ObjectRef
from meshui.domain.policies.links import LinkIndex

WEB = {"matchLabels": {"app": "web"}}
CATALOG = {"matchLabels": {"app": "catalog"}}


def links(mesh, kind: str, where: str):
    return LinkIndex(mesh.inventory()).of(ObjectRef(kind, *where.split("/")))


@pytest.mark.parametrize(
    ("kind", "api", "spec", "workloads"),
    [
        ("PeerAuthentication", "security.istio.io/v1", {"selector": WEB}, ["web"]),
        ("PeerAuthentication", "security.istio.io/v1", {}, ["catalog-v1", "catalog-v2", "web"]),
        ("EnvoyFilter", "networking.istio.io/v1alpha3", {"workloadSelector": {"labels": {"app": "web"}}}, ["web"]),
        ("NetworkPolicy", "networking.k8s.io/v1", {"podSelector": CATALOG}, ["catalog-v1", "catalog-v2"]),
        (
            "NetworkPolicy",
            "networking.k8s.io/v1",
            {"podSelector": {"matchExpressions": [{"key": "version", "operator": "NotIn", "values": ["v2"]}]}},
            ["catalog-v1", "web"],
        ),
        ("Server", "policy.linkerd.io/v1beta3", {"podSelector": WEB}, ["web"]),
        ("CiliumNetworkPolicy", "cilium.io/v2", {"endpointSelector": {"matchLabels": {"k8s:app": "web"}}}, ["web"]),
        ("DestinationRule", "networking.istio.io/v1", {"host": "catalog"}, ["catalog-v1", "catalog-v2"]),
    ],
)
def test_selectors(shop, kind: str, api: str, spec: dict[str, Any], workloads: list[str]):
    shop.workload("far/web")
    shop.add(kind, "shop/x", spec, api)
    assert [name for _, name in links(shop, kind, "shop/x").workloads] == workloads


def test_a_policy_of_the_root_namespace_holds_everywhere(shop):
    shop.workload("far/web")
    shop.add("AuthorizationPolicy", "istio-system/all", {"selector": WEB}, "security.istio.io/v1")
    assert links(shop, "AuthorizationPolicy", "istio-system/all").workloads == (("far", "web"), ("shop", "web"))


def test_a_virtual_service_names_services_gateways_and_delegates(shop):
    spec = {
        "hosts": ["catalog"],
        "gateways": ["mesh", "edge/front", "own"],
        "http": [{"route": [{"destination": {"host": "web"}}]}, {"delegate": {"name": "other"}}],
    }
    shop.add("VirtualService", "shop/x", spec)
    found = links(shop, "VirtualService", "shop/x")
    assert set(found.services) == {("shop", "catalog"), ("shop", "web")}
    assert set(map(str, found.objects)) == {"Gateway edge/front", "Gateway shop/own", "VirtualService shop/other"}


def test_a_route_names_its_parents_and_backends(shop):
    spec = {"parentRefs": [{"name": "gate", "namespace": "edge"}], "rules": [{"backendRefs": [{"name": "catalog"}]}]}
    shop.add("HTTPRoute", "shop/x", spec, "gateway.networking.k8s.io/v1")
    found = links(shop, "HTTPRoute", "shop/x")
    assert found.services == (("shop", "catalog"),)
    assert found.objects == (ObjectRef("Gateway.gateway.networking.k8s.io", "edge", "gate"),)


def test_linkerd_authorization_names_its_server_and_authentications(shop):
    spec = {
        "targetRef": {"group": "policy.linkerd.io", "kind": "Server", "name": "web-http"},
        "requiredAuthenticationRefs": [{"kind": "MeshTLSAuthentication", "name": "friends"}],
    }
    shop.add("AuthorizationPolicy", "shop/x", spec, "policy.linkerd.io/v1alpha1")
    found = links(shop, "AuthorizationPolicy.policy.linkerd.io", "shop/x")
    assert set(map(str, found.objects)) == {"Server shop/web-http", "MeshTLSAuthentication shop/friends"}


def test_consul_intentions_name_services(shop):
    spec = {"destination": {"name": "catalog"}, "sources": [{"name": "web"}]}
    shop.add("ServiceIntentions", "shop/x", spec, "consul.hashicorp.com/v1alpha1")
    assert set(links(shop, "ServiceIntentions", "shop/x").services) == {("shop", "catalog"), ("shop", "web")}


def test_rollouts_and_canaries_name_what_they_move(shop):
    istio = {"virtualService": {"name": "catalog"}, "destinationRule": {"name": "catalog"}}
    canary = {"canaryService": "catalog", "stableService": "web", "trafficRouting": {"istio": istio}}
    shop.add("Rollout", "shop/x", {"strategy": {"canary": canary}}, "argoproj.io/v1alpha1")
    found = links(shop, "Rollout", "shop/x")
    assert set(found.services) == {("shop", "catalog"), ("shop", "web")}
    assert set(map(str, found.objects)) == {"VirtualService shop/catalog", "DestinationRule shop/catalog"}
    shop.add("Canary", "shop/y", {"targetRef": {"name": "web"}}, "flagger.app/v1beta1")
    found = links(shop, "Canary", "shop/y")
    assert (found.workloads, found.services) == ((("shop", "web"),), (("shop", "web"),))


def test_the_way_back_names_what_selects_and_names(shop):
    shop.add("PeerAuthentication", "shop/web", {"selector": WEB}, "security.istio.io/v1")
    shop.add("PeerAuthentication", "shop/all", {}, "security.istio.io/v1")
    shop.add("PeerAuthentication", "istio-system/all", {}, "security.istio.io/v1")
    shop.add("PeerAuthentication", "far/all", {}, "security.istio.io/v1")
    shop.add("VirtualService", "shop/x", {"hosts": ["web"], "gateways": ["edge/front"]})
    index = LinkIndex(shop.inventory())
    selecting = [str(ref) for ref in index.selecting(("shop", "web"))]
    assert selecting == [
        "PeerAuthentication istio-system/all",
        "PeerAuthentication shop/all",
        "PeerAuthentication shop/web",
    ]
    assert [str(ref) for ref in index.naming(ObjectRef("Gateway", "edge", "front"))] == ["VirtualService shop/x"]
    assert [str(ref) for ref in index.naming(ObjectRef("Service", "shop", "web"))] == ["VirtualService shop/x"]
