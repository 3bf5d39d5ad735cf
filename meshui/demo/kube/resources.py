"""The table of what is served: groups, versions, names, scope, subresources and columns of each kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
READ_VERBS = ("get", "list", "watch")

Column = tuple[str, str]
"""A heading and the dotted path of what stands below it."""


@dataclass(frozen=True)
class Resource:
    """One kind. `versions` are all that are served, the stored one first; they share one schema."""

    group: str
    versions: tuple[str, ...]
    kind: str
    plural: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    columns: tuple[Column, ...] = field(default=(), compare=False)
    custom: bool = False
    """Defined by a CustomResourceDefinition: no strategic merge patch, no replace without a resourceVersion."""
    deleted_object: bool = False
    """A delete answers with the object, not with a Status."""

    @property
    def version(self) -> str:
        return self.versions[0]

    @property
    def api_version(self) -> str:
        return self.api_version_of(self.version)

    def api_version_of(self, version: str) -> str:
        return f"{self.group}/{version}" if self.group else version

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def qualified(self) -> str:
        """`virtualservices.networking.istio.io`, as messages name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def has_status(self) -> bool:
        return "status" in self.subresources


_STATUS = ("status",)
_READY = (("Ready", "status.readyReplicas"), ("Desired", "spec.replicas"))


def _core(kind: str, plural: str, *short: str, **options: object) -> Resource:
    return Resource("", ("v1",), kind, plural, short_names=short, **options)  # type: ignore[arg-type]


def _builtin(group: str, kind: str, plural: str, *short: str, **options: object) -> Resource:
    return Resource(group, ("v1",), kind, plural, short_names=short, **options)  # type: ignore[arg-type]


def _custom(group: str, versions: str, kind: str, plural: str, *short: str, **options: object) -> Resource:
    values: dict[str, object] = {"subresources": _STATUS, "categories": (group.split(".")[0],)} | options
    return Resource(group, tuple(versions.split()), kind, plural, short_names=short, custom=True, **values)  # type: ignore[arg-type]


def _istio(group: str, versions: str, kind: str, plural: str, *short: str, **options: object) -> Resource:
    return _custom(f"{group}.istio.io", versions, kind, plural, *short, categories=("istio-io",), **options)


_NETWORKING = "v1 v1beta1 v1alpha3"

