"""Linkerd's proxy metrics as telemetry rows.

The caller's proxy names both ends (its own workload by scrape labels, the called one by `dst_*`). The called side's
proxy is read for callers without one of their own, and for denials, which only it knows. Source: linkerd2-proxy
`app/core/src/metrics.rs`, `app/inbound/src/metrics/authz.rs`; linkerd2
`viz/charts/linkerd-viz/templates/prometheus.yaml`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Final

import msgspec
import numpy as np

from meshui.domain.telemetry.flags import DENY, Pair, flagged, pair_of
from meshui.domain.telemetry.prometheus import Answer, Vector, answered, joined, translated
from meshui.domain.telemetry.reader import Labels, Reader
from meshui.domain.telemetry.rows import TelemetryRows

NAME: Final = "linkerd"
PROBE: Final = '{__name__=~"response_total|tcp_open_total",direction=~"outbound|inbound"}'

_KINDS: Final = ("deployment", "statefulset", "daemonset", "k8s_job", "replicationcontroller", "replicaset")
_OWN: Final = ", ".join(("namespace", *_KINDS))
_DST: Final = ", ".join(("dst_namespace", "dst_service", *(f"dst_{kind}" for kind in _KINDS)))
_NO_WORKLOAD: Final = ",".join(f'{kind}=""' for kind in _KINDS)


def _query(metric: str, selector: str, labels: str) -> str:
    """By the scrape's workload labels, or by pod where the scrape gives none."""
    named = f"sum by ({_OWN}, {labels}) (rate({metric}{{{selector}}}[{{window}}])) > 0"
    bare = f"sum by ({_OWN}, pod, {labels}) (rate({metric}{{{selector},{_NO_WORKLOAD}}}[{{window}}])) > 0"
    return f"{named} or {bare}"


_OUT: Final = 'direction="outbound"'
_IN: Final = 'direction="inbound",route_name!="probe"'
_TO: Final = f'{_OUT},peer="dst"'
_FROM: Final = 'direction="inbound",peer="src"'
QUERIES: Final[dict[str, str]] = {
    "requests": _query("response_total", _OUT, f"{_DST}, authority, tls, server_id, status_code, grpc_status"),
    "requests_in": _query("response_total", _IN, "tls, client_id, status_code, grpc_status"),
    "http_denied": _query("inbound_http_authz_deny_total", 'target_addr!="-"', "tls, client_id"),
    "durations": _query("response_latency_ms_bucket", _OUT, f"{_DST}, authority, le"),
    "durations_in": _query("response_latency_ms_bucket", _IN, "tls, client_id, le"),
    "durations_native": _query("response_latency_ms", _OUT, f"{_DST}, authority").replace(" > 0", ""),
    "durations_native_in": _query("response_latency_ms", _IN, "tls, client_id").replace(" > 0", ""),
    "duration_bounds": "count by (le) (response_latency_ms_bucket)",
    "tcp_opened": _query("tcp_open_total", _TO, f"{_DST}, tls, server_id"),
    "tcp_opened_in": _query("tcp_open_total", _FROM, "tls, client_id"),
    "tcp_denied": _query("inbound_tcp_authz_deny_total", 'target_addr!="-"', "tls, client_id"),
    "tcp_closed": _query("tcp_close_total", _TO, f"{_DST}, tls, server_id"),
    "tcp_closed_in": _query("tcp_close_total", _FROM, "tls, client_id"),
    "tcp_request_bytes": _query("tcp_write_bytes_total", _TO, f"{_DST}, tls, server_id"),
    "tcp_request_bytes_in": _query("tcp_read_bytes_total", _FROM, "tls, client_id"),
    "tcp_response_bytes": _query("tcp_read_bytes_total", _TO, f"{_DST}, tls, server_id"),
    "tcp_response_bytes_in": _query("tcp_write_bytes_total", _FROM, "tls, client_id"),
}


