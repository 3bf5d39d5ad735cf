"""What the proxies said when they were last read."""

from __future__ import annotations

from meshui.domain.proxy.reading import ProxyReading
from meshui.services import parts
from meshui.services.ports import SnapshotStore


def proxies(store: SnapshotStore, cluster: str) -> tuple[ProxyReading, ...]:
    """The latest reading of each proxy that was sampled so far, by namespace and pod; none before the first poll.
    Raises Failure(SOURCE_UNAVAILABLE)."""
    part = parts.get(store, cluster, parts.PROXIES, parts.ProxiesPart)
    return tuple(part.readings[key] for key in sorted(part.readings)) if part else ()
