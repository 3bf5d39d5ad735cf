"""What a cluster holds: namespaces, services, workloads."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui import wiring
from meshui.api import shapes
from meshui.api.answers import answer
from meshui.api.clusters import inventory_of
from meshui.contract.asked import missing
from meshui.contract.clusters import SearchQuery
from meshui.contract.mesh import (
    NamespaceSummary,
    ServiceDetail,
    ServiceSummary,
    WorkloadDetail,
    WorkloadSummary,
)
from meshui.contract.openapi import describe
from meshui.services.read_policies import checked


class NamespacesView(APIView):
    """The namespaces of a cluster."""

    @describe("listNamespaces", "The namespaces", answer=list[NamespaceSummary], problems=[404, 503])
    def get(self, request: Request, cluster: str) -> HttpResponse:
        inventory = inventory_of(cluster)
        services = Counter(namespace for namespace, _ in inventory.services)
        workloads = Counter(namespace for namespace, _ in inventory.workloads)
        config = Counter(ref.namespace for ref in inventory.config)
        return answer(
            [
                NamespaceSummary(
                    name=one.name,
                    labels=one.labels,
                    injection=shapes.injection(one),
                    services=services[one.name],
                    workloads=workloads[one.name],
                    config_objects=config[one.name],
                )
                for one in sorted(inventory.namespaces.values(), key=lambda one: one.name)
            ]
        )


class ServicesView(APIView):
    """The services of a cluster."""

    @describe("listServices", "The services", answer=list[ServiceSummary], query=SearchQuery, problems=[404, 503])
    def get(self, request: Request, cluster: str) -> HttpResponse:
        inventory, wanted = inventory_of(cluster), _Wanted(request)
        split = shapes.split_hosts(inventory)
        return answer(
            [
                shapes.service_summary(inventory, one, split)
                for key, one in sorted(inventory.services.items())
                if wanted.has(*key)
            ]
        )


class ServiceView(APIView):
    """One service."""

    @describe("getService", "A service and what is behind it", answer=ServiceDetail, problems=[404, 503])
    def get(self, request: Request, cluster: str, namespace: str, name: str) -> HttpResponse:
        inventory = inventory_of(cluster)
        service = inventory.services.get((namespace, name))
        if service is None:
            raise missing("service", name, namespace=namespace, cluster=cluster)
        behind = inventory.service_workloads.get((namespace, name), ())
        return answer(
            ServiceDetail(
                service=shapes.service_summary(inventory, service, shapes.split_hosts(inventory)),
                labels=service.labels,
                selector=service.selector,
                workloads=tuple(shapes.workload_summary(inventory, inventory.workloads[key]) for key in behind),
                config=shapes.config_of_service(inventory, service),
            )
        )


class WorkloadsView(APIView):
    """The workloads of a cluster."""

    @describe("listWorkloads", "The workloads", answer=list[WorkloadSummary], query=SearchQuery, problems=[404, 503])
    def get(self, request: Request, cluster: str) -> HttpResponse:
        inventory, wanted = inventory_of(cluster), _Wanted(request)
        return answer(
            [
                shapes.workload_summary(inventory, one)
                for key, one in sorted(inventory.workloads.items())
                if wanted.has(*key)
            ]
        )


class WorkloadView(APIView):
    """One workload."""

    @describe("getWorkload", "A workload and its pods", answer=WorkloadDetail, problems=[404, 503])
    def get(self, request: Request, cluster: str, namespace: str, name: str) -> HttpResponse:
        inventory = inventory_of(cluster)
        workload = inventory.workloads.get((namespace, name))
        if workload is None:
            raise missing("workload", name, namespace=namespace, cluster=cluster)
        identity = inventory.identity_of((namespace, name))
        return answer(
            WorkloadDetail(
                workload=shapes.workload_summary(inventory, workload),
                labels=workload.labels,
                identity=str(identity) if identity else None,
                pods=tuple(shapes.pod_summary(pod) for pod in inventory.pods_of((namespace, name))),
                policies=checked(wiring.store(), cluster, datetime.now(UTC)).links.selecting((namespace, name)),
            )
        )


class _Wanted:
    """Which names a list's query asks for. Raises ValidationError."""

    def __init__(self, request: Request) -> None:
        query = SearchQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        self.namespace: str = query.validated_data.get("namespace", "")
        self.search: str = query.validated_data.get("search", "").lower()

    def has(self, namespace: str, name: str) -> bool:
        return (self.namespace or namespace) == namespace and self.search in name.lower()
