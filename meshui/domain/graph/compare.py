"""What is different between two views of one graph, as far as it is not chance.

Rates become counts (rate x window), and a difference must be both large enough to matter and unlikely to be noise:

- new, gone: at least `minimum_seen` requests on the side where it is (with fewer, none would be seen on the other side
  now and then anyway). What is shown without traffic is new or gone as soon as it is there or not.
- failing, recovered: the error shares differ by `share` and by `deviations` standard deviations (two proportions,
  pooled), with at least `minimum_failed` failures on the worse side. Nodes also by their pods.
- slower, faster: p95 differs by the factor `latency_ratio`, by `latency_ms`, and by `deviations` standard errors of a
  quantile: sqrt(q (1 - q) / n) over the density there, which is read from the distance of p90 and p99, or, where only
  p95 is known, from an exponential tail. Both sides need `minimum_timed` requests.
- busier, quieter: the rates differ by the factor `rate_ratio` and by `deviations` of a Poisson count.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from math import sqrt
from typing import Literal

import msgspec

from meshui.domain.graph.model import Edge, GraphView, Node, Past, Traffic
from meshui.domain.health.reasons import per_second, percent
from meshui.domain.telemetry.responses import NO_RESPONSE, SERVER_FAULT_STATUSES

DifferenceKind = Literal["failing", "gone", "new", "slower", "quieter", "busier", "recovered", "faster"]
KINDS: tuple[DifferenceKind, ...] = ("failing", "gone", "new", "slower", "quieter", "busier", "recovered", "faster")
"""What needs attention first comes first."""
MIRRORED: dict[DifferenceKind, DifferenceKind] = {
    "failing": "recovered",
    "recovered": "failing",
    "gone": "new",
    "new": "gone",
    "slower": "faster",
    "faster": "slower",
    "quieter": "busier",
    "busier": "quieter",
}
"""What each difference is when the two views change places."""


class ComparisonLimits(msgspec.Struct, frozen=True):
    """What a difference must reach. `minimum_*` are requests within the window."""

    minimum_seen: float = 5
    minimum_failed: float = 3
    minimum_timed: float = 30
    share: float = 0.01
    latency_ratio: float = 1.25
    latency_ms: float = 5
    rate_ratio: float = 1.5
    deviations: float = 3.29
    """Of a normal distribution: less than one in a thousand comparisons is over it by chance."""


LIMITS = ComparisonLimits()


class ComparedNumbers(msgspec.Struct, frozen=True):
    """RED of an edge, or of a node's inbound traffic (outbound, when nobody calls it)."""

    rate: float
    error_share: float | None
    p95_ms: float | None


class Difference(msgspec.Struct, frozen=True):
    """One thing that is different about one element, with the sentence that says how. An element may have several."""

    element: Literal["edge", "node"]
    id: str
    kind: DifferenceKind
    label: str
    """ "web → catalog-v2", or the node's label."""
    reason: str
    before: ComparedNumbers | None
    """None where the element is not there."""
    after: ComparedNumbers | None


class ComparedView(msgspec.Struct, frozen=True):
    """One of the two views."""

    version: int
    published_at: datetime
    evaluated_at: datetime | None
    past: Past | None
    """None: it is the live one."""
    nodes: int
    edges: int


class Comparison(msgspec.Struct, frozen=True):
    """Two views of one graph. `differences`: those that need attention first; within a kind the busiest first."""

    cluster: str
    window_seconds: int
    before: ComparedView
    after: ComparedView
    differences: tuple[Difference, ...]
    limits: ComparisonLimits


class _Seen(msgspec.Struct, frozen=True):
    """An element on one side, with what its differences are told of."""

    numbers: ComparedNumbers
    quantiles: tuple[float, float] | None
    """p90 and p99."""
    unit: str
    worst: str
    silent: bool
    """There without any requests."""
    present: bool
    """False for an edge that is shown although nothing passes it."""
    pods: tuple[int, int] | None = None


def compare(before: GraphView, after: GraphView, limits: ComparisonLimits = LIMITS) -> Comparison:
    """The differences from `before` to `after`. compare(a, a) has none, and compare(b, a) has those of compare(a, b),
    MIRRORED. Raises ValueError for views of different clusters or windows."""
    if (before.cluster, before.window_seconds) != (after.cluster, after.window_seconds):
        raise ValueError("views of different clusters or windows can't be compared")
    window = after.window_seconds
    labels = {node.id: node.label for view in (before, after) for node in view.nodes}
    edges_then = {edge.id: edge for edge in before.edges}
    edges_now = {edge.id: edge for edge in after.edges}
    nodes_then = {node.id: node for node in before.nodes}
    nodes_now = {node.id: node for node in after.nodes}
    found: list[Difference] = []
    for edge_id in edges_then.keys() | edges_now.keys():
        old, new = edges_then.get(edge_id), edges_now.get(edge_id)
        label = _edge_label(new or old, labels)
        found += _told("edge", edge_id, label, _of_edge(old), _of_edge(new), window, limits)
    for node_id in nodes_then.keys() | nodes_now.keys():
        was, its = nodes_then.get(node_id), nodes_now.get(node_id)
        inbound = any(node is not None and node.inbound.rate > 0 for node in (was, its))
        found += _told("node", node_id, labels[node_id], _of_node(was, inbound), _of_node(its, inbound), window, limits)
    return Comparison(
        cluster=after.cluster,
        window_seconds=window,
        before=_side(before),
        after=_side(after),
        differences=tuple(sorted(found, key=_order)),
        limits=limits,
    )


