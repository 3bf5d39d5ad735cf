"""Keeps log files bounded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

LIMIT_BYTES = 20 * 1024 * 1024
KEPT_BYTES = 1024 * 1024


def oversized(folder: Path, limit: int = LIMIT_BYTES) -> Iterator[Path]:
    """The log files below `folder` that have grown past `limit`."""
    for path in folder.rglob("*.log"):
        try:
            if path.stat().st_size > limit:
                yield path
        except FileNotFoundError:
            continue


def truncate(path: Path, kept: int = KEPT_BYTES) -> None:
    """Moves the end of the file into `<name>.1` and empties it in place: whoever appends to it goes on undisturbed."""
    with path.open("rb+") as file:
        file.seek(-min(kept, path.stat().st_size), os.SEEK_END)
        file.readline()
        path.with_name(f"{path.name}.1").write_bytes(file.read())
        file.truncate(0)
