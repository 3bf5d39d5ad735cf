"""What a route's settings do to the traffic that flows now, and how retries multiply along the call chain."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from meshui.domain.changes.route.settings import RouteSettings
from meshui.domain.graph.mesh import NONE, MeshGraph
from meshui.domain.health.reasons import per_second, percent
from meshui.domain.mesh.inventory import Key
from meshui.domain.telemetry.rows import TCP

_DEEPEST = 200


class Flow(msgspec.Struct, frozen=True):
    """What flows through a service now: requests per second and cumulative buckets by bound (milliseconds)."""

    rate: float
    bounds: tuple[float, ...] = ()
    cumulative: tuple[float, ...] = ()

    def slower_than(self, ms: float) -> float | None:
        """The share of requests that took longer; None without latencies."""
        if not self.cumulative or self.cumulative[-1] <= 0:
            return None
        counts = np.maximum.accumulate(np.array(self.cumulative[:-1]))
        within = float(np.interp(ms, [0.0, *self.bounds[:-1]], [0.0, *counts]))
        return max(0.0, 1.0 - within / self.cumulative[-1])


class Hop(msgspec.Struct, frozen=True):
    """A caller that calls a service, which is tried up to `attempts` times a request."""

    caller: str
    service: str
    attempts: int


def flow_of(graph: MeshGraph, namespace: str, name: str) -> Flow:
    """Everything that goes through the service, whichever route takes it."""
    through = _through(graph, namespace, name)
    return Flow(
        rate=float(graph.rate[through].sum()),
        bounds=tuple(graph.bounds.tolist()),
        cumulative=tuple(graph.cumulative[through].sum(axis=0).tolist()),
    )


def effect(now: RouteSettings, wanted: RouteSettings, flow: Flow, routes: int) -> list[str]:
    """Sentences; with several routes the rates are upper bounds, since telemetry doesn't know routes."""
    if now == wanted:
        return ["Nothing changes: these are the settings of now."]
    if flow.rate <= 0:
        return ["No requests flow now, so nothing is affected until some come."]
    said = [f"About {per_second(flow.rate)} go through this service now."]
    if wanted.abort and wanted.abort != now.abort:
        hit = per_second(flow.rate * wanted.abort.percent / 100)
        said.append(f"About {hit} would get {wanted.abort.status} without reaching it.")
    if now.abort and wanted.abort is None:
        said.append(f"The injected {now.abort.status} ends.")
    if wanted.delay and wanted.delay != now.delay:
        hit = per_second(flow.rate * wanted.delay.percent / 100)
        said.append(f"About {hit} would take {wanted.delay.delay_ms} ms longer.")
    if now.delay and wanted.delay is None:
        said.append(f"The injected delay of {now.delay.delay_ms} ms ends.")
    if wanted.timeout_ms and wanted.timeout_ms != now.timeout_ms:
        said += _of_timeout(wanted.timeout_ms, flow)
    if wanted.mirror and wanted.mirror != now.mirror:
        copies = per_second(flow.rate * wanted.mirror.percent / 100)
        said.append(f"About {copies} would also be sent to {wanted.mirror.subset or wanted.mirror.host}.")
    if wanted.retries != now.retries and wanted.retries:
        tries = wanted.retries.attempts + 1
        said.append(f"A request would be tried up to {tries} {'times' if tries > 1 else 'time'}.")
    if routes > 1:
        said.append("Several routes share this traffic, so the rates are upper bounds.")
    return said


def chain(graph: MeshGraph, namespace: str, name: str, attempts_of: Callable[[Key], int]) -> tuple[Hop, ...]:
    """The chain of calls above the service (nearest the edge of the mesh first, the service's own hop last) along which
    one request from outside can become the most requests: the product of all attempts. `attempts_of` a service by its
    routes. Calls in a circle are followed once."""
    counted = np.flatnonzero((graph.service != NONE) & (graph.protocol != TCP)).tolist()
    callers: dict[int, set[int]] = {}
    served: dict[int, set[int]] = {}
    for edge in counted:
        callers.setdefault(int(graph.service[edge]), set()).add(int(graph.source[edge]))
        if graph.destination[edge] != NONE:
            served.setdefault(int(graph.destination[edge]), set()).add(int(graph.service[edge]))
    known: dict[int, _Chain] = {}
    under_way: set[int] = set()

    def longest(service: int) -> _Chain:
        if service in known:
            return known[service]
        if service in under_way or len(under_way) >= _DEEPEST:
            return _NOTHING
        under_way.add(service)
        node = graph.nodes[service]
        own = attempts_of((node.namespace, node.name)) if node.kind == "service" else 1
        best = _NOTHING
        for caller in sorted(callers.get(service, ())):
            hop = Hop(graph.nodes[caller].label, node.label, own)
            above = max((longest(one) for one in sorted(served.get(caller, ()))), key=_weight, default=_NOTHING)
            best = max(best, _Chain(above.product * own, (*above.hops, hop)), key=_weight)
        under_way.discard(service)
        known[service] = best
        return best

    targets = _services(graph, namespace, name)
    return longest(targets[0]).hops if targets else ()


class _Chain(msgspec.Struct, frozen=True):
    product: int
    hops: tuple[Hop, ...]


_NOTHING = _Chain(1, ())


def _weight(chain: _Chain) -> tuple[int, int]:
    return (chain.product, len(chain.hops))


def _services(graph: MeshGraph, namespace: str, name: str) -> list[int]:
    return [
        number
        for number, node in enumerate(graph.nodes)
        if node.kind == "service" and (node.namespace, node.name) == (namespace, name)
    ]


def _through(graph: MeshGraph, namespace: str, name: str) -> NDArray[np.bool_]:
    through: NDArray[np.bool_] = np.isin(graph.service, _services(graph, namespace, name)) & (graph.protocol != TCP)
    return through


def _of_timeout(timeout_ms: int, flow: Flow) -> list[str]:
    share = flow.slower_than(timeout_ms)
    if share is None:
        return []
    if share < 0.0005:
        return [f"Hardly any request takes longer than {timeout_ms} ms now."]
    cut = per_second(flow.rate * share)
    return [f"{percent(share)} take longer than {timeout_ms} ms now: about {cut} would be cut off."]
