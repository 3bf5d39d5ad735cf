"""Why an edge is encrypted or not: both sides, level by level."""

from __future__ import annotations

from typing import Literal

import msgspec

from meshui.domain.graph.model import MtlsOutcome
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.workloads import ServicePort
from meshui.domain.mtls.overlay import Predictor, called_plane, workload_port
from meshui.domain.mtls.server import ModeStep

Plane = Literal["sidecar", "ambient", "none"]


class PortExplanation(msgspec.Struct, frozen=True):
    """One port of the called workload: what decided on the server's side, and what comes of the call."""

    port: int | None
    name: str
    steps: tuple[ModeStep, ...]
    expected: MtlsOutcome
    mode: str
    decided_by: ObjectRef | None
    reason: str


class CalledExplanation(msgspec.Struct, frozen=True):
    """One workload that the call may reach."""

    namespace: str
    name: str
    plane: Plane
    ports: tuple[PortExplanation, ...]


class EdgeExplanation(msgspec.Struct, frozen=True):
    """The caller's side (how it takes part in the mesh) and each workload it may reach."""

    caller_plane: Plane
    called: tuple[CalledExplanation, ...]


def explain_edge(
    inventory: Inventory, caller_namespace: str, caller_plane: Plane, service: Key | None, called: Key | None
) -> EdgeExplanation:
    """Of calls from that namespace by a caller of that kind to a service, to a workload, or to one behind a service."""
    predictor = Predictor(inventory)
    keys = (called,) if called is not None else inventory.service_workloads.get(service or ("", ""), ())
    known = inventory.services.get(service) if service is not None else None
    if known is None and called is not None:
        behind = inventory.workload_services.get(called, ())
        known = inventory.services[behind[0]] if behind else None
    ports: tuple[ServicePort | None, ...] = known.ports if known is not None and known.ports else (None,)
    found = []
    for key in keys:
        workload = inventory.workloads.get(key)
        if workload is None:
            continue
        explained = []
        for port in ports:
            own = workload_port(port, workload) if port is not None else None
            for one in predictor.at(caller_namespace, caller_plane, known, port, workload):
                steps = predictor.servers.steps(workload, own)
                name = port.name if port is not None else ""
                explained.append(PortExplanation(own, name, steps, one.expected, one.mode, one.decided_by, one.reason))
        found.append(CalledExplanation(key[0], key[1], called_plane(workload), tuple(explained)))
    return EdgeExplanation(caller_plane, tuple(found))
