"""Which reporter's counters an edge is taken from. Two reporters of one edge are never added.

The client's side (`source`) sees what the caller saw: retries, timeouts and requests that never arrived, so all it
reports is kept. What a waypoint, then the called side (`destination`) reports is used only where no better reporter
told of the same caller calling the same workload or the same service: a caller without a proxy, or one that isn't
scraped.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meshui.domain.graph.mesh import NONE
from meshui.domain.telemetry.rows import DESTINATION, SOURCE, TCP, WAYPOINT, IntColumn

PREFERENCE = (SOURCE, WAYPOINT, DESTINATION)
"""Best first."""


def selected(
    source: IntColumn, service: IntColumn, destination: IntColumn, protocol: IntColumn, reporter: IntColumn, nodes: int
) -> NDArray[np.bool_]:
    """Which rows count. Columns hold node indexes (or NONE) and numbers of REPORTERS and PROTOCOLS; requests and TCP
    connections are chosen apart, since their numbers have different units."""
    stream = (protocol == TCP).astype(np.int64)
    by_workload = pair(source, destination, stream, nodes)
    by_service = pair(source, service, stream, nodes)
    kept = np.zeros(len(source), dtype=bool)
    told: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for number in PREFERENCE:
        mine = reporter == number
        for workloads, services in told:
            mine &= ~((destination != NONE) & np.isin(by_workload, workloads))
            mine &= ~((service != NONE) & np.isin(by_service, services))
        kept |= mine
        its = reporter == number
        told.append(
            (
                np.unique(by_workload[its & (destination != NONE)]),
                # Only a caller tells all that it asks a service for: past a waypoint others reach it too.
                np.unique(by_service[its & (service != NONE) & (number == SOURCE)]),
            )
        )
    return kept


def pair(source: IntColumn, other: IntColumn, stream: NDArray[np.int64], nodes: int) -> NDArray[np.int64]:
    """One number for (source, other node or NONE, requests or connections)."""
    return (source.astype(np.int64) * (nodes + 1) + other + 1) * 2 + stream
