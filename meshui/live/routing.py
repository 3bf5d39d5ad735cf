"""The addresses of sockets."""

from __future__ import annotations

from typing import Any

from channels.exceptions import DenyConnection
from channels.generic.websocket import AsyncWebsocketConsumer
from django.urls import path, re_path

from meshui.live.consumer import MeshConsumer
from meshui.live.hub import Hub
from meshui.live.source import StoredViews


class NoSuchSocket(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    """Refuses a socket at any other address, without a trace in the log."""

    async def connect(self) -> None:
        raise DenyConnection


hub = Hub(StoredViews())
"""The hub of this process."""

websocket_urlpatterns: list[Any] = [
    path("ws/v1/mesh", MeshConsumer.as_asgi(hub=hub)),
    re_path(r"", NoSuchSocket.as_asgi()),
]
