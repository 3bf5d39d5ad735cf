"""The numbers of a view's edges and nodes: sums over the finest edges that each is made of."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from meshui.domain.graph.mesh import NONE, MeshGraph, Tally
from meshui.domain.graph.views import Grouping
from meshui.domain.telemetry.responses import CLIENT_ERROR, ERROR, PERHAPS, SURE
from meshui.domain.telemetry.rows import TCP, FloatColumn, IntColumn, sums

_NO_RATE = 1e-12
"""Weighs an edge without a rate (open TCP connections), so that its mutual TLS still shows when it is alone."""


class Totals(msgspec.Struct, frozen=True):
    """`answered` is what shares of `failed` and `refused` (the caller's own errors) are taken of."""

    answered: FloatColumn
    failed: FloatColumn
    refused: FloatColumn
    cumulative: NDArray[np.float64]


class EdgeTotals(msgspec.Struct, frozen=True):
    """One element per edge of a view."""

    totals: Totals
    rate: FloatColumn
    sent: FloatColumn
    received: FloatColumn
    denied: FloatColumn
    mtls_share: FloatColumn
    reporter: IntColumn
    idle_since: FloatColumn
    """When an edge that carries nothing last did, in seconds of the epoch; nan for all others."""

    @property
    def idle(self) -> NDArray[np.bool_]:
        """Which edges carry nothing now."""
        return ~np.isnan(self.idle_since)


class Spread:
    """Where what belongs to finest edges goes: the same element once per edge of the view that it belongs to."""

    def __init__(self, grouping: Grouping, edge: IntColumn | None = None) -> None:
        first = grouping.first if edge is None else grouping.first[edge]
        second = grouping.second if edge is None else grouping.second[edge]
        both = np.flatnonzero(second != NONE)
        self.element = np.concatenate((np.arange(len(first)), both))
        """Index of the element; with `group` the pairs of a join."""
        self.group = np.concatenate((first, second[both]))
        self._groups = len(grouping)

    def total(self, values: NDArray[Any]) -> FloatColumn:
        """The sum of the values in each edge of the view."""
        return sums(self.group, values[self.element].astype(np.float64), self._groups)


def edge_totals(graph: MeshGraph, grouping: Grouping, may_deny: NDArray[np.bool_]) -> EdgeTotals:
    """`may_deny` says for each finest edge whether policy can refuse there, so that a 403 is taken for the proxy's."""
    spread = Spread(grouping)
    responses = graph.responses
    answers = Spread(grouping, responses.edge)
    denied = (responses.denial == SURE) | ((responses.denial == PERHAPS) & may_deny[responses.edge])
    weight = np.where(np.isnan(graph.mtls_share), 0.0, graph.rate + _NO_RATE)
    weighed = spread.total(weight)
    mutual = spread.total(weight * np.nan_to_num(graph.mtls_share))
    share = np.divide(mutual, weighed, out=np.full(len(grouping), np.nan), where=weighed > 0)
    by_reporter = np.stack([spread.total((graph.rate + _NO_RATE) * (graph.reporter == one)) for one in range(3)])
    return EdgeTotals(
        totals=Totals(
            answered=answers.total(responses.rate),
            failed=answers.total(responses.rate * (responses.outcome == ERROR)),
            refused=answers.total(responses.rate * (responses.outcome == CLIENT_ERROR)),
            cumulative=_bucket_totals(graph.cumulative, spread.element, spread.group, len(grouping)),
        ),
        rate=spread.total(graph.rate),
        sent=spread.total(graph.sent),
        received=spread.total(graph.received),
        denied=answers.total(responses.rate * denied),
        mtls_share=share,
        reporter=by_reporter.argmax(axis=0).astype(np.int32) if len(grouping) else np.zeros(0, np.int32),
        idle_since=_idle_since(graph, spread, len(grouping)),
    )


def node_totals(
    edges: EdgeTotals, grouping: Grouping, end: IntColumn, *, streams: bool = False
) -> tuple[Totals, FloatColumn]:
    """(totals, rate) of each node over the edges whose `end` (source or destination) it is: requests, or with `streams`
    TCP connections; the two have different units."""
    asked = np.flatnonzero((grouping.protocol == TCP) == streams)
    node, count = end[asked], len(grouping.nodes)
    totals = edges.totals
    return (
        Totals(
            answered=sums(node, totals.answered[asked], count),
            failed=sums(node, totals.failed[asked], count),
            refused=sums(node, totals.refused[asked], count),
            cumulative=_bucket_totals(totals.cumulative, asked, node, count),
        ),
        sums(node, edges.rate[asked], count),
    )


def names_by_edge(
    grouping: Grouping, tally: Tally, strings: tuple[str, ...], limit: int | None = None
) -> list[tuple[str, ...]]:
    """The names of each edge of the view, the most frequent first; with `limit` not more than so many."""
    spread = Spread(grouping, tally.edge)
    cells, cell = np.unique(
        spread.group.astype(np.int64) * len(strings) + tally.name[spread.element], return_inverse=True
    )
    rate = sums(cell, tally.rate[spread.element], len(cells))
    names: list[list[str]] = [[] for _ in range(len(grouping))]
    for place in np.lexsort((cells, -rate, cells // len(strings))).tolist():
        group, name = divmod(int(cells[place]), len(strings))
        names[group].append(strings[name])
    return [tuple(found[:limit]) for found in names]


def _idle_since(graph: MeshGraph, spread: Spread, groups: int) -> FloatColumn:
    """An edge is idle when all that it is made of is, since the last of it became so."""
    since = np.full(groups, -np.inf)
    np.maximum.at(since, spread.group, np.where(graph.idle, graph.idle_since, np.inf)[spread.element])
    return np.where(np.isfinite(since), since, np.nan)


def _bucket_totals(
    cumulative: NDArray[np.float64], element: NDArray[Any], group: NDArray[Any], groups: int
) -> NDArray[np.float64]:
    total = np.zeros((groups, cumulative.shape[1]))
    for column in range(cumulative.shape[1]):
        total[:, column] = sums(group, cumulative[element, column], groups)
    return total
