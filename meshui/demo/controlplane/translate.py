"""One proxy's whole configuration, from a world. Pure: the same world gives the same resources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from meshui.demo.controlplane.clusters import clusters
from meshui.demo.controlplane.listeners import listeners
from meshui.demo.controlplane.routes import (
    OUTBOUND_ROUTES,
    gateway_route_name,
    gateway_routes,
    gateway_servers,
    sidecar_routes,
)
from meshui.demo.controlplane.tls import Trust
from meshui.demo.controlplane.world import Pod, World
from meshui.demo.envoy.access_log import log_path
from meshui.demo.envoy.files import Resource, proxy_directory

_CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
_ROUTES = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"


@dataclass(frozen=True)
class ProxyConfig:
    """Resources by discovery service; endpoints are inside clusters, secrets are written apart."""

    listeners: list[Resource]
    clusters: list[Resource]
    routes: dict[str, Resource]
    """Name -> RouteConfiguration."""


def translate(world: World, pod: Pod, state: Path, root_certificate: str) -> ProxyConfig:
    """What the pod's proxy is to do. Raises UnusableError when an object in force can't be translated, which
    `acceptance` rules out."""
    trust = Trust(proxy_directory(state, pod.namespace, pod.name), root_certificate)
    log = log_path(state, pod.namespace, pod.name)
    return ProxyConfig(
        listeners=listeners(world, pod, trust, log),
        clusters=[{"@type": _CLUSTER, **cluster} for cluster in clusters(world, pod, trust)],
        routes={name: {"@type": _ROUTES, **routes} for name, routes in _routes(world, pod).items()},
    )


def _routes(world: World, pod: Pod) -> dict[str, Resource]:
    if not pod.is_gateway:
        return {OUTBOUND_ROUTES: sidecar_routes(world, pod)}
    ports = dict.fromkeys(server.listen_port for server in gateway_servers(world, pod))
    return {gateway_route_name(port): gateway_routes(world, pod, port) for port in ports}
