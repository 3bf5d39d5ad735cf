"""An application's calls to others: HTTP through its own sidecar's outbound port, with the service as authority."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

from meshui.demo.layout import OUTBOUND_PORT, Pod
from meshui.demo.shop import trace

TIMEOUT_SECONDS = 6.0
LOST = 599
"""Stands for "no answer at all": the sidecar is gone, or it took too long."""


class Outbound:
    """One application's HTTP client."""

    def __init__(self, pod: Pod) -> None:
        self._base = f"http://{pod.ip}:{OUTBOUND_PORT}"
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(local_addr=(pod.ip, 0), limit=100, keepalive_timeout=30),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def call(self, method: str, host: str, path: str, incoming: Mapping[str, str], body: bytes = b"") -> int:
        """The status of the answer, its body read; LOST when there was none."""
        headers = trace.forward(incoming) | {"host": host}
        try:
            async with self._session.request(method, self._base + path, headers=headers, data=body or None) as answer:
                await answer.read()
                return answer.status
        except (TimeoutError, aiohttp.ClientError, OSError):
            return LOST

    async def close(self) -> None:
        await self._session.close()
