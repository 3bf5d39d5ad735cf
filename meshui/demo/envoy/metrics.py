"""Istio's standard metrics straight from Envoy: stats access loggers whose tags are Istio's labels.

Names, labels and values follow Istio's metrics reference (istio.io, Istio Standard Metrics). A label's value is either
known when the configuration is made, or read from the request: a peer's attributes from the metadata that its sidecar
sent, or of the endpoint that was chosen. What a request doesn't have falls back to the listener's own metadata, where
`unknown` is kept (`listener_defaults`), since a command operator can't be a constant.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from meshui.demo.envoy.files import Resource
from meshui.demo.envoy.party import LABELS, PEER_METADATA, UNKNOWN, Party

Reporter = Literal["source", "destination"]
Operator = tuple[str, str]

SERVICE_METADATA = "istio.service"
"""Metadata of clusters and routes: the host, name and namespace of the service that they stand for."""
_DEFAULTS = "istio.defaults"
_STATS = "type.googleapis.com/envoy.extensions.access_loggers.stats.v3.Config"
_CEL = "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter"


@dataclass(frozen=True)
class ServiceLabels:
    """`destination_service`, `_name` and `_namespace`."""

    host: str
    name: str
    namespace: str

    def metadata(self) -> Resource:
        return {"host": self.host, "name": self.name, "namespace": self.namespace}

    def labels(self) -> dict[str, str]:
        return {
            "destination_service": self.host,
            "destination_service_name": self.name,
            "destination_service_namespace": self.namespace,
        }


def listener_defaults() -> Resource:
    """Metadata that every listener with these loggers must carry."""
    return {"filter_metadata": {_DEFAULTS: {"unknown": UNKNOWN.workload, "latest": UNKNOWN.canonical_revision}}}


def client_labels(own: Party, *, host_fallback: bool) -> dict[str, str]:
    """Labels of reporter `source`. With `host_fallback` (sidecars, not gateways: their hosts are the world's to
    choose), a request for which no service was found counts under its Host."""
    fallback = [("REQ", ":AUTHORITY")] if host_fallback else []
    return {
        "reporter": "source",
        **own.labels("source"),
        "source_principal": _first(("UPSTREAM_LOCAL_URI_SAN", "")),
        **{
            label.format(side="destination"): _first(
                ("METADATA", f"UPSTREAM_HOST:{PEER_METADATA}:{attribute}"), default=_default(attribute)
            )
            for label, attribute in LABELS.items()
        },
        "destination_principal": _first(("UPSTREAM_PEER_URI_SAN", "")),
        "destination_service": _service("host", fallback),
        "destination_service_name": _service("name", fallback),
        "destination_service_namespace": _service("namespace", []),
        "connection_security_policy": "unknown",
    }


def server_labels(own: Party, service: ServiceLabels, *, mutual_tls: bool, peer: Party | None = None) -> dict[str, str]:
    """Labels of reporter `destination`. `peer` fixes the client where it is known beforehand (TCP has no header);
    a plain-text client is nobody, whatever it says of itself."""
    source: dict[str, str] = {}
    if peer is not None or not mutual_tls:
        source = (peer or UNKNOWN).labels("source")
    else:
        for label, attribute in LABELS.items():
            operator = ("DYNAMIC_METADATA", f"{PEER_METADATA}:{attribute}")
            source[label.format(side="source")] = _first(operator, default=_default(attribute))
    return {
        "reporter": "destination",
        **source,
        "source_principal": _first(("DOWNSTREAM_PEER_URI_SAN", "")) if mutual_tls else "unknown",
        **own.labels("destination"),
        "destination_principal": _first(("DOWNSTREAM_LOCAL_URI_SAN", "")) if mutual_tls else "unknown",
        **service.labels(),
        "connection_security_policy": "mutual_tls" if mutual_tls else "none",
    }


def http_loggers(labels: Mapping[str, str]) -> list[Resource]:
    """Loggers of an HTTP connection manager: one for plain HTTP, one for gRPC, by the request's content type."""
    common = {**labels, "response_code": "%RESPONSE_CODE%", "response_flags": "%RESPONSE_FLAGS%"}
    grpc = {**common, "request_protocol": "grpc", "grpc_response_status": "%GRPC_STATUS_NUMBER%"}
    return [
        _logger(_content_type_filter(grpc=False), *_http_stats({**common, "request_protocol": "http"})),
        _logger(_content_type_filter(grpc=True), *_http_stats(grpc)),
    ]


