"""Makes a user, or changes the role and password of one: `create_user ann --role operator --token`.

The password is asked for, or read from the first line of standard input when that is not a terminal.
"""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from meshui.records import tokens
from meshui.records.users import Role, User


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--role", choices=Role.values, default=Role.VIEWER.value)
        parser.add_argument("--kubernetes-user", default="", help="whom writes are made as; default: the user name")
        parser.add_argument("--kubernetes-group", action="append", default=[], dest="groups")
        parser.add_argument("--token", action="store_true", help="also issue an API token and print it, once")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first() or User(username=options["username"])
        user.role = options["role"]
        user.kubernetes_user = options["kubernetes_user"]
        user.kubernetes_groups = options["groups"]
        password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            validate_password(password, user)
            user.set_password(password)
            user.full_clean()
        except ValidationError as problem:
            raise CommandError("; ".join(problem.messages)) from None
        user.save()
        self.stdout.write(f"{user.username} can sign in as {user.role}")
        if options["token"]:
            self.stdout.write(tokens.issue(user, "command line"))
