"""The posture of a mesh: which mode is in force where, which object decided, and what was seen beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from meshui.domain.graph.model import MtlsOutcome
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.workloads import Workload
from meshui.domain.mtls.overlay import called_plane, is_http, workload_port
from meshui.domain.mtls.prediction import disagrees
from meshui.domain.mtls.server import Level, Mode, ModeStep, ServerModes
from meshui.domain.mtls.traffic import Inbound, summed
from meshui.domain.snapshot import MeshSnapshot

Plane = Literal["sidecar", "ambient", "none", "gateway"]
MOST_DISAGREEMENTS = 200


class PortMode(msgspec.Struct, frozen=True):
    """The mode in force at a workload's port (None: at every port that no policy names). `name` and `services` are of
    the services in front of it."""

    port: int | None
    name: str
    http: bool
    services: tuple[str, ...]
    mode: Mode
    level: Level
    decided_by: ObjectRef | None
    steps: tuple[ModeStep, ...]


class WorkloadPosture(msgspec.Struct, frozen=True):
    """A workload, its ports' modes, and what it was sent over the window. `mode` is MIXED where ports differ, and NONE
    where no proxy enforces any."""

    namespace: str
    name: str
    plane: Plane
    mode: str
    ports: tuple[PortMode, ...]
    rate: float
    observed_share: float | None


class NamespacePosture(msgspec.Struct, frozen=True):
    """A namespace: the mode for workloads without a policy of their own, how many workloads have which, and what they
    were sent. `permissive_since`: since when at most it lets plain text in, RFC 3339; None where it does not."""

    namespace: str
    mode: Mode
    level: Level
    decided_by: ObjectRef | None
    strict: int
    permissive: int
    disabled: int
    mixed: int
    without_proxy: int
    gateways: int
    rate: float
    observed_share: float | None
    plain_callers: int
    permissive_since: str | None


class Disagreement(msgspec.Struct, frozen=True):
    """An edge on which policy and observation differ. `source` and `destination` are node ids."""

    source: str
    destination: str
    protocol: str
    rate: float
    expected: MtlsOutcome
    observed_share: float
    decided_by: ObjectRef | None
    reason: str


class MeshPosture(msgspec.Struct, frozen=True):
    """The whole mesh. `mode` holds for namespaces without a policy."""

    mode: Mode
    level: Level
    decided_by: ObjectRef | None
    auto_mtls: bool
    namespaces: tuple[NamespacePosture, ...]
    disagreements: tuple[Disagreement, ...]
    """The busiest first, at most 200."""


def mesh_posture(inventory: Inventory, seen: MeshSnapshot) -> MeshPosture:
    """The posture of all namespaces that have workloads."""
    servers, inbound = ServerModes(inventory), Inbound(seen.graph)
    by_namespace: dict[str, list[WorkloadPosture]] = {}
    for key, workload in inventory.workloads.items():
        by_namespace.setdefault(key[0], []).append(_posture(inventory, servers, inbound, workload))
    root = servers.of_namespace(inventory.mesh.root_namespace)
    return MeshPosture(
        mode=root.mode,
        level=root.level,
        decided_by=root.decided_by,
        auto_mtls=inventory.mesh.auto_mtls,
        namespaces=tuple(
            _namespace(inventory, servers, inbound, name, its) for name, its in sorted(by_namespace.items())
        ),
        disagreements=disagreements(seen),
    )


def workload_postures(inventory: Inventory, seen: MeshSnapshot, namespace: str) -> tuple[WorkloadPosture, ...]:
    """Those of a namespace, by name."""
    servers, inbound = ServerModes(inventory), Inbound(seen.graph)
    return tuple(
        _posture(inventory, servers, inbound, workload)
        for key, workload in sorted(inventory.workloads.items())
        if key[0] == namespace
    )


def workload_posture(inventory: Inventory, seen: MeshSnapshot, key: Key) -> WorkloadPosture | None:
    """That of one workload; None for one that is not known."""
    workload = inventory.workloads.get(key)
    return _posture(inventory, ServerModes(inventory), Inbound(seen.graph), workload) if workload else None


def disagreements(seen: MeshSnapshot) -> tuple[Disagreement, ...]:
    """The edges whose traffic is not what policy makes of them, busiest first."""
    graph, found = seen.graph, []
    shares, which = graph.mtls_share.tolist(), seen.mtls_of.tolist()
    for edge in (graph.rate > 0).nonzero()[0].tolist():
        prediction, share = seen.mtls[which[edge]], shares[edge]
        if share == share and disagrees(prediction.expected, share):
            service, called = int(graph.service[edge]), int(graph.destination[edge])
            found.append(
                Disagreement(
                    source=graph.nodes[int(graph.source[edge])].id,
                    destination=graph.nodes[called if called >= 0 else service].id,
                    protocol=("http", "grpc", "tcp")[int(graph.protocol[edge])],
                    rate=float(graph.rate[edge]),
                    expected=prediction.expected,
                    observed_share=share,
                    decided_by=prediction.decided_by,
                    reason=prediction.reason,
                )
            )
    return tuple(sorted(found, key=lambda one: -one.rate)[:MOST_DISAGREEMENTS])


def ports_of(inventory: Inventory, workload: Workload) -> dict[int, tuple[str, bool, tuple[str, ...]]]:
    """The workload's own ports that services lead to or that it names: (name, declared HTTP, services)."""
    found: dict[int, tuple[str, bool, tuple[str, ...]]] = {
        number: (name, name.partition("-")[0] in ("http", "grpc", "http2"), ())
        for name, number in workload.ports.items()
        if name != "http-envoy-prom"
    }
    for key in inventory.workload_services.get((workload.namespace, workload.name), ()):
        for port in inventory.services[key].ports:
            own = workload_port(port, workload)
            if own is not None:
                _, _, services = found.get(own, ("", False, ()))
                found[own] = (port.name, is_http(port), tuple(dict.fromkeys((*services, key[1]))))
    return dict(sorted(found.items()))


