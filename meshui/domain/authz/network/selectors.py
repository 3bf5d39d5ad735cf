"""Label selectors, ports and address blocks, as network policies of all kinds write them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from meshui.domain.authz.match import Truth, network_of, some
from meshui.domain.authz.reach import Call
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.objects import Malformed, convert
from meshui.domain.mesh.workloads import Workload
from meshui.domain.mtls.overlay import workload_port

T = TypeVar("T")


class Requirement(msgspec.Struct, frozen=True):
    """One of a selector's matchExpressions."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class LabelSelector(msgspec.Struct, frozen=True, rename="camel"):
    """Kubernetes' own; an empty one selects everything. What has an unknown operator selects nothing."""

    match_labels: dict[str, str] = {}
    match_expressions: tuple[Requirement, ...] = ()

    def selects(self, labels: Mapping[str, str]) -> bool:
        return all(labels.get(key) == value for key, value in self.match_labels.items()) and all(
            _meets(one, labels) for one in self.match_expressions
        )

    @property
    def keys(self) -> Iterator[str]:
        yield from self.match_labels
        yield from (one.key for one in self.match_expressions)


def _meets(one: Requirement, labels: Mapping[str, str]) -> bool:
    match one.operator:
        case "In":
            return labels.get(one.key) in one.values
        case "NotIn":
            return labels.get(one.key) not in one.values
        case "Exists":
            return one.key in labels
        case "DoesNotExist":
            return one.key not in labels
    return False


class Objects:
    """The objects of an inventory as they are needed here; what is malformed is passed over, for the inventory tells
    of it."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self._by_kind: dict[str, list[ObjectRef]] = {}
        for ref in inventory.config:
            self._by_kind.setdefault(ref.kind, []).append(ref)
        self._read: dict[str, list[tuple[ObjectRef, Any]]] = {}
        self._addresses: dict[tuple[str, str], tuple[str, ...]] = {}

    def specs(self, kind: str, shape: type[T], field: str = "spec") -> list[tuple[ObjectRef, T]]:
        """(object, spec) of the kind, in the order of their names."""
        if kind not in self._read:
            found: list[tuple[ObjectRef, Any]] = []
            for ref in sorted(self._by_kind.get(kind, ())):
                manifest = self.inventory.config[ref]
                for spec in manifest.get("specs") or [manifest.get(field)]:
                    try:
                        found.append((ref, convert(spec or {}, shape)))
                    except Malformed:
                        continue
            self._read[kind] = found
        return self._read[kind]

    def labels(self, ref: ObjectRef) -> dict[str, str]:
        """The object's own labels."""
        labels = (self.inventory.config[ref].get("metadata") or {}).get("labels")
        return labels if isinstance(labels, dict) else {}

    def namespace_labels(self, namespace: str) -> dict[str, str]:
        """With the name, which Kubernetes gives every namespace as a label."""
        found = self.inventory.namespaces.get(namespace)
        return {"kubernetes.io/metadata.name": namespace, **(found.labels if found else {})}

    def addresses(self, workload: Workload) -> tuple[str, ...]:
        """Of its pods."""
        key = (workload.namespace, workload.name)
        if key not in self._addresses:
            self._addresses[key] = tuple(pod.ip for pod in self.inventory.pods_of(key) if pod.ip)
        return self._addresses[key]


def own_port(call: Call) -> int | None:
    """The called workload's port; None when it is not known."""
    if isinstance(call.request.port, str) and call.request.port.isdigit():
        return int(call.request.port)
    return workload_port(call.port, call.called) if call.port is not None else None


def in_block(addresses: Iterable[str], cidr: str, excepted: tuple[str, ...] = ()) -> Truth:
    """Whether all of the addresses are in the block; some of them, or none known: maybe."""
    network = network_of(cidr)
    if network is None:
        return Truth.NO
    inside = []
    for text in addresses:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        out = any(address in block for block in map(network_of, excepted) if block is not None)
        inside.append(address in network and not out)
    if not inside:
        return Truth.MAYBE
    return Truth.YES if all(inside) else some(Truth.MAYBE if one else Truth.NO for one in inside)


def called_by(call: Call, objects: Objects) -> tuple[str, ...]:
    """The addresses that the caller may have: given, or its pods'."""
    if isinstance(call.request.source_ip, str):
        return (call.request.source_ip,)
    return objects.addresses(call.caller) if call.caller is not None else ()
