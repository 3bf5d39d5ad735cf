"""How much of what a workload is sent arrives in plain text, and from whom."""

from __future__ import annotations

import msgspec
import numpy as np

from meshui.domain.graph.mesh import NONE, MeshGraph
from meshui.domain.mesh.inventory import Key
from meshui.domain.telemetry.rows import PROTOCOLS


class Call(msgspec.Struct, frozen=True):
    """One edge into a workload. `source` and `service` are node indexes; `rate` and `plain_rate` per second, requests
    or (TCP) connections; `plain_share` is None where the called side did not report. An open TCP connection without
    new ones has rate 0."""

    edge: int
    source: int
    service: int
    protocol: str
    rate: float
    plain_share: float | None

    @property
    def plain_rate(self) -> float:
        return self.rate * (self.plain_share or 0.0)

    @property
    def plain(self) -> bool:
        """Whether some of it arrives in plain text."""
        return self.plain_share is not None and self.plain_share > 0.001


class Inbound:
    """The calls into each workload of a graph."""

    def __init__(self, graph: MeshGraph) -> None:
        self._calls: dict[Key, list[Call]] = {}
        share = np.where(np.isnan(graph.mtls_share), -1.0, graph.mtls_share).tolist()
        moving = ((graph.rate > 0) | (graph.sent + graph.received > 0)) & (graph.destination != NONE)
        rates, sources, services = graph.rate.tolist(), graph.source.tolist(), graph.service.tolist()
        protocols, destinations = graph.protocol.tolist(), graph.destination.tolist()
        for edge in np.flatnonzero(moving).tolist():
            called = graph.nodes[destinations[edge]]
            plain = None if share[edge] < 0 else 1.0 - share[edge]
            call = Call(edge, sources[edge], services[edge], PROTOCOLS[protocols[edge]], rates[edge], plain)
            self._calls.setdefault((called.namespace, called.name), []).append(call)

    def of(self, key: Key) -> tuple[Call, ...]:
        """The calls that reached the workload."""
        return tuple(self._calls.get(key, ()))


def summed(calls: tuple[Call, ...]) -> tuple[float, float | None]:
    """(requests or connections per second, the share of them over mutual TLS; None where nobody reported)."""
    rate = sum(call.rate for call in calls)
    told = [call for call in calls if call.plain_share is not None]
    weight = sum(call.rate for call in told)
    if not told:
        return rate, None
    if weight == 0:
        return rate, 1.0 - sum(call.plain_share or 0.0 for call in told) / len(told)
    return rate, 1.0 - sum(call.plain_rate for call in told) / weight
