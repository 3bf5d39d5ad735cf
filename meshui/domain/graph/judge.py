"""The levels of a view's edges and nodes, remembered from snapshot to snapshot so that they don't flicker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from meshui.domain.graph.aggregate import EdgeTotals, Totals, edge_totals, node_totals
from meshui.domain.graph.mesh import MeshGraph
from meshui.domain.graph.views import Grouping, grouping
from meshui.domain.health.levels import Levels, client_levels, server_levels
from meshui.domain.health.thresholds import Thresholds
from meshui.domain.telemetry.rows import FloatColumn

Memory = dict[str, int]
"""Per element id what its levels were: server + 3 x client + 9 x stream. Healthy elements are left out."""


class NodeNumbers(msgspec.Struct, frozen=True):
    """One element per node: requests in and out, TCP connections in, and which of them the node is judged by."""

    inbound: Totals
    inbound_rate: FloatColumn
    outbound: Totals
    outbound_rate: FloatColumn
    streams: Totals
    by_outbound: NDArray[np.bool_]
    """Gateways that nobody in the mesh calls are judged by what they pass on."""


class ElementLevels(msgspec.Struct, frozen=True):
    """`server`: errors of the called side, `client`: the caller's own, `stream`: TCP connections (nodes only)."""

    server: Levels
    client: Levels
    stream: Levels


class ViewNumbers(msgspec.Struct, frozen=True):
    """A view before it is put in words."""

    grouping: Grouping
    edge_ids: list[str]
    edges: EdgeTotals
    nodes: NodeNumbers
    edge_levels: ElementLevels
    node_levels: ElementLevels


def view_numbers(
    graph: MeshGraph,
    view: str,
    may_deny: NDArray[np.bool_],
    window_seconds: int,
    memory: Mapping[str, int],
    limits: Thresholds,
    expanded: tuple[str, ...] = (),
) -> ViewNumbers:
    """The numbers of the view of that name, in which these namespaces are expanded. `memory` holds the levels of the
    snapshot before (or of this one: judging again by its own result changes nothing)."""
    grouped = grouping(graph, view, expanded)
    edges = edge_totals(graph, grouped, may_deny)
    nodes = _node_numbers(edges, grouped)
    edge_ids = grouped.edge_ids()
    before = _recall(memory, edge_ids)
    edge_levels = ElementLevels(
        server=server_levels(edges.totals.answered, edges.totals.failed, window_seconds, before.server, limits),
        client=client_levels(edges.totals.answered, edges.totals.refused, window_seconds, before.client, limits),
        stream=before.stream,
    )
    before = _recall(memory, [node.id for node in grouped.nodes])
    judged = judged_totals(nodes)
    node_levels = ElementLevels(
        server=server_levels(judged.answered, judged.failed, window_seconds, before.server, limits),
        client=client_levels(judged.answered, judged.refused, window_seconds, before.client, limits),
        stream=server_levels(nodes.streams.answered, nodes.streams.failed, window_seconds, before.stream, limits),
    )
    return ViewNumbers(grouped, edge_ids, edges, nodes, edge_levels, node_levels)


def judged_totals(nodes: NodeNumbers) -> Totals:
    """What each node is judged by."""

    def pick(inbound: FloatColumn, outbound: FloatColumn) -> FloatColumn:
        return np.where(nodes.by_outbound, outbound, inbound)

    return Totals(
        answered=pick(nodes.inbound.answered, nodes.outbound.answered),
        failed=pick(nodes.inbound.failed, nodes.outbound.failed),
        refused=pick(nodes.inbound.refused, nodes.outbound.refused),
        cumulative=nodes.inbound.cumulative,
    )


def remember(numbers: ViewNumbers) -> Memory:
    """What the next snapshot must know of this one."""
    memory: Memory = {}
    ids = [node.id for node in numbers.grouping.nodes]
    for names, levels in ((numbers.edge_ids, numbers.edge_levels), (ids, numbers.node_levels)):
        joined = levels.server.astype(np.int64) + 3 * levels.client + 9 * levels.stream
        for number in np.flatnonzero(joined).tolist():
            memory[names[number]] = int(joined[number])
    return memory


def _recall(memory: Mapping[str, int], ids: Sequence[str]) -> ElementLevels:
    if memory:
        joined = np.fromiter((memory.get(element_id, 0) for element_id in ids), np.int64, len(ids))
    else:
        joined = np.zeros(len(ids), dtype=np.int64)
    return ElementLevels(
        server=(joined % 3).astype(np.int8),
        client=(joined // 3 % 3).astype(np.int8),
        stream=(joined // 9 % 3).astype(np.int8),
    )


def _node_numbers(edges: EdgeTotals, grouped: Grouping) -> NodeNumbers:
    inbound, inbound_rate = node_totals(edges, grouped, grouped.destination)
    outbound, outbound_rate = node_totals(edges, grouped, grouped.source)
    streams, _ = node_totals(edges, grouped, grouped.destination, streams=True)
    gateway = np.array([node.kind == "gateway" for node in grouped.nodes], dtype=bool)
    return NodeNumbers(
        inbound=inbound,
        inbound_rate=inbound_rate,
        outbound=outbound,
        outbound_rate=outbound_rate,
        streams=streams,
        by_outbound=gateway & (inbound.answered == 0),
    )
