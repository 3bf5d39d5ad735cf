"""Writing one object of the mesh as a person: what it was and is, in words and as YAML; the cluster's own dry run; and
the answer to whoever was faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec
import yaml

from meshui.domain.changes.diff import readable, unified_yaml_diff, without_server_fields
from meshui.domain.changes.three_way import ThreeWay, three_way
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.objects import ref_of
from meshui.domain.routing.findings import Finding
from meshui.services.ports import Actor, ConfigSource, Manifest


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


def preview(
    config: ConfigSource,
    actor: Actor,
    before: Manifest,
    after: Manifest,
    findings: Sequence[Finding],
    effect: Sequence[str],
) -> Preview:
    """What writing `after` over `before` would do; nothing is written. Raises Failure(SOURCE_UNAVAILABLE); what the
    cluster refuses is in `dry_run`."""
    ref = ref_of(after)
    before_yaml, after_yaml = as_yaml(before), as_yaml(after)
    return Preview(
        object=ref,
        resource_version=version_of(before),
        before=before,
        after=after,
        before_yaml=before_yaml,
        after_yaml=after_yaml,
        diff_yaml=unified_yaml_diff(before_yaml, after_yaml, str(ref)),
        sentences=tuple(readable(before, after)),
        findings=tuple(findings),
        effect=tuple(effect),
        dry_run=_dry_run(config, after, actor),
    )


def apply(config: ConfigSource, actor: Actor, plan: Preview, unchanged: str) -> Applied:
    """Writes what was planned. Raises Failure(BLOCKED) when a finding says that requests would fail, INVALID with
    `unchanged` when there is nothing to write, CONFLICT when somebody was faster, FORBIDDEN and INVALID when the
    cluster refuses it."""
    if plan.blocked_by:
        raise Failure(
            Code.BLOCKED,
            " ".join(finding.message for finding in plan.blocked_by),
            next_step="Correct it first, or choose otherwise.",
            context={"object": str(plan.object)},
        )
    if not plan.sentences:
        raise Failure(
            Code.INVALID,
            unchanged,
            next_step="Change something first.",
            context={"object": str(plan.object)},
        )
    return _replace(config, actor, plan.object, plan.before, plan.after)


def undo(runtime: Runtime, actor: Actor, before: Manifest, after: Manifest) -> Applied:
    """Takes back what made `after` of `before`, and nothing that others changed since. Raises Failure(CONFLICT) when
    they changed the same, NOT_FOUND when the object is gone, and as `apply` does."""
    ref = ref_of(after)
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


def version_of(manifest: Manifest) -> str:
    """The object's resourceVersion."""
    return str((manifest.get("metadata") or {}).get("resourceVersion") or "")


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
        resource_version=version_of(done),
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


def changed_since(ref: ObjectRef, current: Manifest, read: str, ours: list[str]) -> Failure:
    """The object was not as its reader thought, and what it was then is not known any more."""
    return Failure(
        Code.CONFLICT,
        f"Somebody changed {ref} since you read it (version {read}, now {version_of(current)})",
        next_step="Look at what it is now, and decide again.",
        context={
            "object": str(ref),
            "resource_version": version_of(current),
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
            "resource_version": version_of(current),
            "current_yaml": as_yaml(current),
            "ours": "\n".join(merge.ours),
            "theirs": "\n".join(merge.theirs),
            "conflicts": "\n".join(merge.conflicts),
        },
    )
