"""How long a proxy's dump takes: 20 MB to all tables beside orjson's reading of it, and one explanation on it.

`python -m bench.proxy` prints each number beside its limit and ends with 1 when one is above it. The dump: the sidecar
of a mesh with 2,500 services in two versions, with their routes, clusters and endpoints. Times are of one core's.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import orjson

from meshui.domain.proxy.explain.explain import explain
from meshui.domain.proxy.explain.model import Question
from meshui.domain.proxy.secrets import secret_rows
from meshui.domain.proxy.view import ProxyView, view_of
from tests.domain.proxy.dumps import HCM

MEGABYTES = 20
SERVICES = 2_500
ROUNDS = 5
EXPLANATION_LIMIT = 0.005
_TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
_CA = "-----BEGIN CERTIFICATE-----\n" + "MIIBpTCCAUugAwIBAgIUPvGHqOQBOpznKxEKw7Oe9ddSXHwwCgYIKoZIzj0EAwIw\n" * 6


def dump(services: int = SERVICES) -> bytes:
    """A config dump as istiod makes them."""
    hosts = [f"svc-{number}.ns-{number % 100}.svc.cluster.local" for number in range(services)]
    clusters = [_cluster(host, subset) for host in hosts for subset in ("", "v1", "v2")]
    admin = "type.googleapis.com/envoy.admin.v3"
    manager = {
        "@type": HCM,
        "rds": {"route_config_name": "80"},
        "http_filters": [{"name": "envoy.filters.http.fault"}, {"name": "envoy.filters.http.router"}],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    listener = {
        "name": "0.0.0.0_80",
        "address": {"socket_address": {"address": "0.0.0.0", "port_value": 80}},
        "filter_chains": [{"filters": filters}],
    }
    routes = {"name": "80", "virtual_hosts": [_virtual_host(host) for host in hosts]}
    sections: list[dict[str, Any]] = [
        {
            "@type": f"{admin}.ClustersConfigDump",
            "dynamic_active_clusters": [{"version_info": "7", "cluster": one} for one in clusters],
        },
        {
            "@type": f"{admin}.EndpointsConfigDump",
            "dynamic_endpoint_configs": [{"endpoint_config": _endpoints(one["name"])} for one in clusters],
        },
        {
            "@type": f"{admin}.ListenersConfigDump",
            "dynamic_listeners": [{"name": "0.0.0.0_80", "active_state": {"listener": listener}}],
        },
        {
            "@type": f"{admin}.RoutesConfigDump",
            "dynamic_route_configs": [{"version_info": "7", "route_config": routes}],
        },
        {"@type": f"{admin}.SecretsConfigDump"},
    ]
    return json.dumps({"configs": sections}).encode()


def tables(body: bytes) -> ProxyView:
    """The dump as everything that the page shows."""
    view = view_of("ns-0/web-1", body, None, orjson.loads)
    _ = view.listener_table, view.route_table, view.cluster_table, secret_rows(view.dump, lambda pem: ())
    return view


def main() -> int:
    body = dump()
    size = len(body) / 1e6
    read = _best(lambda: orjson.loads(body))
    shown = _best(lambda: tables(body))
    view = tables(body)
    question = Question(f"svc-{SERVICES - 1}.ns-{(SERVICES - 1) % 100}", 80, path="/v2/items?x=1")
    explain(view, question)  # the first indexes the routes
    asked = _best(lambda: explain(view, question))
    limit = 1.5 * read + 0.3
    print(f"orjson.loads of {size:.1f} MB: {read * 1000:.0f} ms")
    print(f"to all tables: {shown * 1000:.0f} ms (limit {limit * 1000:.0f} ms)")
    print(f"one explanation: {asked * 1000:.2f} ms (limit {EXPLANATION_LIMIT * 1000:.0f} ms)")
    return 0 if size >= MEGABYTES and shown <= limit and asked <= EXPLANATION_LIMIT else 1


def _best(work: Callable[[], object]) -> float:
    """The least of a few runs: of the machine's other work as little as can be."""
    took = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return min(took)


def _virtual_host(host: str) -> dict[str, Any]:
    name, namespace = host.split(".")[:2]
    config = f"/apis/networking.istio.io/v1/namespaces/{namespace}/virtual-service/{name}"
    made = {"filter_metadata": {"istio": {"config": config}}}
    retry = {
        "retry_on": "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes",
        "num_retries": 2,
        "host_selection_retry_max_attempts": "5",
    }

    def route(match: dict[str, Any], v1: int) -> dict[str, Any]:
        shares = [{"name": f"outbound|80|{one}|{host}", "weight": w} for one, w in (("v1", v1), ("v2", 100 - v1))]
        action = {"weighted_clusters": {"clusters": shares}, "timeout": "3s", "retry_policy": retry}
        return {"name": "split", "match": match, "route": action, "metadata": made}

    beta = {"prefix": "/", "headers": [{"name": "x-beta", "string_match": {"exact": "yes"}}]}
    domains = [
        f"{one}{port}" for one in (host, f"{name}.{namespace}.svc", f"{name}.{namespace}") for port in ("", ":80")
    ]
    routes = [route(beta, 0), route({"safe_regex": {"regex": "/v[0-9]+/items/.*"}}, 50), route({"prefix": "/"}, 90)]
    return {"name": f"{host}:80", "domains": domains, "routes": routes}


def _cluster(host: str, subset: str) -> dict[str, Any]:
    context = {
        "@type": _TLS,
        "common_tls_context": {
            "tls_certificate_sds_secret_configs": [{"name": "default"}],
            "alpn_protocols": ["istio", "h2"],
            "validation_context": {"trusted_ca": {"inline_string": _CA}},
        },
        "sni": f"outbound_.80_.{subset}_.{host}",
    }
    return {
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "name": f"outbound|80|{subset}|{host}",
        "type": "EDS",
        "connect_timeout": "10s",
        "circuit_breakers": {"thresholds": [{"max_connections": 4294967295, "max_requests": 100}]},
        "outlier_detection": {"consecutive_5xx": 5, "base_ejection_time": "30s"},
        "transport_socket_matches": [
            {"name": "tls", "match": {"tlsMode": "istio"}, "transport_socket": {"name": "tls", "typed_config": context}}
        ],
    }


def _endpoints(cluster: str) -> dict[str, Any]:
    labels = {"filter_metadata": {"envoy.transport_socket_match": {"tlsMode": "istio"}}}
    hosts = [
        {
            "endpoint": {
                "address": {"socket_address": {"address": f"10.{hash(cluster) % 250}.1.{n}", "port_value": 8080}}
            },
            "metadata": labels,
            "load_balancing_weight": 1,
        }
        for n in range(3)
    ]
    return {"cluster_name": cluster, "endpoints": [{"locality": {"region": "eu", "zone": "a"}, "lb_endpoints": hosts}]}


if __name__ == "__main__":
    sys.exit(main())
