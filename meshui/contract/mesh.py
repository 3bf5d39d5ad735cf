"""What a cluster holds: namespaces, services, workloads, configuration objects, proxies."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

import msgspec
from rest_framework import serializers

from meshui.contract.clusters import SearchQuery
from meshui.contract.fields import QueryInput, Text
from meshui.domain.findings.model import ObjectFinding, Severity
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.policies.catalogue import Purpose
from meshui.domain.policies.links import Scope

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
    policies: tuple[ObjectRef, ...]
    """The objects that hold for it: that select it, its namespace's and the mesh's."""


class ConfigSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration object and how much was found on it."""

    kind: str
    """With its group where two groups have the kind: `Gateway.gateway.networking.k8s.io`."""
    namespace: str
    name: str
    api_version: str
    created_at: str | None
    problem: str | None
    """Why it is not in force, where it is not what its kind says."""
    purpose: Purpose
    off_road: bool
    """It leaves the paved road: raw proxy configuration or code."""
    managed_by: str | None
    """The tool that writes it, besides people: GitOps, Helm, a rollout controller."""
    errors: int
    warnings: int
    infos: int


class Manager(msgspec.Struct, frozen=True, kw_only=True):
    """Who last wrote fields of an object, and how."""

    manager: str
    operation: str
    time: str | None


class LineFinding(msgspec.Struct, frozen=True, kw_only=True):
    """Something found on an object, and where in its YAML."""

    severity: Severity
    code: str
    path: str
    line: int | None
    message: str
    next_step: str


class NamedObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object that another one names."""

    object: ObjectRef
    exists: bool


class StatusCondition(msgspec.Struct, frozen=True, kw_only=True):
    """One condition of an object's status; `of`: which of its parents or listeners, "" for the object itself."""

    of: str
    type: str
    status: str
    reason: str
    message: str
    time: str | None


class ConfigDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration object as the cluster has it now, read as the user who asks."""

    object: ObjectRef
    resource_version: str
    manifest: dict[str, Any]
    yaml: str
    managers: tuple[Manager, ...]
    problem: str | None
    purpose: Purpose
    off_road: str | None
    """What leaving the paved road means here."""
    managed_by: str | None
    managed_reason: str | None
    """How that is known."""
    findings: tuple[LineFinding, ...]
    """As of the inventory, a few seconds old at most."""
    scope: Scope
    workloads: tuple[WorkloadName, ...]
    """Those that it holds for, at most 200."""
    workloads_total: int
    services: tuple[ServiceName, ...]
    """Those that it routes, shapes or names."""
    names: tuple[NamedObject, ...]
    named_by: tuple[ObjectRef, ...]
    conditions: tuple[StatusCondition, ...]


class ConfigQuery(SearchQuery):
    """Narrows the list of configuration objects."""

    kind = Text(required=False, allow_blank=True, max_length=127, help_text="Only of this kind.")
    purpose = serializers.ChoiceField(required=False, choices=get_args(Purpose), help_text="Only what is for this.")
    found = serializers.ChoiceField(
        required=False, choices=get_args(Severity), help_text="Only where this, or worse, was found."
    )


class FindingsQuery(QueryInput):
    """Narrows the list of findings."""

    severity = serializers.ChoiceField(required=False, choices=get_args(Severity), help_text="This, or worse.")
    code = Text(required=False, max_length=63)
    kind = Text(required=False, max_length=127, help_text="Only on objects of this kind.")
    namespace = Text(required=False, max_length=63, help_text="Only on objects of this namespace.")


class FindingsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a cluster's configuration, the gravest first; at most 2,000 of `total`."""

    total: int
    errors: int
    warnings: int
    infos: int
    findings: tuple[ObjectFinding, ...]


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
    """Why it can't be read."""
    error_since: datetime | None
    memory_bytes: int | None
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
