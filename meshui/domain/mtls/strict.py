"""May a namespace or a workload go STRICT? Who would be refused then, which probes would fail, and what is not known.

A caller is judged by what its calls would be under the proposed policy, and by what was seen: traffic that arrives in
plain text from a workload with a proxy goes past that proxy, and would be refused whatever policy predicts.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

import msgspec

from meshui.domain.graph.mesh import NONE, GraphNode
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.objects import Manifest
from meshui.domain.mesh.security import peer_authentication
from meshui.domain.mesh.workloads import Workload
from meshui.domain.mtls.hazards import StrictHazard, hazards_of, without_proxy
from meshui.domain.mtls.overlay import Predictor, called_plane
from meshui.domain.mtls.posture import ports_of
from meshui.domain.mtls.server import ServerModes
from meshui.domain.mtls.traffic import Call, Inbound
from meshui.domain.snapshot import MeshSnapshot

Status = Literal["safe", "would_break", "not_enough_traffic"]
Cause = Literal["no_proxy", "outside", "destination_rule", "bypass", "ambient"]
ENOUGH_REQUESTS = 20
"""Fewer in the window say nothing about who calls a workload."""


class PlainCaller(msgspec.Struct, frozen=True):
    """A caller whose calls would be refused. `node` and `destination` are node ids; rates per second; `last_seen` is
    None when it was before MeshUI looked; `candidates`: who a caller without a name may be, workloads without a
    proxy."""

    node: str
    namespace: str
    name: str
    destination: str
    destination_namespace: str
    destination_name: str
    service: str
    protocol: str
    rate: float
    plain_rate: float
    cause: Cause
    reason: str
    decided_by: ObjectRef | None = None
    last_seen: datetime | None = None
    candidates: tuple[str, ...] = ()


class QuietWorkload(msgspec.Struct, frozen=True):
    """A workload that too few requests reached to tell who calls it."""

    namespace: str
    name: str
    requests: float


class Scope(msgspec.Struct, frozen=True):
    """What is to become STRICT: a namespace, or one workload of it."""

    namespace: str
    workload: str | None = None

    def __str__(self) -> str:
        return f"{self.namespace}/{self.workload}" if self.workload else self.namespace


class Assessment(msgspec.Struct, frozen=True):
    """The answer. `policy` is the object that makes it STRICT, `replaces` the one in force that it is made from;
    `already`: nothing in scope lets plain text in now."""

    status: Status
    reason: str
    already: bool
    callers: tuple[PlainCaller, ...]
    hazards: tuple[StrictHazard, ...]
    quiet: tuple[QuietWorkload, ...]
    workloads: tuple[str, ...]
    policy: Manifest
    replaces: ObjectRef | None


def assess(
    inventory: Inventory, seen: MeshSnapshot, scope: Scope, *, blind: str | None = None, quiet_is_safe: bool = False
) -> Assessment:
    """Whether the scope may go STRICT by what was seen over the snapshot's window. `blind`: why telemetry can't be
    relied on now. `quiet_is_safe`: workloads that nobody called count as safe."""
    policy, replaces = proposed(inventory, scope)
    after = with_policy(inventory, policy, replaces)
    before_servers, predictor, inbound = ServerModes(inventory), Predictor(after), Inbound(seen.graph)
    targets = _targets(inventory, scope)
    callers: list[PlainCaller] = []
    hazards: list[StrictHazard] = []
    quiet: list[QuietWorkload] = []
    open_now = False
    for key, workload in targets.items():
        if called_plane(workload) == "none":
            hazards.append(without_proxy(key))
            continue
        closing = [
            port
            for port in (*ports_of(inventory, workload), None)
            if predictor.servers.of(workload, port).mode == "STRICT"
        ]
        open_now |= any(before_servers.of(workload, port).mode != "STRICT" for port in closing)
        calls = inbound.of(key)
        callers += _refused(seen, predictor, inventory, key, workload, calls)
        hazards += hazards_of(inventory, predictor.servers, key, workload)
        requests = sum(call.rate for call in calls) * seen.window_seconds
        streams = any(call.rate == 0 for call in calls)
        callable_ = bool(inventory.workload_services.get(key))
        if callable_ and requests < ENOUGH_REQUESTS and not streams:
            quiet.append(QuietWorkload(key[0], key[1], requests))
    callers.sort(key=lambda one: (-one.plain_rate, one.node, one.destination))
    status, reason = _verdict(
        callers, hazards, () if quiet_is_safe else quiet, blind, scope, already=not open_now, targets=bool(targets)
    )
    return Assessment(
        status=status,
        reason=reason,
        already=not open_now,
        callers=tuple(callers),
        hazards=tuple(hazards),
        quiet=tuple(quiet),
        workloads=tuple(f"{one[0]}/{one[1]}" for one in targets),
        policy=policy,
        replaces=replaces,
    )


def proposed(inventory: Inventory, scope: Scope) -> tuple[Manifest, ObjectRef | None]:
    """(the PeerAuthentication that makes the scope STRICT, the one in force that it was made from). Where one is in
    force for exactly that level it is changed, for a younger one beside it would be ignored."""
    servers = ServerModes(inventory)
    workload = inventory.workloads.get((scope.namespace, scope.workload or ""))
    current = servers.selecting(workload) if workload else servers.wide(scope.namespace)
    if current is not None:
        manifest = inventory.config[current.ref]
        spec: dict[str, Any] = {**(manifest.get("spec") or {}), "mtls": {"mode": "STRICT"}}
        kept = {key: current.meta.labels for key in ("labels",) if current.meta.labels}
        metadata = {"name": current.ref.name, "namespace": current.ref.namespace, **kept}
        return _policy(metadata, spec, str(manifest.get("apiVersion") or _API)), current.ref
    spec = {"mtls": {"mode": "STRICT"}}
    if workload is None:
        return _policy({"name": "default", "namespace": scope.namespace}, spec), None
    selector = {"matchLabels": telling_labels(inventory, workload)}
    return _policy({"name": workload.name, "namespace": scope.namespace}, {"selector": selector, **spec}), None


_API = "security.istio.io/v1"


def _policy(metadata: dict[str, Any], spec: dict[str, Any], api: str = _API) -> Manifest:
    return {"apiVersion": api, "kind": "PeerAuthentication", "metadata": metadata, "spec": spec}


def telling_labels(inventory: Inventory, workload: Workload) -> dict[str, str]:
    """The fewest labels that select the workload and no other of its namespace."""
    others = [
        one.labels for key, one in inventory.workloads.items() if key[0] == workload.namespace and one != workload
    ]
    labels = {key: value for key, value in workload.labels.items() if key not in _HASHES}
    chosen: dict[str, str] = {}
    for key in (*[name for name in _TELLING if name in labels], *sorted(labels.keys() - set(_TELLING))):
        chosen[key] = labels[key]
        if not any(chosen.items() <= other.items() for other in others):
            break
    return chosen


_TELLING = ("app", "app.kubernetes.io/name", "version", "app.kubernetes.io/version")
_HASHES = ("pod-template-hash", "controller-revision-hash", "security.istio.io/tlsMode")


def with_policy(inventory: Inventory, policy: Manifest, replaces: ObjectRef | None) -> Inventory:
    """The inventory as it would be with the policy."""
    made = peer_authentication(policy)
    others = inventory.peer_authentications
    if replaces is None:
        return msgspec.structs.replace(inventory, peer_authentications=(*others, made))
    changed = tuple(msgspec.structs.replace(made, meta=one.meta) if one.ref == replaces else one for one in others)
    return msgspec.structs.replace(inventory, peer_authentications=changed)


def _targets(inventory: Inventory, scope: Scope) -> dict[Key, Workload]:
    """The workloads in scope that a PeerAuthentication is for; a gateway's listeners follow their Gateway."""
    root = inventory.mesh.root_namespace
    return {
        key: one
        for key, one in sorted(inventory.workloads.items())
        if key[0] == scope.namespace
        and (scope.workload is None or key[1] == scope.workload)
        and not one.is_gateway
        and not (key[0] == root and called_plane(one) == "none")
    }


