"""Views of the live snapshot. A view is computed once in each process for all who look at it."""

from __future__ import annotations

import msgspec

from meshui.domain.failures import Code, Failure
from meshui.domain.graph.model import GraphView, ViewSpec
from meshui.domain.graph.project import project
from meshui.domain.snapshot import MeshSnapshot, decode
from meshui.services.cache import PerStore, SingleFlight
from meshui.services.ports import SnapshotStore

SnapshotKey = tuple[str, int, int]
"""Cluster, window, version."""
ViewKey = tuple[str, int, int, ViewSpec]


class _Kept:
    def __init__(self) -> None:
        self.snapshots: SingleFlight[SnapshotKey, MeshSnapshot] = SingleFlight(16)
        self.views: SingleFlight[ViewKey, GraphView] = SingleFlight(128)
        self.bodies: SingleFlight[ViewKey, bytes] = SingleFlight(64)


_kept: PerStore[_Kept] = PerStore(_Kept)


def snapshot(store: SnapshotStore, cluster: str, window_seconds: int) -> MeshSnapshot:
    """The live snapshot. Raises Failure(NOT_READY) before the first, and SOURCE_UNAVAILABLE."""
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


def current_view(store: SnapshotStore, cluster: str, spec: ViewSpec, window_seconds: int) -> GraphView:
    """The live snapshot as `spec` wants to see it. Raises as `snapshot` does."""
    live = snapshot(store, cluster, window_seconds)
    key = (cluster, window_seconds, live.version, spec)
    return _kept.of(store).views.get(key, lambda: project(live, spec))


def current_view_bytes(store: SnapshotStore, cluster: str, spec: ViewSpec, window_seconds: int) -> tuple[int, bytes]:
    """Its version and itself as JSON, encoded once. Raises as `snapshot` does."""
    view = current_view(store, cluster, spec, window_seconds)
    key = (cluster, window_seconds, view.version, spec)
    return view.version, _kept.of(store).bodies.get(key, lambda: msgspec.json.encode(view))


def _not_ready(cluster: str, window_seconds: int) -> Failure:
    return Failure(
        Code.NOT_READY,
        f"There is no picture of {cluster} over {window_seconds} s yet",
        next_step="The first one comes with the first poll, a few seconds after the workers have started.",
        context={"cluster": cluster, "window_seconds": str(window_seconds)},
    )
