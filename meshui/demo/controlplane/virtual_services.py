"""One VirtualService's HTTP rules as Envoy routes (Istio, Virtual Service reference)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshui.demo.controlplane import names
from meshui.demo.controlplane.destination_rules import Rule, exported, rule_for
from meshui.demo.controlplane.manifests import Manifest, UnusableError, duration, number, selects, spec_of
from meshui.demo.controlplane.route_parts import (
    DEFAULT_RETRIES,
    added_headers,
    direct_response_action,
    fault_filter,
    fraction,
    header_option,
    merge_headers,
    redirect_action,
    retry_policy,
    rewrite_action,
    route_match,
    wants_no_retries,
)
from meshui.demo.controlplane.world import Pod, Service, World
from meshui.demo.envoy.files import Resource
from meshui.demo.envoy.party import PEER_HEADER

MESH = "mesh"
ANY = ""
"""Stands for every gateway: with it all rules apply, for checking an object."""


@dataclass(frozen=True)
class Client:
    """Who routes: a sidecar (gateway `mesh`) or a gateway, at one port."""

    world: World
    pod: Pod
    gateway: str
    """`mesh`, or `<namespace>/<name>` of the Gateway."""
    port: int
    """The service's or the Gateway server's port."""

    def cluster(self, destination: Mapping[str, Any], namespace: str, where: str) -> tuple[str, Service]:
        """The cluster of a destination and its service. Raises UnusableError when there is none."""
        service, port, subset, _ = resolve(self.world, self.pod.namespace, destination, namespace, self.port, where)
        return names.outbound_cluster(port, subset, service.host), service


def resolve(
    world: World,
    client_namespace: str,
    destination: Mapping[str, Any],
    namespace: str,
    default_port: int | None,
    where: str,
) -> tuple[Service, int, str, Rule]:
    """What a destination stands for: service, port, subset and the rule that defines it. Raises UnusableError."""
    host = names.full_host(str(destination.get("host") or ""), namespace)
    service = world.by_host.get(host)
    if service is None:
        raise UnusableError(f"{where}.host: there is no service {host!r}")
    port = (destination.get("port") or {}).get("number")
    if port is None:
        numbers = [candidate.number for candidate in service.ports]
        port = numbers[0] if len(numbers) == 1 or default_port not in numbers else default_port
    if service.port(port) is None:
        raise UnusableError(f"{where}.port.number: {host} has no port {port}")
    subset = destination.get("subset") or ""
    rule = rule_for(world, client_namespace, service)
    if subset and subset not in rule.subsets:
        raise UnusableError(
            f"{where}.subset: no DestinationRule for {host} defines the subset {subset!r}",
            needs=(("DestinationRule", host),),
        )
    return service, port, subset, rule


def is_visible(manifest: Manifest, namespace: str) -> bool:
    return exported(manifest, namespace)


def hosts_of(manifest: Manifest) -> list[str]:
    namespace = manifest["metadata"]["namespace"]
    return [names.full_host(host, namespace) for host in spec_of(manifest).get("hosts") or []]


def gateways_of(manifest: Manifest) -> list[str]:
    """`mesh`, or `<namespace>/<name>`; none given means the mesh."""
    namespace = manifest["metadata"]["namespace"]
    return [_gateway(name, namespace) for name in spec_of(manifest).get("gateways") or [MESH]]


def routes(manifest: Manifest, client: Client) -> list[Resource]:
    """The routes that the rules give this client, in order; those after a rule that matches everything are dropped.
    Raises UnusableError."""
    namespace, name = manifest["metadata"]["namespace"], manifest["metadata"]["name"]
    config = f"/apis/networking.istio.io/v1/namespaces/{namespace}/virtual-service/{name}"
    found: list[Resource] = []
    for index, rule in enumerate(spec_of(manifest).get("http") or []):
        where = f"spec.http[{index}]"
        matches = rule.get("match") or [{}]
        for position, match in enumerate(matches):
            place = f"{where}.match[{position}]"
            if not _applies(match, client, namespace):
                continue
            route = _action(rule, client, namespace, where)
            suffix = match.get("name") or ""
            route["name"] = ".".join(part for part in (rule.get("name") or "", suffix) if part) or "default"
            route["match"] = route_match(match, place)
            route["metadata"] = {"filter_metadata": {"istio": {"config": config}}}
            found.append(route)
            if route["match"] == {"prefix": "/"} and client.gateway != ANY:
                return found
    return found


def check(manifest: Manifest, world: World) -> None:
    """Raises UnusableError when some client would get a route that can't be made."""
    own = manifest["metadata"]["namespace"]
    if not spec_of(manifest).get("hosts"):
        raise UnusableError("spec.hosts: is empty")
    for namespace in dict.fromkeys((own, *(pod.namespace for pod in world.proxies))):
        if is_visible(manifest, namespace):
            nobody = Pod(namespace, "", "127.0.0.1", {}, "", "", True, True, False, ())
            client = Client(world, nobody, ANY, 80)
            routes(manifest, client)
            for index, rule in enumerate(spec_of(manifest).get("tcp") or []):
                tcp_destinations(rule, client, own, f"spec.tcp[{index}]")


def tcp_destinations(rule: Mapping[str, Any], client: Client, namespace: str, where: str) -> list[tuple[str, int]]:
    """Clusters and weights of a TCP rule. Raises UnusableError."""
    items = rule.get("route") or []
    if not items:
        raise UnusableError(f"{where}.route: has no destination")
    found = []
    for index, item in enumerate(items):
        place = f"{where}.route[{index}]"
        cluster, _ = client.cluster(item.get("destination") or {}, namespace, f"{place}.destination")
        found.append((cluster, number(item.get("weight", 100 if len(items) == 1 else 0), f"{place}.weight", 0, 2**31)))
    return [(cluster, weight) for cluster, weight in found if weight]


