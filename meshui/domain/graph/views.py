"""Which edges of a view each edge of the finest grain belongs to: one function a view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from meshui.domain.graph.groups import Places, app_places, namespace_places, own_places
from meshui.domain.graph.mesh import NONE, GraphNode, MeshGraph
from meshui.domain.graph.model import ViewSpec
from meshui.domain.telemetry.rows import PROTOCOLS, IntColumn

_PROTOCOL_NUMBERS = {name: number for number, name in enumerate(PROTOCOLS)}


class Grouping(msgspec.Struct, frozen=True):
    """A view's nodes and edges, and where the finest go: edge i into `first[i]`, and also into `second[i]` unless
    that is NONE (a request passes two edges where a service stands between); node i into `place[i]`."""

    nodes: tuple[GraphNode, ...]
    place: IntColumn
    source: IntColumn
    destination: IntColumn
    protocol: IntColumn
    first: IntColumn
    second: IntColumn
    idle: IntColumn
    """Nodes of the view that are shown without traffic, when asked for."""

    def __len__(self) -> int:
        return len(self.source)

    def edge_id(self, edge: int) -> str:
        """`SOURCE>DESTINATION|PROTOCOL` of an edge."""
        source, destination = self.nodes[int(self.source[edge])].id, self.nodes[int(self.destination[edge])].id
        return f"{source}>{destination}|{PROTOCOLS[int(self.protocol[edge])]}"

    def edge_ids(self) -> list[str]:
        """The id of each edge."""
        ids = [node.id for node in self.nodes]
        return [
            f"{ids[source]}>{ids[destination]}|{PROTOCOLS[protocol]}"
            for source, destination, protocol in zip(
                self.source.tolist(), self.destination.tolist(), self.protocol.tolist(), strict=True
            )
        ]

    def found(self, ids: Mapping[str, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """What is said of the edges, and of the nodes, by their ids; 0 where nothing is."""
        numbers = {node.id: number for number, node in enumerate(self.nodes)} if ids else {}
        of_edges, of_nodes = np.zeros(len(self), dtype=np.int64), np.zeros(len(self.nodes), dtype=np.int64)
        ends: list[tuple[int, int, int, int]] = []
        for element_id, said in ids.items():
            if (node := numbers.get(element_id)) is not None:
                of_nodes[node] = said
                continue
            pair, _, protocol = element_id.rpartition("|")
            source, _, destination = pair.partition(">")
            if source in numbers and destination in numbers and protocol in _PROTOCOL_NUMBERS:
                ends.append((numbers[source], numbers[destination], _PROTOCOL_NUMBERS[protocol], said))
        if ends and len(self):
            source_, destination_, protocol_, said_ = np.array(ends, dtype=np.int64).T
            codes = self._codes(self.source, self.destination, self.protocol)
            wanted = self._codes(source_, destination_, protocol_)
            place = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
            known = codes[place] == wanted
            of_edges[place[known]] = said_[known]
        return of_edges, of_nodes

    def _codes(self, source: NDArray[Any], destination: NDArray[Any], protocol: NDArray[Any]) -> NDArray[np.int64]:
        """One number for each edge; the edges are in their order."""
        pairs = source.astype(np.int64) * (len(self.nodes) + 1) + destination
        codes: NDArray[np.int64] = pairs * len(PROTOCOLS) + protocol
        return codes

    def edges_of(self, finest: NDArray[np.bool_]) -> IntColumn:
        """The edges that any of these edges of the finest grain belongs to."""
        second = self.second[finest]
        return np.union1d(self.first[finest], second[second != NONE]).astype(np.int32)


def view_name(spec: ViewSpec) -> str:
    """The name of the grouping a spec asks for; filters, boxes and idle elements don't change it."""
    between = spec.service_nodes and f"{spec.kind}+services" in VIEWS
    return f"{spec.kind}+services" if between else spec.kind


def grouping(graph: MeshGraph, view: str, expanded: tuple[str, ...] = ()) -> Grouping:
    """The edges of the view of that name (one of VIEWS). In the namespace view `expanded` namespaces keep their
    workloads."""
    return Groupings(graph).of(view, expanded)


