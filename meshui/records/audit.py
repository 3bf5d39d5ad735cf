"""Who did what, when, and how it ended: writes, refusals and sign-ins. Append-only."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from meshui.domain.mesh.names import ObjectRef
from meshui.records.append_only import AppendOnlyModel, AppendOnlyQuerySet
from meshui.records.changes import Change


class Outcome(models.TextChoices):
    """How an action ended: `intended` is written before a write is tried, the others after."""

    INTENDED = "intended", "Intended"
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"
    FAILED = "failed", "Failed"


class AuditEntry(AppendOnlyModel):
    """One line of the audit. Names are kept as text, so that it outlives the user, cluster and object."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.CharField(max_length=150)
    """User name; of a failed sign-in, the name that was tried."""
    action = models.CharField(max_length=50)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    cluster = models.CharField(max_length=63, blank=True, default="")
    object_kind = models.CharField(max_length=63, blank=True, default="")
    object_namespace = models.CharField(max_length=63, blank=True, default="")
    object_name = models.CharField(max_length=253, blank=True, default="")
    change = models.ForeignKey(Change, on_delete=models.DO_NOTHING, null=True, blank=True, related_name="+")
    code = models.CharField(max_length=32, blank=True, default="")
    """Failure code, when it was refused or failed."""
    message = models.TextField(blank=True, default="")
    address = models.CharField(max_length=45, blank=True, default="")
    """Where the request came from."""

    objects: ClassVar[models.Manager[AuditEntry]] = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor} {self.action} {self.outcome}"


def record(
    actor: str,
    action: str,
    outcome: Outcome,
    *,
    cluster: str = "",
    object: ObjectRef | None = None,
    **details: Any,
) -> AuditEntry:
    """Adds an entry. `details`: change, code, message, address. NULs are replaced: PostgreSQL takes none."""
    texts = {name: _clean(value) for name, value in details.items() if isinstance(value, str)}
    return AuditEntry.objects.create(
        actor=_clean(actor[:150]),
        action=action,
        outcome=outcome,
        cluster=_clean(cluster),
        object_kind=object.kind if object else "",
        object_namespace=object.namespace if object else "",
        object_name=object.name if object else "",
        **(details | texts),
    )


def _clean(text: str) -> str:
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
