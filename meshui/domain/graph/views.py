"""Which edges of a view each edge of the finest grain belongs to: one function a view."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from meshui.domain.graph.mesh import NONE, GraphNode, MeshGraph
from meshui.domain.graph.model import ViewSpec
from meshui.domain.telemetry.rows import PROTOCOLS, IntColumn

_PLACED = ("workload", "gateway", "service")


class Grouping(msgspec.Struct, frozen=True):
    """A view's nodes and edges, and where the finest edges go: edge i into `first[i]`, and also into `second[i]` unless
    that is NONE (a request passes two edges where a service stands between)."""

    nodes: tuple[GraphNode, ...]
    source: IntColumn
    destination: IntColumn
    protocol: IntColumn
    first: IntColumn
    second: IntColumn
    idle: IntColumn
    """Nodes of the view that are shown without traffic, when asked for."""

    def __len__(self) -> int:
        return len(self.source)

    def edge_ids(self) -> list[str]:
        """`SOURCE>DESTINATION|PROTOCOL` of each edge."""
        ids = [node.id for node in self.nodes]
        return [
            f"{ids[source]}>{ids[destination]}|{PROTOCOLS[protocol]}"
            for source, destination, protocol in zip(
                self.source.tolist(), self.destination.tolist(), self.protocol.tolist(), strict=True
            )
        ]


def view_name(spec: ViewSpec) -> str:
    """The name of the grouping a spec asks for; filters and idle nodes don't change it."""
    return "workload+services" if spec.kind == "workload" and spec.service_nodes else spec.kind


def grouping(graph: MeshGraph, view: str) -> Grouping:
    """The edges of the view of that name (one of VIEWS)."""
    return VIEWS[view](graph)


def _workloads_and_services(graph: MeshGraph) -> Grouping:
    """Caller -> service carries every request, service -> workload only those that were given to one."""
    direct = graph.service == NONE
    called = np.where(direct, graph.destination, graph.service)
    assigned = ~direct & (graph.destination != NONE)
    idle = _of_kinds(graph, "workload", "gateway", "service", "service_entry")
    return _grouped(graph, graph.nodes, (graph.source, called), (graph.service, graph.destination), assigned, idle)


def _workloads(graph: MeshGraph) -> Grouping:
    """Caller -> workload; what reached none stays with the service that was asked for."""
    called = np.where(graph.destination == NONE, graph.service, graph.destination)
    idle = _of_kinds(graph, "workload", "gateway")
    return _grouped(graph, graph.nodes, (graph.source, called), None, None, idle)


def _services(graph: MeshGraph) -> Grouping:
    """Service -> service. A workload is the one service that stands for it, or itself when there is none."""
    stands = np.array([node.primary_service for node in graph.nodes], dtype=np.int32)
    stands = np.where(stands == NONE, np.arange(len(stands)), stands).astype(np.int32)
    called = np.where(graph.service == NONE, stands[graph.destination], graph.service)
    alone = [number for number in _of_kinds(graph, "workload", "gateway").tolist() if stands[number] == number]
    idle = np.concatenate((_of_kinds(graph, "service", "service_entry"), np.array(alone, dtype=np.int32)))
    return _grouped(graph, graph.nodes, (stands[graph.source], called), None, None, idle)


def _namespaces(graph: MeshGraph) -> Grouping:
    """Namespace -> namespace, its own calls as an edge to itself; what is in no namespace stays a node of its own."""
    nodes: list[GraphNode] = []
    numbers: dict[str, int] = {}
    pods: dict[int, list[GraphNode]] = {}
    place = np.zeros(len(graph.nodes), dtype=np.int32)
    for number, node in enumerate(graph.nodes):
        inside = node.kind in _PLACED and node.namespace != ""
        node_id = f"namespace:{node.cluster}/{node.namespace}" if inside else node.id
        if node_id not in numbers:
            numbers[node_id] = len(nodes)
            name = node.namespace
            nodes.append(GraphNode(node_id, "namespace", node.cluster, name, name, name) if inside else node)
        place[number] = numbers[node_id]
        if inside and node.pods_total is not None:
            pods.setdefault(numbers[node_id], []).append(node)
    for number, members in pods.items():
        nodes[number] = msgspec.structs.replace(
            nodes[number],
            pods_ready=sum(node.pods_ready or 0 for node in members),
            pods_total=sum(node.pods_total or 0 for node in members),
        )
    called = np.where(graph.destination == NONE, graph.service, graph.destination)
    idle = np.array([number for number, node in enumerate(nodes) if node.kind == "namespace"], dtype=np.int32)
    return _grouped(graph, tuple(nodes), (place[graph.source], place[called]), None, None, idle)


VIEWS: dict[str, Callable[[MeshGraph], Grouping]] = {
    "workload+services": _workloads_and_services,
    "workload": _workloads,
    "service": _services,
    "namespace": _namespaces,
}


def _grouped(
    graph: MeshGraph,
    nodes: tuple[GraphNode, ...],
    hop: tuple[NDArray[np.int32], NDArray[np.int32]],
    second_hop: tuple[NDArray[np.int32], NDArray[np.int32]] | None,
    with_second: NDArray[np.bool_] | None,
    idle: IntColumn,
) -> Grouping:
    base = np.int64(len(nodes) + 1)

    def codes(ends: tuple[NDArray[np.int32], NDArray[np.int32]]) -> NDArray[np.int64]:
        return (ends[0].astype(np.int64) * base + ends[1]) * len(PROTOCOLS) + graph.protocol

    parts = [codes(hop)]
    second = np.full(len(graph), NONE, dtype=np.int32)
    if second_hop is not None and with_second is not None:
        parts.append(codes(second_hop)[with_second])
    edges, which = np.unique(np.concatenate(parts), return_inverse=True)
    if with_second is not None:
        second[with_second] = which[len(graph) :]
    return Grouping(
        nodes=nodes,
        source=(edges // len(PROTOCOLS) // base).astype(np.int32),
        destination=(edges // len(PROTOCOLS) % base).astype(np.int32),
        protocol=(edges % len(PROTOCOLS)).astype(np.int32),
        first=which[: len(graph)].astype(np.int32),
        second=second,
        idle=idle,
    )


def _of_kinds(graph: MeshGraph, *kinds: str) -> IntColumn:
    return np.array([number for number, node in enumerate(graph.nodes) if node.kind in kinds], dtype=np.int32)
