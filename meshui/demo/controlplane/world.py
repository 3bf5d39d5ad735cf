"""What the control plane knows at one moment: pods and services as they are, Istio's objects as they are in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from meshui.demo.controlplane import names
from meshui.demo.controlplane.manifests import Manifest, age_order, labels_of, selects, spec_of
from meshui.demo.envoy.metrics import ServiceLabels
from meshui.demo.envoy.party import Party
from meshui.demo.layout import CLUSTER, INBOUND_PORT, TRUST_DOMAIN

Protocol = Literal["http", "http2", "grpc", "tcp"]

DEFAULT_APP_PORT = 8080
PROXY_CONTAINER = "istio-proxy"
CONFIG_KINDS = (
    "VirtualService",
    "DestinationRule",
    "Gateway",
    "ServiceEntry",
    "PeerAuthentication",
    "AuthorizationPolicy",
    "RequestAuthentication",
)


@dataclass(frozen=True)
class Pod:
    """A pod as far as proxies care."""

    namespace: str
    name: str
    ip: str
    labels: Mapping[str, str]
    service_account: str
    workload: str
    ready: bool
    has_proxy: bool
    is_gateway: bool
    container_ports: tuple[tuple[str, int], ...]
    """(name, number) of the application's ports, as declared."""

    @property
    def key(self) -> str:
        return f"{self.namespace}.{self.name}"

    @property
    def identity(self) -> str:
        return f"spiffe://{TRUST_DOMAIN}/ns/{self.namespace}/sa/{self.service_account}"

    @property
    def party(self) -> Party:
        """Istio's labels for it (canonical name and revision: istio/istio pkg/kube/labels)."""
        label = self.labels.get
        app, version = label("app"), label("version")
        canonical = label("service.istio.io/canonical-name") or label("app.kubernetes.io/name") or app
        revision = label("service.istio.io/canonical-revision") or label("app.kubernetes.io/version") or version
        return Party(
            workload=self.workload,
            namespace=self.namespace,
            app=app or "unknown",
            version=version or "unknown",
            canonical_service=canonical or self.workload,
            canonical_revision=revision or "latest",
            cluster=CLUSTER,
        )


@dataclass(frozen=True)
class Port:
    """A service's port; `target` is a number or the name of a container port."""

    number: int
    protocol: Protocol
    target: int | str

    @property
    def is_http(self) -> bool:
        return self.protocol != "tcp"


@dataclass(frozen=True)
class Endpoint:
    """An address of a ServiceEntry, outside the mesh."""

    address: str
    ports: Mapping[int, int]
    """Service port -> the port at this address, where it differs."""
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Service:
    """A Kubernetes Service, or one host of a ServiceEntry."""

    host: str
    name: str
    namespace: str
    ports: tuple[Port, ...]
    selector: Mapping[str, str] | None
    """None selects no pods."""
    external: bool = False
    resolution: str = "STATIC"
    endpoints: tuple[Endpoint, ...] = ()

    @property
    def labels(self) -> ServiceLabels:
        return ServiceLabels(self.host, self.name, self.namespace)

    def port(self, number: int) -> Port | None:
        return next((port for port in self.ports if port.number == number), None)


@dataclass(frozen=True)
class World:
    """Everything one translation stands on. `configs` maps a kind to its objects in force, oldest first."""

    pods: tuple[Pod, ...]
    services: tuple[Service, ...]
    configs: Mapping[str, tuple[Manifest, ...]]
    strange_certificates: frozenset[str] = frozenset()
    """Keys of the pods whose client certificate is to come from a strange CA."""

    @cached_property
    def proxies(self) -> tuple[Pod, ...]:
        return tuple(pod for pod in self.pods if pod.has_proxy)

    @cached_property
    def by_host(self) -> Mapping[str, Service]:
        """The service of each host; the first wins, Kubernetes' own before ServiceEntries."""
        found: dict[str, Service] = {}
        for service in self.services:
            found.setdefault(service.host, service)
        return found

    def kind(self, kind: str) -> tuple[Manifest, ...]:
        return self.configs.get(kind, ())

    def pods_of(self, service: Service) -> list[Pod]:
        """Pods that the service selects, ready or not."""
        if not service.selector:
            return []
        return [
            pod for pod in self.pods if pod.namespace == service.namespace and selects(service.selector, pod.labels)
        ]

    def services_of(self, pod: Pod) -> list[Service]:
        return [
            service
            for service in self.services
            if service.selector and service.namespace == pod.namespace and selects(service.selector, pod.labels)
        ]

    def inbound(self, pod: Pod) -> Inbound:
        """What the pod's sidecar serves: a workload has one port, that of the oldest service that selects it, else its
        first declared one."""
        for service in self.services_of(pod):
            for port in service.ports:
                if (target := target_port(port, pod)) is not None:
                    return Inbound(target, port.protocol, service.labels)
        name, number = pod.container_ports[0] if pod.container_ports else ("http", DEFAULT_APP_PORT)
        canonical = pod.party.canonical_service
        return Inbound(number, protocol_of(name, ""), ServiceLabels(canonical, canonical, pod.namespace))

    def address(self, pod: Pod, port: Port) -> tuple[str, int] | None:
        """Where peers reach the pod for a service's port: at its sidecar when it has one."""
        target = target_port(port, pod)
        if target is None:
            return None
        if pod.has_proxy and not pod.is_gateway:
            return (pod.ip, INBOUND_PORT) if target == self.inbound(pod).port else None
        return pod.ip, target


