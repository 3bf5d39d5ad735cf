"""The server's side of mutual TLS: the mode in force at a workload's port, and which PeerAuthentication decided.

Rules: Istio PeerAuthentication reference. The most specific of workload, namespace and mesh policy whose mode is set
wins; then the port's own mode, if that is set. Of several at one level the oldest counts. A selector in the root
namespace is ignored. Default: PERMISSIVE.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.security import PeerAuthentication
from meshui.domain.mesh.workloads import Workload

Mode = Literal["STRICT", "PERMISSIVE", "DISABLE"]
Level = Literal["port", "workload", "namespace", "mesh", "default"]


class ServerMode(msgspec.Struct, frozen=True):
    """The mode, the object that decided (None: Istio's default) and at which level."""

    mode: Mode
    decided_by: ObjectRef | None
    level: Level

    def said(self) -> str:
        if self.decided_by is None:
            return f"{self.mode} by default"
        return f"{self.mode} by {self.decided_by} ({self.level})"


DEFAULT = ServerMode("PERMISSIVE", None, "default")


class ServerModes:
    """The modes of a cluster's workloads."""

    def __init__(self, inventory: Inventory) -> None:
        root = inventory.mesh.root_namespace
        self._mesh: PeerAuthentication | None = None
        self._namespaces: dict[str, PeerAuthentication] = {}
        self._selecting: dict[str, list[PeerAuthentication]] = {}
        for policy in inventory.peer_authentications:
            place, selector = policy.ref.namespace, policy.spec.selector
            if selector is not None and selector.match_labels:
                if place != root:
                    self._selecting.setdefault(place, []).append(policy)
            elif place == root:
                self._mesh = self._mesh or policy
            else:
                self._namespaces.setdefault(place, policy)

    def of_namespace(self, namespace: str) -> ServerMode:
        """What holds for a namespace's workloads that have no policy of their own."""
        mode = _mode_of(self._mesh, "mesh") or DEFAULT
        return _mode_of(self._namespaces.get(namespace), "namespace") or mode

    def of(self, workload: Workload, port: int | None) -> ServerMode:
        """What holds at the workload's port (its own number, not the service's); None: where no port policy speaks."""
        mode = self.of_namespace(workload.namespace)
        policy = self._selecting_policy(workload)
        mode = _mode_of(policy, "workload") or mode
        if policy is not None and port is not None:
            own = policy.spec.port_level_mtls.get(str(port))
            if own is not None and own.mode != "UNSET":
                return ServerMode(own.mode, policy.ref, "port")
        return mode

    def _selecting_policy(self, workload: Workload) -> PeerAuthentication | None:
        for policy in self._selecting.get(workload.namespace, ()):
            if policy.spec.selector is not None and policy.spec.selector.selects(workload.labels):
                return policy
        return None


def _mode_of(policy: PeerAuthentication | None, level: Level) -> ServerMode | None:
    if policy is None or policy.spec.mtls.mode == "UNSET":
        return None
    return ServerMode(policy.spec.mtls.mode, policy.ref, level)
