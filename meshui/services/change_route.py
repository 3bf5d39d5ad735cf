"""Changes what a service's routes do beside sending requests on: timeout, retries, faults, mirror.

The same steps as for weights: check, validate, show the effect, dry run, write at the version that was read.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from meshui.domain.changes.diff import readable
from meshui.domain.changes.ownership import owner_of
from meshui.domain.changes.route import checks, effect, settings
from meshui.domain.changes.route.effect import Flow, Hop
from meshui.domain.changes.route.settings import Route, RouteSettings
from meshui.domain.failures import Code, Failure
from meshui.domain.graph.mesh import MeshGraph
from meshui.domain.mesh import networking
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.networking import VirtualService
from meshui.domain.mesh.objects import Malformed
from meshui.domain.routing.lookup import VirtualServiceIndex
from meshui.services import read_graph, write_object
from meshui.services.ports import Actor, Manifest, SnapshotStore
from meshui.services.read_inventory import inventory as read_inventory
from meshui.services.write_object import Applied, Preview, Runtime, changed_since, version_of

MESH_ATTEMPTS = 3
"""Istio's own retry policy: two more attempts for connections that fail."""


class ServiceRoutes(msgspec.Struct, frozen=True, kw_only=True):
    """The routes of a service as the cluster has them this moment. `rule` carries them; `flow` and `chain` are None and
    empty without telemetry. `exclusive`: a controller sets the object all the time."""

    rule: VirtualService
    routes: tuple[Route, ...]
    inventory: Inventory
    reason: str
    managed_by: str | None
    exclusive: bool
    flow: Flow | None
    chain: tuple[Hop, ...]


def live_routes(
    runtime: Runtime, store: SnapshotStore, actor: Actor, cluster: str, namespace: str, name: str, window_seconds: int
) -> ServiceRoutes:
    """The routes in force for callers in the mesh. Raises Failure(NOT_FOUND) when no VirtualService is in force for the
    service, CONFLICT when somebody broke it meanwhile, and SOURCE_UNAVAILABLE."""
    inventory = read_inventory(store, cluster)
    service = inventory.services.get((namespace, name))
    in_force = VirtualServiceIndex(inventory.virtual_services, inventory.mesh).of(service.host) if service else ()
    if service is None or not in_force:
        raise Failure(
            Code.NOT_FOUND,
            f"No VirtualService is in force for {namespace}/{name}: its routes are the mesh's own",
            next_step="Make a VirtualService for it first.",
            context={"cluster": cluster, "object": f"Service {namespace}/{name}"},
        )
    try:
        rule = networking.virtual_service(runtime.config.get(in_force[0].ref, acting_as=actor))
    except Malformed as problem:
        raise Failure(
            Code.CONFLICT,
            f"{in_force[0].ref} can't be read: {problem.message}",
            next_step="Look at the object's YAML.",
            context={"object": str(in_force[0].ref)},
        ) from problem
    graph = _graph(store, cluster, window_seconds)
    owner = owner_of(rule.meta)
    return ServiceRoutes(
        rule=rule,
        routes=settings.read_routes(rule),
        inventory=inventory,
        reason=f"{rule.ref} is in force for {service.host} inside the mesh.",
        managed_by=owner.name if owner else None,
        exclusive=bool(owner and owner.exclusive),
        flow=effect.flow_of(graph, namespace, name) if graph else None,
        chain=effect.chain(graph, namespace, name, attempts_by_service(inventory)) if graph else (),
    )


def preview(
    runtime: Runtime,
    store: SnapshotStore,
    actor: Actor,
    cluster: str,
    namespace: str,
    name: str,
    index: int,
    wanted: RouteSettings,
    resource_version: str,
    window_seconds: int,
) -> Preview:
    """What the settings would do; nothing is changed. Raises Failure(INVALID) for bad settings, BLOCKED when a
    controller owns the object or the route can't have any, CONFLICT when the object is no longer at `resource_version`,
    and as `live_routes` does."""
    found = live_routes(runtime, store, actor, cluster, namespace, name, window_seconds)
    checks.check_settings(wanted)
    route = _route(found, index)
    before: Manifest = found.rule.manifest
    after = settings.set_settings(before, route, wanted)
    if resource_version != version_of(before):
        raise changed_since(found.rule.ref, before, resource_version, readable(before, after))
    return write_object.preview(
        runtime.config,
        actor,
        before,
        after,
        findings=checks.settings_findings(found.rule, route, wanted, found.inventory),
        effect=effect.effect(route.settings, wanted, found.flow, len(found.routes)) if found.flow else (),
    )


def apply(
    runtime: Runtime,
    store: SnapshotStore,
    actor: Actor,
    cluster: str,
    namespace: str,
    name: str,
    index: int,
    wanted: RouteSettings,
    resource_version: str,
    window_seconds: int,
) -> Applied:
    """Makes the change, as the actor. Raises as `preview` and `write_object.apply` do."""
    plan = preview(runtime, store, actor, cluster, namespace, name, index, wanted, resource_version, window_seconds)
    return write_object.apply(runtime.config, actor, plan, f"{plan.object} has these settings already")


def attempts_by_service(inventory: Inventory) -> Callable[[Key], int]:
    """How often a request to a service may be tried: by its route with the most, else the mesh's own."""
    index = VirtualServiceIndex(inventory.virtual_services, inventory.mesh)

    def attempts(key: Key) -> int:
        service = inventory.services.get(key)
        rules = index.of(service.host) if service else ()
        found = [
            one.settings.retries.attempts + 1 if one.settings.retries else MESH_ATTEMPTS
            for one in (settings.read_routes(rules[0]) if rules else ())
        ]
        return max(found, default=MESH_ATTEMPTS)

    return attempts


def _route(found: ServiceRoutes, index: int) -> Route:
    ref = found.rule.ref
    if found.exclusive:
        raise Failure(
            Code.BLOCKED,
            f"{ref} is written by {found.managed_by}",
            next_step="Change it there; what is written here would be overwritten.",
            context={"object": str(ref)},
        )
    if index >= len(found.routes):
        raise Failure(
            Code.INVALID,
            f"{ref} has {len(found.routes)} routes",
            fields={"route": f"This must be from 0 to {len(found.routes) - 1}."},
        )
    if fixed := found.routes[index].fixed:
        raise Failure(Code.BLOCKED, f"The route {found.routes[index].name} can't have settings. {fixed}")
    return found.routes[index]


def _graph(store: SnapshotStore, cluster: str, window_seconds: int) -> MeshGraph | None:
    try:
        return read_graph.snapshot(store, cluster, window_seconds).graph
    except Failure as failure:
        if failure.code is Code.NOT_READY:
            return None
        raise
