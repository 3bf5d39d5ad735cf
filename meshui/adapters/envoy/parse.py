"""What an Envoy's admin pages say, as small values. Pure. An unreadable page is Failure(SOURCE_UNAVAILABLE).
Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/admin/admin (certs, clusters, config_dump, server_info)
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from meshui.domain.failures import Code, Failure
from meshui.domain.proxy.reading import Certificate, ConfigVersion, Endpoint, EnvoyCluster, ServerInfo, TypeState

_T = TypeVar("_T")


class _Certs(msgspec.Struct):
    certificates: list[dict[str, list[dict[str, Any]]]] = []


class _Clusters(msgspec.Struct):
    cluster_statuses: list[dict[str, Any]] = []


class _Dump(msgspec.Struct):
    configs: list[dict[str, Any]] = []


def parse_certs(body: bytes) -> tuple[Certificate, ...]:
    """The different certificates of `/certs`."""
    found: list[Certificate] = []
    for pair in _decode(body, _Certs, "/certs").certificates:
        for key, is_ca in (("cert_chain", False), ("ca_cert", True)):
            for entry in pair.get(key) or ():
                names = entry.get("subject_alt_names") or ()
                found.append(
                    Certificate(
                        ca=is_ca,
                        path=str(entry.get("path") or ""),
                        serial_number=str(entry.get("serial_number") or ""),
                        uris=tuple(str(name["uri"]) for name in names if isinstance(name, dict) and name.get("uri")),
                        valid_from=_time(entry.get("valid_from")),
                        expires_at=_time(entry.get("expiration_time")),
                    )
                )
    # Envoy lists a certificate once for every cluster and listener that uses it.
    return tuple(dict.fromkeys(found))


def parse_clusters(body: bytes) -> tuple[EnvoyCluster, ...]:
    """The clusters of `/clusters?format=json`."""
    return tuple(
        EnvoyCluster(
            name=str(status.get("name") or ""),
            endpoints=tuple(_endpoint(host) for host in status.get("host_statuses") or ()),
        )
        for status in _decode(body, _Clusters, "/clusters").cluster_statuses
    )


def parse_server_info(body: bytes) -> ServerInfo:
    """The answer of `/server_info`."""
    said = _decode(body, dict[str, Any], "/server_info")
    node = said.get("node") or {}
    revision, _, rest = str(said.get("version") or "").partition("/")
    return ServerInfo(
        version=rest.partition("/")[0] or revision,
        state=str(said.get("state") or "LIVE"),
        uptime_seconds=_seconds(said.get("uptime_current_epoch")),
        node_id=str(node.get("id") or ""),
        node_cluster=str(node.get("cluster") or ""),
    )


_DYNAMIC = (
    ("dynamic_listeners", "listener", ("active_state", "listener")),
    ("dynamic_active_clusters", "cluster", (None, "cluster")),
    ("dynamic_route_configs", "route", (None, "route_config")),
    ("dynamic_active_secrets", "secret", (None, None)),
)


def parse_versions(body: bytes) -> tuple[ConfigVersion, ...]:
    """The dynamic resources in a whole `/config_dump`, or in one of a single `resource`."""
    found: list[ConfigVersion] = []
    for config in _decode(body, _Dump, "/config_dump").configs:
        for field, kind, (state, inner) in _DYNAMIC:
            # With ?resource=dynamic_active_clusters the entries stand in `configs` themselves.
            entries = config.get(field) or ([config] if _is_single(config, kind) else ())
            for entry in entries:
                found.append(_version(kind, entry, (entry.get(state) or {}) if state else entry, inner))
    return tuple(found)


def type_states(*versions: Iterable[ConfigVersion]) -> tuple[TypeState, ...]:
    """The same by kind."""
    by_kind: dict[str, list[ConfigVersion]] = {}
    for one in (one for some in versions for one in some):
        by_kind.setdefault(one.type, []).append(one)
    states = []
    for kind, found in by_kind.items():
        newest = max(found, key=lambda one: (one.updated_at is not None, one.updated_at or _NEVER))
        errors = tuple(dict.fromkeys(one.error for one in found if one.error))
        states.append(TypeState(kind, len(found), newest.version, newest.updated_at, errors))
    return tuple(states)


_NEVER = datetime.min.replace(tzinfo=UTC)


def parse_memory(body: bytes) -> int | None:
    """The bytes that the proxy has allocated, of `/memory`."""
    allocated = _decode(body, dict[str, Any], "/memory").get("allocated")
    return int(allocated) if isinstance(allocated, str) and allocated.isdigit() else None


def parse_log_levels(body: bytes) -> dict[str, str]:
    """Level by logger, of what `/logging` answers."""
    lines = (line.strip() for line in body.decode("utf-8", "replace").splitlines())
    pairs = (line.partition(": ") for line in lines if ": " in line)
    return {name: level for name, _, level in pairs if name.replace("_", "").isalnum()}


def _is_single(config: dict[str, Any], kind: str) -> bool:
    type_name = str(config.get("@type") or "").rpartition(".")[2]
    return type_name == {
        "listener": "DynamicListener",
        "cluster": "DynamicCluster",
        "route": "DynamicRouteConfig",
        "secret": "DynamicSecret",
    }.get(kind)


def _version(kind: str, entry: dict[str, Any], holder: dict[str, Any], inner: str | None) -> ConfigVersion:
    named = (holder.get(inner) or {}) if inner else entry
    error = entry.get("error_state") or {}
    return ConfigVersion(
        type=kind,
        name=str(entry.get("name") or named.get("name") or ""),
        version=str(holder.get("version_info") or ""),
        updated_at=_time(holder.get("last_updated")),
        error=str(error["details"]) if error.get("details") else None,
    )


def _endpoint(host: dict[str, Any]) -> Endpoint:
    address = host.get("address") or {}
    where = address.get("socket_address") or {}
    text = f"{where['address']}:{where.get('port_value', '')}" if "address" in where else _other_address(address)
    health = host.get("health_status") or {}
    reasons = []
    if health.get("failed_outlier_check"):
        reasons.append("ejected")
    if health.get("failed_active_health_check"):
        reasons.append("failed_active_check")
    if str(health.get("eds_health_status") or "HEALTHY") not in {"HEALTHY", "UNKNOWN"}:
        reasons.append("eds")
    return Endpoint(address=text, weight=int(host.get("weight") or 1), unhealthy=tuple(reasons))


def _other_address(address: dict[str, Any]) -> str:
    for key in ("pipe", "envoy_internal_address"):
        if key in address:
            return str(address[key].get("path") or address[key].get("server_listener_name") or key)
    return ""


def _decode(body: bytes, type_: type[_T], page: str) -> _T:
    try:
        return msgspec.json.decode(body, type=type_)
    except msgspec.DecodeError as problem:
        raise Failure(Code.SOURCE_UNAVAILABLE, f"A proxy's {page} can't be read: {problem}") from problem


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _seconds(text: Any) -> float:
    try:
        return float(str(text or "0s").removesuffix("s"))
    except ValueError:
        return 0.0
