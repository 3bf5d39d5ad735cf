"""Istio's standard metrics as telemetry rows (sidecars, gateways and waypoints).

Source: Istio "Standard Metrics" and the istio_stats filter. Every label is optional, for a Telemetry object can remove
it: a missing or empty one reads `unknown`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meshui.domain.telemetry.prometheus import Answer, Vector, answered, joined
from meshui.domain.telemetry.reader import Labels, Reader
from meshui.domain.telemetry.rows import TelemetryRows

NAME: Final = "istio"
PROBE: Final = '{__name__=~"istio_requests_total|istio_tcp_connections_opened_total"}'

_ENDS: Final = (
    "reporter, source_cluster, source_workload_namespace, source_workload, destination_cluster, destination_service, "
    "destination_service_name, destination_service_namespace, destination_workload_namespace, destination_workload, "
    "request_protocol"
)
_DURATIONS: Final = "istio_request_duration_milliseconds_bucket"
_TRUST: Final = "connection_security_policy, source_principal, destination_principal"


def _query(metric: str, labels: str) -> str:
    return f"sum by ({labels}) (rate({metric}[{{window}}])) > 0"


def _by_caller(metric: str, labels: str, only: str = "") -> str:
    """Callers without a name also by what they proved; for the others that would only make the answer longer. `only`
    matches further, and ends with a comma."""
    named = f'{{{only}source_workload!="unknown"}}'
    unnamed = f'{{{only}source_workload="unknown"}}'
    return (
        f"sum by ({labels}) (rate({metric}{named}[{{window}}])) > 0 or "
        f"sum by ({labels}, source_principal) (rate({metric}{unnamed}[{{window}}])) > 0"
    )


QUERIES: Final[dict[str, str]] = {
    "requests": _query(
        "istio_requests_total", f"{_ENDS}, response_code, grpc_response_status, response_flags, {_TRUST}"
    ),
    "durations": _by_caller(_DURATIONS, f"{_ENDS}, le", 'reporter="source",'),
    "durations_elsewhere": _by_caller(_DURATIONS, f"{_ENDS}, le", 'reporter!="source",'),
    "durations_native": _by_caller("istio_request_duration_milliseconds", _ENDS).replace(" > 0", ""),
    "duration_bounds": f"count by (le) ({_DURATIONS})",
    "request_bytes": _by_caller("istio_request_bytes_sum", _ENDS),
    "response_bytes": _by_caller("istio_response_bytes_sum", _ENDS),
    "tcp_opened": _query("istio_tcp_connections_opened_total", f"{_ENDS}, response_flags, {_TRUST}"),
    "tcp_closed": _query("istio_tcp_connections_closed_total", f"{_ENDS}, response_flags, {_TRUST}"),
    "tcp_request_bytes": _query("istio_tcp_received_bytes_total", f"{_ENDS}, {_TRUST}"),
    "tcp_response_bytes": _query("istio_tcp_sent_bytes_total", f"{_ENDS}, {_TRUST}"),
}
"""Name -> PromQL; `{window}` is the range, such as `15s`. Empty buckets are not sent, so the bounds in force are
asked for apart: a quantile needs the lower bound of its bucket. Durations, nine of ten samples, are two queries, since
Prometheus works at one with one core only. Native histograms have the histogram's own name (and no comparison, which
would drop them). Istio's TCP "received" counts bytes from the client,
so it is the request direction, and "sent" the response direction."""


def rows(bodies: Mapping[str, Answer], cluster: str) -> TelemetryRows:
    """The rows in the answers to QUERIES (name -> body; an absent one reads as no samples). `cluster` stands where a
    series does not say its cluster. Each body is asked for once, in the order of QUERIES, and not kept. Raises
    Failure(SOURCE_UNAVAILABLE)."""

    def vector(name: str) -> Vector[Labels]:
        return answered(bodies, name, Labels)

    reader = Reader(cluster, NAME)
    return reader.rows(
        requests=reader.requests(vector("requests")),
        durations=reader.durations(
            joined(vector("durations"), vector("durations_elsewhere")),
            native=vector("durations_native"),
            all_bounds=vector("duration_bounds").bound,
        ),
        sizes=reader.sizes(vector("request_bytes"), vector("response_bytes")),
        connections=reader.connections(
            opened=vector("tcp_opened"),
            closed=vector("tcp_closed"),
            sent=vector("tcp_request_bytes"),
            received=vector("tcp_response_bytes"),
        ),
    )
