"""Whether the kernel lets this user watch as many files as the proxies do.

Envoy takes an inotify instance for each file it is configured by, and Linux gives a user 128 of them unless told
otherwise (inotify(7), fs.inotify.max_user_instances); an Envoy that gets none aborts.
"""

from __future__ import annotations

import os
from pathlib import Path

PER_PROXY = 4
"""LDS, CDS, one RDS, one SDS: see meshui.demo.envoy.bootstrap."""
_LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")


class TooFewWatchesError(Exception):
    """The message says how many are missing and how to get more."""


def check(proxies: int, *, limit: int | None = None, used: int | None = None) -> None:
    """Raises TooFewWatchesError when `proxies` Envoys would not get their watches."""
    limit = _limit() if limit is None else limit
    used = _used() if used is None else used
    needed = proxies * PER_PROXY
    left = max(0, limit - used)
    if left < needed:
        raise TooFewWatchesError(
            f"{proxies} Envoys need {needed} inotify instances, and this user has {left} of {limit} left. Stop another "
            f"demo, or raise the limit: sudo sysctl fs.inotify.max_user_instances={max(512, used + needed)}"
        )


def _limit() -> int:
    try:
        return int(_LIMIT.read_text())
    except (OSError, ValueError):
        return 1 << 30


def _used() -> int:
    """Instances that processes of this user hold, as far as they can be looked at."""
    found = 0
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            if process.stat().st_uid == os.getuid():
                found += sum(_is_inotify(entry) for entry in (process / "fd").iterdir())
        except OSError:
            continue
    return found


def _is_inotify(entry: Path) -> bool:
    try:
        return os.readlink(entry) == "anon_inode:inotify"
    except OSError:
        return False
