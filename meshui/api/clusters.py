"""The clusters, and what an address or query says of them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui import wiring
from meshui.api.answers import answer
from meshui.contract.clusters import ClusterSummary
from meshui.contract.openapi import describe
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.inventory import Inventory
from meshui.records.clusters import Cluster
from meshui.services import read_inventory


def known_cluster(name: str) -> str:
    """The name, of a cluster that MeshUI looks at. Raises Failure(NOT_FOUND)."""
    if not Cluster.objects.filter(name=name).exists():
        raise missing("cluster", name)
    return name


def known_window(seconds: int | None) -> int:
    """The window in seconds, the default for None. Raises Failure(INVALID) for one that nothing is computed for."""
    windows = {window.seconds for window in settings.MESHUI.windows}
    if seconds is None:
        return int(settings.MESHUI.default_window.seconds)
    if seconds not in windows:
        known = ", ".join(str(one) for one in sorted(windows))
        raise Failure(
            Code.INVALID,
            f"There is no window of {seconds} seconds.",
            next_step=f"Use one of {known}.",
            fields={"window": f"This must be one of {known}."},
        )
    return seconds


def known_namespaces(inventory: Inventory, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names, of namespaces that the cluster has. Raises Failure(INVALID)."""
    if unknown := [name for name in names if name not in inventory.namespaces]:
        told = ", ".join(unknown[:5])[:300]
        raise Failure(
            Code.INVALID,
            f"The cluster {inventory.cluster} has no namespace {told}.",
            context={"cluster": inventory.cluster},
            fields={"namespaces": f"Unknown: {told}."},
        )
    return names


def inventory_of(cluster: str) -> Inventory:
    """The objects of a cluster as last read. Raises Failure(NOT_FOUND | NOT_READY | SOURCE_UNAVAILABLE)."""
    return read_inventory.inventory(wiring.store(), known_cluster(cluster))


def missing(what: str, name: str, **context: Any) -> Failure:
    """The failure that says that there is no such thing."""
    where = ", ".join(f"{key} {value}" for key, value in context.items())
    return Failure(
        Code.NOT_FOUND,
        f"There is no {what} {name[:253]}{f' in {where}' if where else ''}.",
        next_step="It may have been deleted; look at the list.",
        context={key: str(value)[:253] for key, value in {**context, what: name}.items()},
    )


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
