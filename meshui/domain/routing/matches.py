"""The match clauses of a route in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_HOW = {"exact": "is", "prefix": "starts with", "regex": "matches", "Exact": "is", "PathPrefix": "starts with"}


def in_words(matches: Sequence[dict[str, Any]]) -> str:
    """Which requests a VirtualService's `match` or an HTTPRoute's `matches` takes; without clauses: all."""
    said = [_clause(match) for match in matches if match]
    return " or ".join(said) if said else "all requests"


def _clause(match: dict[str, Any]) -> str:
    parts = []
    for field, condition in match.items():
        if field == "headers" and isinstance(condition, dict):
            parts += [f"header {name} {_condition(value)}" for name, value in condition.items()]
        elif field in ("headers", "queryParams") and isinstance(condition, list):
            parts += [f"{field} {one.get('name')} is {one.get('value')}" for one in condition if isinstance(one, dict)]
        elif field in ("uri", "path", "authority", "method", "scheme"):
            parts.append(f"{'path' if field == 'uri' else field} {_condition(condition)}")
        elif field == "sourceLabels" and isinstance(condition, dict):
            parts.append("from " + ", ".join(f"{name}={value}" for name, value in condition.items()))
        elif field not in ("name", "ignoreUriCase"):
            parts.append(f"{field} {_condition(condition)}")
    return " and ".join(parts) if parts else "all requests"


def _condition(value: Any) -> str:
    if isinstance(value, dict):
        if "value" in value:
            return f"{_HOW.get(str(value.get('type', 'Exact')), 'matches')} {value['value']}"
        for how, said in _HOW.items():
            if how in value:
                return f"{said} {value[how]}"
        return "is present"
    return f"is {value}"
