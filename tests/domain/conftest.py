"""A mesh written by hand: manifests and the samples that Prometheus would answer with."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from meshui.domain.graph.build import build_graph
from meshui.domain.graph.mesh import MeshGraph
from meshui.domain.graph.model import Edge, GraphView, Node, ViewSpec
from meshui.domain.graph.project import project
from meshui.domain.mesh.inventory import Inventory, build_inventory
from meshui.domain.snapshot import MeshSnapshot, assemble
from meshui.domain.telemetry import istio
from meshui.domain.telemetry.rows import TelemetryRows

CLUSTER = "demo"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def vector(samples: list[tuple[dict[str, str], float | str]]) -> bytes:
    """An instant-query body with these samples."""
    result = [
        {"metric": labels, "value": [1_700_000_000.5, value if isinstance(value, str) else repr(value)]}
        for labels, value in samples
    ]
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode()


class Mesh:
    """Workloads are named `namespace/name`, services too; a caller may be `unknown`."""

    def __init__(self, dialect: Any = istio) -> None:
        """`dialect`: the module that reads the samples."""
        self.dialect = dialect
        self.manifests: list[dict[str, Any]] = []
        self.samples: dict[str, list[tuple[dict[str, str], float | str]]] = {}

    def workload(
        self,
        where: str,
        *,
        app: str | None = None,
        version: str = "v1",
        pods: int = 1,
        ready: int | None = None,
        proxy: bool = True,
        account: str | None = None,
        labels: dict[str, str] | None = None,
        annotations: dict[str, str] | None = None,
    ) -> Mesh:
        name = where.split("/")[1]
        its = {"app": app or name, "version": version, **(labels or {})}
        containers = [{"name": "app", "ports": [{"name": "http", "containerPort": 8080}]}]
        if proxy:
            containers.append({"name": "istio-proxy"})
        spec = {"containers": containers, "serviceAccountName": account or name}
        template = {"metadata": {"labels": its, "annotations": annotations or {}}, "spec": spec}
        self.add("Deployment", where, {"replicas": pods, "selector": {}, "template": template}, "apps/v1")
        owner = {"kind": "Deployment", "name": name, "apiVersion": "apps/v1", "controller": True}
        self.add("ReplicaSet", f"{where}-abc", {}, "apps/v1", ownerReferences=[owner])
        for number in range(pods):
            good = number < (pods if ready is None else ready)
            self.add(
                "Pod",
                f"{where}-abc-{number}",
                spec,
                "v1",
                status={
                    "phase": "Running",
                    "podIP": f"10.0.0.{number}",
                    "conditions": [{"type": "Ready", "status": "True" if good else "False"}],
                },
                labels={**its, "pod-template-hash": "abc"},
                annotations=annotations or {},
                ownerReferences=[{"kind": "ReplicaSet", "name": f"{name}-abc", "apiVersion": "apps/v1"}],
            )
        return self

    def service(self, where: str, *, app: str | None = None, port: int = 80, target: int | str = 8080) -> Mesh:
        name = where.split("/")[1]
        ports = [{"name": "http", "port": port, "targetPort": target}]
        return self.add("Service", where, {"selector": {"app": app or name}, "ports": ports}, "v1")

    def add(
        self,
        kind: str,
        where: str,
        spec: dict[str, Any],
        api: str = "networking.istio.io/v1",
        status: dict[str, Any] | None = None,
        **metadata: Any,
    ) -> Mesh:
        namespace, name = where.split("/")
        manifest: dict[str, Any] = {
            "apiVersion": api,
            "kind": kind,
            "metadata": {"namespace": namespace, "name": name, "resourceVersion": "7", **metadata},
            "spec": spec,
        }
        if status is not None:
            manifest["status"] = status
        self.manifests.append(manifest)
        return self

    def calls(
        self,
        source: str,
        service: str,
        destination: str,
        rate: float,
        *,
        code: str = "200",
        grpc: str = "",
        flags: str = "-",
        protocol: str = "http",
        by: str = "source destination",
        mtls: bool = True,
        principal: str | None = None,
        **labels: str,
    ) -> Mesh:
        """Requests per second as the reporters in `by` tell them; for TCP connections opened and closed."""
        for reporter in by.split():
            its = {
                **ends(source, service, destination),
                "reporter": reporter,
                "request_protocol": protocol,
                "response_flags": flags,
                "connection_security_policy": "unknown" if reporter == "source" else ("mutual_tls" if mtls else "none"),
                "source_principal": principal or (_principal(source) if mtls else "unknown"),
                "destination_principal": _principal(destination) if mtls else "unknown",
                **labels,
            }
            if protocol == "tcp":
                self.sample("tcp_opened", its, rate)
                self.sample("tcp_closed", its, rate)
            else:
                self.sample("requests", {**its, "response_code": code, "grpc_response_status": grpc}, rate)
        return self

    def took(
        self,
        source: str,
        service: str,
        destination: str,
        buckets: dict[str, float],
        *,
        by: str = "source",
        **labels: str,
    ) -> Mesh:
        """Cumulative latency buckets by upper bound."""
        for bound, rate in buckets.items():
            its = {**ends(source, service, destination), "reporter": by, "request_protocol": "http", **labels}
            self.sample("duration_bounds", {"le": bound}, 1.0)
            if rate > 0:
                self.sample("durations", {**its, "le": bound}, rate)
        return self

    def sample(self, query: str, labels: dict[str, str], value: float | str) -> Mesh:
        self.samples.setdefault(query, []).append((labels, value))
        return self

    def rows(self) -> TelemetryRows:
        return self.dialect.rows({name: vector(samples) for name, samples in self.samples.items()}, CLUSTER)

    def inventory(self) -> Inventory:
        return build_inventory(self.manifests, CLUSTER)

    def graph(self) -> MeshGraph:
        return build_graph(self.rows(), self.inventory(), cluster=CLUSTER)

    def snapshot(
        self, *, version: int = 1, window: int = 60, previous: MeshSnapshot | None = None, **more: Any
    ) -> MeshSnapshot:
        return assemble(
            **{"published_at": NOW, "evaluated_at": NOW, **more},
            cluster=CLUSTER,
            version=version,
            window_seconds=window,
            rows=self.rows(),
            inventory=self.inventory(),
            previous=previous,
        )

    def view(self, *, window: int = 60, previous: MeshSnapshot | None = None, **spec: Any) -> View:
        return View(project(self.snapshot(window=window, previous=previous), ViewSpec(**spec)))


class View:
    """A projected view, its elements by short names: `shop/web>shop/catalog` takes the first that fits."""

    def __init__(self, view: GraphView) -> None:
        self.view = view
        self.nodes = {node.id: node for node in view.nodes}

    def node(self, node_id: str) -> Node:
        return self.nodes[node_id]

    def edge(self, source: str, destination: str, protocol: str = "http") -> Edge:
        edge_id = f"{source}>{destination}|{protocol}"
        found = {edge.id: edge for edge in self.view.edges}
        assert edge_id in found, f"{edge_id} is not one of {sorted(found)}"
        return found[edge_id]

    @property
    def edge_rates(self) -> dict[str, float]:
        return {edge.id: edge.rate for edge in self.view.edges}


def ends(source: str, service: str, destination: str) -> dict[str, str]:
    def split(where: str) -> tuple[str, str]:
        namespace, _, name = where.partition("/")
        return (namespace, name) if name else ("unknown", "unknown")

    labels = {"source_cluster": "unknown" if source == "unknown" else CLUSTER, "destination_cluster": CLUSTER}
    labels["source_workload_namespace"], labels["source_workload"] = split(source)
    labels["destination_workload_namespace"], labels["destination_workload"] = split(destination)
    namespace, name = split(service)
    labels["destination_service_namespace"], labels["destination_service_name"] = namespace, name
    labels["destination_service"] = f"{name}.{namespace}.svc.cluster.local" if "/" in service else service
    return labels


def _principal(workload: str) -> str:
    namespace, _, name = workload.partition("/")
    return f"spiffe://cluster.local/ns/{namespace}/sa/{name}" if name else "unknown"


@pytest.fixture(scope="session")
def new_mesh() -> type[Mesh]:
    """The class, so that property tests can make a mesh per example."""
    return Mesh


@pytest.fixture
def mesh() -> Mesh:
    return Mesh()


@pytest.fixture
def shop() -> Mesh:
    """web calls catalog, which is split over v1 (two pods) and v2 (one pod)."""
    return (
        Mesh()
        .workload("shop/web")
        .service("shop/web")
        .workload("shop/catalog-v1", app="catalog", pods=2)
        .workload("shop/catalog-v2", app="catalog", version="v2")
        .service("shop/catalog")
    )
