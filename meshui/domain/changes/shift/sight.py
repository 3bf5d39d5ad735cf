"""What a snapshot says of two versions of a service, as counts over its window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meshui.domain.changes.shift.evidence import Tally
from meshui.domain.graph.mesh import NONE, MeshGraph
from meshui.domain.mesh.inventory import Key
from meshui.domain.telemetry.responses import ERROR
from meshui.domain.telemetry.rows import TCP


def tallies(
    graph: MeshGraph,
    service: Key,
    candidate: tuple[Key, ...],
    baseline: tuple[Key, ...],
    window_seconds: int,
) -> tuple[Tally, Tally]:
    """(candidate's, baseline's) requests through the service, by the workloads (namespace, name) that each version is.
    Failures that reached no workload (no healthy endpoint, no route) are held against the candidate: telemetry can't
    tell whose they are, and rolling back for nothing is the smaller harm."""
    names = [(node.namespace, node.name) for node in graph.nodes]
    services = [
        number for number, node in enumerate(graph.nodes) if node.kind == "service" and names[number] == service
    ]
    through = np.isin(graph.service, services) & (graph.protocol != TCP)

    def reaching(workloads: tuple[Key, ...]) -> NDArray[np.bool_]:
        wanted = [
            number
            for number, node in enumerate(graph.nodes)
            if node.kind in ("workload", "gateway") and names[number] in workloads
        ]
        reached: NDArray[np.bool_] = through & np.isin(graph.destination, wanted)
        return reached

    nowhere = _tally(graph, through & (graph.destination == NONE), window_seconds)
    ours = _tally(graph, reaching(candidate), window_seconds)
    lost = Tally(nowhere.failed, nowhere.failed)
    return ours.plus(lost), _tally(graph, reaching(baseline), window_seconds)


def _tally(graph: MeshGraph, edges: NDArray[np.bool_], window_seconds: int) -> Tally:
    responses = graph.responses
    mine = edges[responses.edge]
    return Tally(
        requests=float(responses.rate[mine].sum()) * window_seconds,
        failed=float(responses.rate[mine & (responses.outcome == ERROR)].sum()) * window_seconds,
        bounds=tuple(graph.bounds[:-1].tolist()),
        cumulative=tuple((graph.cumulative[edges].sum(axis=0) * window_seconds).tolist()),
    )
