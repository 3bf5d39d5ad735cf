"""Edits of the mesh, from intent to outcome, with the object before and after, so that each can be undone."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.utils import timezone

from meshui.domain.failures import Failure
from meshui.domain.mesh.names import ObjectRef
from meshui.records.users import User


class State(models.TextChoices):
    """`intended`: written down, outcome not known (yet): the process may have died while it was being applied."""

    INTENDED = "intended", "Intended"
    APPLIED = "applied", "Applied"
    REFUSED = "refused", "Refused"
    FAILED = "failed", "Failed"


class Change(models.Model):
    """One edit of one object. The intent is saved before the cluster is touched, the outcome after; both stay."""

    cluster = models.CharField(max_length=63)
    kind = models.CharField(max_length=32)
    """What kind of edit: `weights`, `undo`."""
    service_namespace = models.CharField(max_length=63, blank=True, default="")
    service_name = models.CharField(max_length=253, blank=True, default="")
    object_kind = models.CharField(max_length=63, blank=True, default="")
    object_namespace = models.CharField(max_length=63, blank=True, default="")
    object_name = models.CharField(max_length=253, blank=True, default="")
    author = models.CharField(max_length=150)
    reason = models.TextField(blank=True, default="")
    wanted = models.JSONField(default=dict)
    """What was asked for: the weights by destination."""
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    dry_run_message = models.TextField(blank=True, default="")
    state = models.CharField(max_length=16, choices=State.choices, default=State.INTENDED)
    failure_code = models.CharField(max_length=32, blank=True, default="")
    failure_message = models.TextField(blank=True, default="")
    undoes = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_by")
    expires_at = models.DateTimeField(null=True, db_index=True)
    """When it is taken back by itself; None: it stays."""
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["cluster", "object_kind", "object_namespace", "object_name"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} by {self.author}: {self.state}"

    @property
    def object(self) -> ObjectRef | None:
        """The object that was (or was to be) changed; None when it was refused before it was known."""
        if not self.object_kind:
            return None
        return ObjectRef(self.object_kind, self.object_namespace, self.object_name)

    @property
    def undone(self) -> bool:
        """Whether an undo of it was applied."""
        return self.undone_by.filter(state=State.APPLIED).exists()


def intend(author: User, cluster: str, kind: str, **details: Any) -> Change:
    """Writes down what somebody is about to do, committed before it is tried."""
    return Change.objects.create(author=author.username, cluster=cluster, kind=kind, **details)


def applied(
    change: Change,
    target: ObjectRef,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    dry_run_message: str = "",
) -> Change:
    """The cluster took it."""
    change.object_kind, change.object_namespace, change.object_name = target.kind, target.namespace, target.name
    change.before, change.after, change.dry_run_message = before, after, dry_run_message
    return _finish(change, State.APPLIED)


def not_applied(change: Change, failure: Failure, *, refused: bool) -> Change:
    """It was refused (by validation, a conflict or the cluster's rules) or failed on the way."""
    change.failure_code, change.failure_message = failure.code.value, failure.message
    return _finish(change, State.REFUSED if refused else State.FAILED)


def _finish(change: Change, state: State) -> Change:
    with transaction.atomic():
        if not Change.objects.filter(pk=change.pk, state=State.INTENDED).exists():
            raise ValueError(f"change {change.pk} has its outcome already")
        change.state = state
        change.finished_at = timezone.now()
        change.save()
    return change
