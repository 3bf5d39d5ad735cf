"""The certificates of the mesh."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui import wiring
from meshui.api.answers import answer
from meshui.api.permissions import user_of
from meshui.contract.asked import known_cluster
from meshui.contract.certificates import CertificatesAnswer
from meshui.contract.openapi import describe
from meshui.services.acting import actor_of
from meshui.services.read_certificates import certificates


class CertificatesView(APIView):
    """Who shows which certificate, until when."""

    @describe(
        "getCertificates",
        "The certificates of proxies and gateways, the roots they trust, and what is late or odd among them",
        answer=CertificatesAnswer,
        problems=[404, 503],
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        source = wiring.cluster_runtime(known_cluster(cluster)).config
        found = certificates(wiring.store(), source, actor_of(user_of(request)), cluster, datetime.now(UTC))
        return answer(
            CertificatesAnswer(
                leaves=found.fleet.leaves,
                roots=found.fleet.roots,
                gateways=found.gateways,
                gateways_left_out=found.left_out,
                findings=found.fleet.findings,
                proxies_unread=found.fleet.unread,
                unread_reason=found.fleet.unread_reason,
            )
        )
