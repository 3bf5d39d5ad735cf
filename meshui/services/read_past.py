"""The graph at a past moment: from the ring where it reaches back, else computed from Prometheus.

This is the only request path that asks Prometheus. However many viewers, in however many processes, ask for a moment,
it is computed once; of a cluster one moment at a time, so that polling is not disturbed; and who would have to wait
behind too many others is told so at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import BoundedSemaphore
from typing import Literal

import msgspec

from meshui.domain.failures import Code, Failure
from meshui.domain.graph.model import GraphView, Past, ViewSpec
from meshui.domain.graph.project import project
from meshui.domain.join import ALL, join
from meshui.domain.mesh.inventory import build_inventory
from meshui.domain.snapshot import MeshSnapshot, assemble, decode, encode
from meshui.domain.telemetry.dialects import detected, detection
from meshui.services import parts
from meshui.services.ask_telemetry import ask_telemetry
from meshui.services.cache import PerStore, SingleFlight
from meshui.services.ports import MetricsSource, SnapshotStore
from meshui.services.read_inventory import inventory_or_none
from meshui.services.turn import turn

LONGEST_GAP = timedelta(seconds=150)
"""A snapshot stands for moments that are at most so much later: twice the ring's minute, and a late poll."""
KEPT_SECONDS = 900.0
NOTHING_SECONDS = 30.0
"""How long the store keeps a computed moment, and that there was nothing at one."""
PLACES = 31
"""Computed moments that the store keeps per cluster and window. A prime: frames of a film get places of their own."""
LOCK_SECONDS = 60.0
PATIENCE_SECONDS = 20.0
WAITING = 24
"""Moments that may wait in a process until they are computed; who asks for one of them waits with it."""

Origin = Literal["ring", "prometheus"]
_Key = tuple[str, int, Origin, int]
"""Cluster, window, origin, version."""
_ViewKey = tuple[_Key, ViewSpec]
_REASONS: dict[Origin, str] = {
    "ring": "Kept when it was published: rates, workloads and policies are those of then.",
    "prometheus": "Computed from Prometheus: rates are those of then, workloads, policies and badges are today's.",
}


class _Kept:
    def __init__(self) -> None:
        self.ring: SingleFlight[_Key, MeshSnapshot | None] = SingleFlight(8)
        self.computed: SingleFlight[_Key, MeshSnapshot] = SingleFlight(8)
        self.views: SingleFlight[_ViewKey, GraphView] = SingleFlight(64)
        self.bodies: SingleFlight[_ViewKey, bytes] = SingleFlight(32)
        self.waiting = BoundedSemaphore(WAITING)


_kept: PerStore[_Kept] = PerStore(_Kept)


def past_snapshot(
    store: SnapshotStore, metrics: MetricsSource, cluster: str, window_seconds: int, at: datetime
) -> tuple[MeshSnapshot, Past]:
    """The cluster as it was at the moment or shortly before. Raises Failure(NOT_FOUND) when neither the ring nor
    Prometheus has anything there, THROTTLED when too many ask, SOURCE_UNAVAILABLE."""
    if found := _from_ring(store, cluster, window_seconds, at):
        return found, _past("ring", found)
    moment = whole(at, window_seconds)
    key: _Key = (cluster, window_seconds, "prometheus", milliseconds(moment))
    kept = _kept.of(store)

    def compute() -> MeshSnapshot:
        with _waiting(kept.waiting):
            return _computed(store, metrics, cluster, window_seconds, moment)

    computed = kept.computed.get(key, compute)
    return computed, _past("prometheus", computed)


def _past(origin: Origin, snapshot: MeshSnapshot) -> Past:
    read = next((source.as_of for source in snapshot.sources if source.name == "inventory"), None)
    return Past(origin=origin, configuration_as_of=read, reason=_REASONS[origin])


def past_view(
    store: SnapshotStore, metrics: MetricsSource, cluster: str, spec: ViewSpec, window_seconds: int, at: datetime
) -> GraphView:
    """The moment as `spec` wants to see it. Raises as `past_snapshot` does."""
    snapshot, past = past_snapshot(store, metrics, cluster, window_seconds, at)
    key = ((cluster, window_seconds, past.origin, snapshot.version), spec)
    return _kept.of(store).views.get(key, lambda: msgspec.structs.replace(project(snapshot, spec), past=past))


def past_view_of_all(
    store: SnapshotStore, metrics: Mapping[str, MetricsSource], spec: ViewSpec, window_seconds: int, at: datetime
) -> GraphView:
    """All clusters that `metrics` names in one graph, but for those that have nothing there. Raises as
    `past_snapshot` does."""
    found: list[tuple[MeshSnapshot, Past]] = []
    nothing = _nothing("any cluster", at)
    for cluster, source in metrics.items():
        try:
            found.append(past_snapshot(store, source, cluster, window_seconds, at))
        except Failure as failure:
            if failure.code is not Code.NOT_FOUND:
                raise
            nothing = failure
    if not found:
        raise nothing
    snapshot = join([one for one, _ in found])
    past = next((past for _, past in found if past.origin == "prometheus"), found[0][1])
    key = ((ALL, window_seconds, past.origin, snapshot.version), spec)
    return _kept.of(store).views.get(key, lambda: msgspec.structs.replace(project(snapshot, spec), past=past))


