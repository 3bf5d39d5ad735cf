"""Consul Connect's Envoys as telemetry rows: who calls is in tags of the proxy, who is called in the cluster's name.

Services, not workloads: which workload a service of Consul's is, `graph.nodes` knows. Traffic of a proxy to its own
application (`local_app`) has no destination and is no edge. Source: consul `command/connect/envoy/bootstrap_config.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from meshui.domain.telemetry import envoy_stats
from meshui.domain.telemetry.prometheus import Answer
from meshui.domain.telemetry.reader import Labels
from meshui.domain.telemetry.rows import TelemetryRows

NAME: Final = "consul"
PROBE: Final = (
    '{__name__=~"envoy_cluster_upstream_rq_xx|envoy_cluster_upstream_cx_total",consul_destination_service!=""}'
)
QUERIES: Final = envoy_stats.queries(
    "namespace, pod, consul_source_service, consul_source_namespace, consul_source_datacenter, "
    "consul_destination_service, consul_destination_namespace, consul_destination_datacenter, "
    "consul_destination_service_subset",
    'consul_destination_service!=""',
)


class _Labels(msgspec.Struct, frozen=True, gc=False):
    namespace: str = ""
    pod: str = ""
    consul_source_service: str = ""
    consul_source_namespace: str = ""
    consul_source_datacenter: str = ""
    consul_destination_service: str = ""
    consul_destination_namespace: str = ""
    consul_destination_datacenter: str = ""
    envoy_response_code: str = ""
    envoy_response_code_class: str = ""


def rows(answers: Mapping[str, Answer], cluster: str) -> TelemetryRows:
    """The rows in the answers to QUERIES; see dialects.Dialect."""
    return envoy_stats.rows_of(answers, cluster, NAME, _Labels, _ends, _answer, mutual=True)


def _ends(its: _Labels) -> Labels | None:
    if not its.consul_source_service and not its.pod:
        return None
    return Labels(
        reporter="source",
        source_workload_namespace=(its.namespace if its.pod else its.consul_source_namespace) or "default",
        source_workload=its.pod or its.consul_source_service,
        destination_service=its.consul_destination_service,
        destination_service_name=its.consul_destination_service,
        destination_service_namespace=its.consul_destination_namespace or "default",
        destination_workload=its.consul_destination_service,
        destination_workload_namespace=its.consul_destination_namespace or "default",
    )


def _answer(its: _Labels) -> str:
    return its.envoy_response_code or its.envoy_response_code_class
