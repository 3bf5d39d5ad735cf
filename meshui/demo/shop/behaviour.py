"""How each application behaves: its own latency and failures, and what a fault makes of them.

Faults come in by one JSON file in the state folder, so that they outlive a restart of the shop's process.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from dataclasses import dataclass, replace
from pathlib import Path

from meshui.demo.layout import Layout, Pod

log = logging.getLogger(__name__)

APP_FAULTS = "faults/apps.json"
"""In the state folder: `{"<namespace>/<workload>": {"down": true, "delay_ms": 800, "status": 503}}`."""


@dataclass(frozen=True)
class Behaviour:
    """One application's way to answer."""

    latency_ms: float = 3.0
    failing_share: float = 0.0
    """Share of requests answered with 500."""
    down: bool = False
    delay_ms: float = 0.0
    status: int = 0
    """Answered to every request when set."""


_NORMAL = {
    "shop/web": Behaviour(2.0),
    "shop/cart": Behaviour(4.0),
    "shop/catalog-v1": Behaviour(5.0),
    "shop/catalog-v2": Behaviour(14.0),
    "shop/recommendations": Behaviour(7.0),
    "payments/checkout": Behaviour(6.0),
    "payments/payments": Behaviour(8.0),
    "payments/fraud": Behaviour(5.0, failing_share=0.03),
    "warehouse/inventory": Behaviour(3.0),
    "warehouse/stockdb": Behaviour(0.5),
    "bank": Behaviour(20.0),
}


class Behaviours:
    """The behaviour of every application now."""

    def __init__(self, layout: Layout) -> None:
        self._path = layout.state / APP_FAULTS
        self._seen: tuple[int, int] | None = None
        self._faults: dict[str, Behaviour] = {}
        self._random = random.Random(18)
        self.refresh()

    def refresh(self) -> bool:
        """Reads the file again if it is another one; True then."""
        seen = _stamp(self._path)
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            self._faults = _read(self._path)
        except (OSError, ValueError, TypeError) as error:
            log.warning("%s ignored: %s", self._path, error)
        return True

    def of(self, name: str) -> Behaviour:
        return self._faults.get(name) or _NORMAL.get(name, Behaviour())

    def of_pod(self, pod: Pod) -> Behaviour:
        return self.of(f"{pod.namespace}/{pod.workload}")

    async def work(self, name: str) -> int:
        """Takes as long as the application takes; the status to fail with, or 0."""
        behaviour = self.of(name)
        await asyncio.sleep((behaviour.latency_ms * self._random.uniform(0.6, 1.6) + behaviour.delay_ms) / 1000)
        if behaviour.status:
            return behaviour.status
        return 500 if self._random.random() < behaviour.failing_share else 0


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_ino


def _read(path: Path) -> dict[str, Behaviour]:
    if not path.exists():
        return {}
    return {
        name: replace(_NORMAL.get(name, Behaviour()), **fault) for name, fault in json.loads(path.read_text()).items()
    }
