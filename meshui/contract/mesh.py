"""What a cluster holds: namespaces, services, workloads, configuration objects, proxies."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from meshui.contract.clusters import SearchQuery
from meshui.contract.fields import Text
from meshui.domain.mesh.names import ObjectRef

Injection = Literal["sidecar", "ambient", "none"]


class NamespaceSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A namespace and how much is in it."""

    name: str
    labels: dict[str, str]
    injection: Injection
    """How its workloads join the mesh, by its labels."""
    services: int
    workloads: int
    config_objects: int


class Port(msgspec.Struct, frozen=True, kw_only=True):
    """A port of a service."""

    name: str
    port: int
    target_port: str
    app_protocol: str
    protocol: str


class WorkloadName(msgspec.Struct, frozen=True, kw_only=True):
    """A workload by name."""

    namespace: str
    name: str


class ServiceName(msgspec.Struct, frozen=True, kw_only=True):
    """A service by name."""

    namespace: str
    name: str


class ServiceSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A service and what is behind it."""

    namespace: str
    name: str
    host: str
    ports: tuple[Port, ...]
    workloads: tuple[WorkloadName, ...]
    versions: tuple[str, ...]
    """The different versions of its workloads."""
    has_weights: bool
    """Its traffic is split by weight: GET .../weights answers."""
    pods_ready: int
    pods_total: int


class WorkloadSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A workload (Deployment, StatefulSet, ...) and its pods."""

    namespace: str
    name: str
    kind: str
    app: str | None
    version: str | None
    service_account: str
    has_proxy: bool | None
    is_gateway: bool
    pods_ready: int
    pods_total: int
    services: tuple[ServiceName, ...]


class ServiceDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A service, the workloads behind it, and the objects that route or shape its traffic."""

    service: ServiceSummary
    labels: dict[str, str]
    selector: dict[str, str]
    workloads: tuple[WorkloadSummary, ...]
    config: tuple[ObjectRef, ...]


class PodSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A pod."""

    name: str
    phase: str
    ready: bool
    ip: str
    node: str
    has_proxy: bool
    containers: tuple[str, ...]


class WorkloadDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A workload, who it is, and its pods."""

    workload: WorkloadSummary
    labels: dict[str, str]
    identity: str | None
    """SPIFFE id of its proxies."""
    pods: tuple[PodSummary, ...]


class ConfigSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration object."""

    kind: str
    namespace: str
    name: str
    api_version: str
    created_at: str | None
    problem: str | None
    """Why it is not in force, where it is not what its kind says."""


class Manager(msgspec.Struct, frozen=True, kw_only=True):
    """Who last wrote fields of an object, and how."""

    manager: str
    operation: str
    time: str | None


class ConfigDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration object as the cluster has it now, read as the user who asks."""

    object: ObjectRef
    resource_version: str
    manifest: dict[str, Any]
    yaml: str
    managers: tuple[Manager, ...]
    problem: str | None


class ConfigQuery(SearchQuery):
    """Narrows the list of configuration objects."""

    kind = Text(required=False, allow_blank=True, max_length=63, help_text="Only of this kind.")


class ProxyCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """The workload certificate that a proxy uses."""

    uris: tuple[str, ...]
    serial_number: str
    valid_from: datetime | None
    expires_at: datetime | None


class ProxySummary(msgspec.Struct, frozen=True, kw_only=True):
    """A proxy as its admin interface last described it."""

    namespace: str
    pod: str
    workload: str
    read_at: datetime
    error: str | None
    """Why it could not be read."""
    version: str
    state: str
    uptime_seconds: float | None
    clusters: int
    """How many Envoy clusters it knows."""
    unhealthy_clusters: tuple[str, ...]
    """Those with an endpoint that gets no requests."""
    certificates: tuple[ProxyCertificate, ...]
    rejected: tuple[str, ...]
    """Configuration that it refused, and why."""
