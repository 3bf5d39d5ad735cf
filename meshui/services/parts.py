"""What the polls leave in the store for the publisher: named parts, each with the state of its source."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeVar

import msgspec

from meshui.domain.arrays import decode_array, encode_array
from meshui.domain.failures import Failure
from meshui.domain.graph.model import SourceState
from meshui.domain.proxy.reading import ProxyReading
from meshui.domain.proxy.sync import Sent
from meshui.domain.telemetry.rows import TelemetryRows
from meshui.domain.telemetry.totals import MeshTotals
from meshui.services.ports import Manifest, SnapshotStore

SourceName = Literal["telemetry", "inventory", "proxies"]
_T = TypeVar("_T")

DIALECTS = "telemetry/dialects"
INVENTORY = "inventory"
PROXIES = "proxies"
CONTROL_PLANE = "control-plane"


class SourceStatus(msgspec.Struct, frozen=True):
    """How a source answers. `error`: why it fails now, since `error_since`; `partial`: what a good answer lacks;
    `dialects`: the metrics dialects in it."""

    as_of: datetime | None = None
    error: str | None = None
    error_since: datetime | None = None
    partial: str | None = None
    dialects: tuple[str, ...] = ()


class TelemetryPart(msgspec.Struct, frozen=True):
    """What one poll learned from all its queries, evaluated at the same instant."""

    evaluated_at: datetime
    rows: TelemetryRows


class DialectsPart(msgspec.Struct, frozen=True):
    """The metrics dialects that a cluster speaks, by name, and when its metrics were asked."""

    asked_at: datetime
    names: tuple[str, ...]


class KindEntry(msgspec.Struct, frozen=True):
    """One kind in the inventory's index; its objects are a part of their own, rewritten only when `stamp` changes."""

    resource_version: str
    stamp: int
    count: int
    error: str | None = None


class InventoryIndex(msgspec.Struct, frozen=True):
    """The kinds of a cluster by `group/version/plural`."""

    kinds: dict[str, KindEntry]


class KindBody(msgspec.Struct, frozen=True):
    """The objects of one kind."""

    stamp: int
    objects: tuple[Manifest, ...]


class ProxiesPart(msgspec.Struct, frozen=True):
    """The latest reading of every proxy that was sampled, by "NAMESPACE/POD"; `cursor`: the last one that was."""

    cursor: str
    readings: dict[str, ProxyReading]


class ControlPlanePart(msgspec.Struct, frozen=True):
    """What the control plane last said of each proxy, by NAMESPACE/POD and kind; `error`: why it can't be asked now."""

    read_at: datetime | None
    told: dict[str, dict[str, Sent]]
    error: str | None = None


class EarlierDump(msgspec.Struct, frozen=True):
    """A proxy's config dump at a moment, compressed. `versions` tells it from others."""

    id: int
    read_at: datetime
    versions: str
    body: bytes


class EarlierPart(msgspec.Struct, frozen=True):
    """The last few of a proxy's different dumps, oldest first."""

    dumps: tuple[EarlierDump, ...]


class RingNote(msgspec.Struct, frozen=True, array_like=True):
    """What is known of a snapshot in the ring without reading it."""

    evaluated_at: datetime | None
    totals: MeshTotals


def ring_note(evaluated_at: datetime | None, totals: MeshTotals) -> bytes:
    """The note to publish with a snapshot."""
    return msgspec.msgpack.encode(RingNote(evaluated_at, totals))


def telemetry_part(window_seconds: int) -> str:
    """The name of a window's telemetry part."""
    return f"telemetry/{window_seconds}"


def earlier_part(pod: str) -> str:
    """The name of the part with a proxy's earlier dumps; `pod` is NAMESPACE/POD."""
    return f"{PROXIES}/earlier/{pod}"


def kind_part(key: str) -> str:
    """The name of the part with a kind's objects."""
    return f"{INVENTORY}/{key}"


def put(store: SnapshotStore, cluster: str, part: str, value: msgspec.Struct) -> None:
    """Keeps a part."""
    store.put_part(cluster, part, msgspec.msgpack.encode(value, enc_hook=encode_array))


def get(store: SnapshotStore, cluster: str, part: str, type_: type[_T]) -> _T | None:
    """A part, or None; also for one that another release wrote in a shape that this one can't read."""
    return decode(store.get_part(cluster, part), type_)


def decode(data: bytes | None, type_: type[_T]) -> _T | None:
    """As `get`, of what the store gave."""
    if data is None:
        return None
    try:
        return msgspec.msgpack.decode(data, type=type_, dec_hook=decode_array)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


def status(store: SnapshotStore, cluster: str, part: str) -> SourceStatus | None:
    """The state of a part's source; None before its first poll."""
    return get(store, cluster, f"{part}/status", SourceStatus)


def succeeded(
    store: SnapshotStore,
    cluster: str,
    part: str,
    as_of: datetime,
    partial: str | None = None,
    dialects: tuple[str, ...] = (),
) -> SourceStatus | None:
    """Notes a good answer. Gives the status before it."""
    before = status(store, cluster, part)
    put(store, cluster, f"{part}/status", SourceStatus(as_of=as_of, partial=partial, dialects=dialects))
    return before


def failed(store: SnapshotStore, cluster: str, part: str, failure: Failure, now: datetime) -> SourceStatus | None:
    """Notes a failure; the part itself and the time of its last good answer stay. Gives the status before it."""
    before = status(store, cluster, part)
    since = before.error_since if before and before.error_since else now
    as_of, dialects = (before.as_of, before.dialects) if before else (None, ())
    its = SourceStatus(as_of=as_of, error=failure.message, error_since=since, dialects=dialects)
    put(store, cluster, f"{part}/status", its)
    return before


def source_state(name: SourceName, status: SourceStatus | None, *, have_part: bool) -> SourceState:
    """The status as a snapshot tells it."""
    if status is None:
        return SourceState(name=name, state="loading")
    if status.error is None:
        return SourceState(name=name, state="live", as_of=status.as_of, error=status.partial, dialects=status.dialects)
    if status.as_of is None or not have_part:
        return SourceState(name=name, state="failed", stale_since=status.error_since, error=status.error)
    return SourceState(
        name=name,
        state="stale",
        as_of=status.as_of,
        stale_since=status.error_since,
        error=status.error,
        dialects=status.dialects,
    )
