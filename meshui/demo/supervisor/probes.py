"""When a part counts as ready."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

_TIMEOUT = aiohttp.ClientTimeout(total=2)

Probe = Callable[[], Awaitable[bool]]


def http(url: str, *, token: str = "", expect: int = 200) -> Probe:
    """It answers a GET with `expect`."""

    async def probe() -> bool:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with aiohttp.ClientSession(timeout=_TIMEOUT) as session, session.get(url, headers=headers) as answer:
                return answer.status == expect
        except (TimeoutError, aiohttp.ClientError, OSError):
            return False

    return probe


def listening(address: str, port: int) -> Probe:
    """It takes connections."""

    async def probe() -> bool:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), 2)
        except (TimeoutError, OSError):
            return False
        writer.close()
        return True

    return probe


def valkey(address: str, port: int) -> Probe:
    """It answers PING."""

    async def probe() -> bool:
        try:
            async with asyncio.timeout(2):
                reader, writer = await asyncio.open_connection(address, port)
                writer.write(b"PING\r\n")
                answer = await reader.readline()
                writer.close()
        except (OSError, TimeoutError):
            return False
        return answer.startswith(b"+PONG")

    return probe


def file_says(path: Path, text: str) -> Probe:
    """Its log has the line."""

    def look() -> bool:
        return path.exists() and text in path.read_text(errors="replace")

    async def probe() -> bool:
        return look()

    return probe


def every(*probes: Probe) -> Probe:
    """All of them."""

    async def probe() -> bool:
        for one in probes:
            if not await one():
                return False
        return True

    return probe


async def never() -> bool:
    """For what runs to its end instead of becoming ready."""
    return False
