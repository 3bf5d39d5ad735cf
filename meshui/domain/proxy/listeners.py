"""The listeners of a proxy as a table: filter chains, what they match, and their filters in order."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meshui.domain.mesh.names import ObjectRef
from meshui.domain.proxy.dump import ConfigDump, Resource
from meshui.domain.proxy.objects import object_of
from meshui.domain.proxy.tls import ServerTls, server_tls
from meshui.domain.proxy.values import NOTHING, Raw, address, message, record, records, text, texts, whole

HTTP = "HttpConnectionManager"
TCP = "TcpProxy"


class FilterRow(msgspec.Struct, frozen=True):
    """A filter by its name and the type of its configuration, which also tells what is not known here."""

    name: str
    type: str


class FilterChain(msgspec.Struct, frozen=True):
    """A filter chain: what connections it takes, in words, and what it does with them. `routes` is the name of the
    route configuration, `clusters` where TCP goes."""

    name: str
    match: str
    filters: tuple[FilterRow, ...]
    http_filters: tuple[FilterRow, ...]
    tls: ServerTls | None
    routes: str
    routes_inline: bool
    clusters: tuple[str, ...]


class ListenerRow(msgspec.Struct, frozen=True):
    """A listener. `state`: active, static, warming, draining, or missing when no version of it could be used."""

    name: str
    address: str
    direction: str
    state: str
    version: str
    updated_at: datetime | None
    error: str | None
    error_at: datetime | None
    object: ObjectRef | None
    listener_filters: tuple[FilterRow, ...]
    filter_chains: tuple[FilterChain, ...]


def listener_rows(dump: ConfigDump) -> tuple[ListenerRow, ...]:
    """All listeners."""
    return tuple(_row(one) for one in dump.of("listener"))


def chains_of(listener: Raw) -> list[Raw]:
    """The filter chains in order, the default one last."""
    default = record(listener, "default_filter_chain")
    return [*records(listener, "filter_chains"), *([default] if default else [])]


def manager_of(chain: Raw) -> Raw:
    """The configuration of the chain's HTTP connection manager; empty when it has none."""
    for one in records(chain, "filters"):
        name, config = message(one)
        if name == HTTP or text(one, "name").endswith("http_connection_manager"):
            return config
    return NOTHING


def routes_of(manager: Raw) -> str:
    """The name of the route configuration: of RDS, or of its own."""
    return text(manager, "rds", "route_config_name") or text(manager, "route_config", "name")


def tcp_clusters(chain: Raw) -> tuple[tuple[str, int], ...]:
    """Where the chain's TCP proxy sends connections, with weights."""
    for one in records(chain, "filters"):
        name, config = message(one)
        if name == TCP:
            if weighted := records(config, "weighted_clusters", "clusters"):
                return tuple((text(each, "name"), whole(each, "weight") or 0) for each in weighted)
            return ((text(config, "cluster"), 1),)
    return ()


def filter_row(one: Raw) -> FilterRow:
    """A filter's name and type; `(discovered)` where ECDS brings its configuration."""
    kind, _ = message(one)
    return FilterRow(text(one, "name"), kind or ("(discovered)" if record(one, "config_discovery") else ""))


def match_words(match: Raw) -> str:
    """A FilterChainMatch in words; unknown fields are named."""
    parts = []
    if port := whole(match, "destination_port"):
        parts.append(f"port {port}")
    for field, word in (
        ("prefix_ranges", "to"),
        ("source_prefix_ranges", "from"),
        ("direct_source_prefix_ranges", "directly from"),
    ):
        if ranges := records(match, field):
            parts.append(f"{word} {', '.join(_range(one) for one in ranges)}")
    if names := texts(match, "server_names"):
        parts.append(f"SNI {', '.join(names)}")
    match text(match, "transport_protocol"):
        case "tls":
            parts.append("TLS")
        case "raw_buffer":
            parts.append("plain text")
        case other if other:
            parts.append(other)
    if protocols := texts(match, "application_protocols"):
        parts.append(f"ALPN {', '.join(protocols)}")
    known = {
        *("destination_port", "prefix_ranges", "source_prefix_ranges", "direct_source_prefix_ranges", "server_names"),
        *("transport_protocol", "application_protocols"),
    }
    parts += [name for name in match if name not in known]
    return "; ".join(parts) or "anything"


def _range(one: Raw) -> str:
    return f"{text(one, 'address_prefix')}/{whole(one, 'prefix_len') or 0}"


def _row(resource: Resource) -> ListenerRow:
    config = resource.config
    return ListenerRow(
        name=resource.name,
        address=address(record(config, "address")),
        direction=text(config, "traffic_direction") or "UNSPECIFIED",
        state=resource.state,
        version=resource.version,
        updated_at=resource.updated_at,
        error=resource.error,
        error_at=resource.error_at,
        object=object_of(config),
        listener_filters=tuple(filter_row(one) for one in records(config, "listener_filters")),
        filter_chains=tuple(_chain(one, config) for one in chains_of(config)),
    )


def _chain(chain: Raw, listener: Raw) -> FilterChain:
    manager = manager_of(chain)
    match = record(chain, "filter_chain_match")
    default = chain is record(listener, "default_filter_chain")
    return FilterChain(
        name=text(chain, "name"),
        match="what no other chain takes" if default else match_words(match),
        filters=tuple(filter_row(one) for one in records(chain, "filters")),
        http_filters=tuple(filter_row(one) for one in records(manager, "http_filters")),
        tls=server_tls(chain),
        routes=routes_of(manager),
        routes_inline=bool(record(manager, "route_config")),
        clusters=tuple(name for name, _ in tcp_clusters(chain)),
    )
