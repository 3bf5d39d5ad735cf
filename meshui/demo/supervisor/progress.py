"""Tells how far the start is: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_REFRESH_SECONDS = 0.2


class Progress:
    """Steps may overlap; each is told of once, when it is done or failed."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._live = self._stream.isatty()
        self._started = time.monotonic()
        self._under_way: dict[str, float] = {}

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._started

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A step of the start, timed."""
        began = self._under_way[name] = time.monotonic()
        mark = "✗"
        try:
            yield
            mark = "✓"
        finally:
            del self._under_way[name]
            self._line(f"{self._mark(mark)} {name} ({time.monotonic() - began:.1f} s)")

    def say(self, text: str) -> None:
        self._line(text)

    def warn(self, text: str) -> None:
        self._line(f"{self._mark('!')} {text}")

    async def animate(self) -> None:
        """Keeps the live line moving until cancelled."""
        if not self._live:
            return
        try:
            while True:
                if self._under_way:
                    names = ", ".join(self._under_way)
                    self._stream.write(f"\r\x1b[K  {self.elapsed:4.1f} s  {names} …"[:160])
                    self._stream.flush()
                await asyncio.sleep(_REFRESH_SECONDS)
        finally:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def _mark(self, mark: str) -> str:
        colours = {"✓": "32", "✗": "31", "!": "33"}
        if self._live:
            return f"\x1b[{colours[mark]}m{mark}\x1b[0m"
        return {"✓": "ok  ", "✗": "FAIL", "!": "warn"}[mark]

    def _line(self, text: str) -> None:
        self._stream.write(f"\r\x1b[K{text}\n" if self._live else f"{text}\n")
        self._stream.flush()
