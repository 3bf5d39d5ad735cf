"""Makes the demo's people and one API token, and prints them as JSON. Safe to run again: the token stays the same."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from meshui.records import tokens
from meshui.records.users import Role, User

PEOPLE = (
    ("operator", "operator-demo", Role.OPERATOR, ["meshui:operators"]),
    ("viewer", "viewer-demo", Role.VIEWER, ["meshui:viewers"]),
)
_TOKEN_FILE = "demo-token"


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.MESHUI.demo:
            raise CommandError("demo_users makes users with known passwords: it only runs with MESHUI_DEMO=1")
        for username, password, role, groups in PEOPLE:
            user, _ = User.objects.update_or_create(
                username=username,
                defaults={
                    "role": role,
                    "kubernetes_user": username,
                    "kubernetes_groups": groups,
                    "is_active": True,
                },
            )
            if not user.check_password(password):
                user.set_password(password)
                user.save()
        self.stdout.write(
            json.dumps(
                {
                    "users": [{"username": name, "password": word, "role": role} for name, word, role, _ in PEOPLE],
                    "token": _token(settings.MESHUI.state / _TOKEN_FILE),
                }
            )
        )


def _token(path: Path) -> str:
    """The operator's token: the one in the file while it is valid, else a new one (the database keeps digests only)."""
    operator = User.objects.get(username="operator")
    if path.is_file():
        token = path.read_text().strip()
        if tokens.user_of(token, timezone.now()) == operator:
            return token
    token = tokens.issue(operator, "demo")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(token + "\n")
    return token
