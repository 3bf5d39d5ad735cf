"""Viewers, in a process of their own: `python -m bench.load KIND URL TOKEN COUNT ...` prints one line of JSON.

rest URL TOKEN CLIENTS SECONDS PACE PATH [ETAG]
    GET, over and over; PACE seconds from one to the next of a client, 0: none
sockets URL TOKEN COUNT VIEW
    subscribes, says `ready`, and listens until its input ends
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
import zlib
from typing import Any
from urllib.parse import urlsplit

import msgspec
import websockets

from bench.mesh import CLUSTER

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_VERSION = re.compile(r'"version":(\d+)')


async def rest(url: str, token: str, clients: int, seconds: float, pace: float, path: str, etag: str) -> dict[str, Any]:
    """Latencies in ms, over keep-alive connections; the body is read and thrown away."""
    server = urlsplit(url)
    lines = [f"GET {path} HTTP/1.1", f"Host: {server.netloc}", "Accept-Encoding: gzip"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += [f"If-None-Match: {etag}"] if etag else []
    request = "\r\n".join([*lines, "", ""]).encode()
    taken: list[float] = []
    statuses: dict[str, int] = {}
    size = 0
    end = time.perf_counter() + seconds

    async def client(number: int) -> None:
        nonlocal size
        reader, writer = await asyncio.open_connection(server.hostname, server.port, limit=2**20)
        await asyncio.sleep(pace * number / clients)
        while time.perf_counter() < end:
            start = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            size = int(length[1]) if length else 0
            left = size
            while left:
                left -= len(await reader.read(min(left, 2**20)))
            taken.append(time.perf_counter() - start)
            status = head[9:12].decode()
            statuses[status] = statuses.get(status, 0) + 1
            if pace:
                await asyncio.sleep(max(0.0, pace * random.uniform(0.8, 1.2) - (time.perf_counter() - start)))
        writer.close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    taken.sort()
    return {
        "p50": taken[len(taken) // 2] * 1000,
        "p99": taken[int(len(taken) * 0.99)] * 1000,
        "a_second": len(taken) / seconds,
        "statuses": statuses,
        "bytes": size,
    }


async def sockets(url: str, token: str, count: int, view: str) -> dict[str, Any]:
    """When each socket had each version: {version: [seconds since the epoch]}, and what messages came."""
    address = f"{url.replace('http', 'ws')}/ws/v1/mesh?token={token}"
    subscribe = json.dumps(
        {"type": "subscribe", "id": "graph", "cluster": CLUSTER, "view": json.loads(view), "compress": True}
    )
    arrived: dict[int, list[float]] = {}
    kinds: dict[str, int] = {}
    size: dict[str, int] = {}
    have_first: list[asyncio.Event] = []
    gone = 0

    async def viewer(first: asyncio.Event, turn: asyncio.Semaphore) -> None:
        nonlocal gone
        async with turn:
            socket = await websockets.connect(
                address, max_size=2**27, open_timeout=60, ping_interval=None, compression=None
            )
        async with socket:
            await socket.send(subscribe)
            try:
                async for message in socket:
                    now = time.time()
                    text = zlib.decompressobj(-zlib.MAX_WBITS).decompress(message, 1000).decode(errors="ignore")
                    kind = text[9 : text.index('"', 9)]
                    kinds[kind] = kinds.get(kind, 0) + 1
                    size[kind] = len(message)
                    found = _VERSION.search(text, 0, 400)
                    if found:
                        arrived.setdefault(int(found[1]), []).append(now)
                    first.set()
            except websockets.ConnectionClosed:
                pass
            gone += 1
            first.set()

    turn = asyncio.Semaphore(20)
    tasks = []
    start = time.perf_counter()
    for _ in range(count):
        have_first.append(asyncio.Event())
        tasks.append(asyncio.create_task(viewer(have_first[-1], turn)))
    await asyncio.gather(*(first.wait() for first in have_first))
    print(json.dumps({"ready": time.perf_counter() - start}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    lost = gone
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {"arrived": arrived, "kinds": kinds, "bytes": size, "lost": lost}


def main() -> None:
    kind, url, token, count, *more = sys.argv[1:]
    if kind == "rest":
        seconds, pace, path = float(more[0]), float(more[1]), more[2]
        found = asyncio.run(rest(url, token, int(count), seconds, pace, path, more[3] if len(more) > 3 else ""))
    else:
        found = asyncio.run(sockets(url, token, int(count), more[0]))
    print(msgspec.json.encode(found).decode(), flush=True)


if __name__ == "__main__":
    main()
