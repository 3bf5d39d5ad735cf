"""Guarded shifts: each has its plan and where it stands, so that whoever comes next can go on with it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from meshui.domain.mesh.names import ObjectRef


class GuardedShift(models.Model):
    """One shift. `digest` is of the object as this shift last left it; `pending` is written before the object is, so
    that a process that dies between the two leaves no doubt."""

    cluster = models.CharField(max_length=63)
    service_namespace = models.CharField(max_length=63)
    service_name = models.CharField(max_length=253)
    object_kind = models.CharField(max_length=63)
    object_namespace = models.CharField(max_length=63)
    object_name = models.CharField(max_length=253)
    author = models.CharField(max_length=150)
    """In whose name the weights are written."""
    reason = models.TextField(blank=True, default="")
    plan = models.JSONField()
    standing = models.JSONField()
    phase = models.CharField(max_length=16)
    """The standing's."""
    active = models.BooleanField(default=True)
    digest = models.CharField(max_length=64)
    pending = models.JSONField(null=True)
    retry_at = models.DateTimeField(null=True)
    """After a write that the cluster refused."""
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "service_namespace", "service_name"],
                condition=Q(active=True),
                name="one_active_shift_per_service",
            )
        ]

    def __str__(self) -> str:
        return f"shift {self.pk} of {self.service_namespace}/{self.service_name}: {self.phase}"

    @property
    def object(self) -> ObjectRef:
        """The object that carries the weights."""
        return ObjectRef(self.object_kind, self.object_namespace, self.object_name)
