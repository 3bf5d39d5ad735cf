"""CDS: a cluster per service port and subset that a client may be routed to, and one for the application itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshui.demo.controlplane import destination_rules, mtls, names, tls
from meshui.demo.controlplane.destination_rules import Rule
from meshui.demo.controlplane.endpoints import address, load_assignment, serving_pods
from meshui.demo.controlplane.manifests import as_duration, duration, seconds
from meshui.demo.controlplane.world import Pod, Port, Service, World
from meshui.demo.envoy.files import Resource
from meshui.demo.envoy.metrics import SERVICE_METADATA

_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_UNLIMITED = 2**32 - 1
_CONNECT_SECONDS = 2.0


def clusters(world: World, pod: Pod, trust: tls.Trust) -> list[Resource]:
    """Every cluster of a proxy."""
    found = [black_hole()] if pod.is_gateway else [black_hole(), inbound_cluster(world, pod)]
    for service in world.by_host.values():
        if service.resolution == "NONE":
            continue
        rule = destination_rules.rule_for(world, pod.namespace, service)
        for port in service.ports:
            for subset in ("", *rule.subsets):
                found.append(outbound_cluster(world, pod, trust, service, port, rule, subset))
    return found


def black_hole() -> Resource:
    """Where TCP routes without a destination go: nowhere."""
    return {"name": names.BLACK_HOLE, "type": "STATIC", "connect_timeout": "1s"}


def inbound_cluster(world: World, pod: Pod) -> Resource:
    """The application behind the sidecar, at the pod's own address."""
    inbound = world.inbound(pod)
    name = names.inbound_cluster(inbound.port)
    assignment = {
        "cluster_name": name,
        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(pod.ip, inbound.port)}}]}],
    }
    cluster: Resource = {
        "name": name,
        "alt_stat_name": names.stat_name(name),
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": assignment,
        "circuit_breakers": _thresholds({}),
        "upstream_bind_config": _source(pod),
        "metadata": {"filter_metadata": {SERVICE_METADATA: inbound.service.metadata()}},
    }
    if inbound.is_http:
        cluster |= _http_options(http2=inbound.protocol in ("grpc", "http2"), pool={})
    return cluster


def outbound_cluster(
    world: World, pod: Pod, trust: tls.Trust, service: Service, port: Port, rule: Rule, subset: str
) -> Resource:
    """The cluster of one port and subset as one client sees it."""
    settings = rule.settings(port.number, subset)
    labels: Mapping[str, str] = rule.subsets[subset][0] if subset else {}
    name = names.outbound_cluster(port.number, subset, service.host)
    servers = serving_pods(world, service, port, labels)
    mutual = [mtls.endpoint_takes_mtls(world, service, server, port) for server in servers]
    tls_settings = settings.get("tls")
    always_mutual = (tls_settings or {}).get("mode") == "ISTIO_MUTUAL"
    auto = tls_settings is None and mtls.auto_mtls(world, service)
    http2 = port.protocol in ("grpc", "http2") or (
        port.is_http and bool(servers) and (always_mutual or (auto and all(mutual)))
    )
    cluster: Resource = {
        "name": name,
        "alt_stat_name": names.stat_name(name),
        "type": "STRICT_DNS" if service.resolution.startswith("DNS") else "STATIC",
        "connect_timeout": as_duration(_CONNECT_SECONDS),
        "lb_policy": destination_rules.balancer(settings),
        "load_assignment": load_assignment(world, service, port, labels, name),
        "upstream_bind_config": _source(pod),
        "metadata": {"filter_metadata": _metadata(service, rule, subset)},
    }
    if cluster["type"] == "STRICT_DNS":
        cluster["dns_lookup_family"] = "V4_ONLY"
    cluster |= _outlier_detection(settings.get("outlierDetection"))
    cluster |= _connection_pool(settings.get("connectionPool") or {}, port, http2=http2)

    secret = tls.STRANGE_SECRET if pod.key in world.strange_certificates else tls.SECRET
    sni = (tls_settings or {}).get("sni") or names.server_name(port.number, subset, service.host)
    identities = (tls_settings or {}).get("subjectAltNames") or {server.identity for server in servers}
    context = tls.client_context(trust, secret, sni, identities, http2=http2, http=port.is_http)
    if always_mutual:
        cluster["transport_socket"] = context
    elif tls_settings is not None and tls_settings.get("mode") in ("SIMPLE", "MUTUAL"):
        cluster["transport_socket"] = tls.own_context(tls_settings, service.host, http2=http2, http=port.is_http)
    elif auto and any(mutual):
        cluster["transport_socket_matches"] = [
            {"name": "tlsMode-istio", "match": {"tlsMode": "istio"}, "transport_socket": context},
            {"name": "tlsMode-disabled", "match": {}, "transport_socket": tls.raw_socket()},
        ]
    return cluster


