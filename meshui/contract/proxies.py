"""A proxy: its tables, its state, its pages; how far proxies are with what they were sent; two of them compared."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from rest_framework import serializers

from meshui.contract.fields import QueryInput, Text, WholeInput, YesNo
from meshui.domain.proxy.clusters import ClusterRow
from meshui.domain.proxy.compare import ProxyComparison
from meshui.domain.proxy.dump import DumpFinding
from meshui.domain.proxy.endpoints import EndpointRow
from meshui.domain.proxy.listeners import ListenerRow
from meshui.domain.proxy.rollout import Rollout
from meshui.domain.proxy.routes import RouteRow
from meshui.domain.proxy.secrets import SecretRow
from meshui.domain.proxy.sync import TypeSync

__all__ = ["ProxyComparison", "Rollout"]

LEVELS = ("trace", "debug", "info", "warning", "error", "critical", "off")
SECTIONS = ("listeners", "routes", "clusters", "endpoints", "secrets")


class ProxyCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many of each there are."""

    listeners: int
    routes: int
    clusters: int
    endpoints: int
    secrets: int


class EarlierReading(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier configuration of the proxy that is kept for comparing."""

    id: int
    read_at: datetime


class ProxyDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A proxy as it is now."""

    namespace: str
    pod: str
    workload: str
    node_id: str
    version: str
    state: str
    uptime_seconds: float | None
    memory_bytes: int | None
    read_at: datetime
    kind: str
    """sidecar, router (a gateway), waypoint, ztunnel, linkerd, or envoy."""
    counts: ProxyCounts
    findings: tuple[DumpFinding, ...]
    """What is wrong with what the proxy gave."""
    unknown_sections: tuple[str, ...]
    """Parts of the dump whose type is not known here."""
    sync: tuple[TypeSync, ...]
    earlier: tuple[EarlierReading, ...]
    note: str
    """What this kind of proxy does not have."""


class ListenerTable(msgspec.Struct, frozen=True, kw_only=True):
    """The listeners."""

    read_at: datetime
    rows: tuple[ListenerRow, ...]


class RouteTable(msgspec.Struct, frozen=True, kw_only=True):
    """The routes, in the order in which they are asked."""

    read_at: datetime
    total: int
    rows: tuple[RouteRow, ...]


class ClusterTable(msgspec.Struct, frozen=True, kw_only=True):
    """The clusters."""

    read_at: datetime
    total: int
    rows: tuple[ClusterRow, ...]


class EndpointPod(msgspec.Struct, frozen=True, kw_only=True):
    """The pod behind an endpoint."""

    namespace: str
    name: str
    workload: str


class ProxyEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint, the pod that it is, and since when it gets no requests."""

    row: EndpointRow
    pod: EndpointPod | None
    since: datetime | None


class EndpointTable(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoints."""

    read_at: datetime
    total: int
    rows: tuple[ProxyEndpoint, ...]


class SecretTable(msgspec.Struct, frozen=True, kw_only=True):
    """The secrets, without private keys."""

    read_at: datetime
    rows: tuple[SecretRow, ...]


class Stat(msgspec.Struct, frozen=True, kw_only=True):
    """A counter or gauge."""

    name: str
    value: float


class StatTable(msgspec.Struct, frozen=True, kw_only=True):
    """The proxy's own statistics that match the filter; `total` counts those that are not shown too."""

    total: int
    rows: tuple[Stat, ...]


class LogLevels(msgspec.Struct, frozen=True, kw_only=True):
    """The level of each logger."""

    levels: dict[str, str]


class RawPage(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a proxy's configuration as the proxy gives it."""

    section: str
    name: str
    content: Any


class ProxySync(msgspec.Struct, frozen=True, kw_only=True):
    """A proxy's state by kind of configuration."""

    namespace: str
    pod: str
    workload: str
    error: str | None
    """Why it can't be read."""
    error_since: datetime | None
    types: tuple[TypeSync, ...]


class SyncTable(msgspec.Struct, frozen=True, kw_only=True):
    """How far all proxies are. `control_plane_error`: why what was sent isn't known."""

    control_plane_at: datetime | None
    control_plane_error: str | None
    proxies: tuple[ProxySync, ...]


class RowsQuery(QueryInput):
    """Narrows a table."""

    search = Text(
        required=False, allow_blank=True, max_length=253, help_text="Only rows with this in a name, in any case."
    )
    limit = serializers.IntegerField(required=False, min_value=1, max_value=20000, help_text="At most so many rows.")


class StatsQuery(QueryInput):
    """Narrows the statistics."""

    filter = Text(
        required=False, allow_blank=True, max_length=200, help_text="Only names that contain this, in any case."
    )


class RawQuery(QueryInput):
    """Which part."""

    section = serializers.ChoiceField(
        choices=[*SECTIONS, "bootstrap", "config_dump", "clusters_now", "certs", "server_info", "stats"],
        help_text="A section of the configuration, or a page.",
    )
    name = Text(required=False, allow_blank=True, max_length=500, help_text="Only the resource of this name.")
    download = YesNo(required=False, help_text="As a file.")


class CompareQuery(QueryInput):
    """With what: another proxy, or this one earlier."""

    other = Text(required=False, allow_blank=True, max_length=320, help_text="NAMESPACE/POD of another proxy.")
    earlier = serializers.IntegerField(required=False, min_value=1, help_text="Number of an earlier reading.")


class RolloutQuery(QueryInput):
    """Of which object."""

    kind = serializers.ChoiceField(choices=["VirtualService"], help_text="Kind of the object.")
    namespace = Text(max_length=63, help_text="Its namespace.")
    name = Text(max_length=253, help_text="Its name.")


class SetLogLevel(WholeInput):
    """A logger's new level."""

    logger = Text(required=False, allow_blank=True, default="", max_length=64, help_text='"" for all loggers.')
    level = serializers.ChoiceField(choices=LEVELS, help_text="The level.")
    reason = Text(max_length=2000, required=False, allow_blank=True, default="", help_text="Why; kept in the audit.")
