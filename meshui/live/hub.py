"""The process' one ear for news of the mesh, and its fan-out to all sockets.

It listens to one group of the channel layer on one channel, and looks at the versions in the store every few seconds in
case an announcement was missed or the layer is gone. Views are refreshed one after the other, outside the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer

from meshui.adapters.events.channels import CHANGED, GROUP, PUBLISHED
from meshui.contract.failures import Problem, problem_of
from meshui.contract.messages import ChangeMessage
from meshui.domain.failures import Code, Failure
from meshui.domain.graph.model import GraphView, ViewSpec
from meshui.domain.join import ALL
from meshui.live.views import Edition, SharedView, ViewKey, Watcher, edition

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 3.0
JOIN_EVERY_SECONDS = 10.0
"""A layer that lost its data has forgotten who listens: joining again costs next to nothing."""
_LONGEST_PAUSE = 5.0


class Source(Protocol):
    """Where views come from. Raises Failure(NOT_READY | SOURCE_UNAVAILABLE)."""

    def version(self, cluster: str, window_seconds: int) -> int | None: ...

    def view(self, cluster: str, spec: ViewSpec, window_seconds: int) -> tuple[GraphView, bytes]: ...


class Listener(Protocol):
    """A socket, told of every change that somebody makes."""

    def changed(self, message: ChangeMessage) -> None: ...


class Hub:
    """One per process and event loop. Runs while there are sockets."""

    def __init__(self, source: Source, layer: Callable[[], Any] = get_channel_layer) -> None:
        self._source = source
        self._layer = layer
        self._views: dict[ViewKey, SharedView] = {}
        self._listeners: set[Listener] = set()
        self._stale: dict[ViewKey, None] = {}
        self._work = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def join(self, listener: Listener) -> None:
        """A socket opened."""
        self._listeners.add(listener)
        if not self._tasks:
            self._work = asyncio.Event()
            parts = (self._listen(), self._look(), self._refresh())
            self._tasks = [asyncio.create_task(part) for part in parts]

    def leave(self, listener: Listener) -> None:
        """A socket closed; with the last one, the hub rests."""
        self._listeners.discard(listener)
        if not self._listeners:
            for task in self._tasks:
                task.cancel()
            self._tasks = []

    def watch(self, key: ViewKey, watcher: Watcher) -> SharedView:
        """The shared view; the watcher is woken when there is something of it to send."""
        shared = self._views.setdefault(key, SharedView(key))
        shared.watchers.add(watcher)
        if shared.latest is None:
            self._mark(key)
        else:
            watcher.wake()
        return shared

    def unwatch(self, key: ViewKey, watcher: Watcher) -> None:
        """Forgets the watcher, and with the last one the view."""
        shared = self._views.get(key)
        if shared is not None:
            shared.watchers.discard(watcher)
            if not shared.watchers:
                del self._views[key]
                self._stale.pop(key, None)

    def _mark(self, key: ViewKey) -> None:
        self._stale[key] = None
        self._work.set()

    async def _listen(self) -> None:
        """Hears the announcements. Whatever the layer does, it is tried again."""
        pause = 0.5
        while True:
            joining: asyncio.Task[None] | None = None
            try:
                layer = self._layer()
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                joining = asyncio.create_task(_keep_joined(layer, channel))
                while True:
                    message = await layer.receive(channel)
                    pause = 0.5
                    self._heard(message)
            except asyncio.CancelledError:
                raise
            except Exception as problem:
                log.warning("the channel layer does not answer, trying again: %s", problem)
            finally:
                if joining is not None:
                    joining.cancel()
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _heard(self, message: dict[str, Any]) -> None:
        cluster = message.get("cluster")
        if message.get("type") == PUBLISHED:
            for key in self._views:
                if key.cluster in (cluster, ALL) and key.window_seconds == message.get("window_seconds"):
                    self._mark(key)
        elif message.get("type") == CHANGED:
            try:
                change = msgspec.convert({"type": "change"} | message["change"], ChangeMessage)
            except (KeyError, TypeError, msgspec.ValidationError) as problem:
                log.warning("an announcement of a change can't be read: %s", problem)
                return
            for listener in tuple(self._listeners):
                listener.changed(change)

    async def _look(self) -> None:
        """Compares versions with the store's, now and then."""
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            for topic in {(key.cluster, key.window_seconds) for key in self._views}:
                version: int | None = None
                with contextlib.suppress(Failure):  # then refreshing will fail as well, and say so
                    version = await sync_to_async(self._source.version, thread_sensitive=False)(*topic)
                for key, shared in list(self._views.items()):
                    known = shared.latest.version if shared.latest else None
                    if (key.cluster, key.window_seconds) == topic and (version is None or version != known):
                        self._mark(key)

    async def _refresh(self) -> None:
        """Makes the new editions, one at a time."""
        while True:
            await self._work.wait()
            while self._stale:
                key = next(iter(self._stale))
                del self._stale[key]
                shared = self._views.get(key)
                if shared is not None:
                    await self._renew(shared)
            self._work.clear()

    async def _renew(self, shared: SharedView) -> None:
        try:
            made = await sync_to_async(self._make, thread_sensitive=False)(shared.key, shared.latest)
        except Failure as failure:
            shared.fail(problem_of(failure))
        except Exception:
            log.exception("the view %s can't be made", shared.key)
            shared.fail(Problem(code=Code.INTERNAL, message="Something went wrong in MeshUI itself."))
        else:
            if made is not None:
                shared.publish(made)
            elif shared.problem is not None:
                shared.problem = None

    def _make(self, key: ViewKey, before: Edition | None) -> Edition | None:
        """The edition that follows, in a thread; None when there is nothing newer."""
        view, encoded = self._source.view(key.cluster, key.spec, key.window_seconds)
        if before is not None and view.version == before.version:
            return None
        return edition(view, encoded, before)


async def _keep_joined(layer: Any, channel: str) -> None:
    while True:
        await asyncio.sleep(JOIN_EVERY_SECONDS)
        with contextlib.suppress(Exception):  # receiving fails as well, and starts anew
            await layer.group_add(GROUP, channel)
