"""Kubernetes NetworkPolicy: may A's pods open a connection to B's?

Source: Kubernetes Network Policies concept page and API. A pod is isolated in a direction once any policy of its
namespace selects it for that direction; then the union of their rules is allowed, and both sides must allow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from meshui.domain.authz.match import Truth, every, some
from meshui.domain.authz.network.selectors import LabelSelector, Objects, called_by, in_block, own_port
from meshui.domain.authz.reach import Call, Layer
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.workloads import Workload

HBONE_PORT = 15008
"""Where ambient and tunnelling callers really connect to."""


class IpBlock(msgspec.Struct, frozen=True):
    cidr: str = ""
    except_: tuple[str, ...] = msgspec.field(default=(), name="except")


class Peer(msgspec.Struct, frozen=True, rename="camel"):
    """Fields AND; a podSelector alone is of the policy's namespace."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IpBlock | None = None


class PolicyPort(msgspec.Struct, frozen=True, rename="camel"):
    port: int | str | None = None
    end_port: int | None = None
    protocol: str = "TCP"


class Rule(msgspec.Struct, frozen=True):
    """Of either direction: missing or empty peers are everybody, missing ports all."""

    from_: tuple[Peer, ...] = msgspec.field(default=(), name="from")
    to: tuple[Peer, ...] = ()
    ports: tuple[PolicyPort, ...] = ()


class NetworkPolicySpec(msgspec.Struct, frozen=True, rename="camel"):
    pod_selector: LabelSelector = LabelSelector()
    policy_types: tuple[str, ...] = ()
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()

    def holds_for(self, direction: Literal["Ingress", "Egress"]) -> bool:
        if self.policy_types:
            return direction in self.policy_types
        return direction == "Ingress" or bool(self.egress)


class NetworkPolicies:
    """Both directions of a call, as layers. Nothing where no NetworkPolicy selects either side."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._by_namespace: dict[str, list[tuple[ObjectRef, NetworkPolicySpec]]] = {}
        for ref, spec in objects.specs("NetworkPolicy", NetworkPolicySpec):
            self._by_namespace.setdefault(ref.namespace, []).append((ref, spec))

    def __call__(self, call: Call) -> Iterator[Layer]:
        port = HBONE_PORT if _tunnels(call) else own_port(call)
        if call.caller is not None:
            yield from self._layer(call, call.caller, "Egress", port)
        yield from self._layer(call, call.called, "Ingress", port)

    def _layer(
        self, call: Call, subject: Workload, direction: Literal["Ingress", "Egress"], port: int | None
    ) -> Iterator[Layer]:
        holding = [
            (ref, spec)
            for ref, spec in self._by_namespace.get(subject.namespace, ())
            if spec.holds_for(direction) and spec.pod_selector.selects(subject.labels)
        ]
        if not holding:
            return
        found = [
            (ref, number, self._matches(call, ref.namespace, rule, direction, port))
            for ref, spec in holding
            for number, rule in enumerate(spec.ingress if direction == "Ingress" else spec.egress)
        ]
        best = max(found, key=lambda one: one[2], default=None)
        side = "the called side" if direction == "Ingress" else "the caller"
        on = f" (port {port}, the mesh's tunnel)" if port == HBONE_PORT else ""
        where = f"{direction.lower()} of {subject.name}"
        if best is None or best[2] == Truth.NO:
            only = holding[0][0] if len(holding) == 1 else None
            who = str(only) if only else f"{len(holding)} NetworkPolicies"
            reason = f"{who} isolate{'s' if only else ''} {side}, and no rule lets this in{on}."
            if direction == "Egress":
                reason = f"{who} isolate{'s' if only else ''} {side}, and no rule lets this out{on}."
            yield Layer(layer="network", where=where, verdict="denied", object=only, reason=reason)
            return
        ref, number, truth = best
        sure = truth == Truth.YES
        reason = f"{direction} rule {number + 1} of {ref} {'lets it through' if sure else 'may let it through'}{on}."
        yield Layer(
            layer="network",
            where=where,
            verdict="allowed" if sure else "partly",
            object=ref,
            rule=number,
            reason=reason if sure else f"{reason} It depends on the port or the caller's address.",
        )

    def _matches(
        self, call: Call, namespace: str, rule: Rule, direction: Literal["Ingress", "Egress"], port: int | None
    ) -> Truth:
        peers = rule.from_ if direction == "Ingress" else rule.to
        other = call.caller if direction == "Ingress" else call.called
        reached = some(self._is(peer, call, namespace, other, direction) for peer in peers) if peers else Truth.YES
        through = some(_port(one, call.called, port) for one in rule.ports) if rule.ports else Truth.YES
        return every((reached, through))

    def _is(
        self, peer: Peer, call: Call, namespace: str, other: Workload | None, direction: Literal["Ingress", "Egress"]
    ) -> Truth:
        if peer.ip_block is not None:
            addresses = called_by(call, self._objects) if direction == "Ingress" else ()
            if direction == "Egress" and other is not None:
                addresses = self._objects.addresses(other)
            return in_block(addresses, peer.ip_block.cidr, peer.ip_block.except_)
        if other is None:
            return Truth.NO
        if peer.namespace_selector is not None:
            if not peer.namespace_selector.selects(self._objects.namespace_labels(other.namespace)):
                return Truth.NO
        elif other.namespace != namespace:
            return Truth.NO
        chosen = peer.pod_selector is None or peer.pod_selector.selects(other.labels)
        return Truth.YES if chosen else Truth.NO


def _port(one: PolicyPort, called: Workload, port: int | None) -> Truth:
    if one.protocol != "TCP":
        return Truth.NO
    if one.port is None:
        return Truth.YES
    if port is None:
        return Truth.MAYBE
    number = called.ports.get(one.port) if isinstance(one.port, str) else one.port
    if number is None:
        return Truth.NO
    return Truth.YES if number <= port <= (one.end_port or number) else Truth.NO


def _tunnels(call: Call) -> bool:
    """Whether the connection is one of HBONE: between ambient workloads."""
    return bool(call.caller is not None and call.caller.ambient and call.called.ambient and not call.called.has_proxy)
