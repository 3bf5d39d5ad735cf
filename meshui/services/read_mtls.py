"""The mesh's encryption as it is, and whether more of it may become STRICT."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import yaml

from meshui.domain.failures import Code, Failure
from meshui.domain.graph.mesh import NONE
from meshui.domain.mtls import explain, plan, posture, strict
from meshui.domain.snapshot import MeshSnapshot, decode
from meshui.services import read_graph
from meshui.services.cache import PerStore, SingleFlight
from meshui.services.ports import Manifest, SnapshotStore
from meshui.services.read_inventory import inventory as read_inventory

MOST_LOOKS = 120
"""Past snapshots that are looked into for when a caller was last seen."""
FRESH = timedelta(minutes=2)
"""Telemetry older than this says nothing about now."""

SightingKey = tuple[str, int, int, frozenset[tuple[str, str]]]


class _Kept:
    def __init__(self) -> None:
        self.sightings: SingleFlight[SightingKey, dict[tuple[str, str], datetime]] = SingleFlight(32)


_kept: PerStore[_Kept] = PerStore(_Kept)


class StrictPlan(msgspec.Struct, frozen=True):
    """An assessment and the steps that follow from it."""

    assessment: strict.Assessment
    steps: tuple[plan.StrictStep, ...]
    window_seconds: int
    evaluated_at: datetime | None


def mesh_posture(store: SnapshotStore, cluster: str, window_seconds: int) -> posture.MeshPosture:
    """The posture of the whole mesh. Raises Failure(NOT_READY | SOURCE_UNAVAILABLE)."""
    return posture.mesh_posture(read_inventory(store, cluster), read_graph.snapshot(store, cluster, window_seconds))


def workload_postures(
    store: SnapshotStore, cluster: str, window_seconds: int, namespace: str
) -> tuple[posture.WorkloadPosture, ...]:
    """The workloads of a namespace. Raises Failure(NOT_FOUND) for one that the cluster doesn't have, and as above."""
    inventory = read_inventory(store, cluster)
    if namespace not in inventory.namespaces and not any(key[0] == namespace for key in inventory.workloads):
        raise _unknown("namespace", namespace, cluster)
    return posture.workload_postures(inventory, read_graph.snapshot(store, cluster, window_seconds), namespace)


def explain_edge(
    store: SnapshotStore,
    cluster: str,
    source: tuple[str, str] | None,
    source_reports: bool,
    service: tuple[str, str] | None,
    called: tuple[str, str] | None,
) -> explain.EdgeExplanation:
    """Why calls from a workload (None: from somebody unknown) are encrypted or not. `source_reports`: its own proxy
    tells of them. Raises Failure(NOT_READY | SOURCE_UNAVAILABLE)."""
    inventory = read_inventory(store, cluster)
    known = inventory.workloads.get(source) if source else None
    plane: explain.Plane = "none"
    if known is not None and known.ambient and not known.has_proxy:
        plane = "ambient"
    elif source_reports or (known is not None and known.has_proxy):
        plane = "sidecar"
    return explain.explain_edge(inventory, source[0] if source else "", plane, service, called)


def strict_plan(
    store: SnapshotStore,
    cluster: str,
    window_seconds: int,
    shortest_window: int,
    scope: strict.Scope,
    now: datetime,
    *,
    quiet_is_safe: bool = False,
) -> StrictPlan:
    """Whether the scope may go STRICT by what was seen over the window, and the way there. `shortest_window`: whose
    past snapshots tell when a caller was last seen. Raises Failure(NOT_FOUND) for a scope that isn't there."""
    inventory = read_inventory(store, cluster)
    if scope.namespace not in inventory.namespaces:
        raise _unknown("namespace", scope.namespace, cluster)
    if scope.workload and (scope.namespace, scope.workload) not in inventory.workloads:
        raise _unknown("workload", str(scope), cluster)
    seen = read_graph.snapshot(store, cluster, window_seconds)
    found = strict.assess(inventory, seen, scope, blind=_blind(seen, now), quiet_is_safe=quiet_is_safe)
    pairs = frozenset((one.node, one.destination) for one in found.callers)
    if pairs:
        key = (cluster, window_seconds, seen.version, pairs)
        sightings = _kept.of(store).sightings.get(
            key, lambda: _last_seen(store, cluster, shortest_window, window_seconds, pairs, now)
        )
        callers = tuple(
            msgspec.structs.replace(one, last_seen=sightings.get((one.node, one.destination))) for one in found.callers
        )
        found = msgspec.structs.replace(found, callers=callers)
    return StrictPlan(found, plan.plan(inventory, scope, found), window_seconds, seen.evaluated_at)


def objects_yaml(objects: tuple[Manifest, ...]) -> str:
    """The objects as one YAML text that `kubectl apply -f -` takes."""
    text: str = yaml.safe_dump_all(objects, sort_keys=False, allow_unicode=True, width=120)
    return text


def _blind(seen: MeshSnapshot, now: datetime) -> str | None:
    for source in seen.sources:
        if source.name == "telemetry" and source.state != "live":
            return source.error or f"it is {source.state}."
    if seen.evaluated_at is None or now - seen.evaluated_at > FRESH:
        return "it is old."
    return None


def _last_seen(
    store: SnapshotStore,
    cluster: str,
    window_seconds: int,
    lookback_seconds: int,
    pairs: frozenset[tuple[str, str]],
    now: datetime,
) -> dict[tuple[str, str], datetime]:
    """When each (caller, called) was last seen in plain text; a snapshot is taken as of its evaluation."""
    oldest = int((now.timestamp() - lookback_seconds) * 1000)
    versions = [one for one in store.ring_versions(cluster, window_seconds, 100_000) if one >= oldest]
    step = max(1, -(-len(versions) // MOST_LOOKS))
    found: dict[tuple[str, str], datetime] = {}
    # From the newest on: callers of now are all in the first.
    for version in versions[::-1][::step]:
        for _, data in store.ring_entries(cluster, window_seconds, [version]):
            try:
                snapshot = decode(data)
            except ValueError:
                continue
            for pair in _plain(snapshot) & pairs - found.keys():
                found[pair] = snapshot.evaluated_at or snapshot.published_at
        if len(found) == len(pairs):
            break
    return found


def _plain(snapshot: MeshSnapshot) -> set[tuple[str, str]]:
    graph = snapshot.graph
    told = (graph.mtls_share < 0.999) & (graph.rate > 0) & (graph.destination != NONE)
    return {
        (graph.nodes[source].id, graph.nodes[called].id)
        for source, called in zip(graph.source[told].tolist(), graph.destination[told].tolist(), strict=True)
    }


def _unknown(what: str, name: str, cluster: str) -> Failure:
    return Failure(
        Code.NOT_FOUND,
        f"There is no {what} {name[:253]} in cluster {cluster}.",
        next_step="It may have been deleted; look at the list.",
        context={"cluster": cluster, what: name[:253]},
    )
