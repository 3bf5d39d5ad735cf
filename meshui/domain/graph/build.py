"""Telemetry rows and inventory to the graph at the finest grain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meshui.domain.graph.callers import named_callers
from meshui.domain.graph.mesh import NONE, MeshGraph, Responses, Tally
from meshui.domain.graph.nodes import NodeIndex
from meshui.domain.graph.once import counted_once
from meshui.domain.graph.own_name import with_own_name
from meshui.domain.graph.reporters import pair, selected
from meshui.domain.graph.traffic import Ends, Traffic, ends_of, traffic_of
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.telemetry.responses import denial, outcome
from meshui.domain.telemetry.rows import (
    AMBIENT,
    ISTIO,
    PROTOCOLS,
    SECURITY_MUTUAL_TLS,
    SECURITY_UNKNOWN,
    SOURCE,
    TCP,
    FloatColumn,
    IntColumn,
    Keys,
    TelemetryRows,
    sums,
)

LongColumn = NDArray[np.int64]
_Find = Callable[[LongColumn], IntColumn]
"""The edge of each edge code, or NONE."""


def build_graph(rows: TelemetryRows, inventory: Inventory, *, cluster: str) -> MeshGraph:
    """The graph of a cluster: every request counted once, by one reporter an edge (graph.reporters), and every
    workload and service of the inventory a node, with or without traffic."""
    rows = with_own_name(rows, cluster)
    index = NodeIndex(inventory, cluster)
    ends = ends_of(rows, index)
    unknown_destination = index.unknown_destination(cluster)
    nodes = len(index)
    strings = rows.strings if "" in rows.strings else (*rows.strings, "")
    traffic = traffic_of(rows, ends, strings.index(""))
    traffic = named_callers(traffic, rows.strings, inventory, index, index.unknown_sources())
    traffic = counted_once(traffic, strings, inventory, index)
    codes = _edge_codes(traffic.source, traffic.service, traffic.destination, traffic.protocol, nodes)
    kept = selected(traffic.source, traffic.service, traffic.destination, traffic.protocol, traffic.reporter, nodes)
    edge_codes, first, edge = np.unique(codes[kept], return_index=True, return_inverse=True)
    edges = len(edge_codes)
    find = _finder(edge_codes)

    def of_edge(column: IntColumn) -> IntColumn:
        return column[kept][first]

    def total(column: FloatColumn) -> FloatColumn:
        return sums(edge, column[kept], edges)

    source, service, destination = (of_edge(one) for one in (traffic.source, traffic.service, traffic.destination))
    protocol, reporter, dialect = (of_edge(one) for one in (traffic.protocol, traffic.reporter, traffic.dialect))
    joined = _Joined(rows.keys, ends, _sources_of_keys(traffic, ends), nodes, find, reporter, dialect)
    sent, received = total(traffic.sent), total(traffic.received)
    sized, its_edge = joined.edges(rows.sizes.key, rows.sizes.reporter)
    sent += sums(its_edge, rows.sizes.sent[sized], edges)
    received += sums(its_edge, rows.sizes.received[sized], edges)
    timed, its_edge = joined.edges(rows.durations.key, rows.durations.reporter)
    cumulative = np.zeros((edges, len(rows.durations.bounds)))
    np.add.at(cumulative, its_edge, rows.durations.cumulative[timed])
    anywhere = find(codes)
    return MeshGraph(
        cluster=cluster,
        strings=strings,
        nodes=index.nodes(),
        source=source,
        service=service,
        destination=np.where((service == NONE) & (destination == NONE), unknown_destination, destination).astype(
            np.int32
        ),
        protocol=protocol,
        reporter=reporter,
        dialect=dialect,
        rate=total(traffic.rate),
        sent=sent,
        received=received,
        mtls_share=_mtls_share(traffic, pair(source, destination, (protocol == TCP).astype(np.int64), nodes), nodes),
        bounds=rows.durations.bounds,
        cumulative=cumulative,
        responses=_responses(traffic, kept, edge, edges, strings),
        source_principals=_tally(anywhere, traffic.source_principal, traffic.rate, len(strings)),
        destination_principals=_tally(anywhere, traffic.destination_principal, traffic.rate, len(strings)),
        hosts=_tally(edge, rows.keys.service_host[traffic.key][kept], traffic.rate[kept], len(strings)),
        idle_since=np.full(edges, np.nan),
    )


def _edge_codes(
    source: IntColumn, service: IntColumn, destination: IntColumn, protocol: IntColumn, nodes: int
) -> LongColumn:
    """One number for each (source, service, destination, protocol)."""
    base = np.int64(nodes + 1)
    return ((source.astype(np.int64) * base + service + 1) * base + destination + 1) * len(PROTOCOLS) + protocol


def _finder(edge_codes: LongColumn) -> _Find:
    def find(codes: LongColumn) -> IntColumn:
        if not len(edge_codes):
            return np.full(len(codes), NONE, dtype=np.int32)
        place = np.minimum(np.searchsorted(edge_codes, codes), len(edge_codes) - 1)
        return np.where(edge_codes[place] == codes, place, NONE).astype(np.int32)

    return find


class _Joined:
    """Joins what is counted per key and reporter (durations, sizes) to the edges whose reporter and dialect it comes
    from."""

    def __init__(
        self,
        keys: Keys,
        ends: Ends,
        sources: dict[int, int],
        nodes: int,
        find: _Find,
        reporter: IntColumn,
        dialect: IntColumn,
    ) -> None:
        named = ends.source.copy()
        for key, node in sources.items():
            named[key] = node
        self._plain = find(_edge_codes(ends.source, ends.service, ends.destination, keys.protocol, nodes))
        self._named = find(_edge_codes(named, ends.service, ends.destination, keys.protocol, nodes))
        self._reporter = reporter
        self._dialect = np.where(dialect == AMBIENT, ISTIO, dialect)
        self._dialect_of_key = keys.dialect

    def edges(self, key: IntColumn, reporter: IntColumn) -> tuple[IntColumn, IntColumn]:
        """(rows that count, the edge of each)."""
        edge = np.where(reporter == SOURCE, self._plain[key], self._named[key])
        counts = np.flatnonzero(edge != NONE)
        counts = counts[self._reporter[edge[counts]] == reporter[counts]]
        counts = counts[self._dialect[edge[counts]] == self._dialect_of_key[key[counts]]]
        return counts.astype(np.int32), edge[counts]


def _sources_of_keys(traffic: Traffic, ends: Ends) -> dict[int, int]:
    """Keys of unnamed callers all of whose traffic turned out to come from one workload."""
    changed = np.unique(traffic.key[traffic.source != ends.source[traffic.key]])
    found: dict[int, int] = {}
    for key in changed.tolist():
        sources = np.unique(traffic.source[traffic.key == key])
        if len(sources) == 1:
            found[key] = int(sources[0])
    return found


def _mtls_share(traffic: Traffic, wanted: LongColumn, nodes: int) -> FloatColumn:
    """The share of mutual TLS for each wanted (caller, called workload): who tells (never an Istio sidecar that
    calls) is asked about the pair, since both sides may name different services. TCP without new connections is judged
    by bytes."""
    told = (traffic.destination != NONE) & (traffic.security != SECURITY_UNKNOWN)
    stream = (traffic.protocol[told] == TCP).astype(np.int64)
    pairs, which = np.unique(pair(traffic.source[told], traffic.destination[told], stream, nodes), return_inverse=True)
    share = np.full(len(wanted), np.nan)
    if not len(pairs):
        return share
    mutual = traffic.security[told] == SECURITY_MUTUAL_TLS

    def part(weight: FloatColumn) -> tuple[FloatColumn, FloatColumn]:
        return sums(which, weight * mutual, len(pairs)), sums(which, weight, len(pairs))

    mutual_requests, requests = part(traffic.rate[told])
    mutual_bytes, sizes = part((traffic.sent + traffic.received)[told])
    top = np.where(requests > 0, mutual_requests, mutual_bytes)
    bottom = np.where(requests > 0, requests, sizes)
    shares = np.divide(top, bottom, out=np.full(len(pairs), np.nan), where=bottom > 0)
    place = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
    found = pairs[place] == wanted
    share[found] = shares[place][found]
    return share


def _responses(
    traffic: Traffic, kept: NDArray[np.bool_], edge: NDArray[np.intp], edges: int, strings: Sequence[str]
) -> Responses:
    """Rates by response. TCP counts closed connections, whose flags are final, unless none closed in the window."""
    closed = sums(edge, traffic.closed[kept], edges)
    stream = traffic.protocol[kept] == TCP
    rate = np.where(stream & (closed[edge] > 0), traffic.closed[kept], traffic.rate[kept])
    counted = rate > 0
    columns = (traffic.protocol, traffic.code, traffic.grpc_code, traffic.flags)
    kinds, kind = np.unique(np.stack([column[kept][counted] for column in columns]), axis=1, return_inverse=True)
    count = max(kinds.shape[1], 1)
    cells, cell = np.unique(edge[counted].astype(np.int64) * count + kind.ravel(), return_inverse=True)
    its_kind = (cells % count).astype(np.int32)
    named = [(PROTOCOLS[column[0]], *(strings[number] for number in column[1:])) for column in kinds.T.tolist()]
    return Responses(
        edge=(cells // count).astype(np.int32),
        code=kinds[1][its_kind],
        grpc_code=kinds[2][its_kind],
        flags=kinds[3][its_kind],
        outcome=np.array([outcome(*one) for one in named], dtype=np.int8)[its_kind],
        denial=np.array([denial(*one) for one in named], dtype=np.int8)[its_kind],
        rate=sums(cell, rate[counted], len(cells)),
    )


def _tally(edge: NDArray[np.integer[Any]], name: IntColumn, rate: FloatColumn, strings: int) -> Tally:
    """Rate per edge and name; unknown names (number 0) and rows without an edge are left out."""
    said = (edge != NONE) & (name != 0)
    cells, cell = np.unique(edge[said].astype(np.int64) * strings + name[said], return_inverse=True)
    return Tally(
        edge=(cells // strings).astype(np.int32),
        name=(cells % strings).astype(np.int32),
        rate=sums(cell, rate[said], len(cells)),
    )
