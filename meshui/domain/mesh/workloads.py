"""Namespaces, services, pods and the workloads that own them."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from meshui.domain.mesh.objects import Manifest, Meta, OwnerReference, convert, meta_of

CONTROLLER_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Rollout", "ReplicationController", "CronJob", "Job")
PROXY_CONTAINER = "istio-proxy"
_TEMPLATE_HASH = "pod-template-hash"


class Namespace(msgspec.Struct, frozen=True):
    name: str
    labels: dict[str, str]
    created: str = ""
    """RFC 3339."""
    annotations: dict[str, str] = {}

    @property
    def ambient(self) -> bool:
        return self.labels.get("istio.io/dataplane-mode") == "ambient"


class ServicePort(msgspec.Struct, frozen=True, rename="camel"):
    port: int
    name: str = ""
    target_port: int | str | None = None
    app_protocol: str = ""
    protocol: str = "TCP"


class Service(msgspec.Struct, frozen=True):
    """A Kubernetes service. `host` is its full name; without a selector it fronts no workload that is known here."""

    namespace: str
    name: str
    host: str
    selector: dict[str, str]
    ports: tuple[ServicePort, ...]
    labels: dict[str, str]
    annotations: dict[str, str]
    headless: bool = False
    type: str = "ClusterIP"


class Probe(msgspec.Struct, frozen=True):
    """A question that the kubelet asks a container. `port`: a number, or the name of one."""

    purpose: Literal["liveness", "readiness", "startup"]
    kind: Literal["http", "tcp", "grpc"]
    port: int | str


class Pod(msgspec.Struct, frozen=True):
    """A pod and the workload that owns it. `ready` is its Ready condition; finished and deleted pods are not live."""

    namespace: str
    name: str
    workload: str
    workload_kind: str
    labels: dict[str, str]
    annotations: dict[str, str]
    ip: str
    node: str
    phase: str
    service_account: str
    has_proxy: bool
    ready: bool
    live: bool
    containers: tuple[str, ...]
    ports: dict[str, int]
    probes: tuple[Probe, ...] = ()
    """Those over the network."""


class Workload(msgspec.Struct, frozen=True):
    """A controller (or a bare pod) under the name that the mesh's metrics give it. `has_proxy` is None when no pod
    and no template tells; `pods_total` is the wanted number of pods, or more while a rollout runs."""

    cluster: str
    namespace: str
    name: str
    kind: str
    app: str | None
    version: str | None
    labels: dict[str, str]
    annotations: dict[str, str]
    service_account: str
    has_proxy: bool | None
    pods_ready: int
    pods_total: int
    ports: dict[str, int]
    is_gateway: bool = False
    is_waypoint: bool = False
    ambient: bool = False


class PodTemplate(msgspec.Struct, frozen=True):
    """What a controller makes its pods from."""

    labels: dict[str, str]
    annotations: dict[str, str]
    containers: tuple[str, ...]
    ports: dict[str, int]
    service_account: str


class Controller(msgspec.Struct, frozen=True):
    """A Deployment, StatefulSet, ... : its template and the number of pods it wants (None: not said)."""

    namespace: str
    name: str
    kind: str
    template: PodTemplate
    replicas: int | None


class _Port(msgspec.Struct, frozen=True, rename="camel"):
    container_port: int = 0
    name: str = ""


class _Asked(msgspec.Struct, frozen=True):
    port: int | str = 0


class _Probe(msgspec.Struct, frozen=True, rename="camel"):
    http_get: _Asked | None = None
    tcp_socket: _Asked | None = None
    grpc: _Asked | None = None


class _Container(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    ports: tuple[_Port, ...] = ()
    liveness_probe: _Probe | None = None
    readiness_probe: _Probe | None = None
    startup_probe: _Probe | None = None


class _PodSpec(msgspec.Struct, frozen=True, rename="camel"):
    containers: tuple[_Container, ...] = ()
    init_containers: tuple[_Container, ...] = ()
    service_account_name: str = ""
    node_name: str = ""


class _Condition(msgspec.Struct, frozen=True):
    type: str = ""
    status: str = ""


class _PodStatus(msgspec.Struct, frozen=True, rename="camel"):
    phase: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    conditions: tuple[_Condition, ...] = ()


class _TemplateMeta(msgspec.Struct, frozen=True):
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class _Template(msgspec.Struct, frozen=True):
    metadata: _TemplateMeta = _TemplateMeta()
    spec: _PodSpec = _PodSpec()


class _ControllerSpec(msgspec.Struct, frozen=True, rename="camel"):
    template: _Template = _Template()
    replicas: int | None = None
    job_template: dict[str, Any] = {}


class _ServiceSpec(msgspec.Struct, frozen=True, rename="camel"):
    selector: dict[str, str] = {}
    ports: tuple[ServicePort, ...] = ()
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    type: str = "ClusterIP"


def namespace(manifest: Manifest) -> Namespace:
    """Raises Malformed."""
    meta = meta_of(manifest)
    return Namespace(meta.name, meta.labels or {}, meta.creation_timestamp or "", meta.annotations or {})


def service(manifest: Manifest, domain: str) -> Service:
    """Raises Malformed."""
    meta = meta_of(manifest)
    spec = convert(manifest.get("spec") or {}, _ServiceSpec, "$.spec")
    return Service(
        namespace=meta.namespace,
        name=meta.name,
        host=f"{meta.name}.{meta.namespace}.svc.{domain}",
        selector=spec.selector,
        ports=spec.ports,
        labels=meta.labels or {},
        annotations=meta.annotations or {},
        headless=spec.cluster_ip == "None",
        type=spec.type,
    )


def controller(manifest: Manifest) -> Controller:
    """Raises Malformed."""
    meta = meta_of(manifest)
    spec = convert(manifest.get("spec") or {}, _ControllerSpec, "$.spec")
    template = spec.template
    if spec.job_template:
        template = convert((spec.job_template.get("spec") or {}).get("template") or {}, _Template, "$.spec.jobTemplate")
    kind = str(manifest.get("kind", ""))
    replicas = 1 if spec.replicas is None and kind in ("Deployment", "StatefulSet", "Rollout") else spec.replicas
    return Controller(
        namespace=meta.namespace,
        name=meta.name,
        kind=kind,
        template=PodTemplate(
            labels=template.metadata.labels,
            annotations=template.metadata.annotations,
            containers=_container_names(template.spec),
            ports=_named_ports(template.spec),
            service_account=template.spec.service_account_name or "default",
        ),
        replicas=replicas,
    )


def pod(manifest: Manifest, replica_set_owners: dict[tuple[str, str], OwnerReference | None]) -> Pod:
    """`replica_set_owners`: who owns each known ReplicaSet or Job by (namespace, name). Raises Malformed."""
    meta = meta_of(manifest)
    spec = convert(manifest.get("spec") or {}, _PodSpec, "$.spec")
    status = convert(manifest.get("status") or {}, _PodStatus, "$.status")
    kind, name = owning_workload(meta, replica_set_owners)
    annotations = meta.annotations or {}
    names = _container_names(spec)
    return Pod(
        namespace=meta.namespace,
        name=meta.name,
        workload=name,
        workload_kind=kind,
        labels=meta.labels or {},
        annotations=annotations,
        ip=status.pod_ip,
        node=spec.node_name,
        phase=status.phase,
        service_account=spec.service_account_name or "default",
        has_proxy=PROXY_CONTAINER in names or "sidecar.istio.io/status" in annotations,
        ready=any(condition.type == "Ready" and condition.status == "True" for condition in status.conditions),
        live=meta.deletion_timestamp is None and status.phase not in ("Succeeded", "Failed"),
        containers=names,
        ports=_named_ports(spec),
        probes=_probes(spec),
    )


def owning_workload(meta: Meta, owners: dict[tuple[str, str], OwnerReference | None]) -> tuple[str, str]:
    """(kind, name) of the workload that a pod counts for, as Istio's metrics name it: the Deployment behind a
    ReplicaSet, the CronJob behind a Job, else the owner, else the pod itself. A ReplicaSet that is not known here but
    has the usual hashed name is taken for its Deployment, as the injector does."""
    references = meta.owner_references or ()
    owner = next((one for one in references if one.controller), references[0] if references else None)
    if owner is None:
        return "Pod", meta.name
    key = (meta.namespace, owner.name)
    if owner.kind in ("ReplicaSet", "Job") and (above := owners.get(key)) is not None:
        return above.kind, above.name
    template_hash = (meta.labels or {}).get(_TEMPLATE_HASH, "")
    if owner.kind == "ReplicaSet" and key not in owners and template_hash and owner.name.endswith(f"-{template_hash}"):
        return "Deployment", owner.name.removesuffix(f"-{template_hash}")
    return owner.kind, owner.name


_GATEWAY_LABEL = re.compile(r"gateway$")


def is_gateway(labels: dict[str, str], annotations: dict[str, str]) -> bool:
    """Whether a pod's labels or annotations say that it is a gateway's: the injector's gateway template, the operator's
    component, Gateway API's own label, or the customary `istio: ingressgateway`."""
    if is_waypoint(labels):
        return False
    return (
        annotations.get("inject.istio.io/templates") == "gateway"
        or "gateway.networking.k8s.io/gateway-name" in labels
        or labels.get("operator.istio.io/component") in ("IngressGateways", "EgressGateways")
        or bool(_GATEWAY_LABEL.search(labels.get("istio", "")))
    )


