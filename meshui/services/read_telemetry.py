"""A window's telemetry as the last good poll left it, as rows; parsed once in each process."""

from __future__ import annotations

from datetime import datetime

from meshui.domain.telemetry import istio
from meshui.domain.telemetry.rows import TelemetryRows
from meshui.services import parts
from meshui.services.cache import PerStore, SingleFlight
from meshui.services.ports import SnapshotStore

Key = tuple[str, int, datetime]
_parsed: PerStore[SingleFlight[Key, TelemetryRows]] = PerStore(lambda: SingleFlight(16))


def rows(store: SnapshotStore, cluster: str, window_seconds: int, part: parts.TelemetryPart) -> TelemetryRows:
    """The part's rows. Raises Failure(SOURCE_UNAVAILABLE) when a body is not what Prometheus answers."""
    key = (cluster, window_seconds, part.evaluated_at)
    return _parsed.of(store).get(key, lambda: istio.rows(part.bodies, cluster))
