"""A hub over views that tests publish, and sockets to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from asgiref.testing import ApplicationCommunicator
from channels.layers import InMemoryChannelLayer

from meshui.adapters.events.channels import CHANGED, GROUP, PUBLISHED
from meshui.domain.failures import Code, Failure
from meshui.domain.graph.model import GraphView, Health, Node, Traffic, ViewSpec
from meshui.live.consumer import MeshConsumer
from meshui.live.hub import Hub
from meshui.records.users import User

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def node(name: str, rate: float) -> Node:
    return Node(
        id=f"workload:demo/shop/{name}",
        kind="workload",
        cluster="demo",
        namespace="shop",
        name=name,
        label=name,
        box=None,
        health=Health("healthy", ""),
        inbound=Traffic(rate, None, None),
        outbound=Traffic(0, None, None),
    )


def view(version: int, rate: float = 1.0) -> GraphView:
    return GraphView(
        cluster="demo",
        version=version,
        published_at=NOON + timedelta(seconds=version),
        evaluated_at=NOON,
        window_seconds=15,
        sources=(),
        boxes=(),
        nodes=(node("cart", 1.0), node("web", rate)),
        edges=(),
    )


class Socket(ApplicationCommunicator):
    """The client's side of a socket (that of channels.testing needs Daphne)."""

    async def connect(self) -> bool:
        await self.send_input({"type": "websocket.connect"})
        return (await self.receive_output(3))["type"] == "websocket.accept"

    async def send_to(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.send_input({"type": "websocket.receive", "text": text_data, "bytes": bytes_data})

    async def receive_from(self, timeout: float = 3) -> str:  # noqa: ASYNC109 - named as in asgiref
        sent = await self.receive_output(timeout)
        assert sent["type"] == "websocket.send", sent
        return sent["text"]

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(3)


class Views:
    """A Source whose view a test sets."""

    def __init__(self) -> None:
        self.current: GraphView | None = view(1)
        self.failure: Failure | None = None
        self.projected = 0

    def version(self, cluster: str, window_seconds: int) -> int | None:
        if self.failure is not None:
            raise self.failure
        return self.current.version if self.current else None

    def view(self, cluster: str, spec: ViewSpec, window_seconds: int) -> tuple[GraphView, bytes]:
        self.projected += 1
        if self.failure is not None:
            raise self.failure
        if self.current is None:
            raise Failure(Code.NOT_READY, "There is no picture yet")
        return self.current, msgspec.json.encode(self.current)


class Layer(InMemoryChannelLayer):
    """A channel layer that can be lost."""

    down = False

    async def receive(self, channel: str) -> Any:
        while True:
            if self.down:
                raise ConnectionError("the layer is gone")
            try:
                return await asyncio.wait_for(super().receive(channel), 0.05)
            except TimeoutError:
                continue

    async def new_channel(self, prefix: str = "specific.") -> str:
        if self.down:
            raise ConnectionError("the layer is gone")
        return await super().new_channel(prefix)


class Live:
    """The hub of a test, and what tests do with it."""

    def __init__(self) -> None:
        self.views = Views()
        self.layer = Layer()
        self.hub = Hub(self.views, lambda: self.layer)
        self.sockets: list[Socket] = []

    def socket(self, token: str | None = None, **headers: str) -> Socket:
        raw = [(name.encode(), value.encode()) for name, value in {"host": "meshui.example", **headers}.items()]
        query = f"token={token}".encode() if token else b""
        scope = {"type": "websocket", "path": "/ws/v1/mesh", "query_string": query, "headers": raw}
        socket = Socket(MeshConsumer.as_asgi(hub=self.hub), scope)
        self.sockets.append(socket)
        return socket

    async def publish(self, new: GraphView, announce: bool = True) -> None:
        self.views.current = new
        if announce:
            message = {"type": PUBLISHED, "cluster": "demo", "window_seconds": 15, "version": new.version}
            await self.layer.group_send(GROUP, message)

    async def announce_change(self, change: dict[str, Any]) -> None:
        await self.layer.group_send(GROUP, {"type": CHANGED, "cluster": "demo", "change": change})


@pytest.fixture
async def live(transactional_db: None) -> AsyncIterator[Live]:
    live = Live()
    yield live
    for socket in live.sockets:
        await socket.disconnect()


@pytest.fixture
def token(transactional_db: None) -> str:
    """Of a viewer."""
    from meshui.records import tokens

    return tokens.issue(User.objects.create_user("vera"), "test")


@pytest.fixture
def connect(live: Live, token: str) -> Callable[[], Any]:
    """Opens a socket that is signed in."""

    async def opened() -> Socket:
        socket = live.socket(token)
        assert await socket.connect()
        return socket

    return opened


async def send(socket: Socket, **message: Any) -> None:
    await socket.send_to(text_data=json.dumps(message))


async def receive(socket: Socket, seconds: float = 3) -> dict[str, Any]:
    return json.loads(await socket.receive_from(timeout=seconds))


async def subscribe(socket: Socket, name: str = "s1", **more: Any) -> dict[str, Any]:
    await send(socket, **{"type": "subscribe", "id": name, "cluster": "demo", "window": 15, **more})
    return await receive(socket)
