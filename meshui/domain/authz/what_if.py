"""What if these policies changed? Observed traffic put to the policies of now and to the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np

from meshui.domain.authz.edits import PolicyEdit, PolicyProblem, edited
from meshui.domain.authz.observed import node_name, refused_rates
from meshui.domain.authz.overlay import authz_predictions
from meshui.domain.authz.prediction import AuthzPrediction
from meshui.domain.graph.mesh import MeshGraph
from meshui.domain.graph.model import Protocol, Verdict
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mtls.overlay import mtls_predictions
from meshui.domain.telemetry.rows import PROTOCOLS

Turn = Literal["denied", "partly_denied", "opened", "partly_opened"]

_RANK: dict[Verdict, int] = {"denied": 0, "partly": 1, "allowed": 2, "open": 2}


class ChangedEdge(msgspec.Struct, frozen=True, kw_only=True):
    """An edge that the edits decide otherwise. `partly`: some of its requests, by what metrics do not tell (methods,
    paths, headers)."""

    source: str
    service: str | None
    destination: str | None
    protocol: Protocol
    rate: float
    """Requests (TCP: connections) per second, on average over the time that was replayed."""
    denied_rate: float
    """Those that authorization refused in that time."""
    turn: Turn
    before: AuthzPrediction
    after: AuthzPrediction


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """What the edits would change. Rates are per second."""

    changed: tuple[ChangedEdge, ...]
    denied_rate: float
    """Of edges that would be denied, fully."""
    opened_rate: float
    """Of edges that would be allowed, fully, and were not."""
    partly_rate: float
    """Of edges of which some would change."""
    unchanged: int
    """How many edges are decided as before."""
    unknown: int
    """How many edges policy says nothing of (outside the mesh)."""
    problems: tuple[PolicyProblem, ...]


def what_if(graph: MeshGraph, inventory: Inventory, edits: Sequence[PolicyEdit]) -> WhatIf:
    """Puts the graph's traffic to the inventory's policies without and with the edits."""
    after_inventory, problems = edited(inventory, edits)
    mtls, mtls_of = mtls_predictions(graph, inventory)
    old, old_of = authz_predictions(graph, inventory, mtls, mtls_of)
    new, new_of = authz_predictions(graph, after_inventory, mtls, mtls_of)
    old_rank = np.array([_RANK.get(one.verdict, -1) for one in old], dtype=np.int8)[old_of]
    new_rank = np.array([_RANK.get(one.verdict, -1) for one in new], dtype=np.int8)[new_of]
    known = (old_rank >= 0) & (new_rank >= 0)
    refused = refused_rates(graph, np.array([one.may_deny for one in old], dtype=bool)[old_of])
    changed = [
        _changed(graph, edge, old[old_of[edge]], new[new_of[edge]], float(refused[edge]))
        for edge in np.flatnonzero(known & (old_rank != new_rank)).tolist()
    ]
    changed.sort(key=lambda one: (_TURNS.index(one.turn), -one.rate))

    def rate(*turns: Turn) -> float:
        return round(sum(one.rate for one in changed if one.turn in turns), 6)

    return WhatIf(
        changed=tuple(changed),
        denied_rate=rate("denied"),
        opened_rate=rate("opened"),
        partly_rate=rate("partly_denied", "partly_opened"),
        unchanged=int((known & (old_rank == new_rank)).sum()),
        unknown=int((~known).sum()),
        problems=problems,
    )


_TURNS: tuple[Turn, ...] = ("denied", "partly_denied", "opened", "partly_opened")


def _changed(
    graph: MeshGraph, edge: int, before: AuthzPrediction, after: AuthzPrediction, refused: float
) -> ChangedEdge:
    worse = _RANK[after.verdict] < _RANK[before.verdict]
    turn: Turn = (
        ("denied" if after.verdict == "denied" else "partly_denied")
        if worse
        else ("partly_opened" if after.verdict == "partly" else "opened")
    )
    return ChangedEdge(
        source=node_name(graph, int(graph.source[edge])) or "unknown",
        service=node_name(graph, int(graph.service[edge])),
        destination=node_name(graph, int(graph.destination[edge])),
        protocol=PROTOCOLS[graph.protocol[edge]],
        rate=round(float(graph.rate[edge]), 6),
        denied_rate=round(refused, 6),
        turn=turn,
        before=before,
        after=after,
    )
