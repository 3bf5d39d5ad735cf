"""All objects of all known kinds, kept current: listed once, then watched a little at a time.

A watch resumes at the resourceVersion it stopped at, so nothing is missed between two refreshes; a server that has
forgotten that version (410) makes the kind be listed again.
Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from meshui.adapters.kubernetes.client import EventStream, KubernetesClient
from meshui.adapters.kubernetes.discover import Discovery
from meshui.adapters.kubernetes.errors import Expired
from meshui.adapters.kubernetes.kinds import ServedKind
from meshui.adapters.kubernetes.trim import trim
from meshui.domain.failures import Code, Failure

Manifest = dict[str, Any]
PAGE = 500
SETTLE_SECONDS = 0.2
"""How long to wait for more after a first change, before it is told."""


class KindObjects(msgspec.Struct, frozen=True):
    """One kind's objects and the resourceVersion they are current at. `error`: why they may be old, or are missing."""

    resource_version: str
    objects: tuple[Manifest, ...]
    error: str | None = None


class KubernetesInventory:
    """An InventorySource."""

    def __init__(self, kubernetes: KubernetesClient, discovery: Discovery) -> None:
        self._kubernetes = kubernetes
        self._discovery = discovery

    def refresh(self, known: Mapping[str, Any], budget_seconds: float) -> dict[str, KindObjects]:
        """Every served kind by `group/version/plural`. Returns soon after the first change, else after the budget. A
        kind without change keeps the very same `objects`. Raises Failure(SOURCE_UNAVAILABLE) when no kind answers."""
        kinds = self._discovery.kinds()
        if not kinds:
            return {}
        round_ = _Round(self._kubernetes, budget_seconds, len(kinds))
        with ThreadPoolExecutor(len(kinds), thread_name_prefix="watch") as pool:
            futures = {kind.key: pool.submit(round_.read, kind, known.get(kind.key)) for kind in kinds}
            round_.wait()
        states = {key: future.result() for key, future in futures.items()}
        failures = [failure for _, failure in states.values() if failure is not None]
        if len(failures) == len(kinds):
            raise next((failure for failure in failures if failure.code is Code.SOURCE_UNAVAILABLE), failures[0])
        return {key: state for key, (state, _) in states.items()}


class _Round:
    """One refresh: its kinds are read in parallel, and end together once something changed."""

    def __init__(self, kubernetes: KubernetesClient, budget_seconds: float, kinds: int) -> None:
        self._kubernetes = kubernetes
        self._budget = budget_seconds
        self._changed = threading.Event()
        self._wake = threading.Event()
        self._over = False
        self._reading = kinds
        self._streams: set[EventStream] = set()
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Until all have been read, or shortly after the first change, or at the end of the budget."""
        self._wake.wait(self._budget + 1)
        if self._changed.is_set() and self._reading:
            time.sleep(SETTLE_SECONDS)
        with self._lock:
            self._over = True
            for stream in self._streams:
                stream.stop()

    def read(self, kind: ServedKind, known: KindObjects | None) -> tuple[KindObjects, Failure | None]:
        """The kind's objects now; on failure those known, with the error."""
        try:
            if known is None or not known.resource_version:
                return self._list(kind), None
            try:
                return self._watch(kind, known), None
            except Expired:
                return self._list(kind), None
        except Failure as failure:
            # Without a resourceVersion the next refresh lists: whatever went wrong, that heals it.
            return KindObjects("", known.objects if known else (), failure.message), failure
        finally:
            with self._lock:
                self._reading -= 1
                if not self._reading:
                    self._wake.set()

    def _list(self, kind: ServedKind) -> KindObjects:
        objects: list[Manifest] = []
        selected = {"fieldSelector": kind.selector} if kind.selector else {}
        query = selected | {"limit": str(PAGE)}
        while True:
            try:
                page = self._kubernetes.request("GET", kind.path(), query=query)
            except Expired:
                # The continuation was too slow for the server's memory: all at once.
                objects = []
                page = self._kubernetes.request("GET", kind.path(), query=selected)
            objects.extend(trim(item, kind.api_version, kind.kind) for item in page.get("items") or ())
            metadata = page.get("metadata") or {}
            if not metadata.get("continue"):
                return KindObjects(str(metadata.get("resourceVersion") or ""), tuple(objects))
            query = selected | {"limit": str(PAGE), "continue": metadata["continue"]}

    def _watch(self, kind: ServedKind, known: KindObjects) -> KindObjects:
        query = {
            "watch": "true",
            "resourceVersion": known.resource_version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(max(1, round(self._budget))),
        }
        if kind.selector:
            query["fieldSelector"] = kind.selector
        stream = self._kubernetes.stream(kind.path(), query, self._budget)
        with self._lock:
            if self._over:
                stream.stop()
            self._streams.add(stream)
        version = known.resource_version
        objects: dict[tuple[str, str], Manifest] | None = None
        try:
            for event in stream:
                found = event.get("object") or {}
                metadata = found.get("metadata") or {}
                if event.get("type") == "ERROR":
                    if found.get("code") == 410:
                        raise Expired(Code.SOURCE_UNAVAILABLE, str(found.get("message")))
                    break
                if metadata.get("resourceVersion"):
                    version = str(metadata["resourceVersion"])
                if event.get("type") == "BOOKMARK":
                    continue
                if objects is None:
                    objects = {_name(item): item for item in known.objects}
                if event.get("type") == "DELETED":
                    objects.pop(_name(found), None)
                else:
                    objects[_name(found)] = trim(found, kind.api_version, kind.kind)
                self._changed.set()
                self._wake.set()
        finally:
            with self._lock:
                self._streams.discard(stream)
        if objects is None:
            return KindObjects(version, known.objects)
        return KindObjects(version, tuple(objects.values()))


def _name(manifest: Manifest) -> tuple[str, str]:
    metadata = manifest.get("metadata") or {}
    return str(metadata.get("namespace") or ""), str(metadata.get("name") or "")
