"""The running children: starts them, watches over them, restarts those that die, and reports."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from meshui.demo.supervisor import usage
from meshui.demo.supervisor.child import Child, ChildError, Spec
from meshui.demo.supervisor.progress import Progress

WATCH_SECONDS = 0.2
FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""Alive for so long, a child that dies begins with the first backoff again."""


class Crew:
    """All children of one supervisor, by name."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._children: dict[str, Child] = {}
        self._restarts: dict[str, asyncio.Task[None]] = {}

    async def start(self, *specs: Spec) -> None:
        """Starts them together and waits until all are ready. Raises ChildError."""
        for spec in specs:
            child = self._children[spec.name] = Child(spec)
            child.start()
        await asyncio.gather(*(self._children[spec.name].until_ready() for spec in specs))

    def check(self) -> None:
        """Raises ChildError when one died that should run."""
        for child in self._children.values():
            if not child.held and not child.running:
                raise ChildError(f"{child.spec.name} died ({child.exit_reason}).{child.tail()}")

    async def watch(self) -> None:
        """Restarts children that die, until cancelled."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            for name, child in self._children.items():
                if not child.held and not child.running and name not in self._restarts:
                    self._restarts[name] = asyncio.create_task(self._bring_back(child))

    async def hold(self, name: str) -> None:
        """Stops a child until `release`. Raises KeyError when there is none of that name."""
        child = self._children[name]
        child.held = True
        if restart := self._restarts.pop(name, None):
            restart.cancel()
        await child.stop()
        self._progress.say(f"{name} is stopped on purpose: {child.spec.without}")

    async def release(self, name: str) -> None:
        """Starts a held child and waits until it is ready. Raises KeyError, ChildError."""
        child = self._children[name]
        if not child.held:
            return
        child.start()
        child.held = False
        await child.until_ready()
        self._progress.say(f"{name} runs again")

    async def stop(self) -> None:
        """Stops all, whatever they are doing."""
        for restart in self._restarts.values():
            restart.cancel()
        for child in self._children.values():
            child.held = True
        await asyncio.gather(*(child.stop() for child in self._children.values()))

    def status(self) -> dict[str, Any]:
        """Each process with its state, age and memory (proportional set size where the kernel tells it)."""
        processes = [self._describe(child) for child in self._children.values()]
        total = sum(process["memory_mib"] or 0.0 for process in processes)
        return {"processes": processes, "memory_mib": round(total, 1)}

    @property
    def logs(self) -> list[Path]:
        return [child.spec.log for child in self._children.values()]

    def _describe(self, child: Child) -> dict[str, Any]:
        state = "running" if child.running else "stopped on purpose" if child.held else "down"
        return {
            "name": child.spec.name,
            "state": state,
            "pid": child.pid,
            "restarts": child.restarts,
            "seconds": round(time.monotonic() - child.started_at, 1) if child.running else None,
            "memory_mib": usage.memory_mib(child.pid) if child.pid else None,
            "cpu_seconds": usage.cpu_seconds(child.pid) if child.pid else None,
            "without": "" if child.running else child.spec.without,
            "log": str(child.spec.log),
        }

    async def _bring_back(self, child: Child) -> None:
        name = child.spec.name
        try:
            while True:
                if time.monotonic() - child.started_at > STEADY_SECONDS:
                    child.restarts = 0
                wait = min(FIRST_BACKOFF_SECONDS * 2**child.restarts, LONGEST_BACKOFF_SECONDS)
                self._progress.warn(
                    f"{name} died ({child.exit_reason}); until it is back: {child.spec.without}. "
                    f"Starting it again in {wait:.0f} s.{child.tail()}"
                )
                await asyncio.sleep(wait)
                child.restarts += 1
                try:
                    child.start()
                    await child.until_ready()
                except ChildError as error:
                    self._progress.warn(str(error))
                    await child.stop()
                    continue
                self._progress.say(f"{name} is back")
                return
        finally:
            self._restarts.pop(name, None)
