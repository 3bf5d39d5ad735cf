"""Plain Envoys (a fleet without a mesh, an ingress, an API gateway) as telemetry rows: the scraped target calls its
Envoy clusters. A cluster's name is what its operator chose; where it holds a service's, that service is called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from meshui.domain.telemetry import envoy_stats
from meshui.domain.telemetry.prometheus import Answer
from meshui.domain.telemetry.reader import Labels
from meshui.domain.telemetry.rows import TelemetryRows

NAME: Final = "envoy"
_OWN: Final = "local_app|local_agent|self_admin|prometheus_.*|xds[-_].*|sds-grpc|agent|zipkin|.*_admin"
_SELECTOR: Final = f'consul_destination_service="",envoy_cluster_name!="",envoy_cluster_name!~"{_OWN}|inbound[|_].*"'
PROBE: Final = f'{{__name__=~"envoy_cluster_upstream_rq_xx|envoy_cluster_upstream_cx_total",{_SELECTOR}}}'
QUERIES: Final = envoy_stats.queries("namespace, pod, job, instance, envoy_cluster_name", _SELECTOR)

_ISTIO: Final = re.compile(r"^outbound[|_]+\d*[|_][^|_]*[|_]([^|]+)$")
_CONTOUR: Final = re.compile(r"^([a-z0-9-]+)[_/]([a-z0-9-]+)[_/]\d+(?:[_/].*)?$")
"""`outbound|80||HOST` of Istio; `NAMESPACE_SERVICE_PORT` of Contour and its like."""


class _Labels(msgspec.Struct, frozen=True, gc=False):
    namespace: str = ""
    pod: str = ""
    job: str = ""
    instance: str = ""
    envoy_cluster_name: str = ""
    envoy_response_code: str = ""
    envoy_response_code_class: str = ""


def rows(answers: Mapping[str, Answer], cluster: str) -> TelemetryRows:
    """The rows in the answers to QUERIES; see dialects.Dialect."""
    return envoy_stats.rows_of(answers, cluster, NAME, _Labels, _ends, _answer, mutual=False)


def _ends(its: _Labels) -> Labels | None:
    host = _host(its.envoy_cluster_name)
    return Labels(
        reporter="source",
        source_workload_namespace=its.namespace,
        source_workload=its.pod or its.job or its.instance,
        destination_service=host,
        destination_service_name=host,
    )


def _host(name: str) -> str:
    if match := _ISTIO.match(name):
        return match[1]
    if match := _CONTOUR.match(name):
        return f"{match[2]}.{match[1]}.svc.cluster.local"
    return name


def _answer(its: _Labels) -> str:
    return its.envoy_response_code or its.envoy_response_code_class
