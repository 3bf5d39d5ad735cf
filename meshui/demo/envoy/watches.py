"""How many files may still be watched: each dynamic file of a proxy costs an inotify instance, of which Linux gives a
user `fs.inotify.max_user_instances`, 128 by default. An Envoy that gets none aborts with a bare assertion."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

PER_PROXY = 4
"""LDS, CDS, one RDS and one SDS file; a gateway with several ports has an RDS file each."""
_LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")


class TooFewWatchesError(RuntimeError):
    """The user's inotify instances don't suffice; the message says what to do."""


def free_watches(enough: int) -> int:
    """How many inotify instances this user can still open, counted up to `enough`."""
    libc = ctypes.CDLL(None, use_errno=True)
    opened: list[int] = []
    try:
        while len(opened) < enough and (descriptor := libc.inotify_init1(os.O_CLOEXEC)) >= 0:
            opened.append(descriptor)
        return len(opened)
    finally:
        for descriptor in opened:
            os.close(descriptor)


def require_watches(proxies: int) -> None:
    """Raises TooFewWatchesError when so many proxies can't be started."""
    needed = proxies * PER_PROXY
    free = free_watches(needed)
    if free < needed:
        limit = _LIMIT.read_text().strip() if _LIMIT.exists() else "unknown"
        raise TooFewWatchesError(
            f"{proxies} Envoys watch {needed} files, but only {free} inotify instances are left of this user's {limit}. "
            "Stop another demo, or allow more: sudo sysctl fs.inotify.max_user_instances=1024"
        )
