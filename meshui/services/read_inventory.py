"""The inventory as the last poll left it, built once per change in each process."""

from __future__ import annotations

import threading

from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.inventory import Inventory, build_inventory
from meshui.services import parts
from meshui.services.cache import PerStore, SingleFlight
from meshui.services.ports import Manifest, SnapshotStore

Fingerprint = tuple[tuple[str, int], ...]


class _Kept:
    """What a process keeps of a store's inventories."""

    def __init__(self) -> None:
        self.bodies: dict[tuple[str, str], parts.KindBody] = {}
        self.lock = threading.Lock()
        self.built: SingleFlight[tuple[str, Fingerprint], Inventory] = SingleFlight(4)


_kept: PerStore[_Kept] = PerStore(_Kept)


def inventory(store: SnapshotStore, cluster: str) -> Inventory:
    """The cluster's inventory. Raises Failure(NOT_READY) before the first poll, and SOURCE_UNAVAILABLE."""
    found = inventory_or_none(store, cluster)
    if found is None:
        status = parts.status(store, cluster, parts.INVENTORY)
        why = f": {status.error}" if status and status.error else ""
        raise Failure(
            Code.NOT_READY,
            f"The objects of {cluster} have not been read yet{why}",
            next_step="They will be as soon as the Kubernetes API answers.",
            context={"cluster": cluster, "source": "inventory"},
        )
    return found


def inventory_or_none(store: SnapshotStore, cluster: str) -> Inventory | None:
    """The same, with None before the first poll."""
    index = parts.get(store, cluster, parts.INVENTORY, parts.InventoryIndex)
    if index is None:
        return None
    fingerprint: Fingerprint = tuple((key, entry.stamp) for key, entry in sorted(index.kinds.items()))

    def build() -> Inventory:
        bodies = kind_objects(store, cluster, index)
        return build_inventory((manifest for objects in bodies.values() for manifest in objects), cluster)

    return _kept.of(store).built.get((cluster, fingerprint), build)


def kind_objects(store: SnapshotStore, cluster: str, index: parts.InventoryIndex) -> dict[str, tuple[Manifest, ...]]:
    """The objects by kind; only what changed since the last call is read from the store. A kind whose objects the
    store has lost is left out."""
    kept = _kept.of(store)
    with kept.lock:
        bodies = {key: kept.bodies.get((cluster, key)) for key in index.kinds}
        old = [key for key, entry in index.kinds.items() if (bodies[key] or _NONE).stamp < entry.stamp]
        for key, data in zip(old, store.get_parts(cluster, [parts.kind_part(key) for key in old]), strict=True):
            bodies[key] = parts.decode(data, parts.KindBody)
        kept.bodies = {other: body for other, body in kept.bodies.items() if other[0] != cluster}
        kept.bodies |= {(cluster, key): body for key, body in bodies.items() if body is not None}
    return {key: body.objects for key, body in bodies.items() if body is not None}


_NONE = parts.KindBody(stamp=-1, objects=())
