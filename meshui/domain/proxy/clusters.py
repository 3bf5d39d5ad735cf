"""The clusters of a proxy as a table, joined with what `/clusters` says of them now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from meshui.domain.mesh.names import ObjectRef
from meshui.domain.proxy.dump import ConfigDump, Resource
from meshui.domain.proxy.endpoints import EndpointRow
from meshui.domain.proxy.objects import object_of, service_of, subset_of
from meshui.domain.proxy.tls import UpstreamTls, client_tls
from meshui.domain.proxy.values import Raw, message, number, record, records, seconds, share, text, whole

_LIMITS = (
    ("max_connections", "connections", 1024),
    ("max_pending_requests", "pending requests", 1024),
    ("max_requests", "requests", 1024),
    ("max_retries", "retries", 3),
)
_FIELDS = tuple(field for field, _, _ in _LIMITS)
UNLIMITED = 2**32 - 1


class Breaker(msgspec.Struct, frozen=True, gc=False):
    """A circuit breaker: its limit (None: none) and how much of it is used now (None: the proxy doesn't tell)."""

    what: str
    priority: str
    limit: int | None
    used: int | None


class ClusterRow(msgspec.Struct, frozen=True, gc=False):
    """A cluster. `type` is how its endpoints are found (EDS, STATIC, STRICT_DNS, ...); `healthy` of `endpoints` get
    requests; None where `/clusters` doesn't tell of it."""

    name: str
    type: str
    service: str
    port: int | None
    subset: str
    balancing: str
    connect_timeout_ms: int | None
    http2: bool
    tls: tuple[UpstreamTls, ...]
    breakers: tuple[Breaker, ...]
    outlier_detection: str
    panic_threshold: float
    endpoints: int | None
    healthy: int | None
    state: str
    version: str
    updated_at: datetime | None
    error: str | None
    object: ObjectRef | None


def cluster_rows(dump: ConfigDump, endpoints: Mapping[str, list[EndpointRow]]) -> tuple[ClusterRow, ...]:
    """All clusters; `endpoints` by cluster."""
    return tuple(_row(one, endpoints.get(one.name)) for one in dump.of("cluster"))


def panic_threshold(cluster: Raw) -> float:
    """The share of healthy endpoints below which all get requests; 0.5 unless the cluster says otherwise."""
    percent = number(cluster, "common_lb_config", "healthy_panic_threshold")
    return 0.5 if percent is None else percent / 100


def _row(resource: Resource, hosts: list[EndpointRow] | None) -> ClusterRow:
    config = resource.config
    named = subset_of(resource.name)
    service = service_of(config)
    timeout = seconds(config, "connect_timeout")
    return ClusterRow(
        name=resource.name,
        type=text(config, "type") or message(record(config, "cluster_type"))[0] or _custom(config) or "STATIC",
        service="/".join(service) if service else named[2] if named else "",
        port=named[0] if named else None,
        subset=named[1] if named else "",
        balancing=text(config, "lb_policy") or _policies(config) or "ROUND_ROBIN",
        connect_timeout_ms=5000 if timeout is None else round(timeout * 1000),
        http2=_http2(config),
        tls=client_tls(config),
        breakers=tuple(breakers(config, hosts)),
        outlier_detection=outlier_words(record(config, "outlier_detection")) if "outlier_detection" in config else "",
        panic_threshold=panic_threshold(config),
        endpoints=None if hosts is None else len(hosts),
        healthy=None if hosts is None else sum(one.healthy for one in hosts),
        state=resource.state,
        version=resource.version,
        updated_at=resource.updated_at,
        error=resource.error,
        object=object_of(config),
    )


def breakers(cluster: Raw, hosts: list[EndpointRow] | None) -> Iterable[Breaker]:
    """The circuit breakers, in which what all endpoints have at once counts. Retries are not told of."""
    thresholds = records(cluster, "circuit_breakers", "thresholds") or [{}]
    used: dict[str, int | None] = dict.fromkeys(_FIELDS)
    if hosts is not None:
        used["max_connections"] = sum(one.active_connections for one in hosts)
        used["max_requests"] = sum(one.active_requests for one in hosts)
        used["max_pending_requests"] = sum(one.pending_requests for one in hosts)
    for one in thresholds:
        priority = text(one, "priority") or "DEFAULT"
        for field, what, default in _LIMITS:
            limit = whole(one, field)
            limit = default if limit is None else limit
            yield Breaker(
                what,
                priority,
                None if limit >= UNLIMITED else limit,
                used[field] if priority == "DEFAULT" else None,
            )


def outlier_words(detection: Raw) -> str:
    """What gets an endpoint ejected, and for how long."""
    parts = []
    for field, enforcing, what, default in (
        ("consecutive_5xx", "enforcing_consecutive_5xx", "5xx in a row", 5),
        ("consecutive_gateway_failure", "enforcing_consecutive_gateway_failure", "gateway errors in a row", 5),
        (
            "consecutive_local_origin_failure",
            "enforcing_consecutive_local_origin_failure",
            "failed connections in a row",
            5,
        ),
    ):
        enforced = whole(detection, enforcing)
        on = enforced if enforced is not None else 0 if field == "consecutive_gateway_failure" else 100
        count = whole(detection, field)
        if on and (count is not None or field == "consecutive_5xx"):
            parts.append(f"{default if count is None else count} {what}")
    base = seconds(detection, "base_ejection_time")
    most = whole(detection, "max_ejection_percent")
    parts.append(f"for {30 if base is None else base:g} s, at most {10 if most is None else most}% of them")
    return ", ".join(parts)


def _http2(cluster: Raw) -> bool:
    options = record(cluster, "typed_extension_protocol_options")
    explicit = record(options, "envoy.extensions.upstreams.http.v3.HttpProtocolOptions", "explicit_http_config")
    return "http2_protocol_options" in explicit or "http2_protocol_options" in cluster


def _custom(cluster: Raw) -> str:
    return text(cluster, "cluster_type", "name")


def _policies(cluster: Raw) -> str:
    first = next(iter(records(cluster, "load_balancing_policy", "policies")), {})
    return message(record(first, "typed_extension_config"))[0]


def drop_share(assignment: Raw) -> float:
    """The share of requests that EDS says to drop (drop_overloads)."""
    kept = 1.0
    for one in records(assignment, "policy", "drop_overloads"):
        kept *= 1.0 - share(record(one, "drop_percentage"))
    return 1.0 - kept
