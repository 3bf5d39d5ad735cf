"""Any edit of an object, whichever form makes it: everything there is to know before, and what was done."""

from __future__ import annotations

import msgspec

from meshui.domain.mesh.names import ObjectRef
from meshui.domain.routing.findings import Finding
from meshui.services.write_object import Preview


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the cluster would take the change (server-side dry run as the user)."""

    ok: bool
    message: str


class ChangePreview(msgspec.Struct, frozen=True, kw_only=True):
    """Everything there is to know before applying a change. Nothing is written."""

    object: ObjectRef
    resource_version: str
    diff_yaml: str
    sentences: tuple[str, ...]
    findings: tuple[Finding, ...]
    dry_run: DryRun
    effect: tuple[str, ...]
    """What it does to the traffic that flows now, in sentences."""
    before_yaml: str
    after_yaml: str


class AppliedChange(msgspec.Struct, frozen=True, kw_only=True):
    """The change is in the cluster, and can be undone by its id."""

    change_id: int
    object: ObjectRef
    resource_version: str
    """Of the object now."""
    sentences: tuple[str, ...]


def preview_of(preview: Preview) -> ChangePreview:
    """The preview as clients see it."""
    return ChangePreview(
        object=preview.object,
        resource_version=preview.resource_version,
        diff_yaml=preview.diff_yaml,
        sentences=preview.sentences,
        findings=preview.findings,
        dry_run=DryRun(ok=preview.dry_run.ok, message=preview.dry_run.message),
        effect=preview.effect,
        before_yaml=preview.before_yaml,
        after_yaml=preview.after_yaml,
    )
