"""Asks a cluster's metrics for one window, all queries at one instant, and leaves the answers for the publisher."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from meshui.domain.failures import Failure
from meshui.domain.telemetry.istio import QUERIES
from meshui.services import parts, read_telemetry
from meshui.services.ports import MetricsSource, SnapshotStore

AT_ONCE = 3
"""Queries in flight, so that a slow server is not stormed."""
BEHIND = timedelta(milliseconds=500)
"""Rates are asked for an instant this far back: scrapes under way are over by then, so the answer stays the same
whoever asks for that instant again."""


def poll_telemetry(
    metrics: MetricsSource,
    store: SnapshotStore,
    cluster: str,
    window_seconds: int,
    now: datetime,
    queries: Mapping[str, str] = QUERIES,
) -> Failure | None:
    """The source's failure, if it failed: then the last good part stays. Raises Failure when the store does."""
    part = parts.telemetry_part(window_seconds)
    at = now.replace(microsecond=now.microsecond // 1000 * 1000) - BEHIND
    try:
        answer = parts.TelemetryPart(evaluated_at=at, bodies=_ask(metrics, window_seconds, at, queries))
        # What can't be read must not replace the last good part.
        read_telemetry.rows(store, cluster, window_seconds, answer)
    except Failure as failure:
        parts.failed(store, cluster, part, failure, now)
        return failure
    parts.put(store, cluster, part, answer)
    parts.succeeded(store, cluster, part, now)
    return None


def _ask(metrics: MetricsSource, window_seconds: int, at: datetime, queries: Mapping[str, str]) -> dict[str, bytes]:
    names = list(queries)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="query") as pool:
        # Not str.format: PromQL's own braces must stay.
        asked = [
            pool.submit(metrics.query, queries[name].replace("{window}", f"{window_seconds}s"), at) for name in names
        ]
        try:
            return {name: answer.result() for name, answer in zip(names, asked, strict=True)}
        except Failure:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
