"""A small proxy by hand: what `shop/web` has of a mesh with `catalog` in two versions."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]
_TYPES = "type.googleapis.com"
HCM = f"{_TYPES}/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
V1 = "outbound|80|v1|catalog.shop.svc.cluster.local"
V2 = "outbound|80|v2|catalog.shop.svc.cluster.local"
CONFIG = "/apis/networking.istio.io/v1/namespaces/shop/virtual-service/catalog"
MADE_BY: Json = {"filter_metadata": {"istio": {"config": CONFIG}}}


def route(name: str, match: Json, action: Json, **more: Any) -> Json:
    return {"name": name, "match": match, "route": action, "metadata": MADE_BY, **more}


def split(v1: int, v2: int) -> Json:
    return {"weighted_clusters": {"clusters": [{"name": V1, "weight": v1}, {"name": V2, "weight": v2}]}}


def virtual_host(*routes: Json, name: str = "catalog", domains: tuple[str, ...] = ("catalog", "catalog:80")) -> Json:
    return {"name": name, "domains": list(domains), "routes": list(routes)}


def listener(name: str, port: int, manager: Json, direction: str = "OUTBOUND", **chain: Any) -> Json:
    typed = {"@type": HCM, "http_filters": [], **manager}
    return {
        "name": name,
        "address": {"socket_address": {"address": "10.0.0.1", "port_value": port}},
        "traffic_direction": direction,
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": typed}], **chain}
        ],
    }


def cluster(name: str, *addresses: str, **more: Any) -> Json:
    endpoints = [
        {
            "endpoint": {
                "address": {"socket_address": {"address": one.split(":")[0], "port_value": int(one.split(":")[1])}}
            }
        }
        for one in addresses
    ]
    return {
        "name": name,
        "type": "STATIC",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
        **more,
    }


def config_dump(*hosts: Json, clusters: tuple[Json, ...] = (), listeners: tuple[Json, ...] = ()) -> Json:
    found = listeners or (listener("virtualOutbound", 15001, {"rds": {"route_config_name": "outbound"}}),)
    known = clusters or (cluster(V1, "10.0.1.1:8080", "10.0.1.2:8080"), cluster(V2, "10.0.2.1:8080"))
    admin = f"{_TYPES}/envoy.admin.v3"
    return {
        "configs": [
            {
                "@type": f"{admin}.ListenersConfigDump",
                "dynamic_listeners": [
                    {"name": one["name"], "active_state": {"version_info": "1", "listener": one}} for one in found
                ],
            },
            {
                "@type": f"{admin}.ClustersConfigDump",
                "dynamic_active_clusters": [{"version_info": "1", "cluster": one} for one in known],
            },
            {
                "@type": f"{admin}.RoutesConfigDump",
                "dynamic_route_configs": [
                    {"version_info": "1", "route_config": {"name": "outbound", "virtual_hosts": list(hosts)}}
                ],
            },
            {
                "@type": f"{admin}.EndpointsConfigDump",
                "dynamic_endpoint_configs": [{"endpoint_config": one["load_assignment"]} for one in known],
            },
        ]
    }


def encoded(dump: Json) -> bytes:
    return json.dumps(dump).encode()


def statuses(**health: list[Json]) -> bytes:
    """`/clusters?format=json` with the health_status of each host."""
    found = []
    for name, hosts in health.items():
        full = {"v1": V1, "v2": V2}.get(name, name)
        ip = {"v1": "10.0.1", "v2": "10.0.2"}.get(name, "10.0.9")
        found.append(
            {
                "name": full,
                "host_statuses": [
                    {
                        "address": {"socket_address": {"address": f"{ip}.{number + 1}", "port_value": 8080}},
                        "health_status": one,
                    }
                    for number, one in enumerate(hosts)
                ],
            }
        )
    return json.dumps({"cluster_statuses": found}).encode()
