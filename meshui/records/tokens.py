"""API tokens for scripts: shown once, kept only as a SHA-256 digest.

A token has 256 bits of randomness, so a plain digest is enough: there is nothing to guess, hence nothing to slow down.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from meshui.records.users import User

PREFIX = "meshui_"
_SEEN_EVERY = timedelta(minutes=1)


class ApiToken(models.Model):
    """One token of one user. It can do what the user can do, until it expires or is deleted."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.user.username}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def issue(user: User, name: str, expires_at: datetime | None = None) -> str:
    """A new token of the user, in plain text: the only time it can be seen. Replaces the user's token of that name."""
    token = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.filter(user=user, name=name).delete()
    ApiToken.objects.create(user=user, name=name, digest=_digest(token), expires_at=expires_at)
    return token


def user_of(token: str, now: datetime) -> User | None:
    """The active user whose valid token this is, else None. Notes the use, at most once a minute."""
    found = ApiToken.objects.select_related("user").filter(digest=_digest(token)).first()
    if found is None or not found.user.is_active or (found.expires_at is not None and found.expires_at <= now):
        return None
    if found.last_used_at is None or now - found.last_used_at > _SEEN_EVERY:
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
    return found.user
