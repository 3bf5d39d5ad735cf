"""What of a view a spec asks for: filters, neighbours and idle elements."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from meshui.domain.graph.judge import ViewNumbers
from meshui.domain.graph.mesh import NONE, GraphNode, MeshGraph
from meshui.domain.graph.model import ViewSpec


class Shown(msgspec.Struct, frozen=True):
    """Numbers of the view's nodes and edges; `inside` says of each of the nodes whether it is what was asked for, not
    a neighbour."""

    nodes: list[int]
    inside: list[bool]
    edges: list[int]


def shown_of(graph: MeshGraph, numbers: ViewNumbers, spec: ViewSpec) -> Shown:
    """All edges that touch what was asked for. An edge to or from a namespace's node has an end there; one of a
    workload's requests also leads past the service that was asked, so that both hops of it are shown."""
    grouping, finest = numbers.grouping, np.zeros(len(graph), dtype=bool)
    inside = np.ones(len(grouping.nodes), dtype=bool)
    wanted = np.ones(len(grouping), dtype=bool)
    if spec.namespaces or spec.workloads:
        namespaces, workloads = set(spec.namespaces), set(spec.workloads)
        inside[:] = [node.namespace in namespaces for node in grouping.nodes]
        wanted = inside[grouping.source] | inside[grouping.destination]
        if workloads:
            asked = np.array([_name(node) in workloads for node in graph.nodes], dtype=bool)
            finest = _any(asked, graph.source) | _any(asked, graph.service) | _any(asked, graph.destination)
            inside[grouping.place[asked]] = True
            wanted[grouping.edges_of(finest)] = True
    if not spec.idle_edges:
        wanted &= ~numbers.edges.idle
    edges = np.flatnonzero(wanted)
    nodes = np.union1d(grouping.source[edges], grouping.destination[edges])
    if spec.idle:
        nodes = np.union1d(nodes, grouping.idle[inside[grouping.idle]])
    return Shown(nodes.tolist(), inside[nodes].tolist(), edges.tolist())


def _name(node: GraphNode) -> str:
    return f"{node.namespace}/{node.name}" if node.kind in ("workload", "gateway", "service") else ""


def _any(asked: NDArray[np.bool_], end: NDArray[np.int32]) -> NDArray[np.bool_]:
    touched: NDArray[np.bool_] = (end != NONE) & asked[end]
    return touched
