"""What each kind of object is for, and which kinds leave the paved road."""

from __future__ import annotations

from typing import Literal

Purpose = Literal["routing", "security", "network", "telemetry", "extension", "delivery", "other"]

_PURPOSES: dict[Purpose, str] = {
    "routing": (
        "VirtualService DestinationRule Gateway ServiceEntry Sidecar WorkloadEntry WorkloadGroup HTTPRoute GRPCRoute "
        "TCPRoute TLSRoute UDPRoute GatewayClass ReferenceGrant BackendTLSPolicy XListenerSet ServiceProfile "
        "EgressNetwork ExternalWorkload ServiceSplitter ServiceResolver ServiceRouter ServiceDefaults Ingress "
        "ExportedServices Mesh"
    ),
    "security": (
        "PeerAuthentication AuthorizationPolicy RequestAuthentication Server ServerAuthorization MeshTLSAuthentication "
        "NetworkAuthentication HTTPLocalRateLimitPolicy ServiceIntentions"
    ),
    "network": (
        "NetworkPolicy AdminNetworkPolicy BaselineAdminNetworkPolicy CiliumNetworkPolicy "
        "CiliumClusterwideNetworkPolicy CiliumEgressGatewayPolicy CiliumLocalRedirectPolicy"
    ),
    "telemetry": "Telemetry",
    "extension": "EnvoyFilter WasmPlugin CiliumEnvoyConfig CiliumClusterwideEnvoyConfig ProxyConfig ProxyDefaults",
    "delivery": (
        "Rollout AnalysisRun AnalysisTemplate ClusterAnalysisTemplate Experiment Canary MetricTemplate AlertProvider "
        "Application"
    ),
}
_PURPOSE_OF: dict[str, Purpose] = {kind: purpose for purpose, kinds in _PURPOSES.items() for kind in kinds.split()}

OFF_ROAD: dict[str, str] = {
    "EnvoyFilter": "It patches Envoy's own configuration: nothing checks it, and a new release may break it.",
    "WasmPlugin": "It runs code inside the proxies, in the path of every request.",
    "CiliumEnvoyConfig": "It is raw Envoy configuration, hardly validated, and MeshUI does not evaluate it.",
    "CiliumClusterwideEnvoyConfig": "It is raw Envoy configuration, hardly validated, and MeshUI does not evaluate it.",
}
"""Kinds off the paved road, and what that means."""


def purpose_of(kind: str) -> Purpose:
    """What a kind (as references name it, perhaps with its group) is for."""
    return _PURPOSE_OF.get(kind.partition(".")[0], "other")
