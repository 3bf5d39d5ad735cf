"""LDS: what a proxy listens on.

A sidecar: 15006 for its application's port (filter chains by the effective mutual TLS mode), 15001 for its
application's HTTP calls, and its own address at a TCP service's port for each TCP service. A gateway: the target ports
of its Gateways' servers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from meshui.demo.controlplane import jwt, mtls, names, rbac, tls
from meshui.demo.controlplane.endpoints import address
from meshui.demo.controlplane.manifests import selects, spec_of
from meshui.demo.controlplane.mtls import Mode
from meshui.demo.controlplane.routes import (
    OUTBOUND_ROUTES,
    GatewayServer,
    for_sidecar,
    gateway_route_name,
    gateway_servers,
)
from meshui.demo.controlplane.virtual_services import MESH, Client, tcp_destinations
from meshui.demo.controlplane.world import Inbound, Pod, Port, Service, World
from meshui.demo.envoy.access_log import file_logger
from meshui.demo.envoy.files import Resource
from meshui.demo.envoy.metrics import client_labels, http_loggers, listener_defaults, server_labels, tcp_loggers
from meshui.demo.envoy.party import ATTRIBUTES, PEER_HEADER, PEER_METADATA, Party
from meshui.demo.layout import INBOUND_PORT, OUTBOUND_PORT

_FILTERS = "type.googleapis.com/envoy.extensions.filters"
_HCM = f"{_FILTERS}.network.http_connection_manager.v3.HttpConnectionManager"
_TCP_PROXY = f"{_FILTERS}.network.tcp_proxy.v3.TcpProxy"
_BUFFER_BYTES = 65536


def listeners(world: World, pod: Pod, trust: tls.Trust, log: Path) -> list[Resource]:
    """Every listener of a proxy; `log` is its access log."""
    if pod.is_gateway:
        return gateway_listeners(world, pod, trust, log)
    return [
        inbound_listener(world, pod, trust, log),
        outbound_listener(pod, trust, log),
        *tcp_listeners(world, pod, log),
    ]


def inbound_listener(world: World, pod: Pod, trust: tls.Trust, log: Path) -> Resource:
    """15006: STRICT takes the mesh's TLS only, PERMISSIVE plain text too (and on TCP an application's own TLS), DISABLE
    plain text only. What matches no chain is closed."""
    inbound = world.inbound(pod)
    mode = mtls.server_mode(world, pod, inbound.port)
    chains: list[Resource] = []
    if mode is not Mode.DISABLE:
        match: Resource = {"transport_protocol": "tls"}
        if mode is Mode.PERMISSIVE:
            match["application_protocols"] = list(tls.MESH_ALPN)
        chain = _inbound_chain(world, pod, inbound, log, mutual_tls=True)
        chains.append(
            {"name": "mtls", "filter_chain_match": match, **chain, "transport_socket": tls.server_context(trust)}
        )
    if mode is not Mode.STRICT:
        chain = _inbound_chain(world, pod, inbound, log, mutual_tls=False)
        plain = {"transport_protocol": "raw_buffer"} if mode is Mode.PERMISSIVE and inbound.is_http else {}
        chains.append({"name": "plain", "filter_chain_match": plain, **chain})
    listener = _listener("virtualInbound", pod.ip, INBOUND_PORT, "INBOUND", chains)
    if mode is not Mode.DISABLE:
        listener["listener_filters"] = [_tls_inspector()]
    return listener


def outbound_listener(pod: Pod, trust: tls.Trust, log: Path) -> Resource:
    """15001: the application's HTTP and gRPC calls to any service."""
    manager = _manager(
        "outbound",
        _rds(trust, OUTBOUND_ROUTES),
        [*http_loggers(client_labels(pod.party, host_fallback=True)), file_logger(log, "outbound")],
        [_filter("fault", f"{_FILTERS}.http.fault.v3.HTTPFault")],
    )
    return _listener("virtualOutbound", pod.ip, OUTBOUND_PORT, "OUTBOUND", [{"filters": [manager]}])