def _refused(
    seen: MeshSnapshot,
    predictor: Predictor,
    inventory: Inventory,
    key: Key,
    workload: Workload,
    calls: tuple[Call, ...],
) -> Iterator[PlainCaller]:
    graph = seen.graph
    for call in calls:
        source = graph.nodes[call.source]
        known = inventory.workloads.get((source.namespace, source.name)) if source.kind != "unknown" else None
        itself = int(graph.reporter[call.edge]) == 0
        plane = predictor.caller_plane(source, itself)
        service = None if call.service == NONE else graph.nodes[call.service]
        after = predictor.predict(source.namespace, plane, service, graph.nodes[int(graph.destination[call.edge])])
        if after.mode not in ("STRICT", "UNKNOWN"):
            continue
        refused = after.expected == "refused"
        if not (call.plain or (refused and call.plain_share is None)):
            continue
        cause: Cause | None = None
        decided_by: ObjectRef | None = None
        if plane == "none":
            cause = "no_proxy" if known is not None else "outside"
            reason = (
                f"{source.namespace}/{source.name} has no proxy, so it can't use mutual TLS."
                if known is not None
                else "It is no workload that MeshUI knows: something outside the mesh, or without a name in metrics."
            )
        elif refused:
            cause = "ambient" if plane == "ambient" else "destination_rule"
            decided_by = after.decided_by
            reason = after.reason
        elif call.plain and not _by_todays_policy(seen, call):
            cause = "bypass"
            reason = (
                "It has a proxy, and policy lets it use mutual TLS, but its calls arrive in plain text: they go past "
                "the proxy (an excluded port, a pod that started without it, a call to the pod's own address)."
            )
        if cause is not None:
            found = _caller(source, key, service, call, cause, reason, decided_by)
            yield msgspec.structs.replace(found, candidates=_nameless(inventory)) if cause == "outside" else found


