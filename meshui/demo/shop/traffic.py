"""The shop's customers, who come in by the ingress gateway, and the batch job that has no sidecar."""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp

from meshui.demo.layout import INBOUND_PORT, SHOP_HOST, Layout
from meshui.demo.shop import trace

log = logging.getLogger(__name__)

WAVE_SECONDS = 240.0
"""One "day": the rate swings once around its mean in this time."""
WAVE_SHARE = 0.25
IN_FLIGHT = 80
"""Requests under way at most; a customer who comes then leaves at once, so nothing piles up behind a slow service."""
TIMEOUT_SECONDS = 8.0
STOCK_PER_SECOND = 1.0
ADJUST_PER_SECOND = 0.3


@dataclass(frozen=True)
class Journey:
    """One kind of visit."""

    share: float
    method: str
    path: str
    body: bytes = b""


JOURNEYS = (
    Journey(0.34, "GET", "/"),
    Journey(0.32, "GET", "/product/item-{number}"),
    Journey(0.14, "GET", "/for-you"),
    Journey(0.11, "POST", "/cart", b'{"item":"item-1"}'),
    Journey(0.09, "POST", "/checkout", b'{"items":3}'),
)


def rate_at(seconds: float, mean: float) -> float:
    """Requests per second so long after the start."""
    return mean * (1 + WAVE_SHARE * math.sin(2 * math.pi * seconds / WAVE_SECONDS))


def journeys(seed: int = 30) -> Iterator[Journey]:
    """Visits without end in their shares, the same for the same seed."""
    chooser = random.Random(seed)
    shares = [journey.share for journey in JOURNEYS]
    while True:
        yield from chooser.choices(JOURNEYS, shares, k=64)


class Visitors:
    """Sends requests at a rate, whether or not they are answered in time."""

    def __init__(self, local_address: str) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(local_addr=(local_address, 0), limit=0, keepalive_timeout=30),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._under_way: set[asyncio.Task[None]] = set()

    def send(self, method: str, url: str, host: str, body: bytes = b"") -> bool:
        """Sends without waiting; False when too many are under way."""
        if len(self._under_way) >= IN_FLIGHT:
            return False
        task = asyncio.create_task(self._send(method, url, {"host": host} | trace.start(), body))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return True

    async def close(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._session.close()

    async def _send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> None:
        try:
            async with self._session.request(method, url, headers=headers, data=body or None) as answer:
                await answer.read()
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            log.debug("%s %s: %s", method, url, error)


async def customers(layout: Layout, mean: float) -> None:
    """Visits the shop until cancelled, `mean` requests per second on average over a wave."""
    visitors = Visitors(layout.address(1, subnet=100))
    url = layout.ingress_url
    loop = asyncio.get_running_loop()
    started = due = loop.time()
    try:
        for number, journey in enumerate(journeys()):
            due += 1 / rate_at(due - started, mean)
            late = loop.time() - due
            if late < 0:
                await asyncio.sleep(-late)
            elif late > 1:
                due = loop.time()  # the machine slept: those visits are gone, not due all at once
            path = journey.path.format(number=number % 40 + 1)
            visitors.send(journey.method, url + path, SHOP_HOST, journey.body)
    finally:
        await visitors.close()


async def batch(layout: Layout) -> None:
    """Reads the stock in plain text past any sidecar of its own, and tries to change it, until cancelled."""
    pod = layout.pods_of("warehouse", "legacy-batch")[0]
    inventory = layout.pods_of("warehouse", "inventory")[0]
    host = layout.service("warehouse", "inventory").host
    url = f"http://{inventory.ip}:{INBOUND_PORT}"
    visitors = Visitors(pod.ip)

    async def every(seconds: float, method: str, path: str, body: bytes = b"") -> None:
        while True:
            visitors.send(method, url + path, host, body)
            await asyncio.sleep(seconds)

    try:
        await asyncio.gather(
            every(1 / STOCK_PER_SECOND, "GET", "/stock/item-7"),
            every(1 / ADJUST_PER_SECOND, "POST", "/adjust/item-7", b'{"by":1}'),
        )
    finally:
        await visitors.close()