class _Labels(msgspec.Struct, frozen=True, gc=False):
    namespace: str = ""
    deployment: str = ""
    statefulset: str = ""
    daemonset: str = ""
    k8s_job: str = ""
    replicationcontroller: str = ""
    replicaset: str = ""
    pod: str = ""
    dst_namespace: str = ""
    dst_service: str = ""
    dst_deployment: str = ""
    dst_statefulset: str = ""
    dst_daemonset: str = ""
    dst_k8s_job: str = ""
    dst_replicationcontroller: str = ""
    dst_replicaset: str = ""
    authority: str = ""
    tls: str = ""
    server_id: str = ""
    client_id: str = ""
    status_code: str = ""
    grpc_status: str = ""


def rows(answers: Mapping[str, Answer], cluster: str) -> TelemetryRows:
    """The rows in the answers to QUERIES; see dialects.Dialect."""

    def out(name: str) -> Vector[Labels]:
        return translated(answered(answers, name, _Labels), _outbound)

    requests = out("requests")
    meshed = {pair_of(its)[2:] for its in requests.labels if its.connection_security_policy == "mutual_tls"}
    reported = {pair_of(its)[2:] for its in requests.labels}

    def arriving(name: str, told: set[tuple[str, str]]) -> Vector[Labels]:
        """Callers that have no proxy, or whose proxy nobody scrapes."""

        def to(its: _Labels) -> Labels | None:
            said = _inbound(its)
            return None if said is None or (its.tls == "true" and pair_of(said)[2:] in told) else said

        return translated(answered(answers, name, _Labels), to)

    requests = joined(requests, arriving("requests_in", meshed))
    http_denied = translated(answered(answers, "http_denied", _Labels), _inbound)
    told, untold = _attributed(http_denied, requests.labels, _perhaps_denied)
    requests = flagged(requests, DENY, told, lambda its: pair_of(its) if _perhaps_denied(its) else None)
    requests = joined(requests, translated(untold, _as_403))
    grpc = _grpc_pairs(requests)
    reader = Reader(cluster, NAME)

    def spoken(vector: Vector[Labels]) -> Vector[Labels]:
        return translated(vector, lambda its: _protocol(its, "grpc" if _called(its) in grpc else "http"))

    its_requests = reader.requests(spoken(requests))
    http = {_called(its) for its in requests.labels}
    durations = reader.durations(
        spoken(joined(out("durations"), arriving("durations_in", meshed))),
        native=spoken(joined(out("durations_native"), arriving("durations_native_in", meshed))),
        all_bounds=answered(answers, "duration_bounds", _Labels).bound,
    )
    opened = out("tcp_opened")
    carried = {pair_of(its)[2:] for its in opened.labels if its.connection_security_policy == "mutual_tls"} | reported

    def streams(vector: Vector[Labels]) -> Vector[Labels]:
        """Connections that carry no requests: the transport's counters are of both."""
        return translated(vector, lambda its: None if _called(its) in http else its)

    def carrying(vector: Vector[Labels]) -> Vector[Labels]:
        return spoken(translated(vector, lambda its: its if _called(its) in http else None))

    opened = joined(opened, arriving("tcp_opened_in", carried))
    tcp_denied = translated(answered(answers, "tcp_denied", _Labels), _inbound)
    closed = joined(out("tcp_closed"), arriving("tcp_closed_in", carried))
    told, untold = _attributed(tcp_denied, closed.labels, lambda its: True)
    refused = translated(untold, lambda its: msgspec.structs.replace(its, response_flags=DENY))
    sent = joined(out("tcp_request_bytes"), arriving("tcp_request_bytes_in", carried))
    received = joined(out("tcp_response_bytes"), arriving("tcp_response_bytes_in", carried))
    return reader.rows(
        requests=its_requests,
        durations=durations,
        sizes=reader.sizes(carrying(sent), carrying(received)),
        connections=reader.connections(
            opened=joined(streams(opened), refused),
            closed=joined(flagged(streams(closed), DENY, told, pair_of), refused),
            sent=streams(sent),
            received=streams(received),
        ),
    )


