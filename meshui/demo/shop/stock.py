"""stockdb: a TCP service with a line protocol (`GET item` -> `n`, `ADD item n` -> `n`), and its client."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from meshui.demo.shop.behaviour import Behaviours

STOCKDB = "warehouse/stockdb"
TIMEOUT_SECONDS = 5.0
CALLS_PER_CONNECTION = 8
"""Then a client opens another: connections opened per second are the rate of a TCP edge."""


class StockServer:
    """Answers every line with the amount in stock, or with `?` when it doesn't understand it."""

    def __init__(self, behaviours: Behaviours) -> None:
        self._behaviours = behaviours
        self._stock: defaultdict[str, int] = defaultdict(lambda: 1000)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                await self._behaviours.work(STOCKDB)
                writer.write(self._answer(line.decode(errors="replace").split()))
                await writer.drain()
        except (ConnectionError, ValueError):
            pass  # the client left, or sent a line without an end
        finally:
            writer.close()

    def _answer(self, words: list[str]) -> bytes:
        match words:
            case ["GET", item]:
                return f"{self._stock[item]}\n".encode()
            case ["ADD", item, amount] if amount.lstrip("-").isdigit():
                self._stock[item] += int(amount)
                return f"{self._stock[item]}\n".encode()
        return b"?\n"


class StockClient:
    """Lines over a few pooled connections. Raises OSError (ConnectionError, TimeoutError) when stockdb can't answer."""

    def __init__(self, address: str, port: int) -> None:
        self._address = address
        self._port = port
        self._idle: list[_Connection] = []

    async def ask(self, line: str) -> str:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            connection = self._idle.pop() if self._idle else await self._open()
            try:
                answer = await connection.ask(line)
            except BaseException:
                connection.close()
                raise
        if connection.calls < CALLS_PER_CONNECTION:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    async def _open(self) -> _Connection:
        return _Connection(*await asyncio.open_connection(self._address, self._port))


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.calls = 0

    async def ask(self, line: str) -> str:
        self.calls += 1
        self._writer.write(f"{line}\n".encode())
        await self._writer.drain()
        answer = await self._reader.readline()
        if not answer:
            raise ConnectionResetError("stockdb closed the connection")
        return answer.decode().strip()

    def close(self) -> None:
        self._writer.close()
