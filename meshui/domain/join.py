"""The snapshots of several clusters as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import numpy as np

from meshui.domain.graph.clusters import joined
from meshui.domain.graph.judge import Memory
from meshui.domain.graph.mesh import MeshGraph
from meshui.domain.graph.model import SourceState
from meshui.domain.health.rules import Policy
from meshui.domain.snapshot import MeshSnapshot

ALL: Final = "*"
"""The name that stands for all clusters."""


def join(snapshots: Sequence[MeshSnapshot], missing: Iterable[SourceState] = ()) -> MeshSnapshot:
    """One picture of all clusters, of one window, from at least one snapshot; `missing` are the sources of clusters
    that have none. Its version grows with each of theirs; it is of the time that the oldest rates are of."""
    policies: dict[Policy, int] = {}
    graph = joined([_with_policies_of_all(one, policies) for one in snapshots], ALL)
    evaluated = [one.evaluated_at for one in snapshots if one.evaluated_at]
    mtls_starts = np.cumsum([0, *(len(one.mtls) for one in snapshots)])
    authz_starts = np.cumsum([0, *(len(one.authz) for one in snapshots)])
    mtls_of = np.concatenate([one.mtls_of + start for one, start in zip(snapshots, mtls_starts, strict=False)])
    authz_of = np.concatenate([one.authz_of + start for one, start in zip(snapshots, authz_starts, strict=False)])
    return MeshSnapshot(
        cluster=ALL,
        version=sum(one.version for one in snapshots),
        published_at=max(one.published_at for one in snapshots),
        evaluated_at=min(evaluated, default=None),
        window_seconds=snapshots[0].window_seconds,
        sources=(
            *(msgspec.structs.replace(state, cluster=one.cluster) for one in snapshots for state in one.sources),
            *missing,
        ),
        graph=graph.graph,
        # What policy says of a call is known where it is enforced: in the cluster of the called side.
        mtls=tuple(prediction for one in snapshots for prediction in one.mtls),
        mtls_of=mtls_of[graph.twin].astype(np.int32),
        authz=tuple(prediction for one in snapshots for prediction in one.authz),
        authz_of=authz_of[graph.twin].astype(np.int32),
        levels=_levels(snapshots),
        policies=tuple(policies),
        health=snapshots[0].health,
    )


def _with_policies_of_all(snapshot: MeshSnapshot, policies: dict[Policy, int]) -> MeshGraph:
    """The snapshot's graph, its nodes numbering `policies`, to which its own are added."""
    numbers = [policies.setdefault(policy, len(policies)) for policy in snapshot.policies]
    if numbers == list(range(len(numbers))):
        return snapshot.graph
    nodes = (
        msgspec.structs.replace(node, policy=numbers[node.policy], namespace_policy=numbers[node.namespace_policy])
        for node in snapshot.graph.nodes
    )
    return msgspec.structs.replace(snapshot.graph, nodes=tuple(nodes))


def _levels(snapshots: Sequence[MeshSnapshot]) -> dict[str, Memory]:
    """What is remembered of each node, and of each edge, in its (caller's) own cluster."""
    levels: dict[str, Memory] = {}
    for one in snapshots:
        for view, memory in one.levels.items():
            kept = levels.setdefault(view, {})
            kept.update(item for item in memory.items() if item[0] not in kept or cluster_of(item[0]) == one.cluster)
    return levels


def cluster_of(element_id: str) -> str:
    """The cluster of a node, or of an edge's caller."""
    return element_id.partition(":")[2].partition(">")[0].partition("/")[0]