def tcp_listeners(world: World, pod: Pod, log: Path) -> list[Resource]:
    """The pod's own address at each TCP service's port; the oldest service has a port, the pod's own port is left
    to its application."""
    own = {number for _, number in pod.container_ports} | {world.inbound(pod).port, INBOUND_PORT, OUTBOUND_PORT}
    found: dict[int, Resource] = {}
    for service in world.by_host.values():
        for port in service.ports:
            if port.is_http or port.number in own or port.number in found or service.resolution == "NONE":
                continue
            proxy = _tcp_proxy(
                names.stat_name(f"outbound_{port.number}_{service.host}"),
                _tcp_clusters(world, pod, service, port),
                [*tcp_loggers(client_labels(pod.party, host_fallback=False)), file_logger(log, "outbound")],
            )
            name = f"{pod.ip}_{port.number}"
            found[port.number] = _listener(name, pod.ip, port.number, "OUTBOUND", [{"filters": [proxy]}])
    return list(found.values())


def gateway_listeners(world: World, pod: Pod, trust: tls.Trust, log: Path) -> list[Resource]:
    """One listener a port; the first server of a port says whether it takes the mesh's TLS or plain HTTP."""
    by_port: dict[int, GatewayServer] = {}
    for server in gateway_servers(world, pod):
        by_port.setdefault(server.listen_port, server)
    found = []
    for port, server in by_port.items():
        manager = _manager(
            "gateway",
            _rds(trust, gateway_route_name(port)),
            [*http_loggers(client_labels(pod.party, host_fallback=False)), file_logger(log, "gateway")],
            [
                *jwt.filters(world, pod),
                *rbac.http_filters(world, pod, port),
                _filter("fault", f"{_FILTERS}.http.fault.v3.HTTPFault"),
            ],
            use_remote_address=True,
            forward_client_cert_details="SANITIZE_SET" if server.mutual_tls else "SANITIZE",
        )
        chain: Resource = {"filters": [manager]}
        if server.mutual_tls:
            chain["transport_socket"] = tls.server_context(trust)
        listener = _listener(f"{pod.ip}_{port}", pod.ip, port, "OUTBOUND", [chain])
        found.append(listener)
    return found


def _inbound_chain(world: World, pod: Pod, inbound: Inbound, log: Path, *, mutual_tls: bool) -> Resource:
    cluster = names.inbound_cluster(inbound.port)
    if not inbound.is_http:
        loggers = _tcp_server_loggers(world, pod, inbound, mutual_tls=mutual_tls)
        proxy = _tcp_proxy(names.stat_name(cluster), [(cluster, 1)], [*loggers, file_logger(log, "inbound")])
        if mutual_tls:
            # Only after the handshake is it known who opened the connection.
            after_handshake = {"upstream_connect_mode": "ON_DOWNSTREAM_TLS_HANDSHAKE"}
            proxy["typed_config"] |= after_handshake | {"max_early_data_bytes": _BUFFER_BYTES}
        return {"filters": [*rbac.tcp_filters(world, pod, inbound.port), proxy]}
    labels = server_labels(pod.party, inbound.service, mutual_tls=mutual_tls)
    peer_filter = [_take_peer_header()] if mutual_tls else []
    route: Resource = {"name": "default", "match": {"prefix": "/"}, "route": {"cluster": cluster, "timeout": "0s"}}
    if not mutual_tls:
        route["request_headers_to_remove"] = [PEER_HEADER]
    manager = _manager(
        "inbound",
        {
            "route_config": {
                "name": cluster,
                "virtual_hosts": [{"name": "inbound", "domains": ["*"], "routes": [route]}],
            }
        },
        [*http_loggers(labels), file_logger(log, "inbound")],
        [*peer_filter, *jwt.filters(world, pod), *rbac.http_filters(world, pod, inbound.port)],
        forward_client_cert_details="APPEND_FORWARD",
        set_current_client_cert_details={"subject": True, "uri": True, "dns": True},
        server_header_transformation="PASS_THROUGH",
    )
    return {"filters": [manager]}


def _tcp_server_loggers(world: World, pod: Pod, inbound: Inbound, *, mutual_tls: bool) -> list[Resource]:
    """A TCP client has no header to say who it is, but the mesh knows which workload has an identity, where only one
    has it: a set of loggers for each, and one for the rest."""
    if not mutual_tls:
        return tcp_loggers(server_labels(pod.party, inbound.service, mutual_tls=False))
    parties: dict[str, set[Party]] = {}
    for peer in world.proxies:
        parties.setdefault(peer.identity, set()).add(peer.party)
    known = {identity: found.pop() for identity, found in sorted(parties.items()) if len(found) == 1}
    loggers = []
    for identity, party in known.items():
        labels = server_labels(pod.party, inbound.service, mutual_tls=True, peer=party)
        loggers += tcp_loggers(labels, f'connection.uri_san_peer_certificate == "{identity}"')
    everyone = ", ".join(f'"{identity}"' for identity in known)
    rest = server_labels(pod.party, inbound.service, mutual_tls=True, peer=Party())
    return [*loggers, *tcp_loggers(rest, f"!(connection.uri_san_peer_certificate in [{everyone}])")]


