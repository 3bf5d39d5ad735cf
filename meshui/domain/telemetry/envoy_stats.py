"""What Envoy counts per upstream cluster, for the dialects that have nothing better: Consul Connect and plain Envoys.

Source: Envoy `docs/root/configuration/upstream/cluster_manager/cluster_stats.rst`,
`source/common/config/well_known_names.cc`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from meshui.domain.telemetry.flags import Pair, flagged, pair_of, rates_of
from meshui.domain.telemetry.prometheus import Answer, L, Vector, answered, joined, translated
from meshui.domain.telemetry.reader import Labels, Reader
from meshui.domain.telemetry.rows import TelemetryRows


def queries(ends: str, selector: str) -> dict[str, str]:
    """The queries, by the labels `ends` of the series that `selector` keeps."""

    def rate(metric: str, labels: str = "") -> str:
        by = f"{ends}, {labels}" if labels else ends
        return f"sum by ({by}) (rate(envoy_cluster_{metric}{{{selector}}}[{{window}}])) > 0"

    return {
        "by_code": rate("upstream_rq", "envoy_response_code"),
        "by_class": rate("upstream_rq_xx", "envoy_response_code_class"),
        "durations": rate("upstream_rq_time_bucket", "le"),
        "durations_native": rate("upstream_rq_time").replace(" > 0", ""),
        "duration_bounds": f"count by (le) (envoy_cluster_upstream_rq_time_bucket{{{selector}}})",
        "encrypted": f"sum by ({ends}) (envoy_cluster_ssl_handshake{{{selector}}}) > 0",
        "opened": rate("upstream_cx_total"),
        "closed": rate("upstream_cx_destroy"),
        "failed": rate("upstream_cx_connect_fail"),
        "sent": rate("upstream_cx_tx_bytes_total"),
        "received": rate("upstream_cx_rx_bytes_total"),
    }


def rows_of(
    answers: Mapping[str, Answer],
    cluster: str,
    dialect: str,
    labels: type[L],
    ends: Callable[[L], Labels | None],
    answer: Callable[[L], str],
    *,
    mutual: bool,
) -> TelemetryRows:
    """The rows in the answers to `queries`. `ends` says who calls whom, `answer` the response code or its class's
    digit. `mutual`: TLS to the upstream is mutual, as the mesh has it; else no handshake proves plain text and one
    proves nothing, for the caller may have no certificate."""

    def vector(name: str) -> Vector[Labels]:
        return translated(answered(answers, name, labels), ends)

    def coded(name: str, width: str) -> Vector[Labels]:
        def to(its: L) -> Labels | None:
            said = ends(its)
            return None if said is None else msgspec.structs.replace(said, response_code=answer(its) + width)

        return translated(answered(answers, name, labels), to)

    by_code = coded("by_code", "")
    detailed = {_called(its) for its in by_code.labels}
    by_class = translated(coded("by_class", "xx"), lambda its: None if _called(its) in detailed else its)
    requests = joined(by_code, by_class)
    http = {_called(its) for its in requests.labels}
    durations, native = vector("durations"), vector("durations_native")
    bounds = answered(answers, "duration_bounds", labels).bound
    encrypted = {_called(its) for its in vector("encrypted").labels}

    def trusted(vector: Vector[Labels]) -> Vector[Labels]:
        return translated(vector, lambda its: msgspec.structs.replace(its, connection_security_policy=security(its)))

    def security(its: Labels) -> str:
        if _called(its) not in encrypted:
            return "unknown" if mutual else "none"
        return "mutual_tls" if mutual else "unknown"

    def streams(vector: Vector[Labels]) -> Vector[Labels]:
        """Connections that carry no requests: Envoy counts those of both."""
        return trusted(translated(vector, lambda its: None if _called(its) in http else its))

    def carrying(vector: Vector[Labels]) -> Vector[Labels]:
        return translated(vector, lambda its: its if _called(its) in http else None)

    reader = Reader(cluster, dialect)
    its_requests = reader.requests(trusted(requests))
    opened, closed = streams(vector("opened")), streams(vector("closed"))
    closed = flagged(closed, "UF", rates_of(vector("failed"), _called), _called)
    sent, received = vector("sent"), vector("received")
    return reader.rows(
        requests=its_requests,
        durations=reader.durations(durations, bounds, native),
        sizes=reader.sizes(carrying(sent), carrying(received)),
        connections=reader.connections(opened=opened, closed=closed, sent=streams(sent), received=streams(received)),
    )


_Called = tuple[Pair, str, str]


def _called(its: Labels) -> _Called:
    return pair_of(its), its.destination_service, its.destination_cluster
