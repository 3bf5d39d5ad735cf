"""The shape of a finding, and what rules are given to find it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cached_property
from typing import Literal

import msgspec

from meshui.domain.mesh.hosts import full_host, kubernetes_service
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mtls.server import ServerModes
from meshui.domain.policies.links import LinkIndex
from meshui.domain.routing.lookup import DestinationRuleIndex, VirtualServiceIndex

Severity = Literal["error", "warning", "info"]


class ObjectFinding(msgspec.Struct, frozen=True):
    """`error`: calls fail, or the object is not in force; `warning`: they may, or it does not do what it says; `info`:
    worth knowing. `path` is a JSON path in the object."""

    severity: Severity
    code: str
    object: ObjectRef
    path: str
    message: str
    next_step: str


class Surroundings:
    """An inventory at one moment, with the indexes that rules share."""

    def __init__(self, inventory: Inventory, now: datetime) -> None:
        self.inventory = inventory
        self.now = now
        self.root = inventory.mesh.root_namespace

    @cached_property
    def links(self) -> LinkIndex:
        return LinkIndex(self.inventory)

    @cached_property
    def virtual_services(self) -> VirtualServiceIndex:
        return VirtualServiceIndex(self.inventory.virtual_services, self.inventory.mesh)

    @cached_property
    def destination_rules(self) -> DestinationRuleIndex:
        return DestinationRuleIndex(self.inventory.destination_rules, self.inventory.mesh)

    @cached_property
    def servers(self) -> ServerModes:
        return ServerModes(self.inventory)

    @cached_property
    def _entry_hosts(self) -> tuple[frozenset[str], tuple[str, ...]]:
        hosts = [host.lower() for entry in self.inventory.service_entries for host in entry.spec.hosts]
        return frozenset(hosts), tuple(host[1:] for host in hosts if host.startswith("*."))

    def full(self, host: str, home: str) -> str:
        """The full host that a rule in namespace `home` means."""
        return full_host(host, home, self.inventory.mesh.domain)

    def is_known(self, host: str) -> bool:
        """Whether a full host (or wildcard) is a service's or a ServiceEntry's."""
        if "*" in host:
            return True
        key = kubernetes_service(host)
        exact, suffixes = self._entry_hosts
        return key in self.inventory.services or host in exact or any(host.endswith(one) for one in suffixes)


Rule = Callable[[Surroundings], Iterable[ObjectFinding]]