def _side(view: GraphView) -> ComparedView:
    return ComparedView(view.version, view.published_at, view.evaluated_at, view.past, len(view.nodes), len(view.edges))


def _told(
    element: Literal["edge", "node"],
    its: str,
    label: str,
    before: _Seen | None,
    after: _Seen | None,
    window: int,
    limits: ComparisonLimits,
) -> list[Difference]:
    reasons: dict[DifferenceKind, list[str]] = {}
    for kind, reason in _differences(before, after, window, limits):
        reasons.setdefault(kind, []).append(reason)
    return [
        Difference(
            element=element,
            id=its,
            kind=kind,
            label=label,
            reason="; ".join(sentences),
            before=before.numbers if before else None,
            after=after.numbers if after else None,
        )
        for kind, sentences in reasons.items()
    ]


def _order(one: Difference) -> tuple[int, bool, float, str]:
    rate = max(side.rate for side in (one.before, one.after) if side is not None)
    return KINDS.index(one.kind), one.element == "node", -rate, one.id


def _differences(
    before: _Seen | None, after: _Seen | None, window: int, limits: ComparisonLimits
) -> Iterator[tuple[DifferenceKind, str]]:
    here = before if before is not None and before.present else None
    there = after if after is not None and after.present else None
    if here is None or there is None:
        if there is not None and (there.silent or _counts(there, window, limits)):
            yield "new", _appeared(there, window)
        if here is not None and (here.silent or _counts(here, window, limits)):
            yield "gone", _vanished(here, window)
        return
    yield from _pods(here, there)
    yield from _errors(here, there, window, limits)
    yield from _latency(here, there, window, limits)
    yield from _rate(here, there, window, limits)


def _counts(one: _Seen, window: int, limits: ComparisonLimits) -> bool:
    return one.numbers.rate * window >= limits.minimum_seen


def _appeared(one: _Seen, window: int) -> str:
    if one.silent:
        return "was not there before; it has no requests"
    fails = f", {percent(one.numbers.error_share)} of which fail{one.worst}" if one.numbers.error_share else ""
    return f"{per_second(one.numbers.rate, one.unit)} where there was nothing before{fails}"


def _vanished(one: _Seen, window: int) -> str:
    if one.silent:
        return "is not there any more; it had no requests"
    about = round(one.numbers.rate * window)
    return f"nothing any more, after {per_second(one.numbers.rate, one.unit)} (about {about} in {window} s)"


def _pods(before: _Seen, after: _Seen) -> Iterator[tuple[DifferenceKind, str]]:
    if before.pods is None or after.pods is None:
        return
    lacking, lacks = before.pods[1] - before.pods[0], after.pods[1] - after.pods[0]
    told = f"{after.pods[0]} of {after.pods[1]} pods ready, {before.pods[0]} of {before.pods[1]} before"
    if lacks > lacking:
        yield "failing", told
    elif lacks < lacking:
        yield "recovered", told


def _errors(before: _Seen, after: _Seen, window: int, limits: ComparisonLimits) -> Iterator[tuple[DifferenceKind, str]]:
    old, new = before.numbers, after.numbers
    if old.error_share is None or new.error_share is None:
        return
    counts = (old.rate * window, new.rate * window)
    failed = (old.error_share * counts[0], new.error_share * counts[1])
    worse = failed[1] if new.error_share > old.error_share else failed[0]
    if min(counts) <= 0 or worse < limits.minimum_failed - 0.5 or abs(new.error_share - old.error_share) < limits.share:
        return  # rate() extrapolates: three failures may come out a little below 3
    pooled = sum(failed) / sum(counts)
    error = sqrt(pooled * (1 - pooled) * (1 / counts[0] + 1 / counts[1]))
    if error > 0 and abs(new.error_share - old.error_share) < limits.deviations * error:
        return
    now, then = percent(new.error_share), percent(old.error_share)
    if new.error_share > old.error_share:
        yield "failing", f"{now} of {per_second(new.rate, after.unit)} fail{after.worst}; {then} before"
    else:
        yield "recovered", f"{now} of {per_second(new.rate, after.unit)} fail; {then} before{before.worst}"


