"""Istio's networking objects and Gateway API routes, typed: the fields that decide who is called how.

Fields follow istio/api networking/v1alpha3 and gateway-api apis/v1; unknown ones are passed over (the manifest keeps
them).
"""

from __future__ import annotations

from typing import Any

import msgspec

from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.objects import Manifest, Meta, meta_of, ref_of, spec_of


class _Camel(msgspec.Struct, frozen=True, rename="camel"):
    """Fields spelled in camelCase on the wire."""


class PortSelector(_Camel, frozen=True):
    number: int = 0


class Destination(_Camel, frozen=True):
    host: str = ""
    subset: str = ""
    port: PortSelector | None = None


class RouteDestination(_Camel, frozen=True):
    destination: Destination = Destination()
    weight: int = 0


class Delegate(_Camel, frozen=True):
    name: str = ""
    namespace: str = ""


class HttpRouteBlock(_Camel, frozen=True):
    """One entry of a VirtualService's `http`."""

    name: str = ""
    match: tuple[dict[str, Any], ...] = ()
    route: tuple[RouteDestination, ...] = ()
    delegate: Delegate | None = None
    redirect: dict[str, Any] | None = None
    direct_response: dict[str, Any] | None = None
    fault: dict[str, Any] | None = None
    mirror: Destination | None = None
    mirror_percentage: dict[str, Any] | None = None
    mirrors: tuple[dict[str, Any], ...] = ()
    timeout: str = ""
    retries: dict[str, Any] | None = None


class StreamRouteBlock(_Camel, frozen=True):
    """One entry of a VirtualService's `tcp` or `tls`."""

    match: tuple[dict[str, Any], ...] = ()
    route: tuple[RouteDestination, ...] = ()


class VirtualServiceSpec(_Camel, frozen=True):
    hosts: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    http: tuple[HttpRouteBlock, ...] = ()
    tcp: tuple[StreamRouteBlock, ...] = ()
    tls: tuple[StreamRouteBlock, ...] = ()
    export_to: tuple[str, ...] = ()


class ClientTls(_Camel, frozen=True):
    mode: str = "DISABLE"


class PortTrafficPolicy(_Camel, frozen=True):
    port: PortSelector | None = None
    tls: ClientTls | None = None
    connection_pool: dict[str, Any] | None = None
    outlier_detection: dict[str, Any] | None = None


class TrafficPolicy(_Camel, frozen=True):
    tls: ClientTls | None = None
    connection_pool: dict[str, Any] | None = None
    outlier_detection: dict[str, Any] | None = None
    port_level_settings: tuple[PortTrafficPolicy, ...] = ()


class Subset(_Camel, frozen=True):
    name: str
    labels: dict[str, str] = {}
    traffic_policy: TrafficPolicy | None = None


class LabelSelector(_Camel, frozen=True):
    match_labels: dict[str, str] = {}


class DestinationRuleSpec(_Camel, frozen=True):
    host: str = ""
    subsets: tuple[Subset, ...] = ()
    traffic_policy: TrafficPolicy | None = None
    export_to: tuple[str, ...] = ()
    workload_selector: LabelSelector | None = None


class ServiceEntrySpec(_Camel, frozen=True):
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    location: str = "MESH_EXTERNAL"
    resolution: str = "NONE"
    export_to: tuple[str, ...] = ()
    workload_selector: dict[str, Any] | None = None


class GatewayServer(_Camel, frozen=True):
    hosts: tuple[str, ...] = ()
    port: dict[str, Any] = {}


class GatewaySpec(_Camel, frozen=True):
    selector: dict[str, str] = {}
    servers: tuple[GatewayServer, ...] = ()


class EgressListener(_Camel, frozen=True):
    hosts: tuple[str, ...] = ()


class SidecarSpec(_Camel, frozen=True):
    workload_selector: dict[str, Any] | None = None
    egress: tuple[EgressListener, ...] = ()
    outbound_traffic_policy: dict[str, Any] | None = None


class ParentRef(_Camel, frozen=True):
    name: str = ""
    kind: str = "Gateway"
    group: str = "gateway.networking.k8s.io"
    namespace: str = ""


class BackendRef(_Camel, frozen=True):
    """`weight` is 1 when absent (Gateway API)."""

    name: str = ""
    kind: str = "Service"
    namespace: str = ""
    port: int | None = None
    weight: int = 1


class GatewayRouteRule(_Camel, frozen=True):
    name: str = ""
    matches: tuple[dict[str, Any], ...] = ()
    filters: tuple[dict[str, Any], ...] = ()
    backend_refs: tuple[BackendRef, ...] = ()


class GatewayRouteSpec(_Camel, frozen=True):
    """HTTPRoute and GRPCRoute."""

    parent_refs: tuple[ParentRef, ...] = ()
    hostnames: tuple[str, ...] = ()
    rules: tuple[GatewayRouteRule, ...] = ()


class VirtualService(msgspec.Struct, frozen=True):
    ref: ObjectRef
    meta: Meta
    spec: VirtualServiceSpec
    manifest: Manifest


class DestinationRule(msgspec.Struct, frozen=True):
    ref: ObjectRef
    meta: Meta
    spec: DestinationRuleSpec
    manifest: Manifest


class ServiceEntry(msgspec.Struct, frozen=True):
    ref: ObjectRef
    meta: Meta
    spec: ServiceEntrySpec


class Gateway(msgspec.Struct, frozen=True):
    ref: ObjectRef
    meta: Meta
    spec: GatewaySpec


class Sidecar(msgspec.Struct, frozen=True):
    ref: ObjectRef
    meta: Meta
    spec: SidecarSpec


class GatewayRoute(msgspec.Struct, frozen=True):
    """An HTTPRoute or a GRPCRoute (`ref.kind` says which)."""

    ref: ObjectRef
    meta: Meta
    spec: GatewayRouteSpec
    manifest: Manifest


def virtual_service(manifest: Manifest) -> VirtualService:
    """Raises Malformed."""
    return VirtualService(ref_of(manifest), meta_of(manifest), spec_of(manifest, VirtualServiceSpec), manifest)


def destination_rule(manifest: Manifest) -> DestinationRule:
    """Raises Malformed."""
    return DestinationRule(ref_of(manifest), meta_of(manifest), spec_of(manifest, DestinationRuleSpec), manifest)


def service_entry(manifest: Manifest) -> ServiceEntry:
    """Raises Malformed."""
    return ServiceEntry(ref_of(manifest), meta_of(manifest), spec_of(manifest, ServiceEntrySpec))


def gateway(manifest: Manifest) -> Gateway:
    """Raises Malformed."""
    return Gateway(ref_of(manifest), meta_of(manifest), spec_of(manifest, GatewaySpec))


def sidecar(manifest: Manifest) -> Sidecar:
    """Raises Malformed."""
    return Sidecar(ref_of(manifest), meta_of(manifest), spec_of(manifest, SidecarSpec))


def gateway_route(manifest: Manifest) -> GatewayRoute:
    """Raises Malformed."""
    return GatewayRoute(ref_of(manifest), meta_of(manifest), spec_of(manifest, GatewayRouteSpec), manifest)
