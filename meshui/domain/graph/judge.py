"""The levels of a view's edges and nodes, remembered from snapshot to snapshot so that they don't flicker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from meshui.domain.graph.aggregate import EdgeTotals, Totals, edge_totals, node_totals
from meshui.domain.graph.mesh import MeshGraph
from meshui.domain.graph.responses import Answers, Kind, answers, kinds_of
from meshui.domain.graph.views import Grouping, Groupings
from meshui.domain.health.levels import NEVER, Levels, levels
from meshui.domain.health.limits import Direction, Limit
from meshui.domain.health.rules import Policy
from meshui.domain.health.thresholds import Thresholds
from meshui.domain.telemetry.rows import PROTOCOLS, TCP, FloatColumn, IntColumn, sums

Memory = dict[str, int]
"""Per element id what its levels were, one digit to the base 3 per limit. Healthy elements are left out."""
_DIGITS: Final = 19
"""Limits of one direction: what was remembered of both fits into 63 bits."""


class Judged(msgspec.Struct, frozen=True):
    """One element per row: its level and the limit that decided (of a healthy one the first that is approached; -1:
    none), how much of how much that limit is about, and what is to be remembered."""

    level: Levels
    limit: IntColumn
    failed: FloatColumn
    total: FloatColumn
    digits: NDArray[np.int64]


class Table:
    """The policies of a snapshot against the kinds of responses in a view. Row p holds policy p for what an object
    answers, row `policies + p` for what it asks for itself."""

    def __init__(self, policies: Sequence[Policy], kinds: Sequence[Kind]) -> None:
        self.policies = len(policies)
        self._rows = [*(_of(one, "inbound") for one in policies), *(_of(one, "outbound") for one in policies)]
        width = max(1, *(len(row) for row in self._rows))
        self.covers = np.full((len(self._rows), max(len(kinds), 1)), -1, dtype=np.int32)
        self.degraded = np.full((len(self._rows), width), NEVER)
        self.failing = np.full((len(self._rows), width), NEVER)
        self.counted = np.zeros((len(self._rows), width, len(PROTOCOLS)))
        for number, row in enumerate(self._rows):
            for place, limit in enumerate(row):
                self.degraded[number, place] = NEVER if limit.degraded is None else limit.degraded
                self.failing[number, place] = NEVER if limit.failing is None else limit.failing
                self.counted[number, place] = [
                    protocol == limit.protocol or (limit.protocol is None and protocol != "tcp")
                    for protocol in PROTOCOLS
                ]
            for kind, of in enumerate(kinds):
                covering = (
                    place
                    for place, limit in enumerate(row)
                    if limit.covers(of.protocol, of.code, of.grpc_code, of.outcome)
                )
                self.covers[number, kind] = next(covering, -1)

    def limit(self, row: int, place: int) -> Limit | None:
        """The limit at that place of a row."""
        return self._rows[row][place] if place >= 0 else None

    @property
    def judges_callers(self) -> bool:
        """Whether any policy says anything of what an object asks for itself."""
        return any(self._rows[self.policies :])


class NodeNumbers(msgspec.Struct, frozen=True):
    """One element per node: requests in and out, TCP connections in, and which of them the node is judged by."""

    inbound: Totals
    inbound_rate: FloatColumn
    outbound: Totals
    outbound_rate: FloatColumn
    streams: Totals
    by_outbound: NDArray[np.bool_]
    """Gateways that nobody in the mesh calls are judged by what they pass on."""


class Judgement(msgspec.Struct, frozen=True):
    """Edges and nodes, each by what is answered and by what is asked for; `*_row` says by which row of the table."""

    table: Table
    edges: Judged
    edges_asked: Judged
    edge_row: IntColumn
    edge_asked_row: IntColumn
    nodes: Judged
    nodes_asked: Judged
    node_row: IntColumn
    node_asked_row: IntColumn


class ViewNumbers(msgspec.Struct, frozen=True):
    """A view before it is put in words."""

    grouping: Grouping
    edge_ids: list[str]
    answers: Answers
    edges: EdgeTotals
    nodes: NodeNumbers
    judgement: Judgement


class Judge:
    """Judges the views of one graph; what they share is found once."""

    def __init__(self, graph: MeshGraph, policies: Sequence[Policy], window_seconds: int, how: Thresholds) -> None:
        self._graph = graph
        self._window = window_seconds
        self._how = how
        self._groupings = Groupings(graph)
        self._kinds = kinds_of(graph)
        self._table = Table(policies, self._kinds.kinds)

    def numbers(
        self, view: str, expanded: tuple[str, ...], memory: Mapping[str, int], may_deny: NDArray[np.bool_]
    ) -> ViewNumbers:
        """The numbers of the view of that name, in which these namespaces are expanded. `memory` holds the levels of
        the snapshot before (or of this one: judging again by its own result changes nothing)."""
        grouped = self._groupings.of(view, expanded)
        edges = edge_totals(self._graph, grouped, may_deny)
        given = answers(self._graph, grouped, self._kinds)
        return ViewNumbers(
            grouping=grouped,
            edge_ids=grouped.edge_ids(),
            answers=given,
            edges=edges,
            nodes=_node_numbers(edges, grouped),
            judgement=self._judgement(grouped, given, memory),
        )

    def memory(self, view: str, before: Mapping[str, int]) -> Memory:
        """What the next snapshot must know of the levels in the view of that name; `before` is of the one before."""
        grouped = self._groupings.of(view)
        found = self._judgement(grouped, answers(self._graph, grouped, self._kinds), before)
        edges = found.edges.digits + found.edges_asked.digits * 3**_DIGITS
        nodes = found.nodes.digits + found.nodes_asked.digits * 3**_DIGITS
        remembered = {grouped.edge_id(number): int(edges[number]) for number in np.flatnonzero(edges).tolist()}
        remembered |= {grouped.nodes[number].id: int(nodes[number]) for number in np.flatnonzero(nodes).tolist()}
        return remembered

    def _judgement(self, grouped: Grouping, given: Answers, memory: Mapping[str, int]) -> Judgement:
        table, window, how = self._table, self._window, self._how
        policy = np.array([node.policy for node in grouped.nodes], dtype=np.int32)
        count, nodes = len(grouped), len(grouped.nodes)
        protocol = grouped.protocol[given.edge]
        totals = _by_protocol(given.edge, protocol, given.rate, count)
        edge_row, edge_asked_row = policy[grouped.destination], policy[grouped.source] + table.policies
        answered, asked = grouped.destination[given.edge], grouped.source[given.edge]
        inbound = _by_protocol(answered, protocol, given.rate, nodes)
        gateway = np.array([node.kind == "gateway" for node in grouped.nodes], dtype=bool)
        passing = gateway & (inbound[:, :TCP].sum(axis=1) == 0)
        node_asked_row = np.where(passing, policy, policy + table.policies).astype(np.int32)
        of_edges, of_nodes = grouped.found(memory)

        def answering(element: IntColumn, row: IntColumn, totals: FloatColumn, before: NDArray[np.int64]) -> Judged:
            return _judged(table, element, row, given, totals, before % 3**_DIGITS, window, how)

        def asking(element: IntColumn, row: IntColumn, totals: FloatColumn, before: NDArray[np.int64]) -> Judged:
            return _judged(table, element, row, given, totals, before // 3**_DIGITS, window, how)

        edges_asked, nodes_asked = _unjudged(count), _unjudged(nodes)
        if table.judges_callers:
            edges_asked = asking(given.edge, edge_asked_row, totals, of_edges)
        if table.judges_callers or passing.any():
            outbound = _by_protocol(asked, protocol, given.rate, nodes)
            nodes_asked = asking(asked, node_asked_row, outbound, of_nodes)
        return Judgement(
            table=table,
            edges=answering(given.edge, edge_row, totals, of_edges),
            edges_asked=edges_asked,
            edge_row=edge_row,
            edge_asked_row=edge_asked_row,
            nodes=answering(answered, policy, inbound, of_nodes),
            nodes_asked=nodes_asked,
            node_row=policy,
            node_asked_row=node_asked_row,
        )


def _judged(
    table: Table,
    element: IntColumn,
    row: IntColumn,
    given: Answers,
    totals: FloatColumn,
    digits: NDArray[np.int64],
    window_seconds: int,
    how: Thresholds,
) -> Judged:
    width, count = table.degraded.shape[1], len(row)
    place = table.covers[row[element], given.kind]
    covered = np.flatnonzero(place >= 0)
    cell = element[covered].astype(np.int64) * width + place[covered]
    failed = sums(cell, given.rate[covered], count * width).reshape(count, width)
    total = np.einsum("ep,elp->el", totals, table.counted[row])
    powers = 3 ** np.arange(width, dtype=np.int64)
    before = (digits[:, None] // powers % 3).astype(np.int8)
    level = levels(total, failed, window_seconds, before, table.degraded[row], table.failing[row], how)
    share = np.divide(failed, total, out=np.zeros_like(total), where=total > 0)
    # The worst; of equally bad ones the largest share; of healthy ones the first that anything fails of.
    weight = np.where(level > 0, level + share / 2, np.where(failed > 0, 0.25, 0.0))
    worst = weight.argmax(axis=1)
    at = np.arange(count)
    return Judged(
        level=level[at, worst],
        limit=np.where(failed[at, worst] > 0, worst, -1).astype(np.int32),
        failed=failed[at, worst],
        total=total[at, worst],
        digits=(level.astype(np.int64) * powers).sum(axis=1),
    )


def _unjudged(count: int) -> Judged:
    nothing = np.zeros(count)
    return Judged(
        level=np.zeros(count, dtype=np.int8),
        limit=np.full(count, -1, dtype=np.int32),
        failed=nothing,
        total=nothing,
        digits=np.zeros(count, dtype=np.int64),
    )


def _of(policy: Policy, direction: Direction) -> tuple[Limit, ...]:
    return tuple(limit for limit in policy if limit.direction == direction)[:_DIGITS]


def _by_protocol(element: IntColumn, protocol: IntColumn, rate: FloatColumn, count: int) -> FloatColumn:
    cell = element.astype(np.int64) * len(PROTOCOLS) + protocol
    return sums(cell, rate, count * len(PROTOCOLS)).reshape(count, len(PROTOCOLS))


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