def past_view_bytes(
    store: SnapshotStore, metrics: MetricsSource, cluster: str, spec: ViewSpec, window_seconds: int, at: datetime
) -> tuple[GraphView, bytes]:
    """The same, and as JSON, encoded once."""
    view = past_view(store, metrics, cluster, spec, window_seconds, at)
    origin: Origin = view.past.origin if view.past else "ring"
    key = ((cluster, window_seconds, origin, view.version), spec)
    return view, _kept.of(store).bodies.get(key, lambda: msgspec.json.encode(view))


def whole(at: datetime, window_seconds: int) -> datetime:
    """The moment that is computed for `at`: a sixth of the window apart, 5 s to a minute, so that those who look at
    about the same time share one."""
    step = grain(window_seconds)
    return datetime.fromtimestamp(int(at.timestamp()) // step * step, UTC)


def grain(window_seconds: int) -> int:
    """How many seconds computed moments are apart."""
    return min(max(window_seconds // 6, 5), 60)


def milliseconds(at: datetime) -> int:
    """As versions count."""
    return int(at.timestamp() * 1000)


def _from_ring(store: SnapshotStore, cluster: str, window_seconds: int, at: datetime) -> MeshSnapshot | None:
    version = store.ring_version_at(cluster, window_seconds, milliseconds(at))
    if version is None or milliseconds(at) - version > LONGEST_GAP.total_seconds() * 1000:
        return None

    def load() -> MeshSnapshot | None:
        for _, data in store.ring_entries(cluster, window_seconds, [version]):
            try:
                return decode(data)
            except ValueError:
                return None  # another release's
        return None

    snapshot = _kept.of(store).ring.get((cluster, window_seconds, "ring", version), load)
    # Telemetry that was stale then: Prometheus may know better today.
    if snapshot is None or snapshot.evaluated_at is None or at - snapshot.evaluated_at > LONGEST_GAP:
        return None
    return snapshot


@contextmanager
def _waiting(places: BoundedSemaphore) -> Iterator[None]:
    if not places.acquire(blocking=False):
        raise Failure(
            Code.THROTTLED,
            f"{WAITING} other past moments are waiting to be computed",
            next_step="Try again in a few seconds.",
        )
    try:
        yield
    finally:
        places.release()


class _Moment(msgspec.Struct, frozen=True, array_like=True):
    """What the store keeps of a moment that was computed. `snapshot` is empty when there was nothing."""

    at: datetime
    snapshot: bytes


def _computed(
    store: SnapshotStore, metrics: MetricsSource, cluster: str, window_seconds: int, at: datetime
) -> MeshSnapshot:
    place = f"past/{window_seconds}/{int(at.timestamp()) // grain(window_seconds) % PLACES}"

    def kept() -> MeshSnapshot | None:
        found = parts.get(store, cluster, place, _Moment)
        if found is None or found.at != at:
            return None
        if not found.snapshot:
            raise _nothing(cluster, at)
        try:
            return decode(found.snapshot)
        except ValueError:
            return None  # another release's

    if found := kept():
        return found
    busy = f"Past moments of {cluster} are being computed for others"
    with turn(store, f"past:{cluster}", hold=LOCK_SECONDS, patience=PATIENCE_SECONDS, busy=busy):
        if found := kept():
            return found
        spoken = detected(metrics.query(detection(), at))
        if not spoken:
            _keep(store, cluster, place, _Moment(at, b""), NOTHING_SECONDS)
            raise _nothing(cluster, at)
        rows = ask_telemetry(metrics, cluster, window_seconds, at, spoken)
        inventory = inventory_or_none(store, cluster)
        status = parts.status(store, cluster, parts.INVENTORY)
        snapshot = assemble(
            cluster=cluster,
            version=milliseconds(at),
            published_at=at,
            evaluated_at=at,
            window_seconds=window_seconds,
            rows=rows,
            inventory=inventory or build_inventory((), cluster),
            sources=(
                parts.source_state("telemetry", parts.SourceStatus(as_of=at), have_part=True),
                parts.source_state("inventory", status, have_part=inventory is not None),
            ),
        )
        _keep(store, cluster, place, _Moment(at, encode(snapshot)), KEPT_SECONDS)
        return snapshot


def _keep(store: SnapshotStore, cluster: str, place: str, moment: _Moment, seconds: float) -> None:
    store.put_part(cluster, place, msgspec.msgpack.encode(moment), seconds)


def _nothing(cluster: str, at: datetime) -> Failure:
    return Failure(
        Code.NOT_FOUND,
        f"Prometheus has nothing of the mesh at {at:%Y-%m-%d %H:%M:%S} UTC",
        next_step="Choose a later moment: it may not have been collecting then, or has let go of it since.",
        context={"cluster": cluster, "source": "telemetry", "at": at.isoformat()},
    )
