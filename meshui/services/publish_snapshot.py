"""Joins what the polls left into the next snapshot of a window, and tells everybody.

One publisher per cluster at a time, by a lock with a fencing token: one that was held up past its lock can't overwrite
what a later one published.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from meshui.domain.failures import Code, Failure
from meshui.domain.graph.totals import mesh_totals
from meshui.domain.health.rules import NO_RULES, HealthRules
from meshui.domain.mesh.inventory import build_inventory
from meshui.domain.snapshot import MeshSnapshot, assemble, encode
from meshui.domain.telemetry.rows import no_rows
from meshui.services import parts, read_graph
from meshui.services.ports import Events, SnapshotStore
from meshui.services.read_inventory import inventory_or_none
from meshui.services.turn import turn

LOCK_SECONDS = 20.0
PATIENCE_SECONDS = 5.0
"""How long to wait for another publisher of the same cluster."""


def publish_snapshot(
    store: SnapshotStore,
    events: Events,
    cluster: str,
    window_seconds: int,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    health: HealthRules = NO_RULES,
) -> int | None:
    """The version published, judged by the rules in `health`; None when a later publisher was faster. Raises
    Failure(SOURCE_UNAVAILABLE) when the store fails, and THROTTLED when others have been publishing for too long."""
    busy = f"Another worker has been publishing {cluster} for {PATIENCE_SECONDS:g} s"
    with turn(store, f"publish:{cluster}", hold=LOCK_SECONDS, patience=PATIENCE_SECONDS, busy=busy) as fence:
        snapshot = _next(store, cluster, window_seconds, clock(), health)
        version, note = snapshot.version, parts.ring_note(snapshot.evaluated_at, mesh_totals(snapshot.graph))
        if not store.publish(cluster, window_seconds, version, encode(snapshot), fence, note):
            return None
    events.published(cluster, window_seconds, version)
    return version


def _next(store: SnapshotStore, cluster: str, window_seconds: int, now: datetime, health: HealthRules) -> MeshSnapshot:
    telemetry_name = parts.telemetry_part(window_seconds)
    telemetry = parts.get(store, cluster, telemetry_name, parts.TelemetryPart)
    inventory = inventory_or_none(store, cluster)
    previous = _previous(store, cluster, window_seconds)
    # Versions are milliseconds of the clock, so that they keep growing when the store has lost everything.
    version = max(int(now.timestamp() * 1000), (previous.version if previous else 0) + 1)
    proxies = parts.status(store, cluster, parts.PROXIES)
    return assemble(
        cluster=cluster,
        version=version,
        published_at=now,
        evaluated_at=telemetry.evaluated_at if telemetry else None,
        window_seconds=window_seconds,
        rows=telemetry.rows if telemetry else no_rows(cluster),
        inventory=inventory or build_inventory((), cluster),
        sources=(
            parts.source_state(
                "telemetry", parts.status(store, cluster, telemetry_name), have_part=telemetry is not None
            ),
            parts.source_state(
                "inventory", parts.status(store, cluster, parts.INVENTORY), have_part=inventory is not None
            ),
            parts.source_state("proxies", proxies, have_part=proxies is not None and proxies.as_of is not None),
        ),
        previous=previous,
        health=health,
    )


def _previous(store: SnapshotStore, cluster: str, window_seconds: int) -> MeshSnapshot | None:
    try:
        return read_graph.snapshot(store, cluster, window_seconds)
    except Failure as failure:
        if failure.code is Code.NOT_READY:
            return None
        raise
