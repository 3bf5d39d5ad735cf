"""Keeps tokens out of the log: the server notes the address of each socket, `?token=` and all."""

from __future__ import annotations

import logging
import re

_TOKEN = re.compile(r"(token=)[^&\s\"]+")


class HideTokens(logging.Filter):
    """Rewrites the texts that a record is made of."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_TOKEN.sub(r"\1...", one) if isinstance(one, str) else one for one in record.args)
        return True
