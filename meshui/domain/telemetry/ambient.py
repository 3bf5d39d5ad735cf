"""Istio ambient: ztunnel, which sees connections only, and waypoints, which see requests.

Its series have the names and labels of Istio's standard metrics and are asked for with them (istio.QUERIES). What is
ambient about them shows only where workloads are known: a request through a waypoint is told of three times, by the
caller's ztunnel (destination: the waypoint), by the waypoint, and by the called side's ztunnel (source: the waypoint);
`graph.once` keeps the waypoint's. `istio_tcp_connections_failed_total` is not asked for: its connections are among
those that closed, with the same flag. Source: istio/ztunnel `src/proxy/metrics.rs`, `outbound.rs`, `inbound.rs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meshui.domain.telemetry.prometheus import Answer
from meshui.domain.telemetry.rows import TelemetryRows, no_rows

NAME: Final = "istio-ambient"
PROBE: Final = (
    '({__name__="istio_build",component="ztunnel"} or '
    '{__name__=~"istio_requests_total|istio_tcp_connections_opened_total",reporter="waypoint"})'
)
QUERIES: Final[dict[str, str]] = {}


def rows(bodies: Mapping[str, Answer], cluster: str) -> TelemetryRows:
    """Nothing of its own: istio.rows has read it."""
    return no_rows(cluster)