def tcp_loggers(labels: Mapping[str, str], condition: str = "") -> list[Resource]:
    """Loggers of a TCP proxy that logs when connected and at the end (`flush_access_log_on_connected`): openings are
    counted once the server is reached (or the connection ended without), bytes and closings at the end. `condition`
    is a CEL expression that the connection must meet."""
    tags = {**labels, "request_protocol": "tcp", "response_flags": "%RESPONSE_FLAGS%"}
    ended = {"log_type_filter": {"types": ["TcpConnectionEnd"]}}
    connected = {"log_type_filter": {"types": ["TcpUpstreamConnected"]}}
    unconnected = _both(ended, _cel("!has(upstream.address)"))
    opened = [_counter("tcp_connections_opened_total", tags)]
    closed = [
        _counter("tcp_connections_closed_total", tags),
        _counter("tcp_sent_bytes_total", tags, "%BYTES_SENT%"),
        _counter("tcp_received_bytes_total", tags, "%BYTES_RECEIVED%"),
    ]
    extra = [_cel(condition)] if condition else []
    return [
        _logger(_both(connected, *extra), opened, []),
        _logger(_both(unconnected, *extra), opened, []),
        _logger(_both(ended, *extra), closed, []),
    ]


def _http_stats(tags: Mapping[str, str]) -> tuple[list[Resource], list[Resource]]:
    return (
        [_counter("requests_total", tags)],
        [
            _histogram("request_duration_milliseconds", tags, "Milliseconds", "%DURATION%"),
            _histogram("request_bytes", tags, "Bytes", "%BYTES_RECEIVED%"),
            _histogram("response_bytes", tags, "Bytes", "%BYTES_SENT%"),
        ],
    )


def _logger(condition: Resource, counters: list[Resource], histograms: list[Resource]) -> Resource:
    config: Resource = {"@type": _STATS, "stats_scope": {"prefix": "istio"}, "counters": counters}
    if histograms:
        config["histograms"] = histograms
    return {"name": "envoy.access_loggers.stats", "filter": condition, "typed_config": config}


def _counter(name: str, tags: Mapping[str, str], value: str = "") -> Resource:
    return {"stat": _stat(name, tags)} | ({"value_format": value} if value else {"value_fixed": 1})


def _histogram(name: str, tags: Mapping[str, str], unit: str, value: str) -> Resource:
    return {"stat": _stat(name, tags), "unit": unit, "value_format": value}


def _stat(name: str, tags: Mapping[str, str]) -> Resource:
    return {"name": name, "tags": [{"name": key, "value_format": value} for key, value in tags.items()]}


def _content_type_filter(*, grpc: bool) -> Resource:
    header: Resource = {"name": "content-type", "string_match": {"prefix": "application/grpc"}}
    if not grpc:
        header |= {"invert_match": True, "treat_missing_header_as_empty": True}
    return {"header_filter": {"header": header}}


def _both(*filters: Resource) -> Resource:
    return {"and_filter": {"filters": list(filters)}} if len(filters) > 1 else filters[0]


def _cel(expression: str) -> Resource:
    return {
        "extension_filter": {
            "name": "envoy.access_loggers.extension_filters.cel",
            "typed_config": {"@type": _CEL, "expression": expression},
        }
    }


def _service(attribute: str, fallback: Iterable[Operator]) -> str:
    return _first(
        ("METADATA", f"CLUSTER:{SERVICE_METADATA}:{attribute}"),
        ("METADATA", f"ROUTE:{SERVICE_METADATA}:{attribute}"),
        *fallback,
    )


def _default(attribute: str) -> str:
    return "latest" if attribute == "canonical_revision" else "unknown"


def _first(*operators: Operator, default: str = "unknown") -> str:
    """The first operator that yields something, else the default."""
    every = (*operators, ("METADATA", f"LISTENER:{_DEFAULTS}:{default}"))
    commands = [{"command": name, "param": param} if param else name for name, param in every]
    return f"%COALESCE({json.dumps({'operators': commands}, separators=(',', ':'))})%"
