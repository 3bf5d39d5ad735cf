"""Watches: what changed since a resourceVersion, as a stream of JSON lines.

https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from meshui.demo.kube.errors import StatusError
from meshui.demo.kube.resources import Resource
from meshui.demo.kube.schema import Object
from meshui.demo.kube.selectors import Predicate
from meshui.demo.kube.store import Event, Store

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
BOOKMARK_SECONDS = 20.0
"""How often a watch that allows bookmarks gets one; Kubernetes sends about one a minute."""


@dataclass(frozen=True)
class WatchOptions:
    namespace: str = ""
    since: int | None = None
    """None or 0: begin with an ADDED for each object there is."""
    matches: Predicate | None = None
    bookmarks: bool = False
    send_initial_events: bool | None = None
    timeout_seconds: float = 1800.0
    bookmark_seconds: float = BOOKMARK_SECONDS


async def watch(store: Store, resource: Resource, options: WatchOptions) -> AsyncIterator[tuple[str, Object]]:
    """Event type and object, until the timeout or, after an ERROR with a 410, for good."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + options.timeout_seconds
    cursor = options.since or store.version
    begins_with_all = not options.since if options.send_initial_events is None else options.send_initial_events
    if begins_with_all:
        cursor = store.version
        for _, object_ in store.items(resource, options.namespace):
            if options.matches is None or options.matches(object_):
                yield "ADDED", object_
        if options.send_initial_events and options.bookmarks:
            yield "BOOKMARK", _bookmark(resource, cursor, {INITIAL_EVENTS_END: "true"})
    next_bookmark = loop.time() + options.bookmark_seconds
    while True:
        try:
            events = store.since(cursor)
        except StatusError as error:
            yield "ERROR", error.body()
            return
        for event in events:
            cursor = event.version
            if event.resource is resource and (seen := _seen(event, options)):
                yield seen
        now = loop.time()
        ends = now >= deadline or store.closed
        if options.bookmarks and (ends or now >= next_bookmark):
            next_bookmark = now + options.bookmark_seconds
            yield "BOOKMARK", _bookmark(resource, cursor, {})
        if ends:
            return
        await store.wait(cursor, min(deadline, next_bookmark if options.bookmarks else deadline) - now)


def _seen(event: Event, options: WatchOptions) -> tuple[str, Object] | None:
    """The event as a watcher with this selector sees it: objects come into and go out of its sight."""
    if options.namespace and event.key[0] != options.namespace:
        return None
    matches: Callable[[Object], bool] = options.matches or (lambda _: True)
    before = event.previous is not None and matches(event.previous)
    after = event.type != "DELETED" and matches(event.object)
    if after:
        return ("MODIFIED" if before else "ADDED"), event.object
    if not before or event.previous is None:
        return None
    metadata = event.previous["metadata"] | {"resourceVersion": str(event.version)}
    return "DELETED", event.previous | {"metadata": metadata}


def _bookmark(resource: Resource, version: int, annotations: dict[str, str]) -> Object:
    metadata: Object = {"resourceVersion": str(version), "creationTimestamp": None}
    if annotations:
        metadata["annotations"] = annotations
    return {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
