"""The client's side of mutual TLS: what a caller's proxy does toward a service, and which DestinationRule decided.

Rules: istiod's cluster_tls and MergeSubsetTrafficPolicy: the subset's port, the subset, the rule's port, the rule; a
port's settings replace all of their level, also by saying nothing of TLS. A subset counts only where a route sends to
it. What is found overrides auto mTLS completely; without any, auto mTLS decides per endpoint.
"""

from __future__ import annotations

import msgspec

from meshui.domain.mesh.hosts import full_host
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.networking import ClientTls, DestinationRule, TrafficPolicy
from meshui.domain.routing.lookup import DestinationRuleIndex, VirtualServiceIndex, subsets_of

AUTO = "AUTO"


class ClientMode(msgspec.Struct, frozen=True):
    """`mode`: AUTO, or what the DestinationRule says (DISABLE, SIMPLE, MUTUAL, ISTIO_MUTUAL). `path`: where in
    `decided_by` it says so."""

    mode: str
    decided_by: ObjectRef | None
    path: str = "$"


AUTOMATIC = ClientMode(AUTO, None)


class ClientModes:
    """What callers' proxies do, by their namespace and the service called."""

    def __init__(self, inventory: Inventory) -> None:
        self._rules = DestinationRuleIndex(inventory.destination_rules, inventory.mesh)
        self._routes = VirtualServiceIndex(inventory.virtual_services, inventory.mesh)
        self._domain = inventory.mesh.domain
        self._subsets: dict[str, frozenset[str]] = {}

    def of(
        self, client_namespace: str, host: str, service_namespace: str, port: int | None, labels: dict[str, str]
    ) -> tuple[ClientMode, ...]:
        """Toward the pods with `labels` behind the service's port. Several where routes reach those pods by subsets
        that differ."""
        rules = self._rules.of(host, client_namespace=client_namespace, service_namespace=service_namespace)
        if not rules:
            return (AUTOMATIC,)
        defined = subsets_of(rules)
        found: dict[ClientMode, None] = {}
        for name in self._reached(host):
            if not name:
                found[_top(rules, port)] = None
            elif name in defined and defined[name].labels.items() <= labels.items():
                found[_of_subset(rules, name, port)] = None
        return tuple(found) or (_top(rules, port),)

    def _reached(self, host: str) -> frozenset[str]:
        """The subsets of the host that routes in force send to; "" is the service as a whole."""
        known = self._subsets.get(host)
        if known is None:
            in_force = self._routes.of(host)[:1]
            routes = [
                route
                for rule in in_force
                for route in (
                    *(block.route for block in rule.spec.http),
                    *(block.route for block in (*rule.spec.tcp, *rule.spec.tls)),
                )
            ]
            home = in_force[0].ref.namespace if in_force else ""
            known = frozenset(
                one.destination.subset
                for route in routes
                for one in route
                if full_host(one.destination.host, home, self._domain) == host
            ) or frozenset({""})
            self._subsets[host] = known
        return known


def _top(rules: tuple[DestinationRule, ...], port: int | None) -> ClientMode:
    for rule in rules:
        if rule.spec.traffic_policy is not None:
            _, tls, path = _at(rule.spec.traffic_policy, port, "$.spec.trafficPolicy")
            return AUTOMATIC if tls is None else ClientMode(tls.mode, rule.ref, path)
    return AUTOMATIC


def _of_subset(rules: tuple[DestinationRule, ...], name: str, port: int | None) -> ClientMode:
    for rule in rules:
        for index, subset in enumerate(rule.spec.subsets):
            if subset.name != name:
                continue
            if subset.traffic_policy is not None:
                own, tls, path = _at(subset.traffic_policy, port, f"$.spec.subsets[{index}].trafficPolicy")
                if tls is not None:
                    return ClientMode(tls.mode, rule.ref, path)
                if own:
                    return AUTOMATIC
            return _top(rules, port)
    return _top(rules, port)


def _at(policy: TrafficPolicy, port: int | None, path: str) -> tuple[bool, ClientTls | None, str]:
    """(whether the port has settings of its own, the TLS settings in force there, where they are)."""
    for index, own in enumerate(policy.port_level_settings):
        if own.port is not None and own.port.number == port:
            return True, own.tls, f"{path}.portLevelSettings[{index}].tls"
    return False, policy.tls, f"{path}.tls"