class Groupings:
    """The views of one graph; what several share is found once."""

    def __init__(self, graph: MeshGraph) -> None:
        self.graph = graph

    def of(self, view: str, expanded: tuple[str, ...] = ()) -> Grouping:
        """As `grouping`."""
        return _namespaces(self, expanded) if view == "namespace" else VIEWS[view](self)

    @cached_property
    def workloads(self) -> Places:
        """Every node for itself."""
        return own_places(self.graph)

    @cached_property
    def apps(self) -> Places:
        """Workloads by app."""
        return app_places(self.graph, versioned=False)

    @cached_property
    def versioned_apps(self) -> Places:
        """Workloads by app and version."""
        return app_places(self.graph, versioned=True)


def _services(its: Groupings) -> Grouping:
    """Service -> service. A workload is the one service that stands for it, or itself when there is none."""
    graph = its.graph
    stands = np.array([node.primary_service for node in graph.nodes], dtype=np.int32)
    stands = np.where(stands == NONE, np.arange(len(stands)), stands).astype(np.int32)
    called = np.where(graph.service == NONE, stands[graph.destination], graph.service)
    alone = [number for number in _of_kinds(graph.nodes, "workload", "gateway").tolist() if stands[number] == number]
    idle = np.concatenate((_of_kinds(graph.nodes, "service", "service_entry"), np.array(alone, dtype=np.int32)))
    return _grouped(graph, Places(graph.nodes, stands), (stands[graph.source], called), None, None, idle)


def _namespaces(its: Groupings, expanded: tuple[str, ...] = ()) -> Grouping:
    """Namespace -> namespace, its own calls as an edge to itself; what is in no namespace stays a node of its own."""
    graph, places = its.graph, namespace_places(its.graph, frozenset(expanded))
    hop = places.of[graph.source], places.of[_called(graph)]
    return _grouped(graph, places, hop, None, None, _of_kinds(places.nodes, "namespace", "workload", "gateway"))


VIEWS: dict[str, Callable[[Groupings], Grouping]] = {
    "workload+services": lambda its: _with_services(its.graph, its.workloads),
    "workload": lambda its: _without_services(its.graph, its.workloads),
    "versioned_app+services": lambda its: _with_services(its.graph, its.versioned_apps),
    "versioned_app": lambda its: _without_services(its.graph, its.versioned_apps),
    "app+services": lambda its: _with_services(its.graph, its.apps),
    "app": lambda its: _without_services(its.graph, its.apps),
    "service": _services,
    "namespace": _namespaces,
}


def _with_services(graph: MeshGraph, places: Places) -> Grouping:
    """Caller -> service carries every request, service -> called side only those that were given to a workload."""
    direct = graph.service == NONE
    first = places.of[np.where(direct, graph.destination, graph.service)]
    assigned = ~direct & (graph.destination != NONE)
    second = places.of[graph.service], places.of[graph.destination]
    idle = _of_kinds(places.nodes, "workload", "gateway", "app", "service", "service_entry")
    return _grouped(graph, places, (places.of[graph.source], first), second, assigned, idle)


def _without_services(graph: MeshGraph, places: Places) -> Grouping:
    """Caller -> called side; what reached no workload stays with the service that was asked for."""
    hop = places.of[graph.source], places.of[_called(graph)]
    return _grouped(graph, places, hop, None, None, _of_kinds(places.nodes, "workload", "gateway", "app"))


def _called(graph: MeshGraph) -> IntColumn:
    return np.where(graph.destination == NONE, graph.service, graph.destination)


def _grouped(
    graph: MeshGraph,
    places: Places,
    hop: tuple[NDArray[np.int32], NDArray[np.int32]],
    second_hop: tuple[NDArray[np.int32], NDArray[np.int32]] | None,
    with_second: NDArray[np.bool_] | None,
    idle: IntColumn,
) -> Grouping:
    base = np.int64(len(places.nodes) + 1)

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
        nodes=places.nodes,
        place=places.of,
        source=(edges // len(PROTOCOLS) // base).astype(np.int32),
        destination=(edges // len(PROTOCOLS) % base).astype(np.int32),
        protocol=(edges % len(PROTOCOLS)).astype(np.int32),
        first=which[: len(graph)].astype(np.int32),
        second=second,
        idle=idle,
    )


def _of_kinds(nodes: tuple[GraphNode, ...], *kinds: str) -> IntColumn:
    return np.array([number for number, node in enumerate(nodes) if node.kind in kinds], dtype=np.int32)
