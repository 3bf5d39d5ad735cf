"""Tells all web processes, over the channel layer, that there is something new to be read from the store."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from asgiref.sync import async_to_sync

GROUP = "mesh"
PUBLISHED = "mesh.published"
"""Message type; fields: cluster, window_seconds, version."""
CHANGED = "mesh.changed"
"""Message type; fields: cluster, change (what a client is told of it)."""

_log = logging.getLogger(__name__)


class ChannelLayer(Protocol):
    """What is used of a channel layer of Django Channels."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None: ...


class ChannelEvents:
    """An Events. A message that can't be sent is dropped: whoever listens reads the newest snapshot anyway."""

    def __init__(self, layer: Callable[[], ChannelLayer]) -> None:
        self._layer = layer

    def published(self, cluster: str, window_seconds: int, version: int) -> None:
        """A new snapshot is live."""
        self._send({"type": PUBLISHED, "cluster": cluster, "window_seconds": window_seconds, "version": version})

    def changed(self, cluster: str, change: Mapping[str, Any]) -> None:
        """Somebody changed an object of the cluster through MeshUI."""
        self._send({"type": CHANGED, "cluster": cluster, "change": dict(change)})

    def _send(self, message: dict[str, Any]) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self._send_here(message)
            return
        # Called from a coroutine's thread: a thread of its own, so that its loop is not blocked by ours.
        threading.Thread(target=self._send_here, args=(message,), daemon=True).start()

    def _send_here(self, message: dict[str, Any]) -> None:
        try:
            # async_to_sync gives each call a loop of its own and channels_redis closes a loop's connections with it.
            async_to_sync(self._layer().group_send)(GROUP, message)
        except Exception as problem:
            _log.warning("An event could not be sent: %s", problem)
