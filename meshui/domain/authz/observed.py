"""What the proxies refused, beside what policy predicts."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from meshui.domain.authz.prediction import AuthzPrediction, disagrees
from meshui.domain.graph.mesh import NONE, MeshGraph
from meshui.domain.graph.model import Protocol, Verdict
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.telemetry.responses import PERHAPS, SURE
from meshui.domain.telemetry.rows import PROTOCOLS, FloatColumn, IntColumn, sums


class AuthzDisagreement(msgspec.Struct, frozen=True, kw_only=True):
    """An edge on which traffic and policy disagree: a finding."""

    source: str
    service: str | None
    destination: str | None
    protocol: Protocol
    rate: float
    denied_rate: float
    verdict: Verdict
    """What policy says."""
    decided_by: ObjectRef | None
    reason: str
    message: str
    """What is odd, and where to look."""


def refused_rates(graph: MeshGraph, may_deny: NDArray[np.bool_]) -> FloatColumn:
    """Requests per second of each edge that authorization refused. A plain 403 may be the application's own: it counts
    only where policy can refuse."""
    responses = graph.responses
    counts = (responses.denial == SURE) | ((responses.denial == PERHAPS) & may_deny[responses.edge])
    return sums(responses.edge, responses.rate * counts, len(graph))


def node_name(graph: MeshGraph, node: int) -> str | None:
    """NAMESPACE/NAME, or what it is called outside of namespaces."""
    if node == NONE:
        return None
    found = graph.nodes[node]
    return f"{found.namespace}/{found.name}" if found.namespace else found.label


def disagreements(
    graph: MeshGraph, predictions: tuple[AuthzPrediction, ...], which: IntColumn
) -> tuple[AuthzDisagreement, ...]:
    """Edges whose traffic contradicts policy, the busiest first."""
    may_deny = np.array([one.may_deny for one in predictions], dtype=bool)[which]
    refused = refused_rates(graph, may_deny)
    found = []
    for edge, (prediction, rate, denied) in enumerate(
        zip(which.tolist(), graph.rate.tolist(), refused.tolist(), strict=True)
    ):
        told = predictions[prediction]
        if disagrees(told.verdict, denied, rate):
            found.append(_finding(graph, edge, told, rate, denied))
    return tuple(sorted(found, key=lambda one: (-one.rate, one.source)))


def _finding(graph: MeshGraph, edge: int, told: AuthzPrediction, rate: float, denied: float) -> AuthzDisagreement:
    message = (
        "Policy denies it, yet it gets through: the proxy may not have the policy yet, or the call goes past it."
        if told.verdict == "denied"
        else "Proxies refuse it, and no policy here says so: look for a policy that was deleted, an EnvoyFilter, or an "
        "application that answers as a proxy does."
    )
    return AuthzDisagreement(
        source=node_name(graph, int(graph.source[edge])) or "unknown",
        service=node_name(graph, int(graph.service[edge])),
        destination=node_name(graph, int(graph.destination[edge])),
        protocol=PROTOCOLS[graph.protocol[edge]],
        rate=round(rate, 6),
        denied_rate=round(denied, 6),
        verdict=told.verdict,
        decided_by=told.decided_by,
        reason=told.reason,
        message=message,
    )
