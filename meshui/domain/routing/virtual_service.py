"""The split of a service as a VirtualService carries it."""

from __future__ import annotations

from collections.abc import Sequence

from meshui.domain.mesh.config import MeshConfig
from meshui.domain.mesh.hosts import full_host
from meshui.domain.mesh.inventory import Key
from meshui.domain.mesh.networking import HttpRouteBlock, VirtualService
from meshui.domain.mesh.workloads import Service
from meshui.domain.routing import matches
from meshui.domain.routing.lookup import VirtualServiceIndex, applies_to_sidecars
from meshui.domain.routing.split import Split, SplitDestination, SplitRoute


def read(service: Service, rules: Sequence[VirtualService], mesh: MeshConfig) -> Split | None:
    """The split that decides for callers in the mesh: of the VirtualService in force for the service's host, else of
    the oldest one on a gateway that divides requests among the service's versions. A block that delegates is
    followed, and then the delegate carries the split. Weights as they stand; a single destination takes all."""
    key = (service.namespace, service.name)
    in_force = VirtualServiceIndex(rules, mesh).of(service.host)
    if in_force:
        carrier = in_force[0]
        why = f"{carrier.ref} is in force for {service.host} inside the mesh."
        candidates = [
            (one, why if one is carrier else f"{carrier.ref} delegates to {one.ref}.")
            for one in (carrier, *_delegates(carrier, rules))
        ]
        for one, reason in candidates:
            if routes := _routes(one, mesh, None):
                return _split(one, key, routes, reason, in_force[1:])
    for rule in sorted(rules, key=lambda one: one.meta.age_key):
        if applies_to_sidecars(rule) and rule.spec.hosts:
            continue
        for one in (rule, *_delegates(rule, rules)):
            routes = [route for route in _routes(one, mesh, service.host) if len(route.destinations) > 1]
            if routes:
                return _split(one, key, routes, f"{one.ref} divides requests that enter at a gateway.", ())
    return None


def _split(
    rule: VirtualService, key: Key, routes: list[SplitRoute], reason: str, shadowed: Sequence[VirtualService]
) -> Split:
    return Split(
        object=rule.ref,
        kind="VirtualService",
        service=key,
        resource_version=rule.meta.resource_version,
        routes=tuple(routes),
        reason=reason,
        shadowed=tuple(one.ref for one in shadowed),
    )


def _delegates(rule: VirtualService, rules: Sequence[VirtualService]) -> list[VirtualService]:
    """The delegates of its blocks: VirtualServices without hosts, by name, in the rule's namespace unless they say
    else."""
    found = []
    for block in rule.spec.http:
        if block.delegate is None:
            continue
        namespace = block.delegate.namespace or rule.ref.namespace
        for one in rules:
            if (one.ref.namespace, one.ref.name) == (namespace, block.delegate.name) and not one.spec.hosts:
                found.append(one)
    return found


def _routes(rule: VirtualService, mesh: MeshConfig, only_host: str | None) -> list[SplitRoute]:
    """The blocks that send requests somewhere; with `only_host` those that send all to that host."""
    routes = []
    for index, block in enumerate(rule.spec.http):
        hosts = [full_host(one.destination.host, rule.ref.namespace, mesh.domain) for one in block.route]
        if not hosts or (only_host is not None and any(host != only_host for host in hosts)):
            continue
        routes.append(
            SplitRoute(
                index=index,
                name=block.name or f"http[{index}]",
                matches=matches.in_words(block.match),
                destinations=tuple(_destination(block, place, host) for place, host in enumerate(hosts)),
            )
        )
    return routes


def _destination(block: HttpRouteBlock, place: int, host: str) -> SplitDestination:
    route = block.route[place]
    subset = route.destination.subset or None
    label = subset or host.partition(".")[0]
    return SplitDestination(
        id=label,
        label=label,
        subset=subset,
        host=host,
        weight=100 if len(block.route) == 1 else route.weight,
        index=place,
    )
