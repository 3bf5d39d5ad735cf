"""`python -m meshui.demo.shop`: every application of the shop and its customers, in one process, until SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

import uvloop

from meshui.demo import layout as layouts
from meshui.demo.shop import host, traffic

log = logging.getLogger("meshui.demo.shop")

DEFAULT_RATE = 30.0


def rate_from(text: str) -> float:
    """Customers' requests per second from MESHUI_DEMO_RATE. Raises LayoutError."""
    try:
        rate = float(text or DEFAULT_RATE)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 2000:
        raise layouts.LayoutError(f"MESHUI_DEMO_RATE must be a number of requests per second up to 2000, not {text!r}")
    return rate


async def main() -> None:
    layout = layouts.load()
    rate = rate_from(os.environ.get("MESHUI_DEMO_RATE", ""))
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    shop = host.Shop(layout)
    await shop.start()
    log.info("shop open: %d pods, %g requests/s", len(layout.pods), rate)
    work = [shop.follow_faults(), traffic.batch(layout)]
    if rate:
        work.append(traffic.customers(layout, rate))
    tasks = [asyncio.create_task(job) for job in (*work, stopped.wait())]
    done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    await shop.stop()
    for task in done:
        task.result()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    try:
        uvloop.run(main())
    except (layouts.LayoutError, OSError) as problem:
        sys.exit(f"meshui.demo.shop: {problem}")
