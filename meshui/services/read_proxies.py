"""What the proxies said when they were last read, and how far they are with what they were sent."""

from __future__ import annotations

import json
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import msgspec

from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.workloads import Pod
from meshui.domain.proxy.dump import Kind, read_config_dump
from meshui.domain.proxy.reading import ProxyReading
from meshui.domain.proxy.rollout import ProxyRollout, Rollout, progress, rollout
from meshui.domain.proxy.sync import TypeSync, sync_of
from meshui.domain.proxy.view import ProxyView, view_of
from meshui.services import parts
from meshui.services.explain_request import proxied
from meshui.services.ports import Manifest, ProxySource, SnapshotStore
from meshui.services.read_proxy import Read


def proxies(store: SnapshotStore, cluster: str) -> tuple[ProxyReading, ...]:
    """The latest reading of each proxy that was sampled so far, by namespace and pod; none before the first poll.
    Raises Failure(SOURCE_UNAVAILABLE)."""
    part = parts.get(store, cluster, parts.PROXIES, parts.ProxiesPart)
    return tuple(part.readings[key] for key in sorted(part.readings)) if part else ()


def sync(store: SnapshotStore, cluster: str) -> tuple[dict[str, tuple[TypeSync, ...]], parts.ControlPlanePart]:
    """(each proxy's state by kind, what the control plane said)."""
    part = parts.get(store, cluster, parts.CONTROL_PLANE, parts.ControlPlanePart)
    plane = part or parts.ControlPlanePart(None, {}, "It was not asked yet")
    found = {}
    for reading in proxies(store, cluster):
        key = f"{reading.pod.namespace}/{reading.pod.name}"
        found[key] = sync_of(reading, plane.told.get(key))
    return found, plane


ROLLOUT_SECONDS = 8.0
ROLLOUT_AT_ONCE = 8
MOST_PROXIES = 500
_ROUTES = "/config_dump?resource=dynamic_route_configs"


def rollout_of(source: ProxySource, inventory: Inventory, manifest: Manifest) -> Rollout:
    """How far a VirtualService has got, asked of the proxies themselves, at most so many and so long."""
    pods = [pod for pod in inventory.pods if pod.live and pod.has_proxy][:MOST_PROXIES]
    deadline = time.monotonic() + ROLLOUT_SECONDS

    def ask(pod: Pod) -> ProxyRollout:
        name = f"{pod.namespace}/{pod.name}"
        workload = inventory.workloads.get((pod.namespace, pod.workload))
        if time.monotonic() > deadline or workload is None:
            return ProxyRollout(name, pod.workload, "unreachable", "There was no time to ask it.")
        try:
            body = source.get(ObjectRef("Pod", pod.namespace, pod.name), _ROUTES)
            routes = _routes(body)
        except (Failure, ValueError) as problem:
            return ProxyRollout(name, pod.workload, "unreachable", str(getattr(problem, "message", problem)))
        return progress(name, pod.workload, routes, manifest, proxied(inventory, workload), inventory)

    with ThreadPoolExecutor(ROLLOUT_AT_ONCE, thread_name_prefix="rollout") as pool:
        return rollout(list(pool.map(ask, pods)))


def _routes(body: bytes) -> tuple[Any, ...]:
    document = json.loads(body)
    entries = document.get("configs", []) if isinstance(document, dict) else []
    section = {"@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump", "dynamic_route_configs": entries}
    return read_config_dump({"configs": [section]}).of("route")


KEPT_DUMPS = 5
LARGEST_KEPT = 4 * 1024 * 1024
"""Compressed; larger ones are not kept."""


class Earlier(msgspec.Struct, frozen=True):
    """An earlier dump that is kept."""

    id: int
    read_at: datetime


def keep_earlier(store: SnapshotStore, cluster: str, read: Read) -> None:
    """Keeps the dump beside the last few, when it is another than the newest that is kept."""
    if not read.body:
        return
    versions = _fingerprint(read.view)
    name = parts.earlier_part(read.view.pod)
    part = parts.get(store, cluster, name, parts.EarlierPart) or parts.EarlierPart(())
    if part.dumps and part.dumps[-1].versions == versions:
        return
    body = zlib.compress(read.body, 6)
    if len(body) > LARGEST_KEPT:
        return
    number = part.dumps[-1].id + 1 if part.dumps else 1
    dumps = (*part.dumps, parts.EarlierDump(number, read.read_at, versions, body))[-KEPT_DUMPS:]
    parts.put(store, cluster, name, parts.EarlierPart(dumps))


def earlier(store: SnapshotStore, cluster: str, pod: str) -> tuple[Earlier, ...]:
    """What is kept of a proxy, newest first."""
    part = parts.get(store, cluster, parts.earlier_part(pod), parts.EarlierPart)
    return tuple(Earlier(one.id, one.read_at) for one in reversed(part.dumps)) if part else ()


def earlier_view(store: SnapshotStore, cluster: str, pod: str, number: int) -> ProxyView:
    """The proxy as it was. Raises Failure(NOT_FOUND)."""
    part = parts.get(store, cluster, parts.earlier_part(pod), parts.EarlierPart)
    for one in part.dumps if part else ():
        if one.id == number:
            return view_of(pod, zlib.decompress(one.body), None)
    raise Failure(
        Code.NOT_FOUND,
        f"The reading {number} of {pod} is not kept.",
        next_step=f"The last {KEPT_DUMPS} different ones are; choose one of them.",
        fields={"earlier": "There is no such reading."},
    )


def _fingerprint(view: ProxyView) -> str:
    """Of what is configured, not of what is going on: certificates renew themselves and don't count."""
    kinds: tuple[Kind, ...] = ("listener", "route", "cluster", "endpoint")
    said = [(one.kind, one.name, one.version, one.state) for kind in kinds for one in view.dump.of(kind)]
    return f"{zlib.crc32(repr(sorted(said)).encode()):08x}"