def _tcp_clusters(world: World, pod: Pod, service: Service, port: Port) -> list[tuple[str, int]]:
    """Where a TCP service's connections go: by the first rule of its VirtualService that applies, else to it."""
    manifest = for_sidecar(world, pod, service.host)
    for index, rule in enumerate(spec_of(manifest).get("tcp") or [] if manifest else []):
        assert manifest is not None
        for match in rule.get("match") or [{}]:
            chosen = match.get("gateways") or [MESH]
            if (
                match.get("port") in (None, port.number)
                and MESH in chosen
                and selects(match.get("sourceLabels"), pod.labels)
            ):
                client = Client(world, pod, MESH, port.number)
                return tcp_destinations(rule, client, manifest["metadata"]["namespace"], f"spec.tcp[{index}]")
    return [(names.outbound_cluster(port.number, "", service.host), 1)]


def _take_peer_header() -> Resource:
    """Moves the client's description of itself from its header to metadata, before any other filter and the
    application see it. Only used where the client has shown a certificate of the mesh."""
    last = len(ATTRIBUTES) - 1
    rules = [
        {
            "header": PEER_HEADER,
            "on_header_present": {
                "metadata_namespace": PEER_METADATA,
                "key": attribute,
                "type": "STRING",
                "regex_value_rewrite": {
                    "pattern": {"regex": f"^(?:[^;]*;){{{position}}}([^;]*).*$"},
                    "substitution": r"\1",
                },
            },
            "remove": position == last,
        }
        for position, attribute in enumerate(ATTRIBUTES)
    ]
    return _filter("header_to_metadata", f"{_FILTERS}.http.header_to_metadata.v3.Config", request_rules=rules)


def _listener(name: str, ip: str, port: int, direction: str, chains: list[Resource]) -> Resource:
    return {
        "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
        "name": name,
        "address": address(ip, port),
        "stat_prefix": names.stat_name(name),
        "traffic_direction": direction,
        "per_connection_buffer_limit_bytes": _BUFFER_BYTES,
        "metadata": listener_defaults(),
        "filter_chains": chains,
    }


def _manager(prefix: str, routing: Resource, loggers: list[Resource], filters: list[Resource], **more: Any) -> Resource:
    """An HTTP connection manager that keeps the application's trace headers and request ids."""
    router = _filter("router", f"{_FILTERS}.http.router.v3.Router")
    return {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": _HCM,
            "stat_prefix": prefix,
            "codec_type": "AUTO",
            "server_name": "istio-envoy",
            "generate_request_id": True,
            "preserve_external_request_id": True,
            "normalize_path": True,
            "upgrade_configs": [{"upgrade_type": "websocket"}],
            "access_log": loggers,
            "http_filters": [*filters, router],
            **routing,
            **more,
        },
    }


def _tcp_proxy(prefix: str, clusters: list[tuple[str, int]], loggers: list[Resource]) -> Resource:
    config: Resource = {
        "@type": _TCP_PROXY,
        "stat_prefix": prefix,
        "access_log": loggers,
        "access_log_options": {"flush_access_log_on_connected": True},
    }
    if len(clusters) == 1:
        config["cluster"] = clusters[0][0]
    else:
        config["weighted_clusters"] = {"clusters": [{"name": name, "weight": weight} for name, weight in clusters]}
    return {"name": "envoy.filters.network.tcp_proxy", "typed_config": config}


def _filter(name: str, type_url: str, **config: Any) -> Resource:
    return {"name": f"envoy.filters.http.{name}", "typed_config": {"@type": type_url, **config}}


def _rds(trust: tls.Trust, name: str) -> Resource:
    source = {"resource_api_version": "V3", "path_config_source": {"path": str(trust.directory / f"rds.{name}.json")}}
    return {"rds": {"route_config_name": name, "config_source": source}}


def _tls_inspector() -> Resource:
    return {
        "name": "envoy.filters.listener.tls_inspector",
        "typed_config": {"@type": f"{_FILTERS}.listener.tls_inspector.v3.TlsInspector"},
    }
