"""Which routing object is in force."""

from __future__ import annotations

from meshui.domain.routing.lookup import DestinationRuleIndex, VirtualServiceIndex, subsets_of

HOST = "catalog.shop.svc.cluster.local"


def _virtual(mesh, host: str = HOST) -> list[str]:
    inventory = mesh.inventory()
    return [one.ref.name for one in VirtualServiceIndex(inventory.virtual_services, inventory.mesh).of(host)]


def _destination(mesh, client: str = "shop", service: str = "shop") -> list[str]:
    inventory = mesh.inventory()
    index = DestinationRuleIndex(inventory.destination_rules, inventory.mesh)
    return [str(one.ref) for one in index.of(HOST, client_namespace=client, service_namespace=service)]


def test_of_two_virtual_services_the_oldest_takes_the_host(mesh):
    mesh.add("VirtualService", "shop/new", {"hosts": [HOST]}, creationTimestamp="2026-02-01T00:00:00Z")
    mesh.add("VirtualService", "shop/old", {"hosts": ["catalog"]}, creationTimestamp="2026-01-01T00:00:00Z")
    assert _virtual(mesh) == ["old", "new"]


def test_an_exact_host_beats_an_older_wildcard(mesh):
    mesh.add(
        "VirtualService", "shop/wild", {"hosts": ["*.shop.svc.cluster.local"]}, creationTimestamp="2026-01-01T00:00:00Z"
    )
    mesh.add("VirtualService", "shop/exact", {"hosts": [HOST]}, creationTimestamp="2026-02-01T00:00:00Z")
    assert _virtual(mesh) == ["exact"]
    assert _virtual(mesh, "other.shop.svc.cluster.local") == ["wild"]


def test_a_virtual_service_of_a_gateway_is_not_for_sidecars(mesh):
    mesh.add("VirtualService", "shop/gate", {"hosts": [HOST], "gateways": ["edge/front"]})
    assert _virtual(mesh) == []
    mesh.add("VirtualService", "shop/both", {"hosts": [HOST], "gateways": ["edge/front", "mesh"]})
    assert _virtual(mesh) == ["both"]


def test_the_clients_namespace_comes_before_the_services_before_the_root(mesh):
    for place in ("istio-system", "shop", "client"):
        mesh.add("DestinationRule", f"{place}/catalog", {"host": HOST})
    assert _destination(mesh, "client") == ["DestinationRule client/catalog"]
    assert _destination(mesh, "another") == ["DestinationRule shop/catalog"]
    assert _destination(mesh, "another", "elsewhere") == ["DestinationRule istio-system/catalog"]


def test_a_rule_that_is_not_exported_is_not_seen_by_others(mesh):
    mesh.add("DestinationRule", "shop/private", {"host": HOST, "exportTo": ["."]})
    mesh.add("DestinationRule", "istio-system/catalog", {"host": HOST})
    assert _destination(mesh, "client") == ["DestinationRule istio-system/catalog"]
    assert _destination(mesh, "shop") == ["DestinationRule shop/private"]


def test_rules_of_one_host_merge_their_subsets_and_the_first_of_a_name_counts(mesh):
    first = [{"name": "v1", "labels": {"version": "v1"}}]
    second = [{"name": "v1", "labels": {"version": "other"}}, {"name": "v2", "labels": {}}]
    mesh.add("DestinationRule", "shop/b", {"host": HOST, "subsets": second}, creationTimestamp="2026-02-01T00:00:00Z")
    mesh.add(
        "DestinationRule", "shop/a", {"host": "catalog", "subsets": first}, creationTimestamp="2026-01-01T00:00:00Z"
    )
    inventory = mesh.inventory()
    rules = DestinationRuleIndex(inventory.destination_rules, inventory.mesh).of(
        HOST, client_namespace="shop", service_namespace="shop"
    )
    assert [rule.ref.name for rule in rules] == ["a", "b"]
    assert {name: subset.labels for name, subset in subsets_of(rules).items()} == {"v1": {"version": "v1"}, "v2": {}}


def test_a_rule_for_chosen_clients_is_left_out(mesh):
    mesh.add("DestinationRule", "shop/a", {"host": HOST, "workloadSelector": {"matchLabels": {"app": "web"}}})
    assert _destination(mesh) == []
