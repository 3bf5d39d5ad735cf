"""The graphs of several clusters as one: the same nodes and edges found again, nothing counted twice.

Two clusters' metrics may tell of one edge: the caller's Prometheus knows it from the caller's proxy, the called side's
from the other end; and a Prometheus that is shared tells all of it in either cluster's name. So what a workload's own
proxies report is taken from one cluster's graph, its own where that tells anything; then reporters are chosen as in
one cluster (graph.reporters).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from meshui.domain.graph.mesh import NONE, GraphNode, MeshGraph, Responses, Tally
from meshui.domain.graph.reporters import pair, selected
from meshui.domain.telemetry.rows import PROTOCOLS, SOURCE, TCP, FloatColumn, IntColumn, sums

_Mask = NDArray[np.bool_]


class JoinedGraph(msgspec.Struct, frozen=True):
    """`origin` is the edge's number among the edges of all graphs, one graph after the other; `twin` that of the same
    edge as the called side's own cluster tells of it, or `origin` where it doesn't."""

    graph: MeshGraph
    origin: IntColumn
    twin: IntColumn


def joined(graphs: Sequence[MeshGraph], cluster: str) -> JoinedGraph:
    """The graphs, one of each cluster, as the one of `cluster`."""
    nodes, numbers = _nodes(graphs)
    strings, spelled = _strings(graphs)
    starts = np.cumsum([0, *(len(graph) for graph in graphs)])

    def column(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(graph, name) for graph in graphs])

    def end(name: str) -> IntColumn:
        columns = [getattr(graph, name) for graph in graphs]
        return np.concatenate([_renumbered(number, one) for number, one in zip(numbers, columns, strict=True)])

    source, service, destination = end("source"), end("service"), end("destination")
    protocol, reporter, idle_since = column("protocol"), column("reporter"), column("idle_since")
    told_by = np.repeat(np.arange(len(graphs), dtype=np.int32), np.diff(starts))
    home = _homes(graphs, nodes)
    ends = _Ends(source, service, destination, protocol, len(nodes))
    idle = ~np.isnan(idle_since)
    kept = _kept(ends, reporter, told_by, home, idle)
    origin = np.flatnonzero(kept).astype(np.int32)
    place = np.full(len(source), NONE, dtype=np.int32)
    place[origin] = np.arange(len(origin))
    bounds = np.unique(np.concatenate([graph.bounds for graph in graphs]))
    buckets = np.concatenate([_rebucketed(graph, bounds) for graph in graphs])
    graph = MeshGraph(
        cluster=cluster,
        strings=strings,
        nodes=nodes,
        source=source[origin],
        service=service[origin],
        destination=destination[origin],
        protocol=protocol[origin],
        reporter=reporter[origin],
        dialect=column("dialect")[origin],
        rate=column("rate")[origin],
        sent=column("sent")[origin],
        received=column("received")[origin],
        mtls_share=_mtls_share(ends, column("mtls_share"), column("rate"), origin),
        bounds=bounds,
        cumulative=buckets[origin],
        responses=_responses(graphs, starts, spelled, place),
        source_principals=_tally([graph.source_principals for graph in graphs], starts, spelled, place),
        destination_principals=_tally([graph.destination_principals for graph in graphs], starts, spelled, place),
        hosts=_tally([graph.hosts for graph in graphs], starts, spelled, place),
        idle_since=idle_since[origin],
    )
    return JoinedGraph(graph, origin, _twins(ends, told_by, home, origin))


class _Ends(msgspec.Struct, frozen=True):
    source: IntColumn
    service: IntColumn
    destination: IntColumn
    protocol: IntColumn
    nodes: int

    def whole(self) -> NDArray[np.int64]:
        """One number for each (source, service, destination, protocol)."""
        base = np.int64(self.nodes + 1)
        codes = (self.source.astype(np.int64) * base + self.service + 1) * base + self.destination + 1
        return codes * len(PROTOCOLS) + self.protocol


def _nodes(graphs: Sequence[MeshGraph]) -> tuple[tuple[GraphNode, ...], list[IntColumn]]:
    """(all nodes, the number of each graph's nodes among them). A node is as the cluster tells that has it."""
    numbers: dict[str, int] = {}
    nodes: list[GraphNode] = []
    origins: list[int] = []
    places = []
    for origin, graph in enumerate(graphs):
        place = np.zeros(len(graph.nodes), dtype=np.int32)
        for number, node in enumerate(graph.nodes):
            place[number] = found = numbers.setdefault(node.id, len(nodes))
            if found == len(nodes):
                nodes.append(node)
                origins.append(origin)
            elif node.declared and not nodes[found].declared:
                nodes[found], origins[found] = node, origin
        places.append(place)
    for number, (node, origin) in enumerate(zip(nodes, origins, strict=True)):
        if node.primary_service != NONE:
            primary = int(places[origin][node.primary_service])
            nodes[number] = msgspec.structs.replace(node, primary_service=primary)
    return tuple(nodes), places


def _strings(graphs: Sequence[MeshGraph]) -> tuple[tuple[str, ...], list[IntColumn]]:
    numbers: dict[str, int] = {}
    spelled = [
        np.array([numbers.setdefault(text, len(numbers)) for text in graph.strings], dtype=np.int32) for graph in graphs
    ]
    return tuple(numbers), spelled


def _homes(graphs: Sequence[MeshGraph], nodes: tuple[GraphNode, ...]) -> IntColumn:
    """The graph of each node's own cluster, or NONE."""
    of = {graph.cluster: number for number, graph in enumerate(graphs)}
    return np.array([of.get(node.cluster, NONE) for node in nodes], dtype=np.int32)


def _renumbered(number: IntColumn, column: IntColumn) -> IntColumn:
    return np.where(column == NONE, NONE, number[np.maximum(column, 0)]).astype(np.int32) if len(number) else column


def _kept(ends: _Ends, reporter: IntColumn, told_by: IntColumn, home: IntColumn, idle: _Mask) -> _Mask:
    live = np.flatnonzero(~idle)
    stream = (ends.protocol == TCP).astype(np.int64)
    by_caller = reporter == SOURCE
    called = np.where(ends.destination == NONE, ends.service, ends.destination)
    # What one proxy reports: all calls of a caller, or what one caller asks of a called side.
    speaker = np.where(by_caller, pair(ends.source, ends.source, stream, ends.nodes), 0)
    speaker += np.where(by_caller, 0, pair(ends.source, called, stream, ends.nodes))
    speaker = speaker * 3 + reporter
    own = home[np.where(by_caller, ends.source, np.maximum(called, 0))]
    kept = np.zeros(len(idle), dtype=bool)
    kept[live] = _from_one(speaker[live], told_by[live], own[live])
    chosen = np.flatnonzero(kept)
    source, service, destination = (end[chosen] for end in (ends.source, ends.service, ends.destination))
    kept[chosen] = selected(source, service, destination, ends.protocol[chosen], reporter[chosen], ends.nodes)
    quiet = np.flatnonzero(idle)
    whole = ends.whole()
    kept[quiet] = _from_one(whole[quiet], told_by[quiet], home[ends.source[quiet]])
    kept[quiet] &= ~np.isin(whole[quiet], whole[live])
    return kept


def _from_one(speaker: NDArray[np.int64], told_by: IntColumn, own: IntColumn) -> _Mask:
    """Which rows are told by the graph that is listened to for their speaker: its own, else the first."""
    if not len(speaker):
        return np.zeros(0, dtype=bool)
    _, which = np.unique(speaker, return_inverse=True)
    rank = np.where(told_by == own, -1, told_by)
    best = np.full(int(which.max()) + 1, np.iinfo(np.int32).max)
    np.minimum.at(best, which, rank)
    first: _Mask = rank == best[which]
    return first


def _mtls_share(ends: _Ends, share: FloatColumn, rate: FloatColumn, origin: IntColumn) -> FloatColumn:
    """Only the called side sees mutual TLS: where the chosen graph doesn't know, another one's share is taken."""
    told = np.flatnonzero(~np.isnan(share) & (ends.destination != NONE))
    if not len(told):
        return share[origin]
    pairs = pair(ends.source, ends.destination, (ends.protocol == TCP).astype(np.int64), ends.nodes)
    known, which = np.unique(pairs[told], return_inverse=True)
    weight = rate[told] + 1e-12
    shares = sums(which, weight * share[told], len(known)) / sums(which, weight, len(known))
    wanted = pairs[origin]
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    found = np.isnan(share[origin]) & (known[place] == wanted)
    return np.where(found, shares[place], share[origin])


def _twins(ends: _Ends, told_by: IntColumn, home: IntColumn, origin: IntColumn) -> IntColumn:
    whole = ends.whole()
    at_home = np.flatnonzero((ends.destination != NONE) & (told_by == home[np.maximum(ends.destination, 0)]))
    if not len(at_home):
        return origin
    known, first = np.unique(whole[at_home], return_index=True)
    wanted = whole[origin]
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[place] == wanted, at_home[first][place], origin).astype(np.int32)


