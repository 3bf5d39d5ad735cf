"""Marks on nodes: what configuration, or the lack of a proxy, means for them. One function a badge."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from meshui.domain.graph.mesh import GraphNode, MeshGraph
from meshui.domain.graph.model import Badge
from meshui.domain.health.reasons import percent
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.networking import (
    DestinationRule,
    GatewayRoute,
    PortTrafficPolicy,
    TrafficPolicy,
    VirtualService,
)
from meshui.domain.mesh.workloads import Workload
from meshui.domain.routing.lookup import DestinationRuleIndex, VirtualServiceIndex


class ServiceRouting(msgspec.Struct, frozen=True):
    """What is in force for a service: its VirtualService, if any, its merged DestinationRules, and the routes of the
    Gateway API that are attached to it."""

    virtual_service: VirtualService | None
    destination_rules: tuple[DestinationRule, ...]
    routes: tuple[GatewayRoute, ...]


def with_badges(graph: MeshGraph, inventory: Inventory) -> MeshGraph:
    """The graph with every node's badges."""
    virtual_services = VirtualServiceIndex(inventory.virtual_services, inventory.mesh)
    destination_rules = DestinationRuleIndex(inventory.destination_rules, inventory.mesh)
    routes = _routes(inventory)

    def of(node: GraphNode) -> tuple[Badge, ...]:
        if not node.declared:
            return ()
        key = (node.namespace, node.name)
        if node.kind in ("workload", "gateway") and (workload := inventory.workloads.get(key)):
            return tuple(badge for mark in WORKLOAD_BADGES for badge in mark(workload, inventory))
        if node.kind == "service" and (service := inventory.services.get(key)):
            rules = virtual_services.of(service.host)
            routing = ServiceRouting(
                rules[0] if rules else None,
                destination_rules.of(
                    service.host, client_namespace=service.namespace, service_namespace=service.namespace
                ),
                tuple(routes.get(key, ())),
            )
            return tuple(badge for mark in SERVICE_BADGES for badge in mark(routing))
        return ()

    marked = (msgspec.structs.replace(node, badges=badges) if (badges := of(node)) else node for node in graph.nodes)
    return msgspec.structs.replace(graph, nodes=tuple(marked))


def _routes(inventory: Inventory) -> dict[Key, list[GatewayRoute]]:
    """The routes attached to each service (GAMMA), oldest first."""
    found: dict[Key, list[GatewayRoute]] = {}
    for route in inventory.routes:
        for parent in route.spec.parent_refs:
            if parent.kind == "Service":
                found.setdefault((parent.namespace or route.ref.namespace, parent.name), []).append(route)
    return found


def missing_proxy(workload: Workload, inventory: Inventory) -> Iterator[Badge]:
    """The control plane has none and needs none."""
    outside = workload.ambient or workload.is_waypoint or workload.namespace == inventory.mesh.root_namespace
    if workload.has_proxy is False and not outside:
        yield Badge("missing_proxy", "It runs without a sidecar: plain text, and no policy is enforced at it.")


def gateway(workload: Workload, inventory: Inventory) -> Iterator[Badge]:
    if not workload.is_gateway:
        return
    selecting = [
        one for one in inventory.gateways if one.spec.selector and one.spec.selector.items() <= workload.labels.items()
    ]
    if name := workload.labels.get(_GATEWAY_NAME):
        yield _of_gateway_api(ObjectRef(_GATEWAY, workload.namespace, name), inventory)
    elif selecting:
        hosts = dict.fromkeys(host for one in selecting for server in one.spec.servers for host in server.hosts)
        yield Badge("gateway", f"It is a gateway for {', '.join(hosts) or 'no host'}.", selecting[0].ref)
    else:
        yield Badge("gateway", "It is a gateway; no Gateway object selects it.")


_GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
_GATEWAY = "Gateway.gateway.networking.k8s.io"


