"""Moves traffic between a service's versions, safely: preview, apply, undo.

The order is always: check the weights, validate offline, show the effect on live traffic, dry run in the cluster as the
user, then replace the object at exactly the resourceVersion that was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from meshui.domain.changes.diff import readable
from meshui.domain.changes.effect import effect, service_rates
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh import networking
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.objects import Malformed
from meshui.domain.routing.weights import Split, check_weights, set_weights, split_of, validate
from meshui.services import read_graph, write_object
from meshui.services.ports import Actor, Manifest, SnapshotStore
from meshui.services.read_inventory import inventory as read_inventory
from meshui.services.write_object import Applied, Preview, Runtime, changed_since, version_of


def live_split(
    runtime: Runtime, store: SnapshotStore, actor: Actor, cluster: str, service_ns: str, service_name: str
) -> tuple[Split, Manifest, Inventory]:
    """The split as the cluster has it this moment (the inventory may be seconds old), and the object that carries it.
    Raises Failure(NOT_FOUND) when there is no such service or nothing splits its traffic."""
    inventory = read_inventory(store, cluster)
    split = split_of(inventory, service_ns, service_name)
    if split is None:
        raise _no_split(cluster, service_ns, service_name)
    manifest = runtime.config.get(split.object, acting_as=actor)
    if version_of(manifest) != split.resource_version:
        inventory = _with(inventory, split.object, manifest)
        split = split_of(inventory, service_ns, service_name)
        if split is None:
            raise _no_split(cluster, service_ns, service_name)
    return split, manifest, inventory


def preview(
    runtime: Runtime,
    store: SnapshotStore,
    actor: Actor,
    cluster: str,
    service_ns: str,
    service_name: str,
    weights: Mapping[str, Any],
    resource_version: str | None = None,
    *,
    window_seconds: int | None = None,
) -> Preview:
    """What the weights would do; nothing is changed. `window_seconds`: whose rates the effect is told with. Raises
    Failure(INVALID) for bad weights, BLOCKED when a controller owns them, CONFLICT when the object is no longer at
    `resource_version`, NOT_FOUND, NOT_READY, and SOURCE_UNAVAILABLE. What the cluster refuses is in `dry_run`."""
    split, before, inventory = live_split(runtime, store, actor, cluster, service_ns, service_name)
    wanted = check_weights(split, weights)
    if not split.editable:
        raise Failure(
            Code.BLOCKED,
            f"The weights of {split.object} are set by {split.managed_by}",
            next_step="Change them there; what is written here would be overwritten.",
            context={"cluster": cluster, "object": str(split.object)},
        )
    after = set_weights(before, split, wanted)
    if resource_version is not None and resource_version != version_of(before):
        raise changed_since(split.object, before, resource_version, readable(before, after))
    rates = _rates(store, cluster, window_seconds, service_ns, service_name)
    return write_object.preview(
        runtime.config,
        actor,
        before,
        after,
        findings=validate(split, wanted, inventory),
        effect=effect(split, wanted, rates) if rates is not None else (),
    )


def apply(
    runtime: Runtime,
    store: SnapshotStore,
    actor: Actor,
    cluster: str,
    service_ns: str,
    service_name: str,
    weights: Mapping[str, Any],
    resource_version: str | None = None,
    reason: str = "",
) -> Applied:
    """Makes the change, as the actor. `reason` is for whoever records it. Raises as `preview` does, and BLOCKED when
    requests would fail, FORBIDDEN or INVALID when the cluster refuses it, CONFLICT when somebody was faster."""
    plan = preview(runtime, store, actor, cluster, service_ns, service_name, weights, resource_version)
    return write_object.apply(runtime.config, actor, plan, f"{plan.object} has these weights already")


def _rates(
    store: SnapshotStore, cluster: str, window_seconds: int | None, namespace: str, name: str
) -> dict[Key, float] | None:
    if window_seconds is None:
        return None
    try:
        return service_rates(read_graph.snapshot(store, cluster, window_seconds).graph, namespace, name)
    except Failure as failure:
        if failure.code is Code.NOT_READY:
            return None
        raise


def _with(inventory: Inventory, ref: ObjectRef, manifest: Manifest) -> Inventory:
    """The inventory with this newer version of a routing object in it."""
    try:
        if ref.kind == "VirtualService":
            rule = networking.virtual_service(manifest)
            rules = tuple(rule if one.ref == ref else one for one in inventory.virtual_services)
            return msgspec.structs.replace(inventory, virtual_services=rules)
        route = networking.gateway_route(manifest)
        routes = tuple(route if one.ref == ref else one for one in inventory.routes)
        return msgspec.structs.replace(inventory, routes=routes)
    except Malformed as problem:
        raise Failure(
            Code.CONFLICT,
            f"{ref} was changed to something that can't be read: {problem.message}",
            next_step="Look at the object's YAML.",
            context={"object": str(ref)},
        ) from problem


def _no_split(cluster: str, namespace: str, name: str) -> Failure:
    return Failure(
        Code.NOT_FOUND,
        f"Nothing splits the traffic of {namespace}/{name}: no VirtualService, HTTPRoute or GRPCRoute has its weights",
        next_step="Make one with a weighted destination for each version.",
        context={"cluster": cluster, "object": f"Service {namespace}/{name}"},
    )
