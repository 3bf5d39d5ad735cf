"""The split of a service as a Gateway API route carries it (GAMMA: a parentRef to the Service; else by its
backends)."""

from __future__ import annotations

from collections.abc import Sequence

from meshui.domain.mesh.hosts import service_host
from meshui.domain.mesh.networking import GatewayRoute, GatewayRouteRule
from meshui.domain.mesh.workloads import Service
from meshui.domain.routing import matches
from meshui.domain.routing.split import Split, SplitDestination, SplitRoute


def read(service: Service, routes: Sequence[GatewayRoute], domain: str) -> Split | None:
    """The split of the oldest route attached to the service in its own namespace. Weights are Gateway API's: shares of
    their sum, 1 when absent."""
    for route in sorted(routes, key=lambda one: one.meta.age_key):
        attached = any(
            parent.kind == "Service"
            and parent.name == service.name
            and (parent.namespace or route.ref.namespace) == service.namespace
            for parent in route.spec.parent_refs
        )
        if not attached or route.ref.namespace != service.namespace:
            continue
        found = [
            _route(rule, index, route.ref.namespace, domain)
            for index, rule in enumerate(route.spec.rules)
            if rule.backend_refs and all(ref.kind == "Service" for ref in rule.backend_refs)
        ]
        if found:
            return Split(
                object=route.ref,
                kind="GRPCRoute" if route.ref.kind == "GRPCRoute" else "HTTPRoute",
                service=(service.namespace, service.name),
                resource_version=route.meta.resource_version,
                routes=tuple(found),
                reason=f"{route.ref} is attached to the service.",
            )
    return None


def _route(rule: GatewayRouteRule, index: int, namespace: str, domain: str) -> SplitRoute:
    return SplitRoute(
        index=index,
        name=rule.name or f"rules[{index}]",
        matches=matches.in_words(rule.matches),
        destinations=tuple(
            SplitDestination(
                id=ref.name,
                label=ref.name,
                subset=None,
                host=service_host(ref.namespace or namespace, ref.name, domain),
                weight=ref.weight,
                index=place,
            )
            for place, ref in enumerate(rule.backend_refs)
        ),
    )
