"""Edges that carry nothing now but did lately, remembered from snapshot to snapshot.

Prometheus could be asked for counters that stand still, but that answer is as large as the one about traffic, and a
counter outlives its last request by as long as its pod. What earlier snapshots saw costs no query, says since when an
edge is idle, and is the same for every dialect.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from meshui.domain.graph.mesh import NONE, GraphNode, MeshGraph
from meshui.domain.telemetry.rows import PROTOCOLS, FloatColumn, IntColumn

KEPT_SECONDS: Final = 3600.0
MOST: Final = 20_000
"""Idle edges that are remembered; of more, those that were idle longest are forgotten."""


def with_idle_edges(graph: MeshGraph, previous: MeshGraph, seen_at: datetime, now: datetime) -> MeshGraph:
    """The graph with what `previous`, whose rates are of `seen_at`, had and it has not, as edges that carry nothing.
    Edges of workloads and services that were deleted since are forgotten."""
    since = np.where(previous.idle, previous.idle_since, seen_at.timestamp())
    nodes, number = _numbers(graph, previous)
    source, service, destination = (
        _renumbered(number, column) for column in (previous.source, previous.service, previous.destination)
    )
    base = np.int64(len(nodes) + 1)
    were = _codes(source, service, destination, previous.protocol, base)
    are = _codes(graph.source, graph.service, graph.destination, graph.protocol, base)
    gone = (source == _GONE) | (service == _GONE) | (destination == _GONE)
    idle = ~gone & ~np.isin(were, are) & (now.timestamp() - since <= KEPT_SECONDS)
    idle &= ~_never_arrived(graph, source, service, destination, idle)
    kept = np.flatnonzero(idle)
    kept = kept[np.argsort(-since[kept], kind="stable")[:MOST]]
    return _appended(graph, previous, nodes, source[kept], service[kept], destination[kept], kept, since[kept])


_GONE = -2


def _numbers(graph: MeshGraph, previous: MeshGraph) -> tuple[tuple[GraphNode, ...], IntColumn]:
    """(the nodes of both graphs, the number of each of the previous ones, or _GONE when it was deleted)."""
    known = {node.id: number for number, node in enumerate(graph.nodes)}
    nodes = list(graph.nodes)
    numbers = np.full(len(previous.nodes), _GONE, dtype=np.int32)
    used = np.unique(np.concatenate((previous.source, previous.service, previous.destination)))
    for place in used[used != NONE].tolist():
        node = previous.nodes[place]
        if node.id not in known and not node.declared:
            known[node.id] = len(nodes)
            nodes.append(msgspec.structs.replace(node, primary_service=NONE, badges=()))
        numbers[place] = known.get(node.id, _GONE)
    return tuple(nodes), numbers


def _renumbered(number: IntColumn, column: IntColumn) -> IntColumn:
    return np.where(column == NONE, NONE, number[np.maximum(column, 0)]).astype(np.int32) if len(number) else column


def _codes(
    source: IntColumn, service: IntColumn, destination: IntColumn, protocol: IntColumn, base: np.int64
) -> NDArray[np.int64]:
    return ((source.astype(np.int64) * base + service + 1) * base + destination + 1) * len(PROTOCOLS) + protocol


def _never_arrived(
    graph: MeshGraph, source: IntColumn, service: IntColumn, destination: IntColumn, idle: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Requests to a service that reached no workload once are no edge of their own where others did reach one."""
    base = np.int64(2**31)
    lost = (destination == NONE) & (service != NONE)
    asked = source.astype(np.int64) * base + service
    live = (graph.source.astype(np.int64) * base + graph.service)[graph.service != NONE]
    arrived: NDArray[np.bool_] = lost & np.isin(asked, np.concatenate((asked[idle & ~lost], live)))
    return arrived


def _appended(
    graph: MeshGraph,
    previous: MeshGraph,
    nodes: tuple[GraphNode, ...],
    source: IntColumn,
    service: IntColumn,
    destination: IntColumn,
    kept: NDArray[np.intp],
    since: FloatColumn,
) -> MeshGraph:
    nothing, unknown = np.zeros(len(kept)), np.full(len(kept), np.nan)
    buckets = np.zeros((len(kept), graph.cumulative.shape[1]))
    return msgspec.structs.replace(
        graph,
        nodes=nodes,
        source=np.concatenate((graph.source, source)),
        service=np.concatenate((graph.service, service)),
        destination=np.concatenate((graph.destination, destination)),
        protocol=np.concatenate((graph.protocol, previous.protocol[kept])),
        reporter=np.concatenate((graph.reporter, previous.reporter[kept])),
        dialect=np.concatenate((graph.dialect, previous.dialect[kept])),
        rate=np.concatenate((graph.rate, nothing)),
        sent=np.concatenate((graph.sent, nothing)),
        received=np.concatenate((graph.received, nothing)),
        mtls_share=np.concatenate((graph.mtls_share, unknown)),
        cumulative=np.concatenate((graph.cumulative, buckets)),
        idle_since=np.concatenate((graph.idle_since, since)),
    )