def default_route(client: Client, service: Service, port: int) -> Resource:
    """The route to a service that no VirtualService has a say in."""
    action = {"cluster": names.outbound_cluster(port, "", service.host), "timeout": "0s"}
    return {
        "name": "default",
        "match": {"prefix": "/"},
        "route": action | {"retry_policy": DEFAULT_RETRIES},
        **_headers({}, service, client.pod),
    }


def _gateway(name: str, namespace: str) -> str:
    return name if name == MESH or "/" in name else f"{namespace}/{name}"


def _applies(match: Mapping[str, Any], client: Client, namespace: str) -> bool:
    """Whether the conditions that are settled beforehand (gateway, port, who the client is) hold."""
    if client.gateway == ANY:
        return True
    chosen = [_gateway(name, namespace) for name in match.get("gateways") or []]
    if chosen and client.gateway not in chosen:
        return False
    if match.get("port") not in (None, client.port):
        return False
    if client.gateway != MESH:
        return True
    if match.get("sourceNamespace") not in (None, "", client.pod.namespace):
        return False
    return selects(match.get("sourceLabels"), client.pod.labels)


def _action(rule: Mapping[str, Any], client: Client, namespace: str, where: str) -> Resource:
    if redirect := rule.get("redirect"):
        return {"redirect": redirect_action(redirect, f"{where}.redirect")}
    if direct := rule.get("directResponse"):
        return {"direct_response": direct_response_action(direct, f"{where}.directResponse")}
    return _route(rule, client, namespace, where)


def _route(rule: Mapping[str, Any], client: Client, namespace: str, where: str) -> Resource:
    destinations = rule.get("route") or []
    if not destinations:
        raise UnusableError(f"{where}.route: has no destination")
    action: Resource = {"timeout": duration(rule["timeout"], f"{where}.timeout") if rule.get("timeout") else "0s"}
    found: Resource = {}
    if len(destinations) == 1:
        cluster, service = client.cluster(
            destinations[0].get("destination") or {}, namespace, f"{where}.route[0].destination"
        )
        action["cluster"] = cluster
        found |= _headers(merge_headers(rule.get("headers"), destinations[0].get("headers")), service, client.pod)
    else:
        action["weighted_clusters"] = {"clusters": list(_weighted(destinations, client, namespace, where))}
        found |= _headers(rule.get("headers") or {}, None, client.pod)
    if rewrite := rule.get("rewrite"):
        action |= rewrite_action(rewrite, f"{where}.rewrite")
    action["retry_policy"] = (
        retry_policy(rule["retries"], f"{where}.retries") if rule.get("retries") else DEFAULT_RETRIES
    )
    if wants_no_retries(rule):
        del action["retry_policy"]
    if mirrors := list(_mirrors(rule, client, namespace, where)):
        action["request_mirror_policies"] = mirrors
    if fault := rule.get("fault"):
        found["typed_per_filter_config"] = {"envoy.filters.http.fault": fault_filter(fault, f"{where}.fault")}
    return found | {"route": action}


def _weighted(destinations: list[Any], client: Client, namespace: str, where: str) -> Iterator[Resource]:
    weights = [
        number(item.get("weight", 0), f"{where}.route[{i}].weight", 0, 2**31) for i, item in enumerate(destinations)
    ]
    if not sum(weights):
        raise UnusableError(f"{where}.route: the weights are all 0")
    for index, (item, weight) in enumerate(zip(destinations, weights, strict=True)):
        cluster, service = client.cluster(
            item.get("destination") or {}, namespace, f"{where}.route[{index}].destination"
        )
        headers = _headers(item.get("headers") or {}, service, client.pod)
        yield {"name": cluster, "weight": weight, **headers}


def _headers(operations: Mapping[str, Any], service: Service | None, pod: Pod) -> Resource:
    """Header changes that the rule asks for; towards a service of the mesh the client tells who it is, towards the
    world it doesn't. Without a service, that is left to the weighted destinations."""
    request, response = operations.get("request") or {}, operations.get("response") or {}
    added = list(added_headers(request))
    removed = list(request.get("remove") or [])
    if service is not None and service.external:
        removed.append(PEER_HEADER)
    elif service is not None:
        added.append(header_option(PEER_HEADER, pod.party.header(), "OVERWRITE_IF_EXISTS_OR_ADD"))
    found = {
        "request_headers_to_add": added,
        "request_headers_to_remove": removed,
        "response_headers_to_add": list(added_headers(response)),
        "response_headers_to_remove": list(response.get("remove") or []),
    }
    return {name: value for name, value in found.items() if value}


def _mirrors(rule: Mapping[str, Any], client: Client, namespace: str, where: str) -> Iterator[Resource]:
    if mirror := rule.get("mirror"):
        cluster, _ = client.cluster(mirror, namespace, f"{where}.mirror")
        percentage = rule.get("mirrorPercentage") or {"value": rule.get("mirrorPercent", 100)}
        yield {
            "cluster": cluster,
            "runtime_fraction": {"default_value": fraction(percentage, f"{where}.mirrorPercentage")},
        }
    for index, item in enumerate(rule.get("mirrors") or []):
        place = f"{where}.mirrors[{index}]"
        cluster, _ = client.cluster(item.get("destination") or {}, namespace, f"{place}.destination")
        share = fraction(item.get("percentage") or {"value": 100}, f"{place}.percentage")
        yield {"cluster": cluster, "runtime_fraction": {"default_value": share}}
