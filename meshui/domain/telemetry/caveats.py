"""What a dialect can't know of an edge, in sentences: so that a number which is missing is not taken for a zero."""

from __future__ import annotations

from typing import Final

from meshui.domain.telemetry.rows import AMBIENT, DIALECTS, TCP, WAYPOINT

_ZTUNNEL: Final = (
    "No HTTP metrics: ztunnel sees connections and bytes only. A waypoint for the called service would tell of "
    "requests, codes and latencies."
)


def caveats(dialect: int, protocol: int, reporter: int) -> tuple[str, ...]:
    """The sentences for an edge of that dialect, protocol and reporter (numbers of rows.DIALECTS, PROTOCOLS and
    REPORTERS)."""
    if dialect == AMBIENT and protocol == TCP and reporter != WAYPOINT:
        return (_ZTUNNEL,)
    return _ALWAYS.get((DIALECTS[dialect], protocol == TCP), ())


_ALWAYS: Final[dict[tuple[str, bool], tuple[str, ...]]] = {}
"""By dialect and whether it is about TCP."""
