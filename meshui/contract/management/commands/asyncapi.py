"""Writes the AsyncAPI document of the socket: `asyncapi --file docs/asyncapi.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandParser

from meshui.contract.asyncapi import document


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, help="default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        text = yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=120)
        if options["file"]:
            options["file"].write_text(text)
        else:
            self.stdout.write(text)
