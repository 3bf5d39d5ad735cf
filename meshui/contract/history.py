"""What was changed through MeshUI, and everything that was tried."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from rest_framework import serializers

from meshui.contract.fields import QueryInput, Text, WholeInput
from meshui.domain.mesh.names import ObjectRef

ChangeState = Literal["intended", "applied", "refused", "failed"]


class ChangeSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One edit: who, what, when, why and how it ended."""

    id: int
    cluster: str
    kind: str
    """weights, shift, route or undo."""
    object: ObjectRef | None
    """None: refused before the object was known."""
    service_namespace: str
    service_name: str
    author: str
    reason: str
    state: ChangeState
    """`intended`: the outcome is not known; look at the object."""
    failure: str | None
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None
    """When it is taken back by itself."""
    undoes: int | None
    """The change that this one undid."""
    undone: bool
    can_undo: bool


class ChangeDetail(msgspec.Struct, frozen=True, kw_only=True):
    """An edit with the object before and after."""

    change: ChangeSummary
    wanted: dict[str, Any]
    before_yaml: str | None
    after_yaml: str | None
    diff_yaml: str
    sentences: tuple[str, ...]
    dry_run_message: str


class ChangesQuery(QueryInput):
    """Narrows the history."""

    object = Text(required=False, max_length=400, help_text="Kind/namespace/name: only changes of this object.")
    limit = serializers.IntegerField(default=50, min_value=1, max_value=500)


class UndoChange(WholeInput):
    """Why; kept in the history."""

    reason = Text(max_length=2000, required=False, allow_blank=True, default="")


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the audit."""

    id: int
    at: datetime
    actor: str
    action: str
    outcome: Literal["intended", "done", "refused", "failed"]
    cluster: str
    object: ObjectRef | None
    change_id: int | None
    code: str
    message: str
    address: str


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    entries: tuple[AuditLine, ...]
    next_before: int | None
    """To be given as `before` for older entries; None at the end."""


class _AuditQuery(QueryInput):
    actor = Text(required=False, max_length=150)
    action = Text(required=False, max_length=50)


class AuditExportQuery(_AuditQuery):
    """Narrows an export; `after` goes on where the last one ended."""

    after = serializers.IntegerField(
        required=False, min_value=0, max_value=2**62, help_text="Only entries newer than this id."
    )


class AuditQuery(_AuditQuery):
    """Narrows the audit."""

    before = serializers.IntegerField(
        required=False, min_value=1, max_value=2**62, help_text="Only entries older than this id."
    )
    limit = serializers.IntegerField(default=100, min_value=1, max_value=500)
