"""A whole mesh in two numbers, for the strip below a replay."""

from __future__ import annotations

import msgspec

from meshui.domain.graph.mesh import MeshGraph
from meshui.domain.telemetry.responses import ERROR
from meshui.domain.telemetry.rows import TCP


class MeshTotals(msgspec.Struct, frozen=True):
    """Requests per second over all edges of the finest grain, and how many of them failed. TCP is not in it: a
    connection is no request."""

    rate: float
    failed: float


def mesh_totals(graph: MeshGraph) -> MeshTotals:
    """The totals of a graph."""
    responses = graph.responses
    failed = (responses.outcome == ERROR) & (graph.protocol[responses.edge] != TCP)
    return MeshTotals(
        rate=float(graph.rate[graph.protocol != TCP].sum()),
        failed=float(responses.rate[failed].sum()),
    )