def _outbound(its: _Labels) -> Labels | None:
    namespace, source = _own(its)
    if not source:
        return None
    destination = _first(
        its.dst_deployment,
        its.dst_statefulset,
        its.dst_daemonset,
        its.dst_k8s_job,
        its.dst_replicationcontroller,
        its.dst_replicaset,
    )
    known = bool(its.dst_service)
    return Labels(
        reporter="source",
        source_workload_namespace=namespace,
        source_workload=source,
        destination_service=f"{its.dst_service}.{its.dst_namespace}.svc.cluster.local" if known else _host(its),
        destination_service_name=its.dst_service,
        destination_service_namespace=its.dst_namespace if known else "",
        destination_workload_namespace=its.dst_namespace if destination else "",
        destination_workload=destination,
        destination_principal=its.server_id,
        response_code=its.status_code or "0",
        grpc_response_status=its.grpc_status,
        connection_security_policy=_security(its.tls, its.server_id),
    )


def _host(its: _Labels) -> str:
    """Who was asked for outside of the cluster; inside, `dst_*` says it better."""
    return "" if its.dst_namespace else its.authority


def _inbound(its: _Labels) -> Labels | None:
    namespace, destination = _own(its)
    if not destination:
        return None
    return Labels(
        reporter="destination",
        destination_workload_namespace=namespace,
        destination_workload=destination,
        source_principal=its.client_id,
        response_code=its.status_code or "0",
        grpc_response_status=its.grpc_status,
        connection_security_policy=_security(its.tls, its.client_id),
    )


def _own(its: _Labels) -> tuple[str, str]:
    name = _first(
        its.deployment, its.statefulset, its.daemonset, its.k8s_job, its.replicationcontroller, its.replicaset, its.pod
    )
    return its.namespace, name


def _first(*names: str) -> str:
    return next((name for name in names if name), "")


def _security(tls: str, peer: str) -> str:
    if tls == "true":
        return "mutual_tls" if peer else "none"
    return "none" if tls in ("no_identity", "disabled") else "unknown"


def _called(its: Labels) -> tuple[Pair, str]:
    return pair_of(its), its.destination_service


def _perhaps_denied(its: Labels) -> bool:
    return its.response_code == "403" or its.grpc_response_status == "7"


def _as_403(its: Labels) -> Labels:
    return msgspec.structs.replace(its, response_code="403", response_flags=DENY)


def _protocol(its: Labels, protocol: str) -> Labels:
    return msgspec.structs.replace(its, request_protocol=protocol)


def _grpc_pairs(requests: Vector[Labels]) -> set[tuple[Pair, str]]:
    """Who speaks gRPC with whom: only responses say so, and of those not the ones that never came."""
    speaking: dict[tuple[Pair, str], float] = {}
    for place, value in zip(requests.label_set.tolist(), requests.value.tolist(), strict=True):
        its = requests.labels[place]
        if its.response_code != "0":
            sign = value if its.grpc_response_status else -value
            speaking[_called(its)] = speaking.get(_called(its), 0.0) + sign
    return {called for called, balance in speaking.items() if balance > 0}


def _attributed(
    denied: Vector[Labels], told: Iterable[Labels], possible: Callable[[Labels], bool]
) -> tuple[dict[Hashable, float], Vector[Labels]]:
    """(rates of denials by caller and called workload, denials whose caller nobody tells of). A denial names only the
    caller's identity: it belongs to the workload of the identity's namespace that tells of such answers from there, if
    that is one or one is named as the account; of several it could be any, and none is blamed."""
    callers: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for its in told:
        if its.reporter == "source" and possible(its):
            pair = pair_of(its)
            callers.setdefault(pair[2:], set()).add(pair[:2])

    def candidates(its: Labels) -> set[tuple[str, str]]:
        account, _, rest = its.source_principal.partition(".")
        here = {one for one in callers.get(pair_of(its)[2:], ()) if rest.startswith(f"{one[0]}.")}
        named = {one for one in here if one[1] == account}
        return named or here

    rates: dict[Hashable, float] = {}
    values = np.bincount(denied.label_set, denied.value, len(denied.labels)).tolist()
    for its, value in zip(denied.labels, values, strict=True):
        found = candidates(its)
        if len(found) == 1:
            pair = (*found.pop(), *pair_of(its)[2:])
            rates[pair] = rates.get(pair, 0.0) + value
    return rates, translated(denied, lambda its: None if candidates(its) else its)
