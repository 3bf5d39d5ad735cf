"""Brings a cluster's objects up to date and leaves them for the publisher, rewriting only the kinds that changed."""

from __future__ import annotations

import time
from datetime import datetime

import msgspec

from meshui.domain.failures import Failure
from meshui.services import parts
from meshui.services.ports import InventorySource, KindState, Manifest, SnapshotStore
from meshui.services.read_inventory import kind_objects


class InventoryPoll(msgspec.Struct, frozen=True):
    """What a poll found: whether anything that a snapshot shows is different now, and the source's failure."""

    changed: bool
    failure: Failure | None = None


class _Known(msgspec.Struct, frozen=True):
    resource_version: str
    objects: tuple[Manifest, ...]
    error: str | None = None


def poll_inventory(
    source: InventorySource, store: SnapshotStore, cluster: str, now: datetime, budget_seconds: float
) -> InventoryPoll:
    """Lists or watches for at most about `budget_seconds`. Raises Failure when the store fails; the source's own
    failure is told, noted, and the last good part stays."""
    index = parts.get(store, cluster, parts.INVENTORY, parts.InventoryIndex) or parts.InventoryIndex({})
    bodies = kind_objects(store, cluster, index)
    known: dict[str, KindState] = {
        key: _Known(entry.resource_version, bodies[key]) for key, entry in index.kinds.items() if key in bodies
    }
    try:
        current = source.refresh(known, budget_seconds)
    except Failure as failure:
        before = parts.failed(store, cluster, parts.INVENTORY, failure, now)
        return InventoryPoll(changed=before is None or before.error != failure.message, failure=failure)
    entries: dict[str, parts.KindEntry] = {}
    changed = set(current) != set(index.kinds)
    for key, state in current.items():
        entry = index.kinds.get(key)
        stamp = entry.stamp if entry else 0
        if entry is None or key not in known or state.objects is not known[key].objects:
            stamp = max(time.time_ns(), stamp + 1)
            parts.put(store, cluster, parts.kind_part(key), parts.KindBody(stamp, state.objects))
            changed = True
        entries[key] = parts.KindEntry(state.resource_version, stamp, len(state.objects), state.error)
    parts.put(store, cluster, parts.INVENTORY, parts.InventoryIndex(entries))
    partial = _partial(entries)
    before = parts.succeeded(store, cluster, parts.INVENTORY, now, partial)
    recovered = before is None or before.error is not None or before.partial != partial
    return InventoryPoll(changed=changed or recovered)


def _partial(entries: dict[str, parts.KindEntry]) -> str | None:
    failing = {key.rpartition("/")[2]: entry.error for key, entry in entries.items() if entry.error}
    if not failing:
        return None
    kinds = "kind" if len(failing) == 1 else "kinds"
    return f"{len(failing)} {kinds} can't be read ({', '.join(sorted(failing))}): {next(iter(failing.values()))}"