def _of_gateway_api(ref: ObjectRef, inventory: Inventory) -> Badge:
    """The gateway that a controller made for a Gateway of the Gateway API."""
    if (manifest := inventory.config.get(ref)) is None:
        return Badge("gateway", f"It is a gateway; there is no {ref}.")
    listeners = (manifest.get("spec") or {}).get("listeners") or ()
    hosts = dict.fromkeys(str(one.get("hostname") or "*") for one in listeners if isinstance(one, dict))
    return Badge("gateway", f"It is a gateway for {', '.join(hosts) or 'no host'}.", ref)


def waypoint(workload: Workload, inventory: Inventory) -> Iterator[Badge]:
    if workload.is_waypoint:
        yield Badge("waypoint", "It is an ambient waypoint.")


def virtual_service(routing: ServiceRouting) -> Iterator[Badge]:
    for rule in (routing.virtual_service, *routing.routes):
        if rule is not None:
            yield Badge("virtual_service", f"{rule.ref} routes its requests.", rule.ref)
            return


def traffic_split(routing: ServiceRouting) -> Iterator[Badge]:
    for ref, targets in _targets(routing):
        weighted = [(name, weight) for name, weight in targets if weight > 0]
        if len(weighted) > 1:
            whole = sum(weight for _, weight in weighted)
            parts = (f"{name} {percent(weight / whole)}" for name, weight in weighted)
            yield Badge("traffic_split", ", ".join(parts), ref)
            return


def _targets(routing: ServiceRouting) -> Iterator[tuple[ObjectRef, list[tuple[str, int]]]]:
    """Each block of rules: where it sends requests, with weights."""
    if rule := routing.virtual_service:
        for block in rule.spec.http:
            yield rule.ref, [(one.destination.subset or one.destination.host, one.weight) for one in block.route]
        for stream in (*rule.spec.tcp, *rule.spec.tls):
            yield rule.ref, [(one.destination.subset or one.destination.host, one.weight) for one in stream.route]
    for route in routing.routes:
        for its in route.spec.rules:
            yield route.ref, [(one.name, one.weight) for one in its.backend_refs]


def fault_injection(routing: ServiceRouting) -> Iterator[Badge]:
    if not (rule := routing.virtual_service):
        return
    kinds = dict.fromkeys(kind for block in rule.spec.http for kind in (block.fault or {}))
    if kinds:
        yield Badge("fault_injection", f"{rule.ref} injects: {', '.join(kinds)}.", rule.ref)


def mirror(routing: ServiceRouting) -> Iterator[Badge]:
    if rule := routing.virtual_service:
        for block in rule.spec.http:
            if block.mirror is not None or block.mirrors:
                host = block.mirror.host if block.mirror is not None else "other hosts"
                yield Badge("mirror", f"Requests are mirrored to {host}.", rule.ref)
                return
    for route in routing.routes:
        for kind in (one for its in route.spec.rules for one in its.filters if one.get("type") == "RequestMirror"):
            host = ((kind.get("requestMirror") or {}).get("backendRef") or {}).get("name", "another service")
            yield Badge("mirror", f"Requests are mirrored to {host}.", route.ref)
            return


def circuit_breaker(routing: ServiceRouting) -> Iterator[Badge]:
    for rule in routing.destination_rules:
        policies = [rule.spec.traffic_policy, *(subset.traffic_policy for subset in rule.spec.subsets)]
        if limits := dict.fromkeys(limit for policy in policies if policy for limit in _limits(policy)):
            yield Badge("circuit_breaker", f"{rule.ref} sets {' and '.join(limits)}.", rule.ref)
            return


def _limits(policy: TrafficPolicy) -> Iterator[str]:
    parts: tuple[TrafficPolicy | PortTrafficPolicy, ...] = (policy, *policy.port_level_settings)
    for part in parts:
        if part.connection_pool:
            yield "connection limits"
        if part.outlier_detection:
            yield "outlier detection"


WORKLOAD_BADGES: tuple[Callable[[Workload, Inventory], Iterator[Badge]], ...] = (missing_proxy, gateway, waypoint)
SERVICE_BADGES: tuple[Callable[[ServiceRouting], Iterator[Badge]], ...] = (
    virtual_service,
    traffic_split,
    fault_injection,
    mirror,
    circuit_breaker,
)
