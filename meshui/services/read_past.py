"""The graph at a past moment: from the ring where it reaches back, else computed from Prometheus.

This is the only request path that asks Prometheus. However many viewers, in however many processes, ask for a moment,
it is computed once; of a cluster one moment at a time, so that polling is not disturbed; and who would have to wait
behind too many others is told so at once.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import BoundedSemaphore
from typing import Literal, NamedTuple

import msgspec

from meshui.domain.failures import Code, Failure
from meshui.domain.graph.model import GraphView, Past, ViewSpec
from meshui.domain.graph.project import project
from meshui.domain.health.rules import NO_RULES, HealthRules
from meshui.domain.join import ALL, join
from meshui.domain.mesh.inventory import build_inventory
from meshui.domain.snapshot import MeshSnapshot, assemble, decode, encode
from meshui.domain.telemetry.dialects import detected, detection
from meshui.services import parts, read_graph
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
        # Of a large mesh a snapshot is some megabytes, and a view tens of them: few are kept, bodies compressed.
        self.ring: SingleFlight[_Key, MeshSnapshot | None] = SingleFlight(8)
        self.computed: SingleFlight[_Key, MeshSnapshot] = SingleFlight(8)
        self.joined: SingleFlight[_Key, MeshSnapshot] = SingleFlight(4)
        self.views: SingleFlight[_ViewKey, GraphView] = SingleFlight(8)
        self.bodies: SingleFlight[_ViewKey, bytes] = SingleFlight(48)
        self.waiting = BoundedSemaphore(WAITING)


_kept: PerStore[_Kept] = PerStore(_Kept)

Sources = Mapping[str, MetricsSource]
"""The metrics of each cluster."""


def past_view(
    store: SnapshotStore, sources: Sources, cluster: str, spec: ViewSpec, window_seconds: int, at: datetime
) -> GraphView:
    """A cluster, or all of `sources`, as it was at the moment or shortly before. Raises Failure(NOT_FOUND) when neither
    the ring nor Prometheus has anything there, THROTTLED when too many ask, SOURCE_UNAVAILABLE."""
    return _view(store, spec, _shown(store, sources, cluster, window_seconds, at))


def past_view_gzip(
    store: SnapshotStore, sources: Sources, cluster: str, spec: ViewSpec, window_seconds: int, at: datetime
) -> tuple[str, Callable[[], bytes]]:
    """What tells this view from those of other moments, and it as compressed JSON, made once when it is wanted."""
    shown = _shown(store, sources, cluster, window_seconds, at)

    def body() -> bytes:
        return gzip.compress(msgspec.json.encode(_view(store, spec, shown)), 1, mtime=0)

    return f"{shown.key[2]} {shown.key[3]}", lambda: _kept.of(store).bodies.get((shown.key, spec), body)


class _Shown(NamedTuple):
    key: _Key
    snapshot: MeshSnapshot
    past: Past


def _view(store: SnapshotStore, spec: ViewSpec, shown: _Shown) -> GraphView:
    return _kept.of(store).views.get(
        (shown.key, spec), lambda: msgspec.structs.replace(project(shown.snapshot, spec), past=shown.past)
    )


def _shown(store: SnapshotStore, sources: Sources, cluster: str, window_seconds: int, at: datetime) -> _Shown:
    if cluster == ALL:
        return _all_shown(store, sources, window_seconds, at)
    origin: Origin = "ring"
    snapshot = _from_ring(store, cluster, window_seconds, at)
    if snapshot is None:
        origin = "prometheus"
        moment = whole(at, window_seconds)
        kept = _kept.of(store)

        def compute() -> MeshSnapshot:
            with _waiting(kept.waiting):
                return _computed(store, sources[cluster], cluster, window_seconds, moment)

        snapshot = kept.computed.get((cluster, window_seconds, origin, milliseconds(moment)), compute)
    read = next((source.as_of for source in snapshot.sources if source.name == "inventory"), None)
    past = Past(origin=origin, configuration_as_of=read, reason=_REASONS[origin])
    return _Shown((cluster, window_seconds, origin, snapshot.version), snapshot, past)


def _all_shown(store: SnapshotStore, sources: Sources, window_seconds: int, at: datetime) -> _Shown:
    """All clusters but those that have nothing there."""
    found: list[_Shown] = []
    nothing = _nothing("any cluster", at)
    for cluster in sources:
        try:
            found.append(_shown(store, sources, cluster, window_seconds, at))
        except Failure as failure:
            if failure.code is not Code.NOT_FOUND:
                raise
            nothing = failure
    if not found:
        raise nothing
    past = next((one.past for one in found if one.past.origin == "prometheus"), found[0].past)
    key: _Key = (ALL, window_seconds, past.origin, sum(one.snapshot.version for one in found))
    snapshot = _kept.of(store).joined.get(key, lambda: join([one.snapshot for one in found]))
    return _Shown(key, snapshot, past)


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
            health=_health_rules(store, cluster, window_seconds),
        )
        _keep(store, cluster, place, _Moment(at, encode(snapshot)), KEPT_SECONDS)
        return snapshot


def _health_rules(store: SnapshotStore, cluster: str, window_seconds: int) -> HealthRules:
    """Those of today, as the publisher has them."""
    try:
        return read_graph.snapshot(store, cluster, window_seconds).health
    except Failure as failure:
        if failure.code is Code.NOT_READY:
            return NO_RULES
        raise


def _keep(store: SnapshotStore, cluster: str, place: str, moment: _Moment, seconds: float) -> None:
    store.put_part(cluster, place, msgspec.msgpack.encode(moment), seconds)


def _nothing(cluster: str, at: datetime) -> Failure:
    return Failure(
        Code.NOT_FOUND,
        f"Prometheus has nothing of the mesh at {at:%Y-%m-%d %H:%M:%S} UTC",
        next_step="Choose a later moment: it may not have been collecting then, or has let go of it since.",
        context={"cluster": cluster, "source": "telemetry", "at": at.isoformat()},
    )
