"""Which limits every node is judged by."""

from __future__ import annotations

import msgspec

from meshui.domain.graph.mesh import GraphNode, MeshGraph
from meshui.domain.graph.model import Badge
from meshui.domain.health.limits import DEFAULTS, BadLimit, limits
from meshui.domain.health.rules import ANNOTATION, HealthRules, Policy
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.names import ObjectRef

_Own = tuple[Policy, tuple[Badge, ...]]
"""What an annotation says, and what is wrong with it."""
_NOTHING: _Own = ((), ())


def with_policies(graph: MeshGraph, inventory: Inventory, rules: HealthRules) -> tuple[MeshGraph, tuple[Policy, ...]]:
    """(the graph with the policy of every node, the policies). First counts an object's annotation, then those of the
    services in front of a workload, its namespace's, the rules, and the defaults. An annotation that can't be read
    becomes a badge."""
    reader = _Annotations(inventory)
    numbers: dict[Policy, int] = {DEFAULTS: 0}
    namespaces: dict[str, int] = {}

    def number(policy: Policy) -> int:
        return numbers.setdefault(policy, len(numbers))

    def judged(node: GraphNode) -> GraphNode:
        if not node.namespace:
            return node
        own_namespace, wrong = reader.namespace(node.namespace) if node.declared else _NOTHING
        if node.namespace not in namespaces:
            namespaces[node.namespace] = number(rules.policy(node.namespace, None, "", own_namespace))
        kind = "workload" if node.kind in ("workload", "gateway") else "service"
        own, bad = reader.of(node, kind) if node.declared else _NOTHING
        policy = number(rules.policy(node.namespace, kind, node.name, (*own, *own_namespace)))
        common = namespaces[node.namespace]
        if policy == common == 0 and not bad and not wrong:
            return node
        badges = (*node.badges, *bad, *wrong)
        return msgspec.structs.replace(node, policy=policy, namespace_policy=common, badges=badges)

    nodes = tuple(judged(node) for node in graph.nodes)
    return msgspec.structs.replace(graph, nodes=nodes), tuple(numbers)


class _Annotations:
    """What the objects of a cluster say, each read once."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._read: dict[ObjectRef, _Own] = {}

    def namespace(self, name: str) -> _Own:
        found = self._inventory.namespaces.get(name)
        return self._of(ObjectRef("Namespace", "", name), found.annotations) if found else _NOTHING

    def of(self, node: GraphNode, kind: str) -> _Own:
        """The node's own, and of a workload those of its services."""
        key = (node.namespace, node.name)
        if kind == "service":
            return self._service(key)
        workload = self._inventory.workloads.get(key)
        if workload is None:
            return _NOTHING
        own, wrong = self._of(ObjectRef(workload.kind, *key), workload.annotations)
        of_services = (self._service(one)[0] for one in self._inventory.workload_services.get(key, ()))
        return (*own, *(limit for one in of_services for limit in one)), wrong

    def _service(self, key: Key) -> _Own:
        found = self._inventory.services.get(key)
        return self._of(ObjectRef("Service", *key), found.annotations) if found else _NOTHING

    def _of(self, ref: ObjectRef, annotations: dict[str, str]) -> _Own:
        text = annotations.get(ANNOTATION)
        if text is None:
            return _NOTHING
        if ref not in self._read:
            try:
                self._read[ref] = (limits(text, f"annotation of {ref}"), ())
            except BadLimit as problem:
                reason = f"The annotation {ANNOTATION} of {ref} is not used: {problem}"
                self._read[ref] = ((), (Badge("bad_annotation", reason, ref),))
        return self._read[ref]
