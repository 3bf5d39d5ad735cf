"""The endpoints of a proxy's clusters: `/clusters?format=json`, and where that is missing what EDS said."""

from __future__ import annotations

from typing import Any

import msgspec

from meshui.domain.proxy.dump import ConfigDump, DumpFinding
from meshui.domain.proxy.values import Raw, address, decode, number, record, records, text, whole

_UNHEALTHY = (
    ("failed_outlier_check", "ejected"),
    ("failed_active_health_check", "failed_active_check"),
    ("active_hc_timeout", "check_timed_out"),
    ("pending_active_hc", "check_pending"),
    ("excluded_via_immediate_hc_fail", "excluded"),
    ("pending_dynamic_removal", "being_removed"),
)
_FLAGS = (*(name for name, _ in _UNHEALTHY), "failed_active_degraded_check")
_FINE = ("", "HEALTHY")
_EDS_UNHEALTHY = ("UNHEALTHY", "DRAINING", "TIMEOUT")


class EndpointRow(msgspec.Struct, frozen=True, gc=False):
    """An endpoint of a cluster. `unhealthy` says why it gets no requests, `flags` all that Envoy says of it;
    `success_rate` is a share, None with too little traffic. Requests and connections are counted since it is known."""

    cluster: str
    address: str
    hostname: str
    zone: str
    weight: int
    priority: int
    healthy: bool
    unhealthy: tuple[str, ...]
    flags: tuple[str, ...]
    success_rate: float | None
    active_requests: int
    pending_requests: int
    active_connections: int
    requests: int
    errors: int
    failed_connections: int


def parse_endpoints(body: bytes) -> tuple[dict[str, list[EndpointRow]], tuple[DumpFinding, ...]]:
    """(the endpoints by cluster, what is wrong with the page)."""
    try:
        document = decode(body)
    except ValueError as problem:
        return {}, (DumpFinding("clusters", f"The page /clusters is cut off or not JSON: {problem}"),)
    if not isinstance(document, dict):
        return {}, (DumpFinding("clusters", "The page /clusters is no object"),)
    found: dict[str, list[EndpointRow]] = {}
    for status in records(document, "cluster_statuses"):
        name = text(status, "name")
        found[name] = [_of_status(name, host) for host in records(status, "host_statuses")]
    return found, ()


def eds_endpoints(dump: ConfigDump) -> dict[str, list[EndpointRow]]:
    """The endpoints as EDS gave them, without what Envoy found out since."""
    found: dict[str, list[EndpointRow]] = {}
    for resource in dump.of("endpoint"):
        rows = found.setdefault(resource.name, [])
        for place in records(resource.config, "endpoints"):
            zone = _zone(record(place, "locality"))
            rows += [
                _of_eds(resource.name, zone, whole(place, "priority") or 0, one)
                for one in records(place, "lb_endpoints")
            ]
    return found


def health_of(status: Raw) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(why it gets no requests, all flags) of a host's health_status."""
    unhealthy = [word for name, word in _UNHEALTHY if status.get(name) is True]
    eds = text(status, "eds_health_status")
    if eds in _EDS_UNHEALTHY:
        unhealthy.append(f"eds_{eds.lower()}")
    flags = [name for name in _FLAGS if status.get(name) is True]
    return tuple(unhealthy), (*flags, *([eds] if eds and eds != "HEALTHY" else []))


def _of_status(cluster: str, host: Raw) -> EndpointRow:
    counts: dict[str, Any] = {
        one["name"]: whole(one, "value") or 0 for one in records(host, "stats") if isinstance(one.get("name"), str)
    }
    unhealthy, flags = health_of(record(host, "health_status"))
    rate = number(host, "success_rate") if "success_rate" in host else None
    return EndpointRow(
        cluster=cluster,
        address=address(record(host, "address")),
        hostname=text(host, "hostname"),
        zone=_zone(record(host, "locality")),
        weight=whole(host, "weight") or 1,
        priority=whole(host, "priority") or 0,
        healthy=not unhealthy,
        unhealthy=unhealthy,
        flags=flags,
        success_rate=None if rate is None or rate < 0 else rate / 100,
        active_requests=counts.get("rq_active", 0),
        pending_requests=counts.get("rq_pending_active", 0),
        active_connections=counts.get("cx_active", 0),
        requests=counts.get("rq_total", 0),
        errors=counts.get("rq_error", 0),
        failed_connections=counts.get("cx_connect_fail", 0),
    )


def _of_eds(cluster: str, zone: str, priority: int, entry: Raw) -> EndpointRow:
    endpoint = record(entry, "endpoint")
    status = text(entry, "health_status")
    unhealthy, flags = health_of({"eds_health_status": status}) if status not in _FINE else ((), ())
    return EndpointRow(
        cluster=cluster,
        address=address(endpoint.get("address")),
        hostname=text(endpoint, "hostname"),
        zone=zone,
        weight=whole(entry, "load_balancing_weight") or 1,
        priority=priority,
        healthy=not unhealthy,
        unhealthy=unhealthy,
        flags=flags,
        success_rate=None,
        active_requests=0,
        pending_requests=0,
        active_connections=0,
        requests=0,
        errors=0,
        failed_connections=0,
    )


def _zone(locality: Raw) -> str:
    if not locality:
        return ""
    return "/".join(part for part in (text(locality, name) for name in ("region", "zone", "sub_zone")) if part)
