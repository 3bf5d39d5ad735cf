"""Moves traffic between a service's versions, safely: preview, apply, undo.

The order is always: check the weights, validate offline, show the effect on live traffic, dry run in the cluster as the
user, then replace the object at exactly the resourceVersion that was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
import yaml

from meshui.domain.changes.diff import readable, unified_yaml_diff, without_server_fields
from meshui.domain.changes.effect import effect, service_rates
from meshui.domain.changes.three_way import ThreeWay, three_way
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh import networking
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.objects import Malformed
from meshui.domain.routing.weights import Finding, Split, check_weights, set_weights, split_of, validate
from meshui.services import read_graph
from meshui.services.ports import Actor, ConfigSource, Manifest, SnapshotStore
from meshui.services.read_inventory import inventory as read_inventory


class Runtime(Protocol):
    """The part of a cluster's sources that is used here."""

    @property
    def config(self) -> ConfigSource: ...


class DryRun(msgspec.Struct, frozen=True):
    """What the cluster said to the change without making it. `code` and `fields` tell why it would not."""

    ok: bool
    message: str
    code: Code | None = None
    fields: dict[str, str] = {}


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """An object before and after a change, as it is, as YAML and in words."""

    object: ObjectRef
    resource_version: str
    before: Manifest
    after: Manifest
    before_yaml: str
    after_yaml: str
    diff_yaml: str
    sentences: tuple[str, ...]


class Preview(Edit, frozen=True, kw_only=True):
    """What a change would do. `before` and `after` are whole objects; `resource_version` is for apply."""

    findings: tuple[Finding, ...]
    effect: tuple[str, ...]
    dry_run: DryRun

    @property
    def blocked_by(self) -> tuple[Finding, ...]:
        """The findings that keep it from being applied."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


class Applied(Edit, frozen=True, kw_only=True):
    """A change that was made: the object as it was, and as the cluster answered."""

    dry_run_message: str


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
    if _version(manifest) != split.resource_version:
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
    if resource_version is not None and resource_version != _version(before):
        raise _changed(split.object, before, resource_version, readable(before, after))
    rates = _rates(store, cluster, window_seconds, service_ns, service_name)
    before_yaml, after_yaml = as_yaml(before), as_yaml(after)
    return Preview(
        object=split.object,
        resource_version=_version(before),
        before=before,
        after=after,
        before_yaml=before_yaml,
        after_yaml=after_yaml,
        diff_yaml=unified_yaml_diff(before_yaml, after_yaml, str(split.object)),
        sentences=tuple(readable(before, after)),
        findings=tuple(validate(split, wanted, inventory)),
        effect=tuple(effect(split, wanted, rates)) if rates is not None else (),
        dry_run=_dry_run(runtime.config, after, actor),
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
    if plan.blocked_by:
        raise Failure(
            Code.BLOCKED,
            " ".join(finding.message for finding in plan.blocked_by),
            next_step="Correct it first, or choose other weights.",
            context={"cluster": cluster, "object": str(plan.object)},
        )
    if not plan.sentences:
        raise Failure(
            Code.INVALID,
            f"{plan.object} has these weights already",
            next_step="Move a weight first.",
            context={"cluster": cluster, "object": str(plan.object)},
        )
    return _replace(runtime.config, actor, plan.object, plan.before, plan.after)


def undo(runtime: Runtime, actor: Actor, before: Manifest, after: Manifest) -> Applied:
    """Takes back what made `after` of `before`, and nothing that others changed since. Raises Failure(CONFLICT) when
    they changed the same, NOT_FOUND when the object is gone, and as `apply` does."""
    ref = _ref(after)
    current = runtime.config.get(ref, acting_as=actor)
    merge = three_way(after, before, current)
    if merge.conflicts:
        raise _both_changed(ref, current, merge)
    if not readable(current, merge.merged):
        raise Failure(
            Code.INVALID,
            f"{ref} is already as it was before the change",
            context={"object": str(ref)},
        )
    return _replace(runtime.config, actor, ref, current, merge.merged)


def as_yaml(manifest: Manifest) -> str:
    """The object as a person would write it: without what the server adds, keys in the order given."""
    text: str = yaml.safe_dump(without_server_fields(manifest), sort_keys=False, allow_unicode=True, width=120)
    return text


def _replace(config: ConfigSource, actor: Actor, ref: ObjectRef, before: Manifest, after: Manifest) -> Applied:
    try:
        config.replace(after, acting_as=actor, dry_run=True)
        done = config.replace(after, acting_as=actor, dry_run=False)
    except Failure as failure:
        if failure.code is not Code.CONFLICT:
            raise
        current = config.get(ref, acting_as=actor)
        merge = three_way(before, after, current)
        raise _both_changed(ref, current, merge) from failure
    before_yaml, after_yaml = as_yaml(before), as_yaml(done)
    return Applied(
        object=ref,
        resource_version=_version(done),
        before=before,
        after=done,
        before_yaml=before_yaml,
        after_yaml=after_yaml,
        diff_yaml=unified_yaml_diff(before_yaml, after_yaml, str(ref)),
        sentences=tuple(readable(before, done)),
        dry_run_message=_ACCEPTED,
    )


_ACCEPTED = "The cluster accepts it (dry run)."


def _dry_run(config: ConfigSource, manifest: Manifest, actor: Actor) -> DryRun:
    try:
        config.replace(manifest, acting_as=actor, dry_run=True)
    except Failure as failure:
        if failure.code in {Code.FORBIDDEN, Code.INVALID, Code.CONFLICT, Code.NOT_FOUND, Code.TOO_LARGE}:
            return DryRun(ok=False, message=failure.message, code=failure.code, fields=failure.fields)
        raise
    return DryRun(ok=True, message=_ACCEPTED)


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


def _changed(ref: ObjectRef, current: Manifest, read: str, ours: list[str]) -> Failure:
    """The object was not as its reader thought, and what it was then is not known any more."""
    return Failure(
        Code.CONFLICT,
        f"Somebody changed {ref} since you read it (version {read}, now {_version(current)})",
        next_step="Look at what it is now, and decide again.",
        context={
            "object": str(ref),
            "resource_version": _version(current),
            "current_yaml": as_yaml(current),
            "ours": "\n".join(ours),
        },
    )


def _both_changed(ref: ObjectRef, current: Manifest, merge: ThreeWay) -> Failure:
    return Failure(
        Code.CONFLICT,
        f"Somebody changed {ref} meanwhile",
        next_step="Look at what it is now, and decide again.",
        context={
            "object": str(ref),
            "resource_version": _version(current),
            "current_yaml": as_yaml(current),
            "ours": "\n".join(merge.ours),
            "theirs": "\n".join(merge.theirs),
            "conflicts": "\n".join(merge.conflicts),
        },
    )


def _ref(manifest: Manifest) -> ObjectRef:
    metadata = manifest.get("metadata") or {}
    return ObjectRef(str(manifest.get("kind")), str(metadata.get("namespace") or ""), str(metadata.get("name") or ""))


def _version(manifest: Manifest) -> str:
    return str((manifest.get("metadata") or {}).get("resourceVersion") or "")
