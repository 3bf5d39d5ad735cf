"""Durations as Istio spells them (`google.protobuf.Duration` in Go's notation: 1h2m3.5s, 250ms) and milliseconds."""

from __future__ import annotations

import re

_UNITS_MS = {"h": 3_600_000.0, "m": 60_000.0, "s": 1_000.0, "ms": 1.0, "us": 0.001, "µs": 0.001, "ns": 0.000_001}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|µs|ns)")


def milliseconds(text: str) -> float | None:
    """The length; None for a text that is none."""
    position, total = 0, 0.0
    for part in _PART.finditer(text):
        if part.start() != position:
            return None
        position = part.end()
        total += float(part[1]) * _UNITS_MS[part[2]]
    return total if position == len(text) and text else None


def duration(ms: int) -> str:
    """The shortest spelling that people use: 3s, 1.5s, 250ms."""
    if ms < 1000:
        return f"{ms}ms"
    return f"{ms / 1000:.3f}".rstrip("0").rstrip(".") + "s"
