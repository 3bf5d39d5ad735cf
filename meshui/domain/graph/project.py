"""A snapshot to what one view shows. Pure and shared: computed once per view and version, whoever watches."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isnan

import numpy as np
from numpy.typing import NDArray

from meshui.domain.authz import prediction as authz_prediction
from meshui.domain.graph.aggregate import Spread, Totals, names_by_edge
from meshui.domain.graph.boxes import Boxed, boxes_of
from meshui.domain.graph.health_words import HealthWords
from meshui.domain.graph.judge import Judge, Memory, ViewNumbers
from meshui.domain.graph.latency import quantiles
from meshui.domain.graph.mesh import MeshGraph
from meshui.domain.graph.model import Edge, GraphView, Node, Traffic, ViewSpec
from meshui.domain.graph.responses import Breakdown, breakdowns
from meshui.domain.graph.shown import Shown, shown_of
from meshui.domain.graph.views import Grouping, view_name
from meshui.domain.mtls import prediction as mtls_prediction
from meshui.domain.snapshot import MeshSnapshot, may_deny
from meshui.domain.telemetry.caveats import caveats as caveats_of
from meshui.domain.telemetry.rows import DIALECTS, PROTOCOLS, REPORTERS, FloatColumn, IntColumn

_MOST_NAMES = 8
"""Principals and hosts listed per edge."""


def project(snapshot: MeshSnapshot, spec: ViewSpec) -> GraphView:
    """The view that the spec asks for. Numbers of a node are of all its traffic, also where a namespace filter hides
    some of its edges. Boxes, nodes and edges are ordered by id."""
    view = view_name(spec)
    judge = Judge(snapshot.graph, snapshot.policies, snapshot.window_seconds, snapshot.health.thresholds)
    denying = may_deny(snapshot.authz, snapshot.authz_of)
    numbers = judge.numbers(view, spec.expanded, _levels(snapshot, view, spec), denying)
    shown = shown_of(snapshot.graph, numbers, spec)
    found = breakdowns(numbers.answers, len(numbers.grouping))
    words = HealthWords(numbers, found, snapshot.window_seconds)
    boxed = boxes_of([numbers.grouping.nodes[number] for number in shown.nodes], spec)
    nodes = _nodes(snapshot, numbers, words, shown, boxed)
    return GraphView(
        cluster=snapshot.cluster,
        version=snapshot.version,
        published_at=snapshot.published_at,
        evaluated_at=snapshot.evaluated_at,
        window_seconds=snapshot.window_seconds,
        sources=snapshot.sources,
        boxes=boxed.boxes,
        nodes=tuple(sorted(nodes, key=lambda node: node.id)),
        edges=tuple(sorted(_edges(snapshot, numbers, found, words, shown.edges), key=lambda edge: edge.id)),
    )


def _levels(snapshot: MeshSnapshot, view: str, spec: ViewSpec) -> Memory:
    remembered = snapshot.levels.get(view, {})
    return snapshot.levels.get("workload", {}) | remembered if spec.expanded else remembered


def _edges(
    snapshot: MeshSnapshot, numbers: ViewNumbers, found: list[Breakdown], words: HealthWords, shown: list[int]
) -> list[Edge]:
    graph, grouping, edges = snapshot.graph, numbers.grouping, numbers.edges
    p50, p90, p95, p99 = (_milliseconds(snapshot, edges.totals, q) for q in (0.5, 0.9, 0.95, 0.99))
    mtls_of = _members(numbers, snapshot.mtls_of, len(snapshot.mtls))
    authz_of = _members(numbers, snapshot.authz_of, len(snapshot.authz))
    sources = names_by_edge(grouping, graph.source_principals, graph.strings, _MOST_NAMES)
    destinations = names_by_edge(grouping, graph.destination_principals, graph.strings, _MOST_NAMES)
    hosts = names_by_edge(grouping, graph.hosts, graph.strings, _MOST_NAMES)
    dialects, caveats = _told_by(graph, grouping)
    ids = [node.id for node in grouping.nodes]
    built = []
    for number in shown:
        its, rate = found[number], round(float(edges.rate[number]), 6)
        denied = round(float(edges.denied[number]), 6)
        share = float(edges.mtls_share[number])
        built.append(
            Edge(
                id=numbers.edge_ids[number],
                source=ids[grouping.source[number]],
                destination=ids[grouping.destination[number]],
                protocol=PROTOCOLS[grouping.protocol[number]],
                reporter=REPORTERS[edges.reporter[number]],
                rate=rate,
                error_share=_share(edges.totals, number),
                codes=_rounded(its.codes),
                grpc_codes=_rounded(its.grpc_codes),
                flags=_rounded(its.flags),
                p50_ms=p50[number],
                p90_ms=p90[number],
                p95_ms=p95[number],
                p99_ms=p99[number],
                sent_bytes_rate=round(float(edges.sent[number]), 3),
                received_bytes_rate=round(float(edges.received[number]), 3),
                health=words.edge(number),
                mtls=mtls_prediction.merged(
                    [snapshot.mtls[one] for one in mtls_of[number]], None if isnan(share) else round(share, 6)
                ),
                authz=authz_prediction.merged([snapshot.authz[one] for one in authz_of[number]], denied, rate),
                source_principals=sources[number],
                destination_principals=destinations[number],
                hosts=hosts[number],
                code_flags={code: _rounded(flags) for code, flags in its.code_flags.items()},
                dialects=dialects[number],
                caveats=caveats[number],
                idle_since=_time(float(edges.idle_since[number])),
            )
        )
    return built


def _told_by(graph: MeshGraph, grouping: Grouping) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """(dialects, caveats) of each edge of the view."""
    spread = Spread(grouping)
    kinds, kind = np.unique(np.stack((graph.dialect, graph.protocol, graph.reporter)), axis=1, return_inverse=True)
    count = max(kinds.shape[1], 1)
    names: list[tuple[str, ...]] = [()] * len(grouping)
    sentences: list[tuple[str, ...]] = [()] * len(grouping)
    its = [(DIALECTS[one[0]], caveats_of(*one)) for one in kinds.T.tolist()]
    for cell in np.unique(spread.group.astype(np.int64) * count + kind.ravel()[spread.element]).tolist():
        group, number = divmod(cell, count)
        name, said = its[number]
        names[group] = (*names[group], *({name} - {*names[group]}))
        sentences[group] = (*sentences[group], *(one for one in said if one not in sentences[group]))
    return names, sentences


def _nodes(
    snapshot: MeshSnapshot,
    numbers: ViewNumbers,
    words: HealthWords,
    shown: Shown,
    boxed: Boxed,
) -> list[Node]:
    grouping, nodes = numbers.grouping, numbers.nodes
    inbound_p95 = _milliseconds(snapshot, nodes.inbound, 0.95)
    outbound_p95 = _milliseconds(snapshot, nodes.outbound, 0.95)
    live = np.flatnonzero(~numbers.edges.idle)
    arriving = _by_node(live, grouping.destination)
    leaving = _by_node(live, grouping.source)
    built = []
    for number, inside in zip(shown.nodes, shown.inside, strict=True):
        node = grouping.nodes[number]
        built.append(
            Node(
                id=node.id,
                kind=node.kind,
                cluster=node.cluster,
                namespace=node.namespace,
                name=node.name,
                label=node.label,
                box=boxed.of.get(node.id),
                health=words.node(number, arriving.get(number, []), leaving.get(number, [])),
                inbound=_traffic(nodes.inbound, nodes.inbound_rate, inbound_p95, number),
                outbound=_traffic(nodes.outbound, nodes.outbound_rate, outbound_p95, number),
                app=node.app,
                version=node.version,
                workload_kind=node.workload_kind,
                has_proxy=node.has_proxy,
                pods_ready=node.pods_ready,
                pods_total=node.pods_total,
                badges=node.badges,
                outside=not inside,
            )
        )
    return built


def _members(numbers: ViewNumbers, which: IntColumn, kinds: int) -> list[list[int]]:
    """The different predictions of the finest edges in each edge of the view."""
    spread = Spread(numbers.grouping)
    members: list[list[int]] = [[] for _ in range(len(numbers.grouping))]
    for cell in np.unique(spread.group.astype(np.int64) * kinds + which[spread.element]).tolist():
        group, kind = divmod(cell, kinds)
        members[group].append(kind)
    return members


def _time(seconds: float) -> datetime | None:
    return None if isnan(seconds) else datetime.fromtimestamp(seconds, UTC)


def _by_node(of: NDArray[np.intp], end: IntColumn) -> dict[int, list[int]]:
    edges: dict[int, list[int]] = {}
    for edge, node in zip(of.tolist(), end[of].tolist(), strict=True):
        edges.setdefault(node, []).append(edge)
    return edges


def _milliseconds(snapshot: MeshSnapshot, totals: Totals, q: float) -> list[float | None]:
    values = quantiles(snapshot.graph.bounds, totals.cumulative, q).tolist()
    return [None if isnan(value) else round(value, 3) for value in values]


def _traffic(totals: Totals, rate: FloatColumn, p95: list[float | None], number: int) -> Traffic:
    return Traffic(rate=round(float(rate[number]), 6), error_share=_share(totals, number), p95_ms=p95[number])


def _share(totals: Totals, number: int) -> float | None:
    answered = float(totals.answered[number])
    return round(float(totals.failed[number]) / answered, 6) if answered > 0 else None


def _rounded(rates: dict[str, float]) -> dict[str, float]:
    return {name: round(rate, 6) for name, rate in sorted(rates.items())}
