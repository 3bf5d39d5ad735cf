"""Which AuthorizationPolicies hold for a workload."""

from __future__ import annotations

from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.security import Action, AuthorizationPolicy
from meshui.domain.mesh.workloads import Workload

ORDER: tuple[Action, ...] = ("CUSTOM", "DENY", "ALLOW", "AUDIT")
"""The order in which actions are asked (Istio AuthorizationPolicy reference). AUDIT never decides."""


class PolicyIndex:
    """AuthorizationPolicies by the workloads that they hold for: mesh-wide (root namespace), a namespace's, or those
    that a selector names. Workloads that are no Gateway API gateway pass over policies with targetRefs."""

    def __init__(self, inventory: Inventory) -> None:
        self._root = inventory.mesh.root_namespace
        self._by_namespace: dict[str, list[AuthorizationPolicy]] = {}
        for policy in inventory.authorization_policies:
            self._by_namespace.setdefault(policy.ref.namespace, []).append(policy)
        self._found: dict[Key, tuple[AuthorizationPolicy, ...]] = {}

    def of(self, workload: Workload) -> tuple[AuthorizationPolicy, ...]:
        """All that hold for the workload, dry-run ones too, oldest first per namespace."""
        key = (workload.namespace, workload.name)
        if key not in self._found:
            places = dict.fromkeys((self._root, workload.namespace))
            candidates = (policy for place in places for policy in self._by_namespace.get(place, ()))
            self._found[key] = tuple(policy for policy in candidates if _holds(policy, workload))
        return self._found[key]


def _holds(policy: AuthorizationPolicy, workload: Workload) -> bool:
    if policy.targets:
        gateway = workload.labels.get("gateway.networking.k8s.io/gateway-name")
        same = policy.ref.namespace == workload.namespace
        return bool(gateway) and same and any(one.kind == "Gateway" and one.name == gateway for one in policy.targets)
    if workload.is_waypoint:
        return False
    return policy.spec.selector is None or policy.spec.selector.selects(workload.labels)
