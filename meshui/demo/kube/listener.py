"""One port for plain HTTP and for TLS: what a client's first byte says is what it gets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

from meshui.demo.kube.certificate import Files

_TLS_HANDSHAKE = b"\x16"
_FIRST_BYTE_SECONDS = 30.0


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError when the port is taken."""
    listening = socket.create_server((host, port), backlog=512, reuse_port=False)
    listening.setblocking(False)
    return listening


class _Server(uvicorn.Server):
    """Says that it stops, for streams without an end would hold it up."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)


async def serve(app: Starlette, listening: socket.socket, files: Files, stopping: Callable[[], None]) -> None:
    """Serves until SIGINT or SIGTERM, then calls `stopping`.

    uvicorn runs the connections; which of them speak TLS is decided here.
    """
    config = uvicorn.Config(
        app,
        http="httptools",
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
    )
    config.load()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    context.set_alpn_protocols(["http/1.1"])
    server = _Server(config, stopping)
    accepting = asyncio.create_task(_accept(server, listening, context))
    try:
        await server.serve(sockets=[])
    finally:
        accepting.cancel()
        listening.close()


async def _accept(server: uvicorn.Server, listening: socket.socket, context: ssl.SSLContext) -> None:
    loop = asyncio.get_running_loop()
    connecting: set[asyncio.Task[None]] = set()
    while True:
        connection, _ = await loop.sock_accept(listening)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = asyncio.create_task(_connect(server, connection, context))
        connecting.add(task)
        task.add_done_callback(connecting.discard)


async def _connect(server: uvicorn.Server, connection: socket.socket, context: ssl.SSLContext) -> None:
    """Hands a connection to uvicorn's protocol; one that fails its handshake or says nothing is closed."""
    loop = asyncio.get_running_loop()
    config = server.config
    try:
        async with asyncio.timeout(_FIRST_BYTE_SECONDS):
            first = await _peek(connection)
        if not first:
            connection.close()
            return
        await loop.connect_accepted_socket(
            lambda: config.http_protocol_class(config=config, server_state=server.server_state, app_state={}),  # type: ignore[call-arg]
            connection,
            ssl=context if first == _TLS_HANDSHAKE else None,
        )
    except (OSError, TimeoutError):
        with contextlib.suppress(OSError):
            connection.close()


async def _peek(connection: socket.socket) -> bytes:
    """The first byte, left to be read."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(connection, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection)
    return connection.recv(1, socket.MSG_PEEK)
