"""What was read from one proxy's admin interface at one moment."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meshui.domain.mesh.names import ObjectRef


class Certificate(msgspec.Struct, frozen=True):
    """A certificate in use. `ca`: a trust anchor, else a leaf or intermediate."""

    ca: bool
    path: str
    serial_number: str
    uris: tuple[str, ...]
    valid_from: datetime | None
    expires_at: datetime | None
    issuer: str = ""
    """Who signed it; "" where the proxy doesn't tell."""
    chain: tuple[str, ...] = ()
    """The subjects of the certificates that come with it, from its issuer up."""


class Endpoint(msgspec.Struct, frozen=True):
    """A host of an Envoy cluster. `unhealthy` names why it gets no requests: ejected, failed_active_check, eds."""

    address: str
    weight: int
    unhealthy: tuple[str, ...]
    since: datetime | None = None
    """When it was first seen so."""


class EnvoyCluster(msgspec.Struct, frozen=True):
    """An Envoy cluster (CDS) with its endpoints."""

    name: str
    endpoints: tuple[Endpoint, ...]


class ServerInfo(msgspec.Struct, frozen=True):
    """Which Envoy it is and how it is. `state`: LIVE, DRAINING, PRE_INITIALIZING, INITIALIZING."""

    version: str
    state: str
    uptime_seconds: float
    node_id: str
    node_cluster: str


class ConfigVersion(msgspec.Struct, frozen=True):
    """A dynamic resource and the version in force. `error`: why a newer one was rejected."""

    type: str
    """listener, cluster, route, secret."""
    name: str
    version: str
    updated_at: datetime | None
    error: str | None = None


class TypeState(msgspec.Struct, frozen=True):
    """All dynamic resources of a kind: how many, the newest version and when it came, and what was rejected and why."""

    type: str
    """listener, cluster, route, secret."""
    resources: int
    version: str
    updated_at: datetime | None
    errors: tuple[str, ...]


class ProxyReading(msgspec.Struct, frozen=True):
    """One proxy, read at `read_at`. With an `error` it can't be read since `error_since`, and the rest is as it was
    when it last could, or empty."""

    pod: ObjectRef
    read_at: datetime
    workload: str = ""
    info: ServerInfo | None = None
    certificates: tuple[Certificate, ...] = ()
    clusters: int = 0
    """How many Envoy clusters it knows."""
    unhealthy: tuple[EnvoyCluster, ...] = ()
    """Those clusters that have an unhealthy endpoint, with all their endpoints."""
    versions: tuple[ConfigVersion, ...] = ()
    types: tuple[TypeState, ...] = ()
    memory_bytes: int | None = None
    error: str | None = None
    error_since: datetime | None = None
