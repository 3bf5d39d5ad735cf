"""Where everything of the embedded mesh lives: state folder, ports, pod addresses and the table of the shop's pods.

`load()` reads the environment; every process of the demo gets the same answers from it. Addresses are loopback only:
each pod has its own, `127.<network>.0.<n>`, and on it the ports that Istio uses on a pod address.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Literal

Protocol = Literal["http", "grpc", "tcp"]
GatewayRole = Literal["", "ingress", "egress"]

CLUSTER = "demo"
"""The cluster's id as Istio's labels know it."""
TRUST_DOMAIN = "cluster.local"
ROOT_NAMESPACE = "istio-system"
NAMESPACES = ("edge", "shop", "payments", "warehouse", ROOT_NAMESPACE)
ISTIO_VERSION = "1.29.0"
"""What the injected sidecars say they are."""

ADMIN_PORT = 15000
OUTBOUND_PORT = 15001
INBOUND_PORT = 15006
CONTROL_PLANE_DEBUG_PORT = 15014

HOST = "127.0.0.1"
SHOP_HOST = "shop.example"
"""The host that the ingress gateway serves."""
BANK_HOST = "api.bank.example"
BANK_PORT = 8080

CERTIFICATE_FAULTS = "faults/bad-certificate"
"""In the state folder: one `<namespace>.<pod>` a line whose client certificate is to come from a strange CA."""

REPOSITORY = Path(__file__).resolve().parents[2]
_KUBERNETES_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


class LayoutError(ValueError):
    """An environment variable that can't be used; the message names it."""


@dataclass(frozen=True)
class Pod:
    """One pod of the demo: what runs where, as whom."""

    namespace: str
    workload: str
    """Name of its Deployment."""
    name: str
    ip: str
    app: str
    version: str
    service_account: str
    protocol: Protocol
    app_port: int
    """Where the application listens on `ip`; for a gateway, where Envoy does."""
    has_proxy: bool = True
    gateway: GatewayRole = ""
    template_hash: str = ""

    @property
    def key(self) -> str:
        """`<namespace>.<pod>`, the name of its files and its certificate fault."""
        return f"{self.namespace}.{self.name}"

    @property
    def labels(self) -> dict[str, str]:
        """The pod's labels in Kubernetes."""
        labels = {"app": self.app, "version": self.version, "pod-template-hash": self.template_hash}
        if self.gateway:
            labels["istio"] = self.app
        elif self.has_proxy:
            labels["security.istio.io/tlsMode"] = "istio"
        else:
            labels["sidecar.istio.io/inject"] = "false"
        return labels

    @property
    def principal(self) -> str:
        """Its SPIFFE identity."""
        return f"spiffe://{TRUST_DOMAIN}/ns/{self.namespace}/sa/{self.service_account}"


@dataclass(frozen=True)
class Service:
    """A Kubernetes Service with its one port; it selects pods by `app`."""

    namespace: str
    name: str
    protocol: Protocol
    port: int
    target_port: int

    @property
    def host(self) -> str:
        return f"{self.name}.{self.namespace}.svc.{TRUST_DOMAIN}"


@dataclass(frozen=True)
class _Workload:
    namespace: str
    app: str
    version: str = "v1"
    name: str = ""
    protocol: Protocol = "http"
    replicas: int = 1
    has_proxy: bool = True
    gateway: GatewayRole = ""
    has_service: bool = True


_PORTS: dict[Protocol, tuple[int, int]] = {"http": (80, 8080), "grpc": (9000, 9000), "tcp": (6379, 6380)}
"""Service port and target port. TCP differs, for a sidecar listens on the service port at its own pod's address."""

_WORKLOADS = (
    _Workload("edge", "ingressgateway", gateway="ingress"),
    _Workload("edge", "egressgateway", gateway="egress"),
    _Workload("shop", "web"),
    _Workload("shop", "cart"),
    _Workload("shop", "catalog", name="catalog-v1", replicas=2),
    _Workload("shop", "catalog", "v2", name="catalog-v2"),
    _Workload("shop", "recommendations", protocol="grpc"),
    _Workload("shop", "newsletter"),
    _Workload("payments", "checkout"),
    _Workload("payments", "payments"),
    _Workload("payments", "fraud"),
    _Workload("warehouse", "inventory"),
    _Workload("warehouse", "stockdb", protocol="tcp"),
    _Workload("warehouse", "legacy-batch", has_proxy=False, has_service=False),
)
_FIRST_POD = 10


