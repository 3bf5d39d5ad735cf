"""Which routing object is in force for a host.

Rules: Istio VirtualService reference ("hosts", "gateways") and istiod's merge: on sidecars two VirtualServices for one
host do not merge, the oldest takes it. DestinationRule: the first of client, service and root namespace that has a
match wins; inside it an exact host before the longest wildcard, and rules of the same host merge their subsets.
"""

from __future__ import annotations

from collections.abc import Sequence

from meshui.domain.mesh.config import MeshConfig
from meshui.domain.mesh.hosts import best_match, full_host
from meshui.domain.mesh.networking import DestinationRule, Subset, VirtualService

MESH_GATEWAY = "mesh"


def applies_to_sidecars(rule: VirtualService) -> bool:
    """Whether the VirtualService is for traffic inside the mesh, not only for named gateways."""
    return not rule.spec.gateways or MESH_GATEWAY in rule.spec.gateways


class VirtualServiceIndex:
    """VirtualServices for sidecars by host."""

    def __init__(self, rules: Sequence[VirtualService], mesh: MeshConfig) -> None:
        self._by_host: dict[str, list[VirtualService]] = {}
        for rule in sorted(rules, key=lambda one: one.meta.age_key):
            if applies_to_sidecars(rule):
                for host in dict.fromkeys(full_host(one, rule.ref.namespace, mesh.domain) for one in rule.spec.hosts):
                    self._by_host.setdefault(host, []).append(rule)
        self._wildcards = [host for host in self._by_host if "*" in host]

    def of(self, host: str) -> tuple[VirtualService, ...]:
        """The VirtualServices that name the host, the one in force first, the dropped ones behind it; those of an exact
        host leave out those of a wildcard."""
        host = host.lower()
        winner = host if host in self._by_host else best_match(self._wildcards, host)
        return tuple(self._by_host[winner]) if winner is not None else ()


class DestinationRuleIndex:
    """DestinationRules by namespace and host. Those with a workloadSelector are left out: they hold for chosen
    clients."""

    def __init__(self, rules: Sequence[DestinationRule], mesh: MeshConfig) -> None:
        self._root = mesh.root_namespace
        self._by_host: dict[tuple[str, str], list[DestinationRule]] = {}
        self._wildcards: dict[str, list[str]] = {}
        for rule in sorted(rules, key=lambda one: one.meta.age_key):
            if rule.spec.workload_selector is not None:
                continue
            place = rule.ref.namespace
            host = full_host(rule.spec.host, place, mesh.domain)
            its = self._by_host.setdefault((place, host), [])
            if not its and "*" in host:
                self._wildcards.setdefault(place, []).append(host)
            its.append(rule)

    def of(self, host: str, *, client_namespace: str, service_namespace: str) -> tuple[DestinationRule, ...]:
        """The rules in force for clients of that namespace, oldest first: one namespace's, all of the same host."""
        host = host.lower()
        for place in dict.fromkeys((client_namespace, service_namespace, self._root)):
            wildcards = sorted(self._wildcards.get(place, ()), key=len, reverse=True)
            for pattern in (host, *(one for one in wildcards if best_match((one,), host))):
                found = tuple(
                    rule for rule in self._by_host.get((place, pattern), ()) if _visible(rule, client_namespace)
                )
                if found:
                    return found
        return ()


def subsets_of(rules: Sequence[DestinationRule]) -> dict[str, Subset]:
    """The subsets that merged rules define; of two with one name the first counts."""
    subsets: dict[str, Subset] = {}
    for rule in rules:
        for subset in rule.spec.subsets:
            subsets.setdefault(subset.name, subset)
    return subsets


def _visible(rule: DestinationRule, client_namespace: str) -> bool:
    """Its own namespace sees every rule that is exported at all; others those exported to them."""
    own = client_namespace == rule.ref.namespace
    to = rule.spec.export_to
    return own or not to or "*" in to or client_namespace in to
