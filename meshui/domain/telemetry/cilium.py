"""Cilium's Hubble metrics as telemetry rows.

HTTP where Cilium's proxy sees it (`httpV2`), connections from policy verdicts, or from flow events where verdicts are
not exported. All need source and destination labels (`labelsContext`); without them a series names nobody and is left
out. Hubble names workloads, never services, and tells nothing of encryption. Source: cilium
`Documentation/observability/metrics.rst`, `pkg/hubble/metrics/{http,flow,drop,policy}/handler.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from meshui.domain.telemetry.flags import DENY, Pair, flagged, pair_of, rates_of
from meshui.domain.telemetry.prometheus import Answer, Vector, answered, joined, translated
from meshui.domain.telemetry.reader import Labels, Reader
from meshui.domain.telemetry.rows import TelemetryRows

NAME: Final = "cilium"
PROBE: Final = (
    '{__name__=~"hubble_http_requests_total|hubble_policy_verdicts_total|hubble_flows_processed_total",'
    'destination_workload!=""}'
)

_ENDS: Final = "source_namespace, source_workload, source, destination_namespace, destination_workload, destination"


def _query(metric: str, labels: str, selector: str = "") -> str:
    return f"sum by ({_ENDS}, {labels}) (rate({metric}{{{selector}}}[{{window}}])) > 0"


QUERIES: Final[dict[str, str]] = {
    "requests": _query("hubble_http_requests_total", "reporter, status"),
    "durations": _query("hubble_http_request_duration_seconds_bucket", "reporter, le"),
    "durations_native": _query("hubble_http_request_duration_seconds", "reporter").replace(" > 0", ""),
    "duration_bounds": "count by (le) (hubble_http_request_duration_seconds_bucket)",
    "verdicts": _query("hubble_policy_verdicts_total", "direction, match, action"),
    "flows": _query(
        "hubble_flows_processed_total", "verdict", 'type="Trace",verdict="FORWARDED",subtype="to-endpoint"'
    ),
    "drops": _query("hubble_drop_total", "reason", 'reason=~"POLICY_DENIED|POLICY_DENY|AUTH_REQUIRED|Policy denied.*"'),
}

_REPORTERS: Final = {"client": "source", "egress": "source"}
_L7: Final = "l7/"
_INGRESS: Final = "cilium-ingress"
"""Cilium's ingress runs in every node's Envoy and has no workload."""


class _Labels(msgspec.Struct, frozen=True, gc=False):
    source_namespace: str = ""
    source_workload: str = ""
    source: str = ""
    destination_namespace: str = ""
    destination_workload: str = ""
    destination: str = ""
    reporter: str = ""
    status: str = ""
    direction: str = ""
    match: str = ""
    action: str = ""
    verdict: str = ""
    reason: str = ""


def rows(answers: Mapping[str, Answer], cluster: str) -> TelemetryRows:
    """The rows in the answers to QUERIES; see dialects.Dialect."""
    requests = translated(answered(answers, "requests", _Labels), _request)
    http = {pair_of(its) for its in requests.labels}
    durations = translated(answered(answers, "durations", _Labels), _request)
    native = translated(answered(answers, "durations_native", _Labels), _request)
    bounds = answered(answers, "duration_bounds", _Labels).bound
    verdicts = answered(answers, "verdicts", _Labels)
    refused = rates_of(translated(verdicts, lambda its: _ends(its) if _refused(its, _L7) else None), pair_of)
    requests = flagged(requests, DENY, refused, lambda its: pair_of(its) if its.response_code == "403" else None)
    allowed = translated(verdicts, lambda its: _verdict(its, http))
    denied = translated(verdicts, lambda its: _denied(its) if _refused(its) and not its.match.startswith(_L7) else None)
    judged = {pair_of(its) for vector in (allowed, denied) for its in vector.labels}
    flows = translated(answered(answers, "flows", _Labels), lambda its: _unless(its, http | judged))
    dropped = translated(answered(answers, "drops", _Labels), _denied)
    blamed = {pair_of(its) for its in denied.labels}
    opened = joined(allowed, flows, denied, translated(dropped, lambda its: None if pair_of(its) in blamed else its))
    nothing: Vector[Labels] = translated(opened, lambda its: None)
    reader = Reader(cluster, NAME)
    return reader.rows(
        requests=reader.requests(requests),
        durations=reader.durations(_milliseconds(durations), (bounds * 1000).round(6), _milliseconds(native)),
        sizes=reader.sizes(nothing, nothing),
        connections=reader.connections(opened=opened, closed=opened, sent=nothing, received=nothing),
    )


def _ends(its: _Labels) -> Labels | None:
    """None where nobody is named."""
    source, destination = _named(its.source_workload, its.source), _named(its.destination_workload, its.destination)
    if not source and not destination:
        return None
    return Labels(
        reporter=_REPORTERS.get(its.reporter or its.direction, "destination"),
        source_workload_namespace=its.source_namespace,
        source_workload=_INGRESS if its.source == "reserved:ingress" else its.source_workload,
        destination_service="" if its.destination_workload else destination,
        destination_workload_namespace=its.destination_namespace,
        destination_workload=its.destination_workload,
        connection_security_policy="unknown",
    )


def _named(workload: str, context: str) -> str:
    """A workload, or what the context calls a peer that is none: a DNS name, an address, or an identity such as
    `reserved:kube-apiserver`. The world at large is nobody."""
    if workload:
        return workload
    name = context.removeprefix("reserved:")
    return "" if name.startswith("world") or name == "unknown" else name


def _request(its: _Labels) -> Labels | None:
    said = _ends(its)
    # Status 0: Hubble saw the request, never its response.
    return None if said is None else msgspec.structs.replace(said, response_code=its.status or "0")


def _verdict(its: _Labels, http: set[Pair]) -> Labels | None:
    """A connection let in, unless it carries requests that are counted. Before there was an action there was only
    `match`."""
    if its.match.startswith(_L7) or its.action not in ("forwarded", "redirected", ""):
        return None
    return None if its.action == "" and its.match == "none" else _unless(its, http)


def _refused(its: _Labels, match: str = "") -> bool:
    return its.action == "dropped" and its.match.startswith(match)


def _denied(its: _Labels) -> Labels | None:
    said = _ends(its)
    return None if said is None else msgspec.structs.replace(said, response_flags=DENY)


def _unless(its: _Labels, told: set[Pair]) -> Labels | None:
    said = _ends(its)
    return None if said is None or pair_of(said) in told else said


def _milliseconds(vector: Vector[Labels]) -> Vector[Labels]:
    return msgspec.structs.replace(vector, bound=(vector.bound * 1000).round(6))
