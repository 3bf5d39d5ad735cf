"""A whole graph in two numbers, for the strip below a replay."""

from __future__ import annotations

from meshui.domain.graph.mesh import MeshGraph
from meshui.domain.telemetry.responses import ERROR
from meshui.domain.telemetry.rows import TCP
from meshui.domain.telemetry.totals import MeshTotals


def mesh_totals(graph: MeshGraph) -> MeshTotals:
    """The requests over all edges of the finest grain."""
    responses = graph.responses
    failed = (responses.outcome == ERROR) & (graph.protocol[responses.edge] != TCP)
    return MeshTotals(
        rate=float(graph.rate[graph.protocol != TCP].sum()),
        failed=float(responses.rate[failed].sum()),
    )
