"""People (and robots) who sign in: their role here, and who they are in a cluster's own RBAC."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models


class Role(models.TextChoices):
    """What a user may do in MeshUI. The cluster's RBAC still has the last word on every write."""

    VIEWER = "viewer", "Viewer"
    OPERATOR = "operator", "Operator"
    ADMIN = "admin", "Admin"


class Users(UserManager["User"]):
    """Makes users; a superuser is an admin."""

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **extra: Any
    ) -> User:
        extra.setdefault("role", Role.ADMIN)
        return super().create_superuser(username, email, password, **extra)


class User(AbstractUser):
    """A person. `kubernetes_user` and `kubernetes_groups` are whom a write is made as (impersonation)."""

    role = models.CharField(max_length=16, choices=Role.choices, default=Role.VIEWER)
    kubernetes_user = models.CharField(max_length=253, blank=True, default="")
    """Empty: the user name."""
    kubernetes_groups = models.JSONField(default=list, blank=True)

    objects: ClassVar[Users] = Users()

    @property
    def can_edit(self) -> bool:
        return self.is_active and self.role in (Role.OPERATOR, Role.ADMIN)
