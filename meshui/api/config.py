"""The proxies that follow the mesh's configuration."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui import wiring
from meshui.api.answers import answer
from meshui.contract.asked import known_cluster
from meshui.contract.mesh import (
    ProxyCertificate,
    ProxySummary,
)
from meshui.contract.openapi import describe
from meshui.domain.proxy.reading import ProxyReading
from meshui.services import read_proxies


class ProxiesView(APIView):
    """The proxies of a cluster."""

    @describe("listProxies", "The proxies that were read", answer=list[ProxySummary], problems=[404, 503])
    def get(self, request: Request, cluster: str) -> HttpResponse:
        known_cluster(cluster)
        return answer([_proxy(reading) for reading in read_proxies.proxies(wiring.store(), cluster)])


def _proxy(reading: ProxyReading) -> ProxySummary:
    # A proxy that uses a certificate in several places tells of it several times.
    leaves = dict.fromkeys(one for one in reading.certificates if not one.ca)
    return ProxySummary(
        namespace=reading.pod.namespace,
        pod=reading.pod.name,
        workload=reading.workload,
        read_at=reading.read_at,
        error=reading.error,
        error_since=reading.error_since,
        memory_bytes=reading.memory_bytes,
        version=reading.info.version if reading.info else "",
        state=reading.info.state if reading.info else "",
        uptime_seconds=reading.info.uptime_seconds if reading.info else None,
        clusters=reading.clusters,
        unhealthy_clusters=tuple(one.name for one in reading.unhealthy),
        certificates=tuple(
            ProxyCertificate(
                uris=one.uris,
                serial_number=one.serial_number,
                valid_from=one.valid_from,
                expires_at=one.expires_at,
            )
            for one in leaves
        ),
        rejected=tuple(f"{one.type} {one.name}: {one.error}" for one in reading.versions if one.error),
    )
