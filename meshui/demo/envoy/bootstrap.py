"""An Envoy's bootstrap: who it is, where its configuration comes from, what it keeps statistics of.

Listeners and clusters come from files (`path_config_source`). A file is watched through an inotify instance each, of
which Linux gives a user 128 by default; so a proxy has four (LDS, CDS, one RDS, one SDS) and endpoints come inside
their clusters instead of from an EDS file per cluster.
"""

from __future__ import annotations

import json
from pathlib import Path

from meshui.demo.envoy.binary import envoy_binary
from meshui.demo.envoy.files import Resource, discovery_response, log_directory, proxy_directory, write_atomically
from meshui.demo.layout import ADMIN_PORT, CLUSTER, ISTIO_VERSION, ROOT_NAMESPACE, TRUST_DOMAIN, Pod

DRAIN_SECONDS = 2
"""How long a connection of a replaced listener may last. With `--drain-strategy immediate`, HTTP clients are told to
leave with the next answer, so a new authorization policy bites at once; TCP connections last until then."""

HISTOGRAM_BUCKETS = (
    *(0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000),
    *(10000, 30000, 60000, 300000, 600000, 1800000, 3600000),
)
"""Istio's bounds, which are Envoy's own."""

_MAX_CONNECTIONS = (
    "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
)
_KEPT_STATISTICS = (
    *({"prefix": prefix} for prefix in ("istio.", "cluster.outbound", "cluster.inbound", "http.inbound")),
    *({"prefix": prefix} for prefix in ("http.outbound", "http.gateway", "cluster_manager.", "listener_manager.")),
    *({"prefix": prefix} for prefix in ("server.", "tcp.", "sds.")),
    {"contains": "rbac"},
    {"contains": "no_filter_chain_match"},
)


def bootstrap(pod: Pod, state: Path) -> Resource:
    """The bootstrap of a pod's sidecar or gateway; `state` is the demo's state folder."""
    directory = proxy_directory(state, pod.namespace, pod.name)
    return {
        "node": {
            "id": node_id(pod),
            "cluster": f"{pod.app}.{pod.namespace}",
            "metadata": _node_metadata(pod),
        },
        "admin": {"address": _address(pod.ip, ADMIN_PORT)},
        "dynamic_resources": {
            "lds_config": _file(directory / "lds.json"),
            "cds_config": _file(directory / "cds.json"),
        },
        # Histograms reach the admin interface when statistics are flushed; Prometheus asks every 2 s.
        "stats_flush_interval": "1s",
        "stats_config": {
            "use_all_default_tags": True,
            "stats_matcher": {"inclusion_list": {"patterns": list(_KEPT_STATISTICS)}},
            "histogram_bucket_settings": [{"match": {"prefix": "istio."}, "buckets": list(HISTOGRAM_BUCKETS)}],
        },
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {"@type": _MAX_CONNECTIONS, "max_active_downstream_connections": "10000"},
                }
            ]
        },
        "layered_runtime": {
            "layers": [
                {
                    "name": "demo",
                    "static_layer": {"re2": {"max_program_size": {"error_level": 32768}}},
                }
            ]
        },
    }


def command(pod: Pod, state: Path) -> list[str]:
    """What starts the pod's Envoy once `prepare` wrote its bootstrap. Raises NoEnvoyError when there is no binary."""
    directory = proxy_directory(state, pod.namespace, pod.name)
    return [
        str(envoy_binary()),
        *("-c", str(directory / "bootstrap.json")),
        *("--concurrency", "1"),
        "--disable-hot-restart",
        *("--log-level", "warning"),
        *("--file-flush-interval-msec", "200"),
        *("--drain-time-s", str(DRAIN_SECONDS)),
        *("--drain-strategy", "immediate"),
    ]


def prepare(pod: Pod, state: Path) -> list[str]:
    """Writes the bootstrap, and an empty configuration where the control plane wrote none yet; returns the command."""
    directory = proxy_directory(state, pod.namespace, pod.name)
    directory.mkdir(parents=True, exist_ok=True)
    log_directory(state, pod.namespace, pod.name).mkdir(parents=True, exist_ok=True)
    write_atomically(directory / "bootstrap.json", json.dumps(bootstrap(pod, state), indent=1))
    for name in ("lds.json", "cds.json"):
        if not (directory / name).exists():
            write_atomically(directory / name, discovery_response("0", []))
    return command(pod, state)


def node_id(pod: Pod) -> str:
    """`<type>~<ip>~<pod>.<namespace>~<namespace>.svc.<domain>`, as istiod knows a proxy."""
    kind = "router" if pod.gateway else "sidecar"
    return f"{kind}~{pod.ip}~{pod.name}.{pod.namespace}~{pod.namespace}.svc.{TRUST_DOMAIN}"


def _node_metadata(pod: Pod) -> Resource:
    return {
        "NAME": pod.name,
        "NAMESPACE": pod.namespace,
        "CLUSTER_ID": CLUSTER,
        "MESH_ID": TRUST_DOMAIN,
        "WORKLOAD_NAME": pod.workload,
        "SERVICE_ACCOUNT": pod.service_account,
        "LABELS": pod.labels,
        "INSTANCE_IPS": pod.ip,
        "ISTIO_VERSION": ISTIO_VERSION,
        "PILOT_SAN": [f"istiod.{ROOT_NAMESPACE}.svc"],
    }


def _file(path: Path) -> Resource:
    return {"resource_api_version": "V3", "path_config_source": {"path": str(path)}}


def _address(ip: str, port: int) -> Resource:
    return {"socket_address": {"address": ip, "port_value": port}}
