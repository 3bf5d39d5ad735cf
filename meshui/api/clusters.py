"""The clusters, and what an address or query says of them."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui import wiring
from meshui.api.answers import answer
from meshui.contract.asked import known_cluster
from meshui.contract.clusters import ClusterSummary
from meshui.contract.openapi import describe
from meshui.domain.join import ALL
from meshui.domain.mesh.inventory import Inventory
from meshui.records.clusters import Cluster
from meshui.services import read_inventory


def inventory_of(cluster: str) -> Inventory:
    """The objects of a cluster as last read. Raises Failure(NOT_FOUND | NOT_READY | SOURCE_UNAVAILABLE)."""
    return read_inventory.inventory(wiring.store(), known_cluster(cluster))


def inventories_of(cluster: str) -> list[Inventory]:
    """The objects of the clusters that a name stands for, as far as they were read. Raises as `inventory_of`; nothing
    is missed where the name stands for several."""
    if cluster != ALL:
        return [inventory_of(cluster)]
    found = (read_inventory.inventory_or_none(wiring.store(), one) for one in wiring.clusters())
    return [one for one in found if one is not None]


class ClustersView(APIView):
    """The clusters that MeshUI looks at."""

    @describe("listClusters", "The clusters", answer=list[ClusterSummary])
    def get(self, request: Request) -> HttpResponse:
        environment = settings.MESHUI
        return answer(
            [
                ClusterSummary(
                    name=cluster.name,
                    label=cluster.label,
                    windows=environment.windows,
                    default_window_seconds=environment.default_window.seconds,
                    demo=environment.demo and cluster.from_environment,
                )
                for cluster in Cluster.objects.all()
            ]
        )
