"""The clusters that can be looked at, and how."""

from __future__ import annotations

import msgspec

from meshui.contract.fields import QueryInput, Text
from meshui.env import Window


class ClusterSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster, and the windows that rates can be shown over."""

    name: str
    label: str
    windows: tuple[Window, ...]
    default_window_seconds: int
    demo: bool
    """It is the embedded demo mesh, where faults can be made."""


class SearchQuery(QueryInput):
    """Narrows a list."""

    namespace = Text(required=False, allow_blank=True, max_length=63, help_text="Only in this namespace.")
    search = Text(
        required=False, allow_blank=True, max_length=253, help_text="Only those whose name contains this, in any case."
    )
