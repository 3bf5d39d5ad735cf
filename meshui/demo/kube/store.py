"""The objects, their resourceVersions and the ring of past events.

Everything runs in one event loop and no method awaits between reading and writing, so each is atomic. Stored objects
are never changed in place: who wants to change one writes a new one. Versions count on from the clock's
milliseconds: a version that a client keeps from before a restart is too old, never too new, so it lists again.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from meshui.demo.kube.errors import expired, version_too_large
from meshui.demo.kube.resources import Resource

Object = dict[str, Any]
Key = tuple[str, str]
"""Namespace (empty at cluster scope) and name."""


@dataclass(frozen=True)
class Event:
    """One write. `object` is the new state, for a deletion the last one with the deletion's version."""

    version: int
    type: str
    resource: Resource
    key: Key
    object: Object
    previous: Object | None


class Store:
    """Objects by resource and key, with the last `history` events."""

    def __init__(self, history: int = 4000) -> None:
        self._objects: dict[Resource, dict[Key, Object]] = {}
        self._events: deque[Event] = deque(maxlen=history)
        self._version = int(time.time() * 1000)
        self._waiting: set[asyncio.Event] = set()
        self.closed = False
        """Whether the server is stopping, so that whoever waits for events should end."""

    @property
    def version(self) -> int:
        """The last one given."""
        return self._version

    def get(self, resource: Resource, key: Key) -> Object | None:
        return self._objects.get(resource, {}).get(key)

    def put(self, resource: Resource, key: Key, object_: Object) -> Object:
        """Writes an object with the next version; the caller has checked that it may. Returns what is stored."""
        previous = self.get(resource, key)
        stored = self._versioned(object_)
        self._objects.setdefault(resource, {})[key] = stored
        self._record("MODIFIED" if previous else "ADDED", resource, key, stored, previous)
        return stored

    def remove(self, resource: Resource, key: Key) -> Object:
        """Deletes an object that is there; returns its last state with the deletion's version."""
        previous = self._objects[resource].pop(key)
        last = self._versioned(previous)
        self._record("DELETED", resource, key, last, previous)
        return last

    def items(self, resource: Resource, namespace: str = "", at: int | None = None) -> list[tuple[Key, Object]]:
        """The objects in order of their keys, as of version `at` (now). Raises a 410 when that is forgotten."""
        objects = self._objects.get(resource, {})
        if at is not None and at != self._version:
            objects = self._as_of(resource, at)
        return sorted(item for item in objects.items() if not namespace or item[0][0] == namespace)

    def find(self, **metadata: str) -> Iterator[tuple[Resource, Key, Object]]:
        """Every object of any kind: of a namespace (`namespace=`), or that an owner's uid names (`owner=`)."""
        for resource, objects in self._objects.items():
            for key, object_ in list(objects.items()):
                owners = {owner["uid"] for owner in object_["metadata"].get("ownerReferences") or ()}
                if metadata.get("namespace") == key[0] or metadata.get("owner") in owners:
                    yield resource, key, object_

    def check(self, version: int) -> None:
        """Raises the 504 of a version that is yet to come."""
        if version > self._version:
            raise version_too_large(version, self._version)

    def since(self, version: int) -> list[Event]:
        """The events after a version, oldest first. Raises a 410 when some of them are forgotten."""
        missed = self._version - version
        if missed <= 0:
            return []
        if missed > len(self._events):
            oldest = self._version - len(self._events)
            raise expired(f"too old resource version: {version} ({oldest})")
        return [self._events[index] for index in range(len(self._events) - missed, len(self._events))]

    async def wait(self, version: int, seconds: float) -> None:
        """Returns when something was written after `version`, or after that many seconds."""
        if self._version != version or self.closed:
            return
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(event)

    def close(self) -> None:
        """Wakes and ends everyone who waits."""
        self.closed = True
        for event in self._waiting:
            event.set()

    def _as_of(self, resource: Resource, version: int) -> dict[Key, Object]:
        self.check(version)
        objects = dict(self._objects.get(resource, {}))
        for event in reversed(self.since(version)):
            if event.resource is resource:
                if event.previous is None:
                    objects.pop(event.key, None)
                else:
                    objects[event.key] = event.previous
        return objects

    def _versioned(self, object_: Object) -> Object:
        metadata = object_["metadata"] | {"resourceVersion": str(self._version + 1)}
        return object_ | {"metadata": metadata}

    def _record(self, type_: str, resource: Resource, key: Key, object_: Object, previous: Object | None) -> None:
        self._version += 1
        self._events.append(Event(self._version, type_, resource, key, object_, previous))
        for event in self._waiting:
            event.set()