@dataclass(frozen=True)
class Layout:
    """The places of one running demo."""

    state: Path
    cache: Path
    """What is fetched once and kept between runs, whatever the state folder."""
    network: int
    web_port: int
    kubernetes_port: int
    prometheus_port: int
    valkey_port: int
    control_port: int

    def address(self, number: int, subnet: int = 0) -> str:
        return f"127.{self.network}.{subnet}.{number}"

    @property
    def kubernetes_url(self) -> str:
        return f"http://{HOST}:{self.kubernetes_port}"

    @property
    def prometheus_url(self) -> str:
        return f"http://{HOST}:{self.prometheus_port}"

    @property
    def redis_url(self) -> str:
        return f"redis://{HOST}:{self.valkey_port}"

    @property
    def web_url(self) -> str:
        return f"http://{HOST}:{self.web_port}"

    @property
    def control_url(self) -> str:
        return f"http://{HOST}:{self.control_port}"

    @property
    def istiod_address(self) -> str:
        return self.address(2)

    @property
    def bank_address(self) -> str:
        return self.address(1, subnet=200)

    @property
    def ingress_url(self) -> str:
        pod = self.pods_of("edge", "ingressgateway")[0]
        return f"http://{pod.ip}:{pod.app_port}"

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"

    @property
    def certificate_faults(self) -> Path:
        return self.state / CERTIFICATE_FAULTS

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """The shop's pods, gateways included, istiod's not."""
        pods: list[Pod] = []
        for workload in _WORKLOADS:
            for replica in range(workload.replicas):
                pods.append(self._pod(workload, replica, self.address(_FIRST_POD + len(pods))))
        return tuple(pods)

    @cached_property
    def istiod(self) -> Pod:
        """The control plane's pod: no sidecar, its debug server on port 15014."""
        workload = _Workload(ROOT_NAMESPACE, "istiod", has_proxy=False)
        return self._pod(workload, 0, self.istiod_address)

    @cached_property
    def services(self) -> tuple[Service, ...]:
        """One per app that is called."""
        found = {
            (workload.namespace, workload.app): Service(
                workload.namespace, workload.app, workload.protocol, *_PORTS[workload.protocol]
            )
            for workload in _WORKLOADS
            if workload.has_service
        }
        return tuple(found.values())

    def pods_of(self, namespace: str, workload: str) -> tuple[Pod, ...]:
        """A workload's pods. Raises KeyError when there is no such workload."""
        found = tuple(pod for pod in self.pods if (pod.namespace, pod.workload) == (namespace, workload))
        if not found:
            raise KeyError(f"{namespace}/{workload}")
        return found

    def service(self, namespace: str, name: str) -> Service:
        """Raises KeyError when there is no such service."""
        for service in self.services:
            if (service.namespace, service.name) == (namespace, name):
                return service
        raise KeyError(f"{namespace}/{name}")

    def environment(self) -> dict[str, str]:
        """The variables by which a child process loads this very layout."""
        values: dict[str, str] = {
            "MESHUI_STATE": str(self.state),
            "MESHUI_CACHE": str(self.cache),
            "MESHUI_DEMO_NETWORK": str(self.network),
        }
        return values | {variable: str(getattr(self, field)) for field, (variable, _, _) in _PORT_VARIABLES.items()}

    @property
    def ports(self) -> dict[int, tuple[str, str]]:
        """Port on 127.0.0.1 -> what listens there and the variable that moves it."""
        return {getattr(self, field): (label, variable) for field, (variable, _, label) in _PORT_VARIABLES.items()}

    def _pod(self, workload: _Workload, replica: int, ip: str) -> Pod:
        name = workload.name or workload.app
        template_hash = _token(f"{workload.namespace}/{name}", 9)
        return Pod(
            namespace=workload.namespace,
            workload=name,
            name=f"{name}-{template_hash}-{_token(f'{workload.namespace}/{name}/{replica}', 5)}",
            ip=ip,
            app=workload.app,
            version=workload.version,
            service_account=name,
            protocol=workload.protocol,
            app_port=_PORTS[workload.protocol][1],
            has_proxy=workload.has_proxy,
            gateway=workload.gateway,
            template_hash=template_hash,
        )


_PORT_VARIABLES: dict[str, tuple[str, int, str]] = {
    "web_port": ("MESHUI_PORT", 8000, "web"),
    "kubernetes_port": ("MESHUI_DEMO_KUBERNETES_PORT", 16443, "Kubernetes API"),
    "prometheus_port": ("MESHUI_DEMO_PROMETHEUS_PORT", 19090, "Prometheus"),
    "valkey_port": ("MESHUI_DEMO_VALKEY_PORT", 16379, "Valkey"),
    "control_port": ("MESHUI_DEMO_CONTROL_PORT", 18090, "demo control"),
}


def load(environ: Mapping[str, str] | None = None) -> Layout:
    """The layout that the environment asks for. Raises LayoutError naming the variable that can't be used."""
    environ = os.environ if environ is None else environ
    ports = {
        field: _number(environ, variable, default, 1, 65535)
        for field, (variable, default, _) in _PORT_VARIABLES.items()
    }
    taken: dict[int, str] = {}
    for field, port in ports.items():
        variable = _PORT_VARIABLES[field][0]
        if port in taken:
            raise LayoutError(f"{variable} and {taken[port]} are both {port}; give each its own port")
        taken[port] = variable
    home = REPOSITORY / ".meshui"
    return Layout(
        state=Path(environ.get("MESHUI_STATE") or home / "demo").expanduser().absolute(),
        cache=Path(environ.get("MESHUI_CACHE") or home / "cache").expanduser().absolute(),
        network=_number(environ, "MESHUI_DEMO_NETWORK", 18, 1, 254),
        **ports,
    )


def _number(environ: Mapping[str, str], variable: str, default: int, low: int, high: int) -> int:
    text = environ.get(variable, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise LayoutError(f"{variable} must be a whole number from {low} to {high}, not {text!r}")
    return int(text)


def _token(seed: str, length: int) -> str:
    """Letters as Kubernetes appends to names, the same for the same seed."""
    digest = sha256(seed.encode()).digest()
    return "".join(_KUBERNETES_ALPHABET[byte % len(_KUBERNETES_ALPHABET)] for byte in digest[:length])
