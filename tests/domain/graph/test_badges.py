"""Marks on nodes."""

from __future__ import annotations

WEB, CATALOG = "workload:demo/shop/web", "service:demo/shop/catalog"


def badges(mesh, node: str) -> dict[str, str]:
    return {badge.name: badge.reason for badge in mesh.view(idle=True).node(node).badges}


def test_a_workload_without_a_sidecar_is_marked(mesh):
    mesh.workload("shop/legacy", proxy=False).workload("shop/web").workload("istio-system/istiod", proxy=False)
    assert "missing_proxy" in badges(mesh, "workload:demo/shop/legacy")
    assert badges(mesh, WEB) == {}
    assert badges(mesh, "workload:demo/istio-system/istiod") == {}


def test_ambient_workloads_need_no_sidecar(mesh):
    mesh.workload("shop/a", proxy=False, labels={"istio.io/dataplane-mode": "ambient"})
    assert badges(mesh, "workload:demo/shop/a") == {}


def test_a_gateway_names_its_hosts(mesh):
    mesh.workload("edge/gate", labels={"istio": "ingressgateway"})
    assert badges(mesh, "workload:demo/edge/gate")["gateway"] == "It is a gateway; no Gateway object selects it."
    mesh.add(
        "Gateway", "edge/front", {"selector": {"istio": "ingressgateway"}, "servers": [{"hosts": ["shop.example"]}]}
    )
    assert badges(mesh, "workload:demo/edge/gate")["gateway"] == "It is a gateway for shop.example."


def test_a_service_shows_what_routes_it(shop):
    assert badges(shop, CATALOG) == {}
    http = [
        {
            "fault": {"delay": {"fixedDelay": "1s"}},
            "mirror": {"host": "shadow"},
            "route": [
                {"destination": {"host": "catalog", "subset": "v1"}, "weight": 90},
                {"destination": {"host": "catalog", "subset": "v2"}, "weight": 10},
            ],
        }
    ]
    shop.add("VirtualService", "shop/catalog", {"hosts": ["catalog"], "http": http})
    shop.add(
        "DestinationRule",
        "shop/catalog",
        {"host": "catalog", "trafficPolicy": {"outlierDetection": {"interval": "5s"}}},
    )
    assert badges(shop, CATALOG) == {
        "virtual_service": "VirtualService shop/catalog routes its requests.",
        "traffic_split": "v1 90%, v2 10%",
        "fault_injection": "VirtualService shop/catalog injects: delay.",
        "mirror": "Requests are mirrored to shadow.",
        "circuit_breaker": "DestinationRule shop/catalog sets outlier detection.",
    }


def test_a_split_of_all_to_one_is_no_split(shop):
    route = [
        {"destination": {"host": "catalog", "subset": "v1"}, "weight": 100},
        {"destination": {"host": "catalog", "subset": "v2"}, "weight": 0},
    ]
    shop.add("VirtualService", "shop/catalog", {"hosts": ["catalog"], "http": [{"route": route}]})
    assert "traffic_split" not in badges(shop, CATALOG)