def port_modes(inventory: Inventory, servers: ServerModes, workload: Workload) -> Iterator[PortMode]:
    """The mode at each of the workload's ports, those that only a policy names included."""
    ports = ports_of(inventory, workload)
    policy = servers.selecting(workload)
    named = [int(port) for port in policy.spec.port_level_mtls] if policy else []
    everywhere: dict[int | None, tuple[str, bool, tuple[str, ...]]] = dict(ports.items())
    for one in named:
        everywhere.setdefault(one, ("", False, ()))
    if not everywhere:
        everywhere[None] = ("", False, ())
    for number, (name, http, services) in everywhere.items():
        mode = servers.of(workload, number)
        steps = servers.steps(workload, number)
        yield PortMode(number, name, http, services, mode.mode, mode.level, mode.decided_by, steps)


def _posture(inventory: Inventory, servers: ServerModes, inbound: Inbound, workload: Workload) -> WorkloadPosture:
    ports = tuple(port_modes(inventory, servers, workload))
    rate, share = summed(inbound.of((workload.namespace, workload.name)))
    plane: Plane = "gateway" if workload.is_gateway else called_plane(workload)
    modes = {port.mode for port in ports}
    mode = "NONE" if plane in ("none", "gateway") else next(iter(modes)) if len(modes) == 1 else "MIXED"
    return WorkloadPosture(workload.namespace, workload.name, plane, mode, ports, rate, share)


def _namespace(
    inventory: Inventory, servers: ServerModes, inbound: Inbound, name: str, workloads: list[WorkloadPosture]
) -> NamespacePosture:
    wide = servers.of_namespace(name)
    calls = [call for one in workloads for call in inbound.of((one.namespace, one.name))]
    rate, share = summed(tuple(calls))
    modes = [one.mode for one in workloads]
    lets_in = any(one in ("PERMISSIVE", "DISABLE", "MIXED") for one in modes)
    return NamespacePosture(
        namespace=name,
        mode=wide.mode,
        level=wide.level,
        decided_by=wide.decided_by,
        strict=modes.count("STRICT"),
        permissive=modes.count("PERMISSIVE"),
        disabled=modes.count("DISABLE"),
        mixed=modes.count("MIXED"),
        without_proxy=sum(one.plane == "none" for one in workloads),
        gateways=sum(one.plane == "gateway" for one in workloads),
        rate=rate,
        observed_share=share,
        plain_callers=len({call.source for call in calls if call.plain}),
        permissive_since=lets_in_since(inventory, name, wide.decided_by) if lets_in and wide.mode != "STRICT" else None,
    )


def lets_in_since(inventory: Inventory, namespace: str, decided_by: ObjectRef | None) -> str | None:
    """Since when at most the namespace has its mode: when the deciding object was last written, but not before the
    namespace was made. RFC 3339; None where neither is known."""
    written = ""
    if decided_by is not None:
        metadata = inventory.config.get(decided_by, {}).get("metadata") or {}
        written = str(metadata.get("creationTimestamp") or "")
        managed = metadata.get("managedFields")
        for entry in managed if isinstance(managed, list) else ():
            if isinstance(entry, dict) and entry.get("subresource") != "status":
                written = max(written, str(entry.get("time") or ""))
    known = inventory.namespaces.get(namespace)
    return max(written, known.created if known else "") or None