def _nameless(inventory: Inventory) -> tuple[str, ...]:
    """The workloads whose calls carry no name, at most ten."""
    root = inventory.mesh.root_namespace
    found = (key for key, one in sorted(inventory.workloads.items()) if called_plane(one) == "none" and key[0] != root)
    return tuple(f"{namespace}/{name}" for namespace, name in itertools.islice(found, 10))


def _by_todays_policy(seen: MeshSnapshot, call: Call) -> bool:
    """Whether plain text is what today's policy makes of the call: then another policy may end it."""
    return seen.mtls[int(seen.mtls_of[call.edge])].expected in ("plain_text", "mixed")


def _caller(
    source: GraphNode,
    key: Key,
    service: GraphNode | None,
    call: Call,
    cause: Cause,
    reason: str,
    decided_by: ObjectRef | None,
) -> PlainCaller:
    return PlainCaller(
        node=source.id,
        namespace=source.namespace,
        name=source.name,
        destination=f"workload:{source.cluster}/{key[0]}/{key[1]}",
        destination_namespace=key[0],
        destination_name=key[1],
        service=f"{service.namespace}/{service.name}" if service is not None else "",
        protocol=call.protocol,
        rate=call.rate,
        plain_rate=call.plain_rate if call.plain_share is not None else call.rate,
        cause=cause,
        reason=reason,
        decided_by=decided_by,
    )


def _verdict(
    callers: list[PlainCaller],
    hazards: list[StrictHazard],
    quiet: list[QuietWorkload] | tuple[()],
    blind: str | None,
    scope: Scope,
    *,
    already: bool,
    targets: bool,
) -> tuple[Status, str]:
    failing = [one for one in hazards if one.breaks]
    names = list(dict.fromkeys(f"{one.namespace}/{one.name}" if one.namespace else one.name for one in callers))
    if names or failing:
        parts = []
        if names:
            told = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            parts.append(f"{len(names)} caller{'s' if len(names) > 1 else ''} ({told})")
        if failing:
            parts.append(f"{len(failing)} probe{'s' if len(failing) > 1 else ''}")
        return "would_break", f"STRICT in {scope} would break {' and '.join(parts)}."
    if blind:
        return "not_enough_traffic", f"Telemetry can't be relied on now: {blind}"
    if quiet:
        told = ", ".join(one.name for one in quiet[:3]) + (f" and {len(quiet) - 3} more" if len(quiet) > 3 else "")
        return "not_enough_traffic", f"Too few requests reached {told} to tell who calls there. Choose a longer window."
    if already:
        nothing = f"No workload of {scope} follows a PeerAuthentication: a gateway's listeners follow their Gateway."
        return "safe", f"{scope} takes mutual TLS only already." if targets else nothing
    return "safe", f"All that was seen calling {scope} uses mutual TLS."
