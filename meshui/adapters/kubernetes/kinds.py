"""The kinds of object that MeshUI reads, and which version of each a cluster serves.

Secrets are not among them, on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec


class KnownKind(msgspec.Struct, frozen=True):
    """A kind by API group ("" is core) and plural; versions in order of preference."""

    group: str
    plural: str
    kind: str
    versions: tuple[str, ...]
    selector: str = ""
    """Field selector of the objects that are read; "": all."""


class ServedKind(msgspec.Struct, frozen=True):
    """A kind as a cluster serves it."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    selector: str = ""

    @property
    def api_version(self) -> str:
        """As objects say it: `v1`, `networking.istio.io/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def key(self) -> str:
        """`v1/pods`, `networking.istio.io/v1/virtualservices`."""
        return f"{self.api_version}/{self.plural}"

    def path(self, namespace: str = "", name: str = "") -> str:
        """The URL path of all objects, of a namespace's, or of one."""
        parts = ["/apis" if self.group else "/api", self.api_version]
        if namespace and self.namespaced:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        if name:
            parts.append(name)
        return "/".join(parts)


def _group(group: str, versions: str, **kinds: str) -> tuple[KnownKind, ...]:
    return tuple(KnownKind(group, plural, kind, tuple(versions.split())) for plural, kind in kinds.items())


# Of kinds with one name in two groups (Gateway, HTTPRoute, AuthorizationPolicy) the first here owns the short name.
KNOWN_KINDS: tuple[KnownKind, ...] = (
    *_group("", "v1", namespaces="Namespace", services="Service", pods="Pod", serviceaccounts="ServiceAccount"),
    # Istio's mesh configuration; other ConfigMaps are nobody's business.
    KnownKind("", "configmaps", "ConfigMap", ("v1",), "metadata.name=istio"),
    *_group("apps", "v1", deployments="Deployment", statefulsets="StatefulSet", daemonsets="DaemonSet"),
    *_group("apps", "v1", replicasets="ReplicaSet"),
    *_group("batch", "v1", jobs="Job", cronjobs="CronJob"),
    *_group("discovery.k8s.io", "v1", endpointslices="EndpointSlice"),
    *_group("networking.k8s.io", "v1", networkpolicies="NetworkPolicy", ingresses="Ingress"),
    *_group(
        "policy.networking.k8s.io",
        "v1alpha1",
        adminnetworkpolicies="AdminNetworkPolicy",
        baselineadminnetworkpolicies="BaselineAdminNetworkPolicy",
    ),
    *_group("policy", "v1", poddisruptionbudgets="PodDisruptionBudget"),
    *_group(
        "networking.istio.io",
        "v1 v1beta1 v1alpha3",
        virtualservices="VirtualService",
        destinationrules="DestinationRule",
        gateways="Gateway",
        serviceentries="ServiceEntry",
        sidecars="Sidecar",
        workloadentries="WorkloadEntry",
        workloadgroups="WorkloadGroup",
    ),
    *_group("networking.istio.io", "v1beta1", proxyconfigs="ProxyConfig"),
    *_group("networking.istio.io", "v1alpha3", envoyfilters="EnvoyFilter"),
    *_group(
        "security.istio.io",
        "v1 v1beta1",
        peerauthentications="PeerAuthentication",
        authorizationpolicies="AuthorizationPolicy",
        requestauthentications="RequestAuthentication",
    ),
    *_group("telemetry.istio.io", "v1 v1alpha1", telemetries="Telemetry"),
    *_group("extensions.istio.io", "v1alpha1", wasmplugins="WasmPlugin"),
    *_group(
        "gateway.networking.k8s.io",
        "v1 v1beta1 v1alpha3 v1alpha2",
        backendtlspolicies="BackendTLSPolicy",
        udproutes="UDPRoute",
        gatewayclasses="GatewayClass",
        gateways="Gateway",
        httproutes="HTTPRoute",
        grpcroutes="GRPCRoute",
        tcproutes="TCPRoute",
        tlsroutes="TLSRoute",
        referencegrants="ReferenceGrant",
    ),
    *_group("policy.linkerd.io", "v1beta3 v1beta2 v1beta1", servers="Server", httproutes="HTTPRoute"),
    *_group("policy.linkerd.io", "v1beta1", serverauthorizations="ServerAuthorization"),
    *_group(
        "policy.linkerd.io",
        "v1alpha1",
        authorizationpolicies="AuthorizationPolicy",
        meshtlsauthentications="MeshTLSAuthentication",
        networkauthentications="NetworkAuthentication",
        egressnetworks="EgressNetwork",
        httplocalratelimitpolicies="HTTPLocalRateLimitPolicy",
    ),
    *_group("workload.linkerd.io", "v1beta1 v1alpha1", externalworkloads="ExternalWorkload"),
    *_group("linkerd.io", "v1alpha2", serviceprofiles="ServiceProfile"),
    *_group(
        "cilium.io",
        "v2",
        ciliumnetworkpolicies="CiliumNetworkPolicy",
        ciliumclusterwidenetworkpolicies="CiliumClusterwideNetworkPolicy",
        ciliumenvoyconfigs="CiliumEnvoyConfig",
        ciliumclusterwideenvoyconfigs="CiliumClusterwideEnvoyConfig",
        ciliumegressgatewaypolicies="CiliumEgressGatewayPolicy",
        ciliumlocalredirectpolicies="CiliumLocalRedirectPolicy",
    ),
    *_group(
        "consul.hashicorp.com",
        "v1alpha1",
        serviceintentions="ServiceIntentions",
        servicesplitters="ServiceSplitter",
        serviceresolvers="ServiceResolver",
        servicerouters="ServiceRouter",
        servicedefaults="ServiceDefaults",
        proxydefaults="ProxyDefaults",
        exportedservices="ExportedServices",
        meshes="Mesh",
    ),
    *_group("argoproj.io", "v1alpha1", rollouts="Rollout", analysisruns="AnalysisRun", applications="Application"),
    *_group("argoproj.io", "v1alpha1", analysistemplates="AnalysisTemplate", experiments="Experiment"),
    *_group("argoproj.io", "v1alpha1", clusteranalysistemplates="ClusterAnalysisTemplate"),
    *_group("flagger.app", "v1beta1", canaries="Canary", metrictemplates="MetricTemplate"),
    *_group("flagger.app", "v1beta1", alertproviders="AlertProvider"),
)


def served_kinds(resources: Mapping[str, Iterable[Mapping[str, Any]]]) -> tuple[ServedKind, ...]:
    """The known kinds among what discovery says, each in the version preferred here. `resources` maps "group/version"
    ("v1" for core) to the `resources` of its APIResourceList."""
    served: list[ServedKind] = []
    offers = {
        (api_version, str(resource.get("name"))): resource
        for api_version, listed in resources.items()
        for resource in listed
    }
    for known in KNOWN_KINDS:
        for version in known.versions:
            api_version = f"{known.group}/{version}" if known.group else version
            offer = offers.get((api_version, known.plural))
            if offer is not None and {"list", "watch"} <= set(offer.get("verbs") or ()):
                namespaced = bool(offer.get("namespaced"))
                served.append(ServedKind(known.group, version, known.plural, known.kind, namespaced, known.selector))
                break
    return tuple(served)
