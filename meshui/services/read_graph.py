"""Views of the live snapshot, of one cluster or of all. A view is computed once in each process for all who look at it.

Where a cluster is asked for, `join.ALL` stands for all of `clusters`.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence

import msgspec

from meshui.domain.failures import Code, Failure
from meshui.domain.graph.model import GraphView, SourceState, ViewSpec
from meshui.domain.graph.project import project
from meshui.domain.join import ALL, join
from meshui.domain.snapshot import MeshSnapshot, decode
from meshui.services import parts
from meshui.services.cache import PerStore, SingleFlight
from meshui.services.ports import SnapshotStore

SnapshotKey = tuple[str, int, int]
"""Cluster, window, version."""
ViewKey = tuple[str, int, int, ViewSpec]


class _Kept:
    def __init__(self) -> None:
        self.snapshots: SingleFlight[SnapshotKey, MeshSnapshot] = SingleFlight(16)
        self.joined: SingleFlight[tuple[int, tuple[tuple[str, int], ...]], MeshSnapshot] = SingleFlight(4)
        self.views: SingleFlight[ViewKey, GraphView] = SingleFlight(128)
        self.bodies: SingleFlight[ViewKey, bytes] = SingleFlight(64)
        self.compressed: SingleFlight[ViewKey, bytes] = SingleFlight(64)


_kept: PerStore[_Kept] = PerStore(_Kept)


def live_version(store: SnapshotStore, cluster: str, window_seconds: int, clusters: Sequence[str] = ()) -> int | None:
    """The version of the live snapshot; None before the first. Raises Failure(SOURCE_UNAVAILABLE)."""
    if cluster != ALL:
        return store.live_version(cluster, window_seconds)
    return sum(version for _, version in _versions(store, window_seconds, clusters)) or None


def snapshot(store: SnapshotStore, cluster: str, window_seconds: int, clusters: Sequence[str] = ()) -> MeshSnapshot:
    """The live snapshot. Raises Failure(NOT_READY) before the first, and SOURCE_UNAVAILABLE."""
    if cluster == ALL:
        return _joined(store, window_seconds, clusters)
    version = store.live_version(cluster, window_seconds)
    if version is None:
        raise _not_ready(cluster, window_seconds)

    def load() -> MeshSnapshot:
        live = store.live(cluster, window_seconds)
        if live is None:
            raise _not_ready(cluster, window_seconds)
        try:
            return decode(live[1])
        except ValueError:
            # Another release's: the next poll writes one that can be read.
            raise _not_ready(cluster, window_seconds) from None

    # What is loaded may be newer than `version`; then it is kept under a key that nobody asks for again.
    return _kept.of(store).snapshots.get((cluster, window_seconds, version), load)


def current_view(
    store: SnapshotStore, cluster: str, spec: ViewSpec, window_seconds: int, clusters: Sequence[str] = ()
) -> GraphView:
    """The live snapshot as `spec` wants to see it. Raises as `snapshot` does."""
    live = snapshot(store, cluster, window_seconds, clusters)
    key = (cluster, window_seconds, live.version, spec)
    return _kept.of(store).views.get(key, lambda: project(live, spec))


def current_view_bytes(
    store: SnapshotStore, cluster: str, spec: ViewSpec, window_seconds: int, clusters: Sequence[str] = ()
) -> tuple[int, bytes]:
    """Its version and itself as JSON, encoded once. Raises as `snapshot` does."""
    view = current_view(store, cluster, spec, window_seconds, clusters)
    key = (cluster, window_seconds, view.version, spec)
    return view.version, _kept.of(store).bodies.get(key, lambda: msgspec.json.encode(view))


def current_view_gzip(
    store: SnapshotStore, cluster: str, spec: ViewSpec, window_seconds: int, clusters: Sequence[str] = ()
) -> tuple[int, bytes]:
    """The same compressed, once."""
    version, body = current_view_bytes(store, cluster, spec, window_seconds, clusters)
    key = (cluster, window_seconds, version, spec)
    return version, _kept.of(store).compressed.get(key, lambda: gzip.compress(body, 1, mtime=0))


def _joined(store: SnapshotStore, window_seconds: int, clusters: Sequence[str]) -> MeshSnapshot:
    """One picture of all clusters that have one; of the others it says why they have none."""
    versions = tuple(_versions(store, window_seconds, clusters))

    def load() -> MeshSnapshot:
        found: list[MeshSnapshot] = []
        missing: list[SourceState] = []
        for cluster in clusters:
            try:
                found.append(snapshot(store, cluster, window_seconds))
            except Failure as failure:
                if failure.code is not Code.NOT_READY:
                    raise
                missing += _missing(store, cluster, window_seconds)
        if not found:
            raise _not_ready("the clusters", window_seconds)
        return join(found, missing)

    return _kept.of(store).joined.get((window_seconds, versions), load)


def _versions(store: SnapshotStore, window_seconds: int, clusters: Sequence[str]) -> Iterator[tuple[str, int]]:
    for cluster in clusters:
        yield cluster, store.live_version(cluster, window_seconds) or 0


def _missing(store: SnapshotStore, cluster: str, window_seconds: int) -> Iterator[SourceState]:
    of: dict[parts.SourceName, str] = {
        "telemetry": parts.telemetry_part(window_seconds),
        "inventory": parts.INVENTORY,
    }
    for name, part in of.items():
        state = parts.source_state(name, parts.status(store, cluster, part), have_part=False)
        yield msgspec.structs.replace(state, cluster=cluster)


def _not_ready(cluster: str, window_seconds: int) -> Failure:
    return Failure(
        Code.NOT_READY,
        f"There is no picture of {cluster} over {window_seconds} s yet",
        next_step="The first one comes with the first poll, a few seconds after the workers have started.",
        context={"cluster": cluster, "window_seconds": str(window_seconds)},
    )
