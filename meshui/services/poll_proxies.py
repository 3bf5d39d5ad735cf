"""Reads a few proxies at each poll, in turn, so that all have been read after some time and none is burdened."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import msgspec

from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.proxy.reading import ProxyReading
from meshui.domain.proxy.sync import merged, parse_syncz
from meshui.services import parts, read_proxy
from meshui.services.ports import ProxySource, SnapshotStore
from meshui.services.read_inventory import inventory_or_none
from meshui.services.read_proxies import keep_earlier

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
    chosen: list[_Asked] = [*(_Asked(one, "") for one in source.fixed), *_next(pods, before.cursor, sample)]
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="proxy") as pool:
        read = list(pool.map(lambda pod: _read(source, pod, now), chosen))
    alive = {one.key for one in (*pods, *chosen)}
    readings = {key: reading for key, reading in before.readings.items() if key in alive}
    readings |= {
        one.key: _after(before.readings.get(one.key), reading, now) for one, reading in zip(chosen, read, strict=True)
    }
    while len(readings) > MOST_READINGS:
        del readings[min(readings, key=lambda key: readings[key].read_at)]
    for one, reading in zip(chosen, read, strict=True):
        if reading.error is None and _changed(before.readings.get(one.key), reading):
            _keep(source, store, cluster, one.ref)
    cursor = chosen[-1].key if chosen else ""
    poll_control_plane(source, store, cluster, inventory, now)
    parts.put(store, cluster, parts.PROXIES, parts.ProxiesPart(cursor, readings))
    if chosen and all(reading.error for reading in read):
        failure = Failure(Code.SOURCE_UNAVAILABLE, f"No proxy can be read: {read[0].error}")
        parts.failed(store, cluster, parts.PROXIES, failure, now)
        return failure
    parts.succeeded(store, cluster, parts.PROXIES, now)
    return None


class _Asked(msgspec.Struct, frozen=True):
    """A proxy, and the workload that it belongs to."""

    ref: ObjectRef
    workload: str

    @property
    def key(self) -> str:
        return f"{self.ref.namespace}/{self.ref.name}"


def poll_control_plane(
    source: ProxySource, store: SnapshotStore, cluster: str, inventory: Inventory, now: datetime
) -> None:
    """Asks every replica of the control plane what it sent to whom. Where there is none to be asked, what was known
    goes."""
    root = inventory.mesh.root_namespace
    pods = [pod for pod in inventory.pods if pod.live and pod.namespace == root and pod.labels.get("app") == "istiod"]
    told, errors = [], []
    for pod in pods:
        try:
            told.append(parse_syncz(source.syncz(ObjectRef("Pod", pod.namespace, pod.name))))
        except Failure as failure:
            errors.append(failure.message)
    error = errors[0] if errors else None if pods else f"No pod in {root} has the label app=istiod"
    parts.put(store, cluster, parts.CONTROL_PLANE, parts.ControlPlanePart(now if told else None, merged(told), error))


def _changed(before: ProxyReading | None, now: ProxyReading) -> bool:
    """Whether its configuration is another; renewed certificates don't count."""

    def versions(reading: ProxyReading) -> list[tuple[str, int, str]]:
        return [(one.type, one.resources, one.version) for one in reading.types if one.type != "secret"]

    return before is None or versions(before) != versions(now)


def _keep(source: ProxySource, store: SnapshotStore, cluster: str, ref: ObjectRef) -> None:
    """For comparing later. A dump that can't be had now is not worth failing for."""
    with contextlib.suppress(Failure):
        keep_earlier(store, cluster, read_proxy.read(source, ref))


def _after(before: ProxyReading | None, now: ProxyReading, at: datetime) -> ProxyReading:
    """The reading with what is known from before: a proxy that can't be read keeps what it last said, an endpoint that
    gets no requests keeps since when."""
    if now.error is not None:
        if before is None:
            return msgspec.structs.replace(now, error_since=at)
        since = before.error_since or at
        return msgspec.structs.replace(before, error=now.error, error_since=since, workload=now.workload)
    known = {
        (cluster.name, one.address): one.since
        for cluster in (before.unhealthy if before else ())
        for one in cluster.endpoints
        if one.unhealthy
    }
    unhealthy = tuple(
        msgspec.structs.replace(
            cluster,
            endpoints=tuple(
                msgspec.structs.replace(one, since=known.get((cluster.name, one.address)) or at)
                if one.unhealthy
                else one
                for one in cluster.endpoints
            ),
        )
        for cluster in now.unhealthy
    )
    return msgspec.structs.replace(now, unhealthy=unhealthy)


def _with_proxy(inventory: Inventory) -> list[_Asked]:
    found = (
        _Asked(ObjectRef("Pod", pod.namespace, pod.name), pod.workload)
        for pod in inventory.pods
        if pod.live and pod.has_proxy
    )
    return sorted(found, key=lambda one: one.key)


def _next(pods: Sequence[_Asked], cursor: str, sample: int) -> list[_Asked]:
    """The pods behind the cursor, and from the start again."""
    start = next((number for number, pod in enumerate(pods) if pod.key > cursor), 0)
    return [pods[(start + step) % len(pods)] for step in range(min(sample, len(pods)))]


def _read(source: ProxySource, pod: _Asked, now: datetime) -> ProxyReading:
    try:
        return msgspec.structs.replace(source.read(pod.ref), workload=pod.workload)
    except Failure as failure:
        return ProxyReading(pod=pod.ref, read_at=now, workload=pod.workload, error=failure.message)