RESOURCES: tuple[Resource, ...] = (
    _core(
        "Namespace", "namespaces", "ns", namespaced=False, subresources=_STATUS, columns=(("Status", "status.phase"),)
    ),
    _core("Node", "nodes", "no", namespaced=False, subresources=_STATUS),
    _core(
        "Service",
        "services",
        "svc",
        subresources=_STATUS,
        categories=("all",),
        deleted_object=True,
        columns=(("Type", "spec.type"), ("Cluster-IP", "spec.clusterIP"), ("Port(s)", "spec.ports.port")),
    ),
    _core("Endpoints", "endpoints", "ep"),
    _core(
        "Pod",
        "pods",
        "po",
        subresources=("log", "proxy", "status"),
        categories=("all",),
        deleted_object=True,
        columns=(("Status", "status.phase"), ("IP", "status.podIP"), ("Node", "spec.nodeName")),
    ),
    _core("ServiceAccount", "serviceaccounts", "sa", deleted_object=True),
    _core("ConfigMap", "configmaps", "cm"),
    _core(
        "Secret",
        "secrets",
        columns=(("Type", "type"),),
    ),
    _core(
        "Event",
        "events",
        "ev",
        columns=(("Type", "type"), ("Reason", "reason"), ("Object", "involvedObject.name"), ("Message", "message")),
    ),
    _builtin(
        "apps",
        "Deployment",
        "deployments",
        "deploy",
        subresources=("scale", "status"),
        categories=("all",),
        columns=(*_READY, ("Available", "status.availableReplicas")),
    ),
    _builtin(
        "apps",
        "StatefulSet",
        "statefulsets",
        "sts",
        subresources=("scale", "status"),
        categories=("all",),
        columns=_READY,
    ),
    _builtin("apps", "DaemonSet", "daemonsets", "ds", subresources=_STATUS, categories=("all",)),
    _builtin(
        "apps", "ReplicaSet", "replicasets", "rs", subresources=("scale", "status"), categories=("all",), columns=_READY
    ),
    _builtin("batch", "Job", "jobs", subresources=_STATUS, categories=("all",)),
    _builtin("batch", "CronJob", "cronjobs", "cj", subresources=_STATUS, categories=("all",)),
    _builtin(
        "discovery.k8s.io",
        "EndpointSlice",
        "endpointslices",
        columns=(("AddressType", "addressType"),),
    ),
    _builtin("networking.k8s.io", "NetworkPolicy", "networkpolicies", "netpol"),
    _builtin("networking.k8s.io", "Ingress", "ingresses", "ing", subresources=_STATUS),
    _builtin("policy", "PodDisruptionBudget", "poddisruptionbudgets", "pdb", subresources=_STATUS),
    _builtin(
        "coordination.k8s.io",
        "Lease",
        "leases",
        columns=(("Holder", "spec.holderIdentity"),),
    ),
    _builtin(
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        "crd",
        "crds",
        namespaced=False,
        verbs=READ_VERBS,
    ),
    _istio(
        "networking",
        _NETWORKING,
        "VirtualService",
        "virtualservices",
        "vs",
        columns=(("Gateways", "spec.gateways"), ("Hosts", "spec.hosts")),
    ),
    _istio(
        "networking",
        _NETWORKING,
        "DestinationRule",
        "destinationrules",
        "dr",
        columns=(("Host", "spec.host"),),
    ),
    _istio("networking", _NETWORKING, "Gateway", "gateways", "gw"),
    _istio(
        "networking",
        _NETWORKING,
        "ServiceEntry",
        "serviceentries",
        "se",
        columns=(("Hosts", "spec.hosts"), ("Location", "spec.location"), ("Resolution", "spec.resolution")),
    ),
    _istio("networking", _NETWORKING, "Sidecar", "sidecars"),
    _istio("networking", "v1alpha3", "EnvoyFilter", "envoyfilters"),
    _istio(
        "networking",
        _NETWORKING,
        "WorkloadEntry",
        "workloadentries",
        "we",
        columns=(("Address", "spec.address"),),
    ),
    _istio("networking", _NETWORKING, "WorkloadGroup", "workloadgroups", "wg"),
    _istio("networking", "v1beta1", "ProxyConfig", "proxyconfigs"),
    _istio(
        "security",
        "v1 v1beta1",
        "PeerAuthentication",
        "peerauthentications",
        "pa",
        columns=(("Mode", "spec.mtls.mode"),),
    ),
    _istio(
        "security",
        "v1 v1beta1",
        "AuthorizationPolicy",
        "authorizationpolicies",
        "ap",
        columns=(("Action", "spec.action"),),
    ),
    _istio("security", "v1 v1beta1", "RequestAuthentication", "requestauthentications", "ra"),
    _istio("telemetry", "v1 v1alpha1", "Telemetry", "telemetries", "telemetry"),
    _istio("extensions", "v1alpha1", "WasmPlugin", "wasmplugins"),
    _custom("gateway.networking.k8s.io", "v1 v1beta1", "GatewayClass", "gatewayclasses", "gc", namespaced=False),
    _custom(
        "gateway.networking.k8s.io",
        "v1 v1beta1",
        "Gateway",
        "gateways",
        "gtw",
        columns=(("Class", "spec.gatewayClassName"),),
    ),
    _custom(
        "gateway.networking.k8s.io", "v1 v1beta1", "HTTPRoute", "httproutes", columns=(("Hostnames", "spec.hostnames"),)
    ),
    _custom(
        "gateway.networking.k8s.io",
        "v1",
        "GRPCRoute",
        "grpcroutes",
        columns=(("Hostnames", "spec.hostnames"),),
    ),
    _custom("gateway.networking.k8s.io", "v1beta1", "ReferenceGrant", "referencegrants", "refgrant", subresources=()),
    _custom(
        "argoproj.io",
        "v1alpha1",
        "Rollout",
        "rollouts",
        "ro",
        subresources=("scale", "status"),
        columns=(("Desired", "spec.replicas"), ("Available", "status.availableReplicas")),
    ),
    _custom("argoproj.io", "v1alpha1", "AnalysisTemplate", "analysistemplates", "at", subresources=()),
    _custom(
        "argoproj.io",
        "v1alpha1",
        "AnalysisRun",
        "analysisruns",
        "ar",
        subresources=(),
        columns=(("Status", "status.phase"),),
    ),
)


@cache
def find(group: str, version: str, plural: str) -> Resource | None:
    """The resource at `/apis/<group>/<version>/<plural>`; None when it isn't served."""
    for resource in RESOURCES:
        if resource.group == group and resource.plural == plural and version in resource.versions:
            return resource
    return None


@cache
def find_kind(api_version: str, kind: str) -> Resource | None:
    """The resource of a manifest's `apiVersion` and `kind`."""
    group, _, version = api_version.rpartition("/")
    for resource in RESOURCES:
        if resource.group == group and resource.kind == kind and version in resource.versions:
            return resource
    return None


@cache
def group_versions() -> dict[str, tuple[str, ...]]:
    """Group -> its served versions, preferred first."""
    found: dict[str, dict[str, None]] = {}
    for resource in RESOURCES:
        found.setdefault(resource.group, {}).update(dict.fromkeys(resource.versions))
    found["authentication.k8s.io"] = found["authorization.k8s.io"] = {"v1": None}
    return {group: tuple(versions) for group, versions in found.items()}
