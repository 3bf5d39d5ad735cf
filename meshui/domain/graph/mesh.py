"""The graph at the finest grain: source workload -> destination service -> destination workload, per protocol.

Columnar: an edge is a row of arrays. Every other graph is a projection of this one.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from meshui.domain.graph.model import Badge, NodeKind
from meshui.domain.telemetry.rows import FloatColumn, IntColumn

NONE = -1
"""In a node column: there is none (a request that reached no workload, a workload called without a service)."""


class GraphNode(msgspec.Struct, frozen=True):
    """What is known of a node apart from its traffic. `primary_service` is the index of the service node that stands
    for a workload in the service view, or NONE."""

    id: str
    kind: NodeKind
    cluster: str
    namespace: str
    name: str
    label: str
    app: str | None = None
    version: str | None = None
    workload_kind: str | None = None
    has_proxy: bool | None = None
    pods_ready: int | None = None
    pods_total: int | None = None
    badges: tuple[Badge, ...] = ()
    primary_service: int = NONE
    declared: bool = False
    """The inventory has it; others are only known by their traffic."""
    policy: int = 0
    """Which of the snapshot's health policies it is judged by, and which its namespace is."""
    namespace_policy: int = 0


class Responses(msgspec.Struct, frozen=True):
    """Rate per edge and response: `code`, `grpc_code` and `flags` number the graph's strings. `outcome` (FINE,
    CLIENT_ERROR, ERROR) and `denial` (NO, PERHAPS, SURE) are those of telemetry.responses. For TCP the rows are
    connections by flags, without codes."""

    edge: IntColumn
    code: IntColumn
    grpc_code: IntColumn
    flags: IntColumn
    outcome: NDArray[np.int8]
    denial: NDArray[np.int8]
    rate: FloatColumn


class Tally(msgspec.Struct, frozen=True):
    """Rate per edge and name, such as a principal or a host; `name` numbers the graph's strings."""

    edge: IntColumn
    name: IntColumn
    rate: FloatColumn


class MeshGraph(msgspec.Struct, frozen=True):
    """`source`, `service` and `destination` are node indexes. At least one of the latter two is there. Rates are per
    second; `reporter`, `dialect` and `protocol` number rows.REPORTERS, DIALECTS and PROTOCOLS."""

    cluster: str
    strings: tuple[str, ...]
    nodes: tuple[GraphNode, ...]
    source: IntColumn
    service: IntColumn
    destination: IntColumn
    protocol: IntColumn
    reporter: IntColumn
    dialect: IntColumn
    rate: FloatColumn
    sent: FloatColumn
    received: FloatColumn
    mtls_share: FloatColumn
    """Share of the edge's traffic that its destination saw over mutual TLS; nan without such a report."""
    bounds: FloatColumn
    cumulative: NDArray[np.float64]
    responses: Responses
    source_principals: Tally
    destination_principals: Tally
    hosts: Tally
    idle_since: FloatColumn
    """Edges that carry nothing now: when they last did, in seconds of the epoch; nan for all others."""

    @property
    def idle(self) -> NDArray[np.bool_]:
        """Which edges carry nothing now."""
        return ~np.isnan(self.idle_since)

    def __len__(self) -> int:
        """How many edges there are."""
        return len(self.rate)
