"""Reads a few proxies at each poll, in turn, so that all have been read after some time and none is burdened."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import msgspec

from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.workloads import Pod
from meshui.domain.proxy.reading import ProxyReading
from meshui.services import parts
from meshui.services.ports import ProxySource, SnapshotStore
from meshui.services.read_inventory import inventory_or_none

SAMPLE = 6
"""Proxies read in one poll."""
AT_ONCE = 3
MOST_READINGS = 2000


def poll_proxies(
    source: ProxySource, store: SnapshotStore, cluster: str, now: datetime, sample: int = SAMPLE
) -> Failure | None:
    """Reads the next proxies. A proxy that can't be read has its error in its reading; the source has failed when none
    of the sample could be. Raises Failure when the store fails."""
    inventory = inventory_or_none(store, cluster)
    if inventory is None:
        return None
    pods = _with_proxy(inventory)
    before = parts.get(store, cluster, parts.PROXIES, parts.ProxiesPart) or parts.ProxiesPart("", {})
    chosen = _next(pods, before.cursor, sample)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="proxy") as pool:
        read = list(pool.map(lambda pod: _read(source, pod, now), chosen))
    alive = {_key(pod) for pod in pods}
    readings = {key: reading for key, reading in before.readings.items() if key in alive}
    readings |= {_key(pod): reading for pod, reading in zip(chosen, read, strict=True)}
    while len(readings) > MOST_READINGS:
        del readings[min(readings, key=lambda key: readings[key].read_at)]
    cursor = _key(chosen[-1]) if chosen else ""
    parts.put(store, cluster, parts.PROXIES, parts.ProxiesPart(cursor, readings))
    if chosen and all(reading.error for reading in read):
        failure = Failure(Code.SOURCE_UNAVAILABLE, f"No proxy can be read: {read[0].error}")
        parts.failed(store, cluster, parts.PROXIES, failure, now)
        return failure
    parts.succeeded(store, cluster, parts.PROXIES, now)
    return None


def _with_proxy(inventory: Inventory) -> list[Pod]:
    return sorted((pod for pod in inventory.pods if pod.live and pod.has_proxy), key=_key)


def _next(pods: Sequence[Pod], cursor: str, sample: int) -> list[Pod]:
    """The pods behind the cursor, and from the start again."""
    start = next((number for number, pod in enumerate(pods) if _key(pod) > cursor), 0)
    return [pods[(start + step) % len(pods)] for step in range(min(sample, len(pods)))]


def _read(source: ProxySource, pod: Pod, now: datetime) -> ProxyReading:
    ref = ObjectRef("Pod", pod.namespace, pod.name)
    try:
        return msgspec.structs.replace(source.read(ref), workload=pod.workload)
    except Failure as failure:
        return ProxyReading(pod=ref, read_at=now, workload=pod.workload, error=failure.message)


def _key(pod: Pod) -> str:
    return f"{pod.namespace}/{pod.name}"