@dataclass(frozen=True)
class Inbound:
    """The application behind a sidecar."""

    port: int
    protocol: Protocol
    service: ServiceLabels

    @property
    def is_http(self) -> bool:
        return self.protocol != "tcp"


def build_world(
    pods: Iterable[Manifest],
    services: Iterable[Manifest],
    configs: Iterable[Manifest],
    strange_certificates: Iterable[str] = (),
) -> World:
    """A world from manifests. Pods without an address are left out. ServiceEntries must have passed `check`."""
    by_kind: dict[str, list[Manifest]] = {}
    for manifest in configs:
        by_kind.setdefault(manifest["kind"], []).append(manifest)
    ordered = {kind: tuple(sorted(manifests, key=age_order)) for kind, manifests in by_kind.items()}
    found = [read_service(manifest) for manifest in sorted(services, key=age_order)]
    for entry in ordered.get("ServiceEntry", ()):
        found.extend(read_service_entry(entry))
    known = [pod for pod in map(read_pod, pods) if pod is not None]
    return World(
        pods=tuple(sorted(known, key=lambda pod: pod.key)),
        services=tuple(found),
        configs=ordered,
        strange_certificates=frozenset(strange_certificates),
    )


def read_pod(manifest: Manifest) -> Pod | None:
    metadata, spec, status = manifest["metadata"], spec_of(manifest), manifest.get("status") or {}
    ip = status.get("podIP")
    if not ip or metadata.get("deletionTimestamp") or status.get("phase") in ("Succeeded", "Failed"):
        return None
    containers = spec.get("containers") or []
    applications = [container for container in containers if container.get("name") != PROXY_CONTAINER]
    has_proxy = len(applications) < len(containers)
    ports = [
        (port.get("name") or "", port["containerPort"])
        for container in applications or containers
        for port in container.get("ports") or []
    ]
    conditions = {condition["type"]: condition["status"] for condition in status.get("conditions") or []}
    return Pod(
        namespace=metadata["namespace"],
        name=metadata["name"],
        ip=ip,
        labels=labels_of(manifest),
        service_account=spec.get("serviceAccountName") or "default",
        workload=_workload(metadata),
        ready=conditions.get("Ready") == "True",
        has_proxy=has_proxy,
        is_gateway=has_proxy and not applications,
        container_ports=tuple(ports),
    )


def read_service(manifest: Manifest) -> Service:
    metadata, spec = manifest["metadata"], spec_of(manifest)
    return Service(
        host=names.service_host(metadata["name"], metadata["namespace"]),
        name=metadata["name"],
        namespace=metadata["namespace"],
        ports=tuple(
            Port(
                port["port"],
                protocol_of(port.get("name") or "", port.get("appProtocol") or ""),
                port.get("targetPort") or port["port"],
            )
            for port in spec.get("ports") or []
            if port.get("protocol", "TCP") == "TCP"
        ),
        selector=spec.get("selector"),
    )


def read_service_entry(manifest: Manifest) -> list[Service]:
    """One service a host; with a workloadSelector it is backed by pods of its namespace."""
    metadata, spec = manifest["metadata"], spec_of(manifest)
    entries = spec.get("ports") or []
    ports = tuple(
        Port(port["number"], protocol_of(port.get("protocol") or port.get("name") or "", ""), _target(port))
        for port in entries
    )
    numbers = {port.get("name"): port["number"] for port in entries}
    endpoints = [
        Endpoint(
            endpoint.get("address", ""),
            {numbers[name]: number for name, number in (endpoint.get("ports") or {}).items() if name in numbers},
            endpoint.get("labels") or {},
        )
        for endpoint in spec.get("endpoints") or []
    ]
    resolution = spec.get("resolution") or "NONE"
    return [
        Service(
            host=host,
            name=host,
            namespace=metadata["namespace"],
            ports=ports,
            selector=(spec.get("workloadSelector") or {}).get("labels"),
            external=spec.get("location", "MESH_EXTERNAL") == "MESH_EXTERNAL",
            resolution=resolution,
            endpoints=tuple(endpoints) or ((Endpoint(host, {}, {}),) if resolution.startswith("DNS") else ()),
        )
        for host in spec.get("hosts") or []
    ]


def _target(port: Mapping[str, Any]) -> int:
    return int(port.get("targetPort") or port["number"])


def protocol_of(name: str, app_protocol: str) -> Protocol:
    """A port's protocol by its appProtocol, else by the prefix of its name (Istio, Protocol Selection)."""
    word = (app_protocol.rpartition("/")[2] or name.partition("-")[0]).lower()
    match word:
        case "http" | "http1":
            return "http"
        case "http2" | "h2c":
            return "http2"
        case "grpc":
            return "grpc"
    return "tcp"


def target_port(port: Port, pod: Pod) -> int | None:
    """The pod's port for a service's port; None when it names a port that the pod doesn't declare."""
    if isinstance(port.target, int):
        return port.target
    return next((number for name, number in pod.container_ports if name == port.target), None)


def _workload(metadata: Mapping[str, Any]) -> str:
    """The Deployment's name where a ReplicaSet owns the pod, else the owner's, else the pod's."""
    owners = metadata.get("ownerReferences") or []
    owner = next((owner for owner in owners if owner.get("controller")), None)
    if owner is None:
        return str(metadata["name"])
    template_hash = (metadata.get("labels") or {}).get("pod-template-hash")
    if owner["kind"] == "ReplicaSet" and template_hash:
        return str(owner["name"]).removesuffix(f"-{template_hash}")
    return str(owner["name"])
