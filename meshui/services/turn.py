"""One at a time, in all processes: a lock of the store's, waited for with patience."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from meshui.domain.failures import Code, Failure
from meshui.services.ports import SnapshotStore


@contextmanager
def turn(store: SnapshotStore, name: str, *, hold: float, patience: float, busy: str) -> Iterator[int]:
    """The lock's fencing token, once nobody else has it. It frees itself after `hold` seconds. Raises
    Failure(THROTTLED) that says `busy` when it took longer than `patience` seconds."""
    deadline = time.monotonic() + patience
    while (fence := store.lock(name, hold)) is None:
        if time.monotonic() > deadline:
            raise Failure(Code.THROTTLED, busy, next_step="Try again in a moment.")
        time.sleep(0.05)
    try:
        yield fence
    finally:
        store.unlock(name, fence)