def is_waypoint(labels: dict[str, str]) -> bool:
    """Whether a pod's labels say that it is an ambient waypoint's."""
    return labels.get("gateway.istio.io/managed") in ("istio.io-mesh-controller", "istio.io~mesh-controller")


def app_of(labels: dict[str, str], name: str) -> str:
    """The app that a workload belongs to, by Istio's order of canonical name labels."""
    for label in ("service.istio.io/canonical-name", "app.kubernetes.io/name", "app"):
        if value := labels.get(label):
            return value
    return name


def version_of(labels: dict[str, str]) -> str | None:
    """The version of a workload, by Istio's order of canonical revision labels; None when nothing says."""
    for label in ("service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"):
        if value := labels.get(label):
            return value
    return None


def _container_names(spec: _PodSpec) -> tuple[str, ...]:
    return tuple(one.name for one in (*spec.init_containers, *spec.containers))


def _named_ports(spec: _PodSpec) -> dict[str, int]:
    return {port.name: port.container_port for one in spec.containers for port in one.ports if port.name}


def _probes(spec: _PodSpec) -> tuple[Probe, ...]:
    found = []
    for one in spec.containers:
        for purpose, probe in (
            ("liveness", one.liveness_probe),
            ("readiness", one.readiness_probe),
            ("startup", one.startup_probe),
        ):
            ways = {"http": probe.http_get, "tcp": probe.tcp_socket, "grpc": probe.grpc} if probe else {}
            found += [Probe(purpose, kind, asked.port) for kind, asked in ways.items() if asked]  # type: ignore[arg-type]
    return tuple(found)
