"""JSON bodies, read strictly and within a limit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import IO, Any

import msgspec
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from meshui.contract.failures import Problem
from meshui.domain.failures import Code

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class StrictJSONParser(BaseParser):
    """JSON as RFC 8259 has it: no NaN, no broken surrogates; anything else is a ParseError, however it is malformed."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        # `body` applies DATA_UPLOAD_MAX_MEMORY_SIZE, the bare stream does not.
        body = parser_context["request"]._request.body if parser_context else stream.read()
        try:
            return msgspec.json.decode(body)
        except (ValueError, RecursionError) as problem:
            raise ParseError(f"The body is not JSON: {problem}.") from None


def too_large(limit: int) -> Problem:
    """The answer to a body above the limit."""
    return Problem(
        code=Code.TOO_LARGE,
        message=f"The body is larger than {limit // 1024} KiB.",
        next_step="Send a smaller one.",
    )


class LimitBody:
    """ASGI: answers 413 to a body above `limit` bytes before the application (which would spool it to disk) sees it.
    A body whose length isn't declared is collected up to the limit, then replayed."""

    def __init__(self, app: App, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length")
        if declared is not None:
            if not declared.isdigit() or int(declared[:20]) > self.limit:
                await self._refuse(send)
                return
            await self.app(scope, receive, send)
            return
        if b"transfer-encoding" not in headers:
            await self.app(scope, receive, send)
            return
        collected = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            collected += message.get("body", b"")
            more = message.get("more_body", False)
            if len(collected) > self.limit:
                await self._refuse(send)
                return
        await self.app(scope, _replay(bytes(collected), receive), send)

    async def _refuse(self, send: Send) -> None:
        body = msgspec.json.encode(too_large(self.limit))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _replay(body: bytes, receive: Receive) -> Receive:
    first = True

    async def replay() -> Message:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return replay