def _rebucketed(graph: MeshGraph, bounds: FloatColumn) -> NDArray[np.float64]:
    """The buckets at all bounds; a bucket is divided as evenly as a quantile takes it to be filled."""
    if not len(graph.bounds):
        return np.zeros((len(graph), len(bounds)))
    upper = np.minimum(np.searchsorted(graph.bounds, bounds), len(graph.bounds) - 1)
    edges = np.concatenate(([0.0], graph.bounds))
    filled = np.concatenate((np.zeros((len(graph), 1)), graph.cumulative), axis=1)
    width = edges[upper + 1] - edges[upper]
    part = np.where(bounds >= edges[upper + 1], 1.0, 0.0)
    np.divide(bounds - edges[upper], width, out=part, where=np.isfinite(width) & (part < 1))
    buckets: NDArray[np.float64] = filled[:, upper] + (filled[:, upper + 1] - filled[:, upper]) * part
    return buckets


def _responses(
    graphs: Sequence[MeshGraph], starts: NDArray[np.int64], spelled: list[IntColumn], place: IntColumn
) -> Responses:
    parts = [graph.responses for graph in graphs]
    edge = np.concatenate([place[part.edge + start] for part, start in zip(parts, starts, strict=False)])
    here = edge != NONE

    def text(name: str) -> IntColumn:
        columns = [getattr(part, name) for part in parts]
        return column_of([names[one] for names, one in zip(spelled, columns, strict=True)])

    def column(name: str) -> NDArray[Any]:
        return column_of([getattr(part, name) for part in parts])

    def column_of(columns: list[NDArray[Any]]) -> NDArray[Any]:
        found: NDArray[Any] = np.concatenate(columns)[here]
        return found

    return Responses(
        edge=edge[here],
        code=text("code"),
        grpc_code=text("grpc_code"),
        flags=text("flags"),
        outcome=column("outcome"),
        denial=column("denial"),
        rate=column("rate"),
    )


def _tally(parts: list[Tally], starts: NDArray[np.int64], spelled: list[IntColumn], place: IntColumn) -> Tally:
    edge = np.concatenate([place[part.edge + start] for part, start in zip(parts, starts, strict=False)])
    name = np.concatenate([names[part.name] for part, names in zip(parts, spelled, strict=True)])
    here = edge != NONE
    return Tally(edge=edge[here], name=name[here], rate=np.concatenate([part.rate for part in parts])[here])
