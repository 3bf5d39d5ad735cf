"""Where policies hold: root namespace, namespace, selector, targetRefs; sidecar, gateway, ztunnel, waypoint."""

from __future__ import annotations

from typing import Any

import pytest

from meshui.domain.authz.judge import judge, verdict
from meshui.domain.authz.match import Truth
from meshui.domain.authz.policies import PolicyIndex
from meshui.domain.authz.request import Request
from meshui.domain.mesh.names import Identity

API = "security.istio.io/v1"
GATEWAY = "gateway.networking.k8s.io/gateway-name"
WEB = Identity("cluster.local", "shop", "web")
OTHER = Identity("cluster.local", "other", "x")


def add(mesh: Any, name: str, where: str, namespace: str = "shop", action: str = "ALLOW", rules: Any = None) -> None:
    """`where` is "", a label `app=x`, or a target `Kind/name`."""
    spec: dict[str, Any] = {"action": action, "rules": rules or []}
    if "=" in where:
        label, _, value = where.partition("=")
        spec["selector"] = {"matchLabels": {label: value}}
    elif where:
        kind, _, target = where.partition("/")
        spec["targetRefs"] = [{"kind": kind, "name": target, "group": ""}]
    mesh.add("AuthorizationPolicy", f"{namespace}/{name}", spec, API)


def held(mesh: Any, workload: str = "catalog", service: str | None = "catalog") -> dict[str, list[str]]:
    inventory = mesh.inventory()
    index = PolicyIndex(inventory)
    asked = inventory.services.get(("shop", service)) if service else None
    points = index.points(inventory.workloads["shop", workload], asked, stream=False)
    return {point.enforcer: [one.ref.name for one in point.policies.policies] for point in points}


@pytest.fixture
def sidecars(mesh):
    return mesh.workload("shop/catalog").service("shop/catalog")


@pytest.fixture
def ambient(mesh):
    labels = {"istio.io/dataplane-mode": "ambient"}
    mesh.workload("shop/catalog", proxy=False, labels=labels).service("shop/catalog")
    waypoint = {GATEWAY: "waypoint", "gateway.istio.io/managed": "istio.io-mesh-controller"}
    return mesh.workload("shop/waypoint", labels=waypoint)


def use_waypoint(mesh: Any) -> None:
    for manifest in mesh.manifests:
        if manifest["kind"] == "Service":
            manifest["metadata"]["labels"] = {"istio.io/use-waypoint": "waypoint"}


def test_a_sidecar_enforces_the_root_namespaces_its_own_and_those_that_select_it(sidecars):
    add(sidecars, "mesh", "", "istio-system")
    add(sidecars, "all", "")
    add(sidecars, "selected", "app=catalog")
    add(sidecars, "root-selected", "app=catalog", "istio-system")
    add(sidecars, "not-selected", "app=web")
    add(sidecars, "elsewhere", "", "other")
    add(sidecars, "target", "Service/catalog")
    assert held(sidecars) == {"sidecar": ["mesh", "root-selected", "all", "selected"]}


def test_a_gateway_also_takes_what_targets_it(mesh):
    mesh.workload("shop/entry", labels={GATEWAY: "entry"})
    add(mesh, "target", "Gateway/entry")
    add(mesh, "other", "Gateway/exit")
    add(mesh, "all", "")
    assert held(mesh, "entry", None) == {"gateway": ["all", "target"]}


def test_without_a_waypoint_ztunnel_enforces_alone(ambient):
    add(ambient, "all", "")
    add(ambient, "target", "Service/catalog")
    assert held(ambient) == {"ztunnel": ["all"]}


def test_a_waypoint_takes_only_what_targets_its_service_itself_or_its_class(ambient):
    use_waypoint(ambient)
    add(ambient, "all", "")
    add(ambient, "service", "Service/catalog")
    add(ambient, "gateway", "Gateway/waypoint")
    add(ambient, "class", "GatewayClass/istio-waypoint", "istio-system")
    add(ambient, "class-elsewhere", "GatewayClass/istio-waypoint")
    add(ambient, "other-service", "Service/web")
    assert held(ambient) == {"waypoint": ["class", "gateway", "service"], "ztunnel": ["all"]}


def test_ztunnel_behind_a_waypoint_sees_the_waypoint(ambient):
    use_waypoint(ambient)
    add(
        ambient,
        "only-web",
        "app=catalog",
        rules=[{"from": [{"source": {"principals": ["cluster.local/ns/shop/sa/web"]}}]}],
    )
    inventory = ambient.inventory()
    points = PolicyIndex(inventory).points(
        inventory.workloads["shop", "catalog"], inventory.services["shop", "catalog"], stream=False
    )
    judged = judge(points, Request(identity=WEB))
    assert [(one.point.enforcer, one.decision.allowed) for one in judged] == [
        ("waypoint", Truth.YES),
        ("ztunnel", Truth.NO),
    ]
    assert verdict(judged).policy.name == "only-web"


def test_the_first_point_that_refuses_is_the_last_that_is_asked(ambient):
    use_waypoint(ambient)
    add(ambient, "nobody", "Service/catalog")
    inventory = ambient.inventory()
    points = PolicyIndex(inventory).points(
        inventory.workloads["shop", "catalog"], inventory.services["shop", "catalog"], stream=False
    )
    assert [one.point.enforcer for one in judge(points, Request(identity=OTHER))] == ["waypoint"]


def test_without_a_proxy_nothing_is_enforced(mesh):
    mesh.workload("shop/catalog", proxy=False)
    add(mesh, "all", "")
    assert held(mesh) == {}
    assert verdict([]).open
