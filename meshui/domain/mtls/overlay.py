"""The predicted encryption of every edge of a graph."""

from __future__ import annotations

import numpy as np

from meshui.domain.graph.mesh import NONE, GraphNode, MeshGraph
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.workloads import Service, ServicePort, Workload
from meshui.domain.mtls.client import AUTOMATIC, ClientMode, ClientModes
from meshui.domain.mtls.outcome import Dataplane, outcome
from meshui.domain.mtls.prediction import UNPREDICTED, MtlsPrediction
from meshui.domain.mtls.server import ServerModes
from meshui.domain.telemetry.rows import SOURCE, IntColumn

OUTSIDE = MtlsPrediction("unknown", "UNKNOWN", None, "The called side is outside the mesh.")


def mtls_predictions(graph: MeshGraph, inventory: Inventory) -> tuple[tuple[MtlsPrediction, ...], IntColumn]:
    """(the different predictions, which one each edge has)."""
    predictor = Predictor(inventory)
    numbers: dict[MtlsPrediction, int] = {UNPREDICTED: 0}
    memory: dict[tuple[str, Dataplane, int, int], int] = {}
    which = np.zeros(len(graph), dtype=np.int32)
    columns = (graph.source, graph.service, graph.destination, graph.reporter)
    for edge, (source, service, destination, reporter) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        caller = graph.nodes[source]
        plane = predictor.caller_plane(caller, reporter == SOURCE)
        key = (caller.namespace, plane, service, destination)
        if key not in memory:
            prediction = predictor.predict(
                caller.namespace,
                plane,
                None if service == NONE else graph.nodes[service],
                None if destination == NONE else graph.nodes[destination],
            )
            memory[key] = numbers.setdefault(prediction, len(numbers))
        which[edge] = memory[key]
    return tuple(numbers), which


def called_workloads(
    inventory: Inventory, service: GraphNode | None, destination: GraphNode | None
) -> list[tuple[Key, Workload]]:
    """The workloads an edge is for: the one it reached, or all behind the service when it reached none."""
    keys: tuple[Key, ...] = ()
    if destination is not None and destination.cluster == inventory.cluster:
        keys = ((destination.namespace, destination.name),)
    elif destination is None and service is not None and service.kind == "service":
        keys = inventory.service_workloads.get((service.namespace, service.name), ())
    return [(key, inventory.workloads[key]) for key in keys if key in inventory.workloads]


def workload_port(port: ServicePort, workload: Workload) -> int | None:
    """The workload's own port behind a service's; None when its name is not known."""
    if port.target_port is None:
        return port.port
    if isinstance(port.target_port, int):
        return port.target_port
    if port.target_port.isdigit():
        return int(port.target_port)
    return workload.ports.get(port.target_port)


def is_http(port: ServicePort) -> bool:
    """Whether the port is declared to speak HTTP or gRPC, by its appProtocol or its name's prefix."""
    declared = port.app_protocol.lower() or port.name.partition("-")[0].lower()
    return declared in _HTTP_PROTOCOLS


_HTTP_PROTOCOLS = frozenset(
    {"http", "http2", "grpc", "grpc-web", "kubernetes.io/h2c", "kubernetes.io/ws", "kubernetes.io/wss"}
)


class Predictor:
    """What becomes of calls under an inventory's policies."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self.servers = ServerModes(inventory)
        self._clients = ClientModes(inventory)

    def caller_plane(self, caller: GraphNode, reported_itself: bool) -> Dataplane:
        """Whether the caller has a sidecar: what it reports itself comes from one."""
        if caller.cluster != self._inventory.cluster and caller.kind != "unknown":
            # Only a proxy can have told its name to this cluster's.
            return "sidecar"
        known = self._inventory.workloads.get((caller.namespace, caller.name)) if caller.kind != "unknown" else None
        if known is not None and known.ambient and not known.has_proxy:
            return "ambient"
        if reported_itself or (known is not None and known.has_proxy):
            return "sidecar"
        return "none"

    def predict(
        self, namespace: str, plane: Dataplane, service: GraphNode | None, destination: GraphNode | None
    ) -> MtlsPrediction:
        """Of a call from that namespace to a node of the graph."""
        called = called_workloads(self._inventory, service, destination)
        if not called:
            outside = service is not None and service.kind in ("service_entry", "passthrough", "blackhole")
            return OUTSIDE if outside and destination is None else UNPREDICTED
        known = self._inventory.services.get((service.namespace, service.name)) if service is not None else None
        ports: tuple[ServicePort | None, ...] = known.ports if known is not None and known.ports else (None,)
        return agreed(
            [found for _, one in called for port in ports for found in self.at(namespace, plane, known, port, one)]
        )

    def at(
        self, namespace: str, plane: Dataplane, service: Service | None, port: ServicePort | None, called: Workload
    ) -> tuple[MtlsPrediction, ...]:
        """Of a call to one workload behind a service's port; several where routes differ."""
        own_port = workload_port(port, called) if port is not None else None
        server = self.servers.of(called, own_port)
        clients: tuple[ClientMode, ...] = (AUTOMATIC,)
        auto = self._inventory.mesh.auto_mtls
        if service is not None:
            number = port.port if port is not None else None
            clients = self._clients.of(namespace, service.host, service.namespace, number, called.labels)
            auto = auto and self.servers.of_namespace(service.namespace).mode != "DISABLE"
        http = port is None or is_http(port)
        tunnel = called.labels.get("networking.istio.io/tunnel") == "http"
        return tuple(
            outcome(plane, called_plane(called), client, server, auto_mtls=auto, http=http, tunnel=tunnel)
            for client in clients
        )


def agreed(found: list[MtlsPrediction]) -> MtlsPrediction:
    """One prediction of several for the same calls."""
    different = list(dict.fromkeys(found))
    if len(different) == 1:
        return different[0]
    outcomes = {one.expected for one in different}
    modes = {one.mode for one in different}
    deciding = {one.decided_by for one in different}
    return MtlsPrediction(
        expected=different[0].expected if len(outcomes) == 1 else "mixed",
        mode=different[0].mode if len(modes) == 1 else "UNKNOWN",
        decided_by=different[0].decided_by if len(deciding) == 1 else None,
        reason="It differs by port, route or workload: " + " ".join(one.reason for one in different[:3]),
    )


def called_plane(called: Workload) -> Dataplane:
    """How a workload takes part in the mesh when it is called."""
    if called.has_proxy or called.is_gateway or called.is_waypoint:
        return "sidecar"
    if called.ambient:
        return "ambient"
    # No pod and no template tells: in a mesh a workload with traffic usually has one.
    return "sidecar" if called.has_proxy is None else "none"
