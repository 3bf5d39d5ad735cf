from typing import Any

import pytest

from meshui.api.body import LimitBody


class Server:
    """The ASGI server's side of one request."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = list(chunks)
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        chunk = self.chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(self.chunks)}

    async def send(self, message: Any) -> None:
        self.sent.append(message)


async def echo(scope: Any, receive: Any, send: Any) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": body})


async def ask(server: Server, **headers: str) -> tuple[int, bytes]:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    await LimitBody(echo, 10)({"type": "http", "headers": raw}, server.receive, server.send)
    return server.sent[0]["status"], server.sent[1]["body"]


async def test_a_body_within_the_limit_passes() -> None:
    assert await ask(Server(b"12345", b"67890"), content_length="10") == (200, b"1234567890")
    assert await ask(Server(b"12345", b"67890"), transfer_encoding="chunked") == (200, b"1234567890")
    assert await ask(Server(b"")) == (200, b"")


@pytest.mark.parametrize("length", ["11", "99999999999999999999999", "-1", "many"])
async def test_a_declared_length_above_the_limit_is_refused_unread(length: str) -> None:
    server = Server(b"12345")
    status, body = await ask(server, content_length=length)
    assert status == 413
    assert b"too_large" in body
    assert server.chunks == [b"12345"]


async def test_a_body_without_length_is_refused_as_soon_as_it_is_too_large() -> None:
    server = Server(b"123456", b"789012", b"3")
    assert (await ask(server, transfer_encoding="chunked"))[0] == 413
    assert server.chunks == [b"3"]
