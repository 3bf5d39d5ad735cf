"""One proxy, asked now: its configuration and state as a view, each page as it is, its log levels.

Bounded: an answer has a limit in size and time (the adapter's), two large ones are read at once, and a few views are
kept for a few seconds, so that the tables of one page and the steps of one explanation ask once.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson

from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.proxy.dump import REFUSED, has_private_key
from meshui.domain.proxy.view import ProxyView, view_of
from meshui.services.ports import ProxySource

FRESH_SECONDS = 3.0
KEPT = 24
AT_ONCE = 2

PAGES = {
    "config_dump": "/config_dump?include_eds",
    "clusters": "/clusters?format=json",
    "listeners": "/listeners?format=json",
    "certs": "/certs",
    "server_info": "/server_info",
    "memory": "/memory",
    "stats": "/stats?format=json&usedonly",
}
"""What can be had as it is, by name."""


class Read(msgspec.Struct, frozen=True):
    """A proxy's view and when it was read."""

    view: ProxyView
    read_at: datetime
    body: bytes
    """The config dump itself."""


class _Kept:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.turns = threading.BoundedSemaphore(AT_ONCE)
        self.reads: OrderedDict[tuple[int, ObjectRef], tuple[float, Read]] = OrderedDict()
        self.flights: dict[tuple[int, ObjectRef], threading.Lock] = {}


_kept = _Kept()


def read(source: ProxySource, pod: ObjectRef, *, fresh_seconds: float = FRESH_SECONDS) -> Read:
    """The proxy as it is now, or was a few seconds ago. Raises Failure(SOURCE_UNAVAILABLE)."""
    key = (id(source), pod)
    with _kept.lock:
        flight = _kept.flights.setdefault(key, threading.Lock())
    with flight:
        with _kept.lock:
            at, found = _kept.reads.get(key, (0.0, None))
        if found is not None and time.monotonic() - at < fresh_seconds:
            return found
        with _kept.turns:
            body = source.get(pod, PAGES["config_dump"])
            clusters = _optional(source, pod, "clusters")
            view = view_of(f"{pod.namespace}/{pod.name}", body, clusters, orjson.loads)
        found = Read(view, datetime.now(UTC), b"" if view.dump.refused else body)
        with _kept.lock:
            _kept.reads[key] = (time.monotonic(), found)
            _kept.reads.move_to_end(key)
            while len(_kept.reads) > KEPT:
                _kept.reads.popitem(last=False)
            _kept.flights.pop(key, None)
        return found


def _optional(source: ProxySource, pod: ObjectRef, name: str) -> bytes | None:
    """A page that not every proxy has: ztunnel has no `/clusters`."""
    try:
        return source.get(pod, PAGES[name])
    except Failure as failure:
        if failure.code is not Code.SOURCE_UNAVAILABLE:
            raise
        return None


def facts(source: ProxySource, pod: ObjectRef, name: str) -> Any:
    """A small page as JSON; an empty object where the proxy has none."""
    body = _optional(source, pod, name)
    try:
        return orjson.loads(body) if body else {}
    except ValueError:
        return {}


def page(source: ProxySource, pod: ObjectRef, name: str) -> bytes:
    """A page as the proxy gives it. Raises Failure(SOURCE_UNAVAILABLE), and UNSUPPORTED for one with a private key."""
    body = source.get(pod, PAGES[name])
    if has_private_key(body):
        raise Failure(
            Code.UNSUPPORTED, REFUSED, context={"source": "proxies", "object": f"Pod {pod.namespace}/{pod.name}"}
        )
    return body


def none_to_ask(cluster: str) -> Failure:
    """Proxies of this cluster are not read."""
    return Failure(
        Code.NOT_READY,
        f"The proxies of {cluster} are not read",
        next_step="Set MESHUI_ENVOY_ADMIN to port-forward or pod-ip, or MESHUI_ENVOY_ADMIN_URLS.",
        context={"cluster": cluster, "source": "proxies"},
    )
