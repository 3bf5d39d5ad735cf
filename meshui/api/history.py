"""What was changed through MeshUI, everything that was tried, and undoing a change."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpResponse, StreamingHttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui import wiring
from meshui.api.answers import answer
from meshui.api.authentication import client_address
from meshui.api.permissions import EditorsOnly, user_of
from meshui.api.recording import recorded
from meshui.contract.asked import known_cluster, missing
from meshui.contract.edits import AppliedChange
from meshui.contract.history import (
    AuditExportQuery,
    AuditLine,
    AuditPage,
    AuditQuery,
    ChangeDetail,
    ChangesQuery,
    ChangeSummary,
    UndoChange,
)
from meshui.contract.openapi import describe
from meshui.domain.changes import diff
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.names import ObjectRef
from meshui.records import changes
from meshui.records.audit import AuditEntry
from meshui.records.changes import Change, State
from meshui.records.users import User
from meshui.services import write_object
from meshui.services.acting import actor_of

_encode = msgspec.json.Encoder().encode


class ChangesView(APIView):
    """The history of a cluster's changes."""

    @describe(
        "listChanges",
        "Changes, newest first",
        answer=list[ChangeSummary],
        query=ChangesQuery,
        problems=[404],
        tag="history",
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        known_cluster(cluster)
        query = ChangesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = Change.objects.filter(cluster=cluster).prefetch_related("undone_by")
        if wanted := query.validated_data.get("object"):
            ref = _object(wanted)
            found = found.filter(object_kind=ref.kind, object_namespace=ref.namespace, object_name=ref.name)
        user = user_of(request)
        return answer([change_summary(one, user) for one in found[: query.validated_data["limit"]]])


class ChangeView(APIView):
    """One change."""

    @describe(
        "getChange", "A change with the object before and after", answer=ChangeDetail, problems=[404], tag="history"
    )
    def get(self, request: Request, number: int) -> HttpResponse:
        change = _change(number)
        before, after = change.before, change.after
        before_yaml = write_object.as_yaml(before) if before is not None else None
        after_yaml = write_object.as_yaml(after) if after is not None else None
        return answer(
            ChangeDetail(
                change=change_summary(change, user_of(request)),
                wanted=change.wanted,
                before_yaml=before_yaml,
                after_yaml=after_yaml,
                diff_yaml=diff.unified_yaml_diff(before_yaml or "", after_yaml or "", str(change.object)),
                sentences=tuple(diff.readable(before, after)) if before and after else (),
                dry_run_message=change.dry_run_message,
            )
        )


class UndoView(APIView):
    """Undoing a change."""

    @describe(
        "undoChange",
        "Undo: a new change that puts back what the other one changed, unless somebody has edited it since",
        answer=AppliedChange,
        body=UndoChange,
        problems=[403, 404, 409, 422, 503],
        tag="history",
    )
    def post(self, request: Request, number: int) -> HttpResponse:
        given = UndoChange(data=request.data)
        given.is_valid(raise_exception=True)
        undone = _change(number)
        user = user_of(request)
        if undone.state != State.APPLIED or undone.before is None or undone.after is None:
            raise Failure(Code.CONFLICT, f"Change {number} was not applied: there is nothing to undo.")
        if undone.undone:
            raise Failure(Code.CONFLICT, f"Change {number} is undone already.", next_step="Look at the history.")
        runtime = wiring.cluster_runtime(undone.cluster)
        intent = changes.intend(
            user,
            undone.cluster,
            "undo",
            reason=given.validated_data["reason"],
            undoes=undone,
            service_namespace=undone.service_namespace,
            service_name=undone.service_name,
            object_kind=undone.object_kind,
            object_namespace=undone.object_namespace,
            object_name=undone.object_name,
        )
        before, after = undone.before, undone.after
        applied = recorded(
            intent,
            client_address(request),
            lambda: write_object.undo(runtime, actor_of(user), before=before, after=after),
        )
        return answer(applied)


class AuditView(APIView):
    """Everything that was tried: writes, refusals, sign-ins. For those who can edit."""

    permission_classes = [EditorsOnly]

    @describe("listAudit", "The audit, newest first", answer=AuditPage, query=AuditQuery, problems=[403], tag="history")
    def get(self, request: Request) -> HttpResponse:
        query = AuditQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        given = query.validated_data
        found = _entries(given)
        limit = given["limit"]
        entries = list(found[: limit + 1])
        more = len(entries) > limit
        return answer(
            AuditPage(
                entries=tuple(_line(entry) for entry in entries[:limit]),
                next_before=entries[limit - 1].pk if more else None,
            )
        )


class AuditExportView(APIView):
    """The audit for other programs. For those who can edit."""

    permission_classes = [EditorsOnly]

    @describe(
        "exportAudit",
        "The whole audit, oldest first, one JSON object a line",
        answer=None,
        query=AuditExportQuery,
        problems=[403],
        media_types=["application/x-ndjson"],
        tag="history",
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        query = AuditExportQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        entries = _entries(query.validated_data).order_by("id").iterator(1000)
        lines = (_encode(_line(entry)) + b"\n" for entry in entries)
        response = StreamingHttpResponse(lines, content_type="application/x-ndjson")
        response.headers["Content-Disposition"] = 'attachment; filename="audit.jsonl"'
        response.headers["Cache-Control"] = "private, no-store"
        return response


def _entries(given: dict[str, Any]) -> Any:
    """The entries that were asked for."""
    found: Any = AuditEntry.objects.all()
    for name in ("actor", "action"):
        if name in given:
            found = found.filter(**{name: given[name]})
    if "before" in given:
        found = found.filter(id__lt=given["before"])
    if "after" in given:
        found = found.filter(id__gt=given["after"])
    return found


def change_summary(change: Change, user: User) -> ChangeSummary:
    """A change as the user sees it."""
    undone = any(one.state == State.APPLIED for one in change.undone_by.all())
    return ChangeSummary(
        id=change.pk,
        cluster=change.cluster,
        kind=change.kind,
        object=change.object,
        service_namespace=change.service_namespace,
        service_name=change.service_name,
        author=change.author,
        reason=change.reason,
        state=change.state,  # type: ignore[arg-type]  # a column's text is one of State
        failure=change.failure_message or None,
        created_at=change.created_at,
        finished_at=change.finished_at,
        expires_at=change.expires_at,
        undoes=change.undoes_id,
        undone=undone,
        can_undo=user.can_edit and change.state == State.APPLIED and not undone,
    )


def _change(number: int) -> Change:
    change = Change.objects.filter(pk=number).first()
    if change is None:
        raise missing("change", str(number))
    return change


def _object(text: str) -> ObjectRef:
    parts = text.split("/")
    if len(parts) != 3 or not parts[0] or not parts[2]:
        raise serializers.ValidationError({"object": ["This must be Kind/namespace/name."]})
    return ObjectRef(*parts)


def _line(entry: AuditEntry) -> AuditLine:
    ref = ObjectRef(entry.object_kind, entry.object_namespace, entry.object_name) if entry.object_kind else None
    return AuditLine(
        id=entry.pk,
        at=entry.at,
        actor=entry.actor,
        action=entry.action,
        outcome=entry.outcome,  # type: ignore[arg-type]  # a column's text is one of Outcome
        cluster=entry.cluster,
        object=ref,
        change_id=entry.change_id,
        code=entry.code,
        message=entry.message,
        address=entry.address,
    )