def _latency(
    before: _Seen, after: _Seen, window: int, limits: ComparisonLimits
) -> Iterator[tuple[DifferenceKind, str]]:
    old, new = before.numbers, after.numbers
    if old.p95_ms is None or new.p95_ms is None:
        return
    counts = (old.rate * window, new.rate * window)
    low, high = sorted((old.p95_ms, new.p95_ms))
    if min(counts) < limits.minimum_timed or high - low < limits.latency_ms or high < limits.latency_ratio * low:
        return
    error = sqrt(_quantile_error(before, counts[0]) ** 2 + _quantile_error(after, counts[1]) ** 2)
    if high - low < limits.deviations * error:
        return
    rose = new.p95_ms > old.p95_ms
    times = f", {high / low:.1f} times" if rose and low > 0 else ""
    told = f"p95 {'rose' if rose else 'fell'} from {_ms(old.p95_ms)} to {_ms(new.p95_ms)}{times}"
    yield ("slower" if rose else "faster"), f"{told} (over about {round(min(counts))} requests)"


def _rate(before: _Seen, after: _Seen, window: int, limits: ComparisonLimits) -> Iterator[tuple[DifferenceKind, str]]:
    old, new = before.numbers.rate * window, after.numbers.rate * window
    low, high = sorted((old, new))
    if high < limits.minimum_timed or high < limits.rate_ratio * low:
        return
    if high - low < limits.deviations * sqrt(high + low):
        return
    told = f"{per_second(after.numbers.rate, after.unit)}, {per_second(before.numbers.rate, before.unit)} before"
    yield ("busier" if new > old else "quieter"), told


_Q = 0.95
_TAIL = 20 / 2.9957
"""The slope of an exponential's quantile function at 0.95, in p95: 1 / (1 - q) over -ln(1 - q)."""


def _quantile_error(one: _Seen, count: float) -> float:
    """The standard error of p95 over so many requests, in ms."""
    slope = _TAIL * (one.numbers.p95_ms or 0.0)
    if one.quantiles is not None and one.quantiles[1] > one.quantiles[0]:
        slope = (one.quantiles[1] - one.quantiles[0]) / 0.09
    return slope * sqrt(_Q * (1 - _Q) / count)


def _of_edge(edge: Edge | None) -> _Seen | None:
    if edge is None:
        return None
    busy = edge.rate > 0 or edge.sent_bytes_rate > 0 or edge.received_bytes_rate > 0
    known = edge.p90_ms is not None and edge.p99_ms is not None
    return _Seen(
        numbers=ComparedNumbers(edge.rate, edge.error_share, edge.p95_ms),
        quantiles=(edge.p90_ms or 0.0, edge.p99_ms or 0.0) if known else None,
        unit="conn/s" if edge.protocol == "tcp" else "req/s",
        worst=_mostly(edge),
        silent=busy and edge.rate == 0,
        present=busy,
    )


def _of_node(node: Node | None, inbound: bool) -> _Seen | None:
    if node is None:
        return None
    traffic: Traffic = node.inbound if inbound else node.outbound
    known = node.pods_ready is not None and node.pods_total is not None
    return _Seen(
        numbers=ComparedNumbers(traffic.rate, traffic.error_share, traffic.p95_ms),
        quantiles=None,
        unit="req/s",
        worst="",
        silent=node.inbound.rate == 0 and node.outbound.rate == 0,
        present=True,
        pods=(node.pods_ready or 0, node.pods_total or 0) if known else None,
    )


def _edge_label(edge: Edge | None, labels: dict[str, str]) -> str:
    if edge is None:
        return ""
    protocol = "" if edge.protocol == "http" else f" ({edge.protocol})"
    return f"{labels.get(edge.source, edge.source)} → {labels.get(edge.destination, edge.destination)}{protocol}"


def _mostly(edge: Edge) -> str:
    """ ", mostly 503 (UH)", of the edge's errors; nothing when it has none."""
    errors = {code: rate for code, rate in edge.codes.items() if code == NO_RESPONSE or code.startswith("5")}
    errors |= {f"gRPC {code}": rate for code, rate in edge.grpc_codes.items() if code in SERVER_FAULT_STATUSES}
    if not errors:
        return ""
    worst = max(sorted(errors), key=lambda code: errors[code])
    flag = max(sorted(edge.flags), key=lambda one: edge.flags[one]) if edge.flags else ""
    return f", mostly {'no response' if worst == NO_RESPONSE else worst}{f' ({flag})' if flag else ''}"


def _ms(value: float) -> str:
    return f"{value:.1f} ms" if value < 10 else f"{value:.0f} ms"
