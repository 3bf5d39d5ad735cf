"""Asks a cluster's metrics for one window, all queries at one instant, and leaves the rows for the publisher."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from meshui.domain.failures import Failure
from meshui.domain.telemetry.dialects import DIALECTS, Dialect, detected, detection
from meshui.services import parts
from meshui.services.ask_telemetry import ask_telemetry
from meshui.services.ports import MetricsSource, SnapshotStore

BEHIND = timedelta(milliseconds=500)
"""Rates are asked for an instant this far back: scrapes under way are over by then, so the answer stays the same
whoever asks for that instant again."""
REMEMBERED = timedelta(seconds=60)
"""How long the dialects found are taken to be the ones spoken."""
REMEMBERED_NONE = timedelta(seconds=10)
"""As long as none is found: somebody is waiting for the first traffic."""


def poll_telemetry(
    metrics: MetricsSource,
    store: SnapshotStore,
    cluster: str,
    window_seconds: int,
    now: datetime,
    dialects: Sequence[Dialect] = DIALECTS,
) -> Failure | None:
    """The source's failure, if it failed: then the last good part stays. Raises Failure when the store does."""
    part = parts.telemetry_part(window_seconds)
    at = now.replace(microsecond=now.microsecond // 1000 * 1000) - BEHIND
    try:
        spoken = spoken_dialects(metrics, store, cluster, at, dialects)
        rows = ask_telemetry(metrics, cluster, window_seconds, at, spoken)
    except Failure as failure:
        parts.failed(store, cluster, part, failure, now)
        return failure
    parts.put(store, cluster, part, parts.TelemetryPart(evaluated_at=at, rows=rows))
    partial = None if spoken else f"no metrics of a mesh were found; looked for: {', '.join(d.name for d in dialects)}"
    parts.succeeded(store, cluster, part, now, partial, tuple(dialect.name for dialect in spoken))
    return None


def spoken_dialects(
    metrics: MetricsSource, store: SnapshotStore, cluster: str, at: datetime, dialects: Sequence[Dialect] = DIALECTS
) -> tuple[Dialect, ...]:
    """Which dialects the cluster's metrics speak at that moment; asked now and then, so that a mesh which appears is
    found. Raises Failure(SOURCE_UNAVAILABLE)."""
    known = parts.get(store, cluster, parts.DIALECTS, parts.DialectsPart)
    if known is not None and abs(at - known.asked_at) < (REMEMBERED if known.names else REMEMBERED_NONE):
        return tuple(dialect for dialect in dialects if dialect.name in known.names)
    found = detected(metrics.query(detection(dialects), at), dialects)
    names = tuple(dialect.name for dialect in found)
    parts.put(store, cluster, parts.DIALECTS, parts.DialectsPart(asked_at=at, names=names))
    return found
