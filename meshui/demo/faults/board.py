"""Which faults are active, and how the world is made to agree: everything is derived from the set of active ones."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from meshui.demo.faults.catalogue import BY_NAME, FAULTS, Fault, Patch
from meshui.demo.layout import Layout
from meshui.demo.shop.behaviour import APP_FAULTS


class FaultError(Exception):
    """A fault that could not be applied or cleared; the message says why."""


class Processes(Protocol):
    """Who owns the demo's processes."""

    async def hold(self, name: str) -> None:
        """Stops a process and keeps it stopped. Raises KeyError when the demo runs without it."""
        ...

    async def release(self, name: str) -> None:
        """Starts it again and waits until it is ready. Raises KeyError, ChildError."""
        ...


class Objects(Protocol):
    """The demo's Kubernetes API. Raises FaultError."""

    async def read(self, path: str) -> dict[str, Any]: ...

    async def put_field(self, path: str, pointer: str, value: Any) -> None:
        """Sets the field; None removes it."""
        ...


class Board:
    """The active faults of one demo."""

    def __init__(self, layout: Layout, processes: Processes, objects: Objects) -> None:
        self._layout = layout
        self._processes = processes
        self._objects = objects
        self._since: dict[str, datetime] = {}
        self._before: dict[tuple[str, str], Any] = {}
        self._lock = asyncio.Lock()
        self._write_files()

    def faults(self) -> list[dict[str, str | None]]:
        """All faults, with the time since when they are active."""
        return [self.describe(fault.name) for fault in FAULTS]

    def describe(self, name: str) -> dict[str, str | None]:
        fault = self._find(name)
        since = self._since.get(name)
        return {
            "name": fault.name,
            "description": fault.description,
            "active_since": since.isoformat(timespec="milliseconds") if since else None,
        }

    async def apply(self, name: str) -> None:
        """Breaks it; nothing happens when it is broken already. Raises KeyError for an unknown name, FaultError."""
        fault = self._find(name)
        async with self._lock:
            if name in self._since:
                return
            self._since[name] = datetime.now(UTC)
            try:
                for patch in fault.patches:
                    await self._patch(patch)
                for process in fault.stopped:
                    await self._hold(process)
            except FaultError:
                del self._since[name]
                raise
            self._write_files()

    async def clear(self, name: str) -> None:
        """Puts it right again. Raises KeyError for an unknown name, FaultError."""
        fault = self._find(name)
        async with self._lock:
            if self._since.pop(name, None) is None:
                return
            self._write_files()
            for process in fault.stopped:
                await self._release(process)
            for patch in fault.patches:
                before = self._before.pop((patch.path, patch.pointer), None)
                await self._objects.put_field(patch.path, patch.pointer, before)

    async def clear_all(self) -> None:
        for name in tuple(self._since):
            await self.clear(name)

    def _find(self, name: str) -> Fault:
        return BY_NAME[name]

    async def _patch(self, patch: Patch) -> None:
        before = _at(await self._objects.read(patch.path), patch.pointer)
        self._before[patch.path, patch.pointer] = before
        await self._objects.put_field(patch.path, patch.pointer, patch.value)

    async def _hold(self, process: str) -> None:
        try:
            await self._processes.hold(process)
        except KeyError:
            raise FaultError(f"this demo runs without {process}") from None

    async def _release(self, process: str) -> None:
        try:
            await self._processes.release(process)
        except Exception as error:
            raise FaultError(f"{process} did not come back: {error}") from error

    def _write_files(self) -> None:
        active = [BY_NAME[name] for name in self._since]
        applications: dict[str, dict[str, Any]] = {}
        for fault in active:
            for name, changes in fault.applications.items():
                applications.setdefault(name, {}).update(changes)
        pods = [
            pod.key
            for fault in active
            for namespace, workload in fault.strange_certificates
            for pod in self._layout.pods_of(namespace, workload)
        ]
        _replace(self._layout.state / APP_FAULTS, json.dumps(applications))
        _replace(self._layout.certificate_faults, "".join(f"{key}\n" for key in pods))


def _at(document: Any, pointer: str) -> Any:
    for key in pointer.split("/")[1:]:
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document


def _replace(path: Path, text: str) -> None:
    """Readers see the old text or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text)
    os.replace(fresh, path)