def _metadata(service: Service, rule: Rule, subset: str) -> Resource:
    istio: Resource = {"services": [service.labels.metadata()]}
    if rule.keys:
        _, namespace, name = rule.keys[0]
        istio["config"] = f"/apis/networking.istio.io/v1/namespaces/{namespace}/destination-rule/{name}"
    if subset:
        istio["subset"] = subset
    return {"istio": istio, SERVICE_METADATA: service.labels.metadata()}


def _source(pod: Pod) -> Resource:
    """Connections come from the pod's own address, as they do between real pods."""
    return {"source_address": {"address": pod.ip, "port_value": 0}}


def _outlier_detection(settings: Mapping[str, Any] | None) -> Resource:
    """Istio's outlierDetection; unless minHealthPercent says otherwise there is no panic threshold, so that a cluster
    without healthy hosts answers UH."""
    if settings is None:
        return {"common_lb_config": {"healthy_panic_threshold": {"value": 0}}}
    detection: Resource = {"enforcing_success_rate": 0}
    for field, envoy, default in (
        ("consecutive5xxErrors", "consecutive_5xx", 5),
        ("consecutiveGatewayErrors", "consecutive_gateway_failure", 0),
    ):
        count = settings.get(field, default)
        detection |= {f"enforcing_{envoy}": 100 if count else 0} | ({envoy: count} if count else {})
    if settings.get("splitExternalLocalOriginErrors"):
        detection["split_external_local_origin_errors"] = True
        count = settings.get("consecutiveLocalOriginFailures", 5)
        detection |= {"enforcing_consecutive_local_origin_failure": 100 if count else 0}
        detection |= {"consecutive_local_origin_failure": count} if count else {}
        detection["enforcing_local_origin_success_rate"] = 0
    for field, envoy_field in (("interval", "interval"), ("baseEjectionTime", "base_ejection_time")):
        if field in settings:
            detection[envoy_field] = duration(settings[field], f"outlierDetection.{field}")
    if "baseEjectionTime" in settings:
        longest = max(300.0, seconds(settings["baseEjectionTime"], "outlierDetection.baseEjectionTime"))
        detection["max_ejection_time"] = as_duration(longest)
    if "maxEjectionPercent" in settings:
        detection["max_ejection_percent"] = settings["maxEjectionPercent"]
    threshold = settings.get("minHealthPercent", 0)
    return {"outlier_detection": detection, "common_lb_config": {"healthy_panic_threshold": {"value": threshold}}}


def _connection_pool(pool: Mapping[str, Any], port: Port, *, http2: bool) -> Resource:
    tcp = pool.get("tcp") or {}
    found: Resource = {"circuit_breakers": _thresholds(pool)}
    if "connectTimeout" in tcp:
        found["connect_timeout"] = duration(tcp["connectTimeout"], "connectionPool.tcp.connectTimeout")
    if keepalive := tcp.get("tcpKeepalive"):
        settings: Resource = {}
        if "probes" in keepalive:
            settings["keepalive_probes"] = keepalive["probes"]
        for field, envoy in (("time", "keepalive_time"), ("interval", "keepalive_interval")):
            if field in keepalive:
                settings[envoy] = int(seconds(keepalive[field], f"connectionPool.tcp.tcpKeepalive.{field}"))
        found["upstream_connection_options"] = {"tcp_keepalive": settings}
    if port.is_http:
        found |= _http_options(http2=http2, pool=pool)
    return found


def _thresholds(pool: Mapping[str, Any]) -> Resource:
    tcp, http = pool.get("tcp") or {}, pool.get("http") or {}
    limits = {
        "max_connections": tcp.get("maxConnections"),
        "max_pending_requests": http.get("http1MaxPendingRequests"),
        "max_requests": http.get("http2MaxRequests"),
        "max_retries": http.get("maxRetries"),
    }
    thresholds = {name: limit or _UNLIMITED for name, limit in limits.items()}
    return {"thresholds": [{**thresholds, "track_remaining": True}]}


def _http_options(*, http2: bool, pool: Mapping[str, Any]) -> Resource:
    http, tcp = pool.get("http") or {}, pool.get("tcp") or {}
    options: Resource = {
        "@type": f"type.googleapis.com/{_HTTP_OPTIONS}",
        "explicit_http_config": {"http2_protocol_options": {}} if http2 else {"http_protocol_options": {}},
    }
    if http2 and http.get("maxConcurrentStreams"):
        streams = {"max_concurrent_streams": http["maxConcurrentStreams"]}
        options["explicit_http_config"] = {"http2_protocol_options": streams}
    common = dict(_common_options(http, tcp))
    if common:
        options["common_http_protocol_options"] = common
    return {"typed_extension_protocol_options": {_HTTP_OPTIONS: options}}


def _common_options(http: Mapping[str, Any], tcp: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if "idleTimeout" in http:
        yield "idle_timeout", duration(http["idleTimeout"], "connectionPool.http.idleTimeout")
    if http.get("maxRequestsPerConnection"):
        yield "max_requests_per_connection", http["maxRequestsPerConnection"]
    if "maxConnectionDuration" in tcp:
        yield (
            "max_connection_duration",
            duration(tcp["maxConnectionDuration"], "connectionPool.tcp.maxConnectionDuration"),
        )
