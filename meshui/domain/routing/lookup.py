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


def virtual_services_of(host: str, rules: Sequence[VirtualService], mesh: MeshConfig) -> tuple[VirtualService, ...]:
    """The VirtualServices for sidecars that name the host, the one in force first, the dropped ones behind it."""
    found = []
    for rule in rules:
        hosts = [full_host(one, rule.ref.namespace, mesh.domain) for one in rule.spec.hosts]
        if applies_to_sidecars(rule) and (match := best_match(hosts, host)):
            found.append((("*" in match, -len(match)), rule))
    found.sort(key=lambda one: (one[0], one[1].meta.age_key))
    if not found:
        return ()
    best = found[0][0]
    return tuple(rule for rank, rule in found if rank == best)


def destination_rules_of(
    host: str,
    rules: Sequence[DestinationRule],
    mesh: MeshConfig,
    *,
    client_namespace: str,
    service_namespace: str,
) -> tuple[DestinationRule, ...]:
    """The DestinationRules in force for clients of `client_namespace`, oldest first: one namespace's, all of the same
    host. Rules with a workloadSelector are left out, since they hold for chosen clients only."""
    for place in dict.fromkeys((client_namespace, service_namespace, mesh.root_namespace)):
        seen = []
        for rule in rules:
            if rule.ref.namespace != place or rule.spec.workload_selector is not None:
                continue
            if place != client_namespace and not _exported(rule, client_namespace):
                continue
            seen.append((full_host(rule.spec.host, place, mesh.domain), rule))
        winner = best_match((pattern for pattern, _ in seen), host)
        if winner is not None:
            its = (rule for pattern, rule in seen if pattern == winner)
            return tuple(sorted(its, key=lambda rule: rule.meta.age_key))
    return ()


def subsets_of(rules: Sequence[DestinationRule]) -> dict[str, Subset]:
    """The subsets that merged rules define; of two with one name the first counts."""
    subsets: dict[str, Subset] = {}
    for rule in rules:
        for subset in rule.spec.subsets:
            subsets.setdefault(subset.name, subset)
    return subsets


def _exported(rule: DestinationRule, namespace: str) -> bool:
    to = rule.spec.export_to
    return not to or "*" in to or namespace in to or ("." in to and namespace == rule.ref.namespace)
