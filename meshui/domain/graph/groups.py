"""The nodes of a view, and which of them each node of the finest grain is part of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
import numpy as np

from meshui.domain.graph.mesh import GraphNode, MeshGraph
from meshui.domain.graph.model import Badge
from meshui.domain.telemetry.rows import IntColumn

WORKLOADS = ("workload", "gateway")
_PLACED = (*WORKLOADS, "service")


class Places(msgspec.Struct, frozen=True):
    """`of[i]` is the node of the view that node i of the graph is part of."""

    nodes: tuple[GraphNode, ...]
    of: IntColumn


def own_places(graph: MeshGraph) -> Places:
    """Every node stands for itself."""
    return Places(graph.nodes, np.arange(len(graph.nodes), dtype=np.int32))


def app_places(graph: MeshGraph, *, versioned: bool) -> Places:
    """Workloads by app, or by app and version. An app is in one namespace; a workload that names none is one by
    itself."""

    def app_of(node: GraphNode) -> str | None:
        if node.kind not in WORKLOADS:
            return None
        where = f"{node.cluster}/{node.namespace}/{node.app or node.name}"
        return f"versioned_app:{where}/{node.version or ''}" if versioned else f"app:{where}"

    def joined(node_id: str, members: Sequence[GraphNode]) -> GraphNode:
        first = members[0]
        name = first.app or first.name
        version = first.version if versioned else None
        return GraphNode(
            id=node_id,
            kind="gateway" if all(node.kind == "gateway" for node in members) else "app",
            cluster=first.cluster,
            namespace=first.namespace,
            name=name,
            label=f"{name} {version}" if version else name,
            app=name,
            version=version,
            workload_kind=first.workload_kind if len(members) == 1 else None,
            has_proxy=_all_have_proxies(members),
            pods_ready=_total(node.pods_ready for node in members),
            pods_total=_total(node.pods_total for node in members),
            badges=_badges(members),
            policy=_shared_policy(members),
            namespace_policy=first.namespace_policy,
        )

    return _places(graph, app_of, joined)


def namespace_places(graph: MeshGraph, expanded: frozenset[str] = frozenset()) -> Places:
    """Workloads and services by namespace; those in `expanded` ones stand for themselves."""

    def namespace_of(node: GraphNode) -> str | None:
        inside = node.kind in _PLACED and node.namespace != "" and node.namespace not in expanded
        return f"namespace:{node.cluster}/{node.namespace}" if inside else None

    def joined(node_id: str, members: Sequence[GraphNode]) -> GraphNode:
        name = members[0].namespace
        return GraphNode(
            id=node_id,
            kind="namespace",
            cluster=members[0].cluster,
            namespace=name,
            name=name,
            label=name,
            pods_ready=_total(node.pods_ready for node in members),
            pods_total=_total(node.pods_total for node in members),
            policy=members[0].namespace_policy,
        )

    return _places(graph, namespace_of, joined)


def _places(
    graph: MeshGraph,
    group_of: Callable[[GraphNode], str | None],
    joined: Callable[[str, Sequence[GraphNode]], GraphNode],
) -> Places:
    members: dict[str, list[GraphNode]] = {}
    numbers: dict[str, int] = {}
    place = np.zeros(len(graph.nodes), dtype=np.int32)
    for number, node in enumerate(graph.nodes):
        group = group_of(node)
        node_id = node.id if group is None else group
        place[number] = numbers.setdefault(node_id, len(numbers))
        members.setdefault(node_id, []).append(node)
    nodes = (joined(node_id, its) if its[0].id != node_id else its[0] for node_id, its in members.items())
    return Places(tuple(nodes), place)


def _shared_policy(members: Sequence[GraphNode]) -> int:
    """The policy that all members have, else their namespace's."""
    policies = {node.policy for node in members}
    return policies.pop() if len(policies) == 1 else members[0].namespace_policy


def _total(numbers: Iterable[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _all_have_proxies(members: Sequence[GraphNode]) -> bool | None:
    told = {node.has_proxy for node in members}
    return False if False in told else None if None in told else True


def _badges(members: Sequence[GraphNode]) -> tuple[Badge, ...]:
    """Those of all members; of several workloads the reason names the one that it is about."""
    if len(members) == 1:
        return members[0].badges
    found: dict[str, Badge] = {}
    for node in members:
        for badge in node.badges:
            found.setdefault(badge.name, Badge(badge.name, f"{node.name}: {badge.reason}", badge.object))
    return tuple(found.values())
