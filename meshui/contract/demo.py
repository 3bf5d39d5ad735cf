"""Faults of the embedded demo mesh."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can be broken on purpose."""

    name: str
    description: str
    active_since: datetime | None
    """None: it is not broken now."""
