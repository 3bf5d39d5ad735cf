"""The server's side of mutual TLS: the mode in force at a workload's port, and which PeerAuthentication decided.

Rules: Istio PeerAuthentication reference. The most specific of workload, namespace and mesh policy whose mode is set
wins; then the port's own mode, if that is set. Of several at one level the oldest counts. A selector in the root
namespace is ignored. Default: PERMISSIVE.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.security import PeerAuthentication
from meshui.domain.mesh.workloads import Workload

Mode = Literal["STRICT", "PERMISSIVE", "DISABLE"]
Level = Literal["port", "workload", "namespace", "mesh", "default"]


class ModeStep(msgspec.Struct, frozen=True):
    """One level that was asked for a mode, the most specific first. `mode` is UNSET where the level leaves it to the
    next, and None where nothing speaks at that level; `ignored` are younger policies of the same level."""

    level: Level
    object: ObjectRef | None
    mode: str | None
    decided: bool
    ignored: tuple[ObjectRef, ...] = ()


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
        self._root = root
        self._wide: dict[str, list[PeerAuthentication]] = {}
        self._selecting: dict[str, list[PeerAuthentication]] = {}
        self._memory: dict[Key, list[PeerAuthentication]] = {}
        for policy in inventory.peer_authentications:
            place, selector = policy.ref.namespace, policy.spec.selector
            if selector is None or not selector.match_labels:
                self._wide.setdefault(place, []).append(policy)
            elif place != root:
                self._selecting.setdefault(place, []).append(policy)

    def of_namespace(self, namespace: str) -> ServerMode:
        """What holds for a namespace's workloads that have no policy of their own."""
        mode = _mode_of(_first(self._wide.get(self._root)), "mesh") or DEFAULT
        if namespace == self._root:
            return mode
        return _mode_of(_first(self._wide.get(namespace)), "namespace") or mode

    def of(self, workload: Workload, port: int | None) -> ServerMode:
        """What holds at the workload's port (its own number, not the service's); None: where no port policy speaks."""
        mode = self.of_namespace(workload.namespace)
        policy = self.selecting(workload)
        mode = _mode_of(policy, "workload") or mode
        if policy is not None and port is not None:
            own = policy.spec.port_level_mtls.get(str(port))
            if own is not None and own.mode != "UNSET":
                return ServerMode(own.mode, policy.ref, "port")
        return mode

    def steps(self, workload: Workload, port: int | None) -> tuple[ModeStep, ...]:
        """How `of` came to its answer: every level in the order asked, down to Istio's default."""
        selecting = self._selecting_all(workload)
        levels: list[tuple[Level, list[PeerAuthentication]]] = [
            ("port", selecting[:1]),
            ("workload", selecting),
            ("namespace", self._wide.get(workload.namespace, []) if workload.namespace != self._root else []),
            ("mesh", self._wide.get(self._root, [])),
        ]
        decided_at = self.of(workload, port).level
        steps = []
        for level, policies in levels:
            policy = _first(policies)
            mode: str | None = policy.spec.mtls.mode if policy else None
            if level == "port":
                own = policy.spec.port_level_mtls.get(str(port)) if policy and port is not None else None
                policy, mode = (policy, own.mode) if own else (None, None)
            ignored = tuple(one.ref for one in policies[1:])
            steps.append(ModeStep(level, policy.ref if policy else None, mode, level == decided_at, ignored))
        return (*steps, ModeStep("default", None, DEFAULT.mode, decided_at == "default"))

    def wide(self, namespace: str) -> PeerAuthentication | None:
        """The policy that holds for a whole namespace (for the root namespace: the mesh), if it has one."""
        return _first(self._wide.get(namespace))

    def selecting(self, workload: Workload) -> PeerAuthentication | None:
        """The policy of the workload's own, if it has one."""
        return _first(self._selecting_all(workload))

    def _selecting_all(self, workload: Workload) -> list[PeerAuthentication]:
        key = (workload.namespace, workload.name)
        if key not in self._memory:
            self._memory[key] = [
                policy
                for policy in self._selecting.get(workload.namespace, ())
                if policy.spec.selector is not None and policy.spec.selector.selects(workload.labels)
            ]
        return self._memory[key]


def _first(policies: Sequence[PeerAuthentication] | None) -> PeerAuthentication | None:
    return policies[0] if policies else None


def _mode_of(policy: PeerAuthentication | None, level: Level) -> ServerMode | None:
    if policy is None or policy.spec.mtls.mode == "UNSET":
        return None
    return ServerMode(policy.spec.mtls.mode, policy.ref, level)
