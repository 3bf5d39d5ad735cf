"""RDS: virtual hosts for a sidecar's outbound listener and for a gateway's ports.

Without traffic capture, a sidecar has one outbound HTTP listener; the Host says which service is meant, with its port
where that isn't the service's first HTTP port. A host that nobody knows is answered 502 under the name
BlackHoleCluster: Istio's ALLOW_ANY would pass it on to its original address, which can't be known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meshui.demo.controlplane import names
from meshui.demo.controlplane.manifests import Manifest, selects, spec_of
from meshui.demo.controlplane.virtual_services import (
    MESH,
    Client,
    default_route,
    gateways_of,
    hosts_of,
    is_visible,
    routes,
)
from meshui.demo.controlplane.world import Pod, Port, Service, World, target_port
from meshui.demo.envoy.files import Resource
from meshui.demo.envoy.metrics import SERVICE_METADATA

OUTBOUND_ROUTES = "outbound"


def sidecar_routes(world: World, pod: Pod) -> Resource:
    """The RouteConfiguration of a sidecar's outbound listener. Raises UnusableError."""
    taken: set[str] = set()
    hosts: list[Resource] = []
    for service in world.by_host.values():
        virtual_service = for_sidecar(world, pod, service.host)
        ports = [port for port in service.ports if port.is_http]
        for port in ports:
            client = Client(world, pod, MESH, port.number)
            found = (
                routes(virtual_service, client)
                if virtual_service and spec_of(virtual_service).get("http")
                else [default_route(client, service, port.number)]
                if service.resolution != "NONE"
                else []
            )
            wanted = _domains(service, pod.namespace, port, bare=port.number == _main_port(ports))
            if domains := _claim(wanted, taken):
                hosts.append({"name": f"{service.host}:{port.number}", "domains": domains, "routes": found})
    for virtual_service in world.kind("VirtualService"):
        if MESH not in gateways_of(virtual_service) or not is_visible(virtual_service, pod.namespace):
            continue
        for host in hosts_of(virtual_service):
            if host not in world.by_host and (domains := _claim([host, f"{host}:80"], taken)):
                found = routes(virtual_service, Client(world, pod, MESH, 80))
                hosts.append({"name": f"{host}:80", "domains": domains, "routes": found})
    if _claim(["*"], taken):
        hosts.append(_block_all())
    return {"name": OUTBOUND_ROUTES, "virtual_hosts": hosts}


def for_sidecar(world: World, pod: Pod, host: str) -> Manifest | None:
    """The VirtualService that a sidecar uses for a host: the oldest with the most specific match; they don't merge."""
    best: tuple[tuple[bool, int], Manifest] | None = None
    for manifest in world.kind("VirtualService"):
        if MESH not in gateways_of(manifest) or not is_visible(manifest, pod.namespace):
            continue
        for pattern in hosts_of(manifest):
            rank = (not pattern.startswith("*"), len(pattern))
            if names.host_matches(pattern, host) and (best is None or rank > best[0]):
                best = rank, manifest
    return best[1] if best else None


@dataclass(frozen=True)
class GatewayServer:
    """One server of a Gateway at the pod that it selects."""

    gateway: str
    """`<namespace>/<name>`"""
    namespace: str
    port: int
    """As the Gateway says."""
    listen_port: int
    """Where the pod listens: the target port of the service that has the Gateway's port."""
    mutual_tls: bool
    hosts: tuple[str, ...]
    """`<namespace or *>/<host pattern>`"""


def gateway_servers(world: World, pod: Pod) -> list[GatewayServer]:
    """What Gateways ask of a gateway pod, oldest Gateway first."""
    found = []
    for manifest in world.kind("Gateway"):
        spec, metadata = spec_of(manifest), manifest["metadata"]
        if not spec.get("selector") or not selects(spec["selector"], pod.labels):
            continue
        for server in spec.get("servers") or []:
            number = server["port"]["number"]
            found.append(
                GatewayServer(
                    gateway=f"{metadata['namespace']}/{metadata['name']}",
                    namespace=metadata["namespace"],
                    port=number,
                    listen_port=_listen_port(world, pod, number),
                    mutual_tls=(server.get("tls") or {}).get("mode") == "ISTIO_MUTUAL",
                    hosts=tuple(host if "/" in host else f"*/{host}" for host in server.get("hosts") or []),
                )
            )
    return found


def gateway_route_name(listen_port: int) -> str:
    return f"http.{listen_port}"


def gateway_routes(world: World, pod: Pod, listen_port: int) -> Resource:
    """The RouteConfiguration of a gateway's port: the VirtualServices that name its Gateways, merged by host, with
    the rules that match everything last. Raises UnusableError."""
    by_host: dict[str, list[Resource]] = {}
    for server in gateway_servers(world, pod):
        if server.listen_port != listen_port:
            continue
        for manifest in world.kind("VirtualService"):
            if server.gateway not in gateways_of(manifest):
                continue
            for host in _served(server, manifest):
                found = routes(manifest, Client(world, pod, server.gateway, server.port))
                by_host.setdefault(host, []).extend(found)
    return {
        "name": gateway_route_name(listen_port),
        "ignore_port_in_host_matching": True,
        "virtual_hosts": [
            {"name": f"{host}:{listen_port}", "domains": [host], "routes": sorted(found, key=_matches_everything)}
            for host, found in by_host.items()
        ],
    }


def _served(server: GatewayServer, manifest: Manifest) -> Iterator[str]:
    own = manifest["metadata"]["namespace"]
    seen = set()
    for host in hosts_of(manifest):
        for pattern in server.hosts:
            namespace, _, wanted = pattern.partition("/")
            if namespace not in ("*", own) and not (namespace == "." and own == server.namespace):
                continue
            common = names.narrower(wanted, host)
            if common is not None and common not in seen:
                seen.add(common)
                yield common


def _matches_everything(route: Resource) -> bool:
    return bool(route["match"] == {"prefix": "/"})


def _listen_port(world: World, pod: Pod, number: int) -> int:
    for service in world.services_of(pod):
        port = service.port(number)
        target = target_port(port, pod) if port else None
        if target is not None:
            return target
    return number


def _main_port(ports: list[Port]) -> int:
    """The port that a Host without one means: 80, else the first."""
    numbers = [port.number for port in ports]
    return 80 if 80 in numbers else numbers[0]


def _domains(service: Service, client_namespace: str, port: Port, *, bare: bool) -> list[str]:
    known = names.aliases(service.host, service.namespace)
    if service.namespace != client_namespace:
        known = [name for name in known if "." in name]
    return [domain for name in known for domain in ([name] if bare else []) + [f"{name}:{port.number}"]]


def _claim(domains: list[str], taken: set[str]) -> list[str]:
    """The domains that no other virtual host has; Envoy refuses a configuration that names one twice."""
    free = [domain for domain in dict.fromkeys(domains) if domain.lower() not in taken]
    taken.update(domain.lower() for domain in free)
    return free


def _block_all() -> Resource:
    metadata = {"filter_metadata": {SERVICE_METADATA: {"name": names.BLACK_HOLE}}}
    route = {"name": "block_all", "match": {"prefix": "/"}, "direct_response": {"status": 502}, "metadata": metadata}
    return {"name": "block_all", "domains": ["*"], "routes": [route]}
