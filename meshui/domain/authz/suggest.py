"""The least-privilege policies for a service or a namespace, from the traffic that was observed.

Standard metrics tell who called what workload, and over what; they tell no methods, paths or headers. So the policies
name callers and ports, and the limits say what nobody could see.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from meshui.domain.authz.edits import edit_of
from meshui.domain.authz.observed import refused_rates
from meshui.domain.authz.overlay import authz_predictions
from meshui.domain.authz.policies import USE_WAYPOINT
from meshui.domain.authz.what_if import WhatIf, what_if
from meshui.domain.graph.mesh import NONE, MeshGraph
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.objects import Manifest
from meshui.domain.mesh.workloads import Service
from meshui.domain.mtls.overlay import mtls_predictions, workload_port

_ENOUGH = 0.999
"""A share that counts as all."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who called a service. `principal` is None where nobody could say who it was (plain text)."""

    name: str
    principal: str | None
    rate: float
    denied_share: float
    """Share of its requests that authorization refused."""
    kept: bool
    """The policy allows it."""
    reason: str


class SuggestedPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """One policy and the callers that it is made from."""

    service: str
    """NAMESPACE/NAME; "" for a whole namespace's default."""
    manifest: Manifest
    callers: tuple[Caller, ...]


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """Policies for a service or namespace; `effect` is what they would have done to the same traffic."""

    policies: tuple[SuggestedPolicy, ...]
    effect: WhatIf
    limits: tuple[str, ...]
    """What observation can't tell."""


def suggest(graph: MeshGraph, inventory: Inventory, namespace: str, service: str | None) -> Suggestion:
    """For the service, or for every service of the namespace that was called, with a default that denies the rest."""
    wanted = [
        one
        for key, one in sorted(inventory.services.items())
        if key[0] == namespace and service in (None, key[1]) and one.selector
    ]
    callers = _Callers(graph, inventory)
    found = [_policy(inventory, one, callers.of(one)) for one in wanted]
    if service is None:
        found = [one for one in found if one.callers]
        found.append(SuggestedPolicy(service="", manifest=_nothing(namespace), callers=()))
    effect = what_if(graph, inventory, [edit_of(one.manifest) for one in found])
    return Suggestion(policies=tuple(found), effect=effect, limits=tuple(_limits(inventory, found)))


class _Callers:
    def __init__(self, graph: MeshGraph, inventory: Inventory) -> None:
        self._graph, self._inventory = graph, inventory
        told, which = authz_predictions(graph, inventory, *mtls_predictions(graph, inventory))
        self._denied = refused_rates(graph, np.array([one.may_deny for one in told], dtype=bool)[which])

    def of(self, service: Service) -> tuple[Caller, ...]:
        """By name; the rate of a caller is that of all its calls to the service or the workloads behind it."""
        graph = self._graph
        behind = set(self._inventory.service_workloads.get((service.namespace, service.name), ()))
        names = [(one.namespace, one.name) for one in graph.nodes]
        nodes = {
            number for number, name in enumerate(names) if name in behind and graph.nodes[number].kind != "service"
        }
        asked = {
            number
            for number, name in enumerate(names)
            if name == (service.namespace, service.name) and graph.nodes[number].kind == "service"
        }
        edges = np.flatnonzero(
            np.isin(graph.destination, list(nodes))
            | (np.isin(graph.service, list(asked)) & (graph.destination == NONE))
        )
        by_caller: dict[int, list[int]] = {}
        for edge in edges.tolist():
            by_caller.setdefault(int(graph.source[edge]), []).append(edge)
        return tuple(sorted((self._caller(number, its) for number, its in by_caller.items()), key=lambda one: one.name))

    def _caller(self, node: int, edges: list[int]) -> Caller:
        graph, known = self._graph, self._graph.nodes[node]
        key: Key = (known.namespace, known.name)
        identity = self._inventory.identity_of(key) if known.kind != "unknown" else None
        rate = float(graph.rate[edges].sum())
        denied = float(self._denied[edges].sum()) / rate if rate > 0 else 0.0
        shares = graph.mtls_share[edges]
        plain = bool(len(shares)) and not np.isnan(shares).all() and float(np.nanmax(shares)) == 0.0
        name = f"{known.namespace}/{known.name}" if known.namespace else known.label
        reason = "It called, so it stays allowed."
        kept = True
        if identity is None:
            kept, reason = False, "Nobody can say who it is: it has no identity that a policy could name."
        elif plain:
            kept, reason = False, "It calls in plain text, so that the called side can't know who it is."
        elif denied >= _ENOUGH:
            kept, reason = False, "All that it asked for was refused: it stays refused."
        return Caller(
            name=name,
            principal=str(identity).removeprefix("spiffe://") if identity is not None else None,
            rate=round(rate, 6),
            denied_share=round(denied, 6),
            kept=kept,
            reason=reason,
        )


def _policy(inventory: Inventory, service: Service, callers: tuple[Caller, ...]) -> SuggestedPolicy:
    principals = sorted({one.principal for one in callers if one.kept and one.principal})
    behind = inventory.service_workloads.get((service.namespace, service.name), ())
    ports = sorted(
        {
            found
            for port in service.ports
            for key in behind
            if (found := workload_port(port, inventory.workloads[key])) is not None
        }
    )
    rule: dict[str, Any] = {"from": [{"source": {"principals": principals}}]}
    waypoint = _behind_waypoint(inventory, service)
    if ports and not waypoint:
        rule["to"] = [{"operation": {"ports": [str(port) for port in ports]}}]
    scope: dict[str, Any] = {"selector": {"matchLabels": service.selector}}
    if waypoint:
        scope = {"targetRefs": [{"kind": "Service", "group": "", "name": service.name}]}
    spec = {**scope, "action": "ALLOW", "rules": [rule] if principals else []}
    manifest = _manifest(service.namespace, f"{service.name}-callers", spec)
    return SuggestedPolicy(service=f"{service.namespace}/{service.name}", manifest=manifest, callers=callers)


def _behind_waypoint(inventory: Inventory, service: Service) -> bool:
    namespace = inventory.namespaces.get(service.namespace)
    labels = (namespace.labels if namespace else {}) | service.labels
    return labels.get(USE_WAYPOINT, "none") != "none"


def _nothing(namespace: str) -> Manifest:
    return _manifest(namespace, "allow-nothing", {})


def _manifest(namespace: str, name: str, spec: dict[str, Any]) -> Manifest:
    return {
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def _limits(inventory: Inventory, found: list[SuggestedPolicy]) -> Iterator[str]:
    yield (
        "Metrics tell no methods, paths or headers: these policies allow a caller everything on the ports. Narrow them "
        "by what you know of the API."
    )
    yield "Who did not call in this time (a monthly job, say) would be denied: look over a longer time first."
    nameless = sum(one.rate for policy in found for one in policy.callers if one.principal is None)
    if nameless > 0:
        yield f"{nameless:.2f} requests/s come from callers that no policy can name: they would be denied."
    shared = {
        identity: keys
        for identity, keys in inventory.identity_workloads.items()
        if len(keys) > 1
        and any(
            f"/ns/{identity[0]}/sa/{identity[1]}" in (one.principal or "")
            for p in found
            for one in p.callers
            if one.kept
        )
    }
    for (namespace, account), keys in sorted(shared.items())[:3]:
        others = ", ".join(name for _, name in keys[:5])
        yield f"Service account {namespace}/{account} is shared by {others}: all of them become allowed."
