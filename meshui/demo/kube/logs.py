"""Pods' logs: one text file a container, read from its end and followed.

A line's time, for `sinceSeconds` and `timestamps`, is the RFC 3339 text it begins with or, in a JSON line, its
`start_time`, `time`, `timestamp` or `ts`; a line without one has the time of the line before.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from meshui.demo.kube.errors import bad_request
from meshui.demo.kube.schema import Object

POLL_SECONDS = 0.25
_BLOCK = 64 * 1024
_MOST = 64 * 1024 * 1024
"""How much of a file's end is read when no tail is asked for."""
_LEADING_TIME = re.compile(rb"\s*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))")
_TIME_FIELDS = ("start_time", "time", "timestamp", "ts")


@dataclass(frozen=True)
class LogOptions:
    follow: bool = False
    tail_lines: int | None = None
    since: datetime | None = None
    limit_bytes: int | None = None
    timestamps: bool = False


def container_of(pod: Object, wanted: str) -> str:
    """Which container's log is meant. Raises a 400 when that isn't clear or isn't the pod's."""
    spec = pod.get("spec") or {}
    names = [item["name"] for kind in ("initContainers", "containers") for item in spec.get(kind) or ()]
    own = [item["name"] for item in spec.get("containers") or ()]
    name = pod["metadata"]["name"]
    if wanted:
        if wanted not in names:
            raise bad_request(f"container {wanted} is not valid for pod {name}")
        return wanted
    if len(own) != 1:
        listed = " ".join(own)
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{listed}]")
    return str(own[0])


def since(seconds: int | None, time: str | None) -> datetime | None:
    """The moment that `sinceSeconds` or `sinceTime` means."""
    if seconds is not None:
        return datetime.now(UTC) - timedelta(seconds=seconds)
    if not time:
        return None
    try:
        return datetime.fromisoformat(time).astimezone(UTC)
    except ValueError:
        raise bad_request(f"sinceTime is not a time: {time}") from None


async def read(path: Path, options: LogOptions, stopped: Callable[[], bool] = lambda: False) -> AsyncIterator[bytes]:
    """The log in pieces. A file that isn't there yet is an empty log; one that is replaced is read from its start.

    Following ends when `stopped`.
    """
    left = options.limit_bytes
    lines, position = _existing(path, options)
    for piece in _pieces(_shown(lines, options), left):
        left = None if left is None else left - len(piece)
        yield piece
    while options.follow and left != 0 and not stopped():
        await asyncio.sleep(POLL_SECONDS)
        lines, position = _added(path, position)
        for piece in _pieces(_shown(lines, options), left):
            left = None if left is None else left - len(piece)
            yield piece


def _pieces(lines: Iterator[bytes], limit: int | None) -> Iterator[bytes]:
    text = b"".join(lines)
    text = text if limit is None else text[:limit]
    for start in range(0, len(text), _BLOCK):
        yield text[start : start + _BLOCK]


def _existing(path: Path, options: LogOptions) -> tuple[list[bytes], tuple[int, int]]:
    """The lines there are, at most the tail asked for, and where to go on: inode and offset."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return [], (0, 0)
    with file:
        size = file.seek(0, 2)
        inode = path.stat().st_ino
        start, text = size, b""
        while start > 0 and size - start < _MOST:
            if options.tail_lines is not None and text.count(b"\n") > options.tail_lines:
                break
            begin = max(0, start - _BLOCK)
            file.seek(begin)
            text = file.read(start - begin) + text
            start = begin
    lines = text.splitlines(keepends=True)
    if options.tail_lines is not None:
        lines = lines[-options.tail_lines :] if options.tail_lines else []
    return _since(lines, options.since), (inode, size)


def _added(path: Path, position: tuple[int, int]) -> tuple[list[bytes], tuple[int, int]]:
    inode, offset = position
    try:
        status = path.stat()
        if status.st_ino != inode or status.st_size < offset:
            inode, offset = status.st_ino, 0
        if status.st_size == offset:
            return [], (inode, offset)
        with path.open("rb") as file:
            file.seek(offset)
            text = file.read(_MOST)
    except FileNotFoundError:
        return [], (0, 0)
    complete = text[: text.rfind(b"\n") + 1]
    return complete.splitlines(keepends=True), (inode, offset + len(complete))


def _since(lines: list[bytes], moment: datetime | None) -> list[bytes]:
    if moment is None:
        return lines
    kept: list[bytes] = []
    latest: datetime | None = None
    for line in lines:
        latest = _time(line) or latest
        if latest is None or latest >= moment:
            kept.append(line)
    return kept


def _shown(lines: list[bytes], options: LogOptions) -> Iterator[bytes]:
    latest = datetime.now(UTC)
    for line in lines:
        if options.timestamps:
            latest = _time(line) or latest
            yield latest.isoformat().replace("+00:00", "Z").encode() + b" "
        yield line


def _time(line: bytes) -> datetime | None:
    text: object = None
    if found := _LEADING_TIME.match(line):
        text = found[1].decode()
    elif line.startswith(b"{"):
        try:
            fields = json.loads(line)
        except ValueError:
            return None
        text = next((fields[name] for name in _TIME_FIELDS if fields.get(name)), None)
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) else None
    except ValueError:
        return None
