"""Keeps the shop's applications listening on their pods' addresses, and takes them down when a fault says so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from meshui.demo.layout import BANK_PORT, Layout, Pod
from meshui.demo.shop import applications, recommendations
from meshui.demo.shop.behaviour import Behaviours
from meshui.demo.shop.stock import StockServer

log = logging.getLogger(__name__)

FAULTS_EVERY_SECONDS = 0.1

Stop = Callable[[], Awaitable[None]]


class Shop:
    """All applications of the shop and the bank outside the mesh."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._behaviours = Behaviours(layout)
        self._pods = tuple(pod for pod in layout.pods if not pod.gateway)
        self._listening: dict[Pod, Stop] = {}
        self._bank: Stop | None = None

    async def start(self) -> None:
        """Raises OSError when an address is taken."""
        bank = applications.build_bank(self._behaviours)
        self._bank = await _serve_http(bank, self._layout.bank_address, BANK_PORT)
        await self._apply_faults()

    async def stop(self) -> None:
        stops = [*self._listening.values(), *([self._bank] if self._bank else [])]
        self._listening.clear()
        await asyncio.gather(*(stop() for stop in stops))

    async def follow_faults(self) -> None:
        """Follows the faults' file until cancelled."""
        while True:
            await asyncio.sleep(FAULTS_EVERY_SECONDS)
            if self._behaviours.refresh():
                await self._apply_faults()

    async def _apply_faults(self) -> None:
        for pod in self._pods:
            down = self._behaviours.of_pod(pod).down
            if down and pod in self._listening:
                await self._listening.pop(pod)()
                log.info("%s is down", pod.key)
            elif not down and pod not in self._listening:
                self._listening[pod] = await self._listen(pod)

    async def _listen(self, pod: Pod) -> Stop:
        match pod.protocol:
            case "grpc":
                server = await recommendations.serve(pod, self._behaviours)

                async def stop_grpc() -> None:
                    await server.stop(grace=0)

                return stop_grpc
            case "tcp":
                return await _serve_tcp(StockServer(self._behaviours), pod)
        application = applications.build(pod, self._layout, self._behaviours)
        return await _serve_http(application, pod.ip, pod.app_port)


async def _serve_http(application: web.Application, address: str, port: int) -> Stop:
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, address, port).start()
    return runner.cleanup


async def _serve_tcp(stock: StockServer, pod: Pod) -> Stop:
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            await stock.serve(reader, writer)
        finally:
            writers.discard(writer)

    server = await asyncio.start_server(serve, pod.ip, pod.app_port)

    async def stop() -> None:
        server.close()
        for writer in tuple(writers):
            writer.close()
        await server.wait_closed()

    return stop
