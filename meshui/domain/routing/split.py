"""A traffic split as it stands: the object that carries it, and per version its weight, workloads and pods."""

from __future__ import annotations

from typing import Literal

import msgspec

from meshui.domain.mesh.inventory import Key
from meshui.domain.mesh.names import ObjectRef


class SplitDestination(msgspec.Struct, frozen=True):
    """One weighted destination. `id` is the subset (or host) when that is unique in the split, else `ROUTE/NAME`.
    `index` is its place in the route's list; `workloads` are (namespace, name)."""

    id: str
    label: str
    subset: str | None
    host: str
    weight: int
    index: int
    workloads: tuple[Key, ...] = ()
    pods_ready: int | None = None
    pods_total: int | None = None


class SplitRoute(msgspec.Struct, frozen=True):
    """One route block. `index` is its place in the object; `matches` says in words which requests it takes."""

    index: int
    name: str
    matches: str
    destinations: tuple[SplitDestination, ...]

    @property
    def total(self) -> int:
        return sum(destination.weight for destination in self.destinations)


class Split(msgspec.Struct, frozen=True):
    """`editable` is False when a controller owns the weights; `managed_by` names it. `reason` says why this object is
    the one that decides."""

    object: ObjectRef
    kind: Literal["VirtualService", "HTTPRoute", "GRPCRoute"]
    service: Key
    resource_version: str
    routes: tuple[SplitRoute, ...]
    reason: str
    managed_by: str | None = None
    editable: bool = True
    shadowed: tuple[ObjectRef, ...] = ()
    """VirtualServices for the same host that are not in force."""

    @property
    def destinations(self) -> tuple[SplitDestination, ...]:
        return tuple(one for route in self.routes for one in route.destinations)
