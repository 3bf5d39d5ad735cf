"""Two edits of one object: what each did, whether they fit together."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from meshui.domain.changes.diff import SERVER_FIELDS, readable, without_server_fields
from meshui.domain.mesh.objects import Manifest

_GONE = object()


class ThreeWay(msgspec.Struct, frozen=True):
    """`merged` has both edits where they fit, and ours where they don't; `conflicts` are the JSON paths where both
    changed the same thing differently. `ours` and `theirs` say what each did."""

    merged: Manifest
    conflicts: tuple[str, ...]
    ours: tuple[str, ...]
    theirs: tuple[str, ...]


def three_way(base: Manifest, ours: Manifest, theirs: Manifest) -> ThreeWay:
    """Merges two edits of `base`. Server-written fields are left out of the comparison, and come from `theirs` in the
    result, so that it can be written with the resourceVersion that is current."""
    conflicts: list[str] = []
    before, mine, other = (without_server_fields(one) for one in (base, ours, theirs))
    merged = _merge("$", before, mine, other, conflicts)
    result: Manifest = merged if isinstance(merged, dict) else {}
    if "status" in theirs:
        result["status"] = copy.deepcopy(theirs["status"])
    current = theirs.get("metadata")
    if isinstance(current, dict) and isinstance(result.get("metadata"), dict):
        server = {field: copy.deepcopy(current[field]) for field in SERVER_FIELDS if field in current}
        result["metadata"] = {**result["metadata"], **server}
    return ThreeWay(result, tuple(conflicts), tuple(readable(base, ours)), tuple(readable(base, theirs)))


def _merge(path: str, base: Any, ours: Any, theirs: Any, conflicts: list[str]) -> Any:
    if _same(ours, theirs) or _same(base, theirs):
        return _copied(ours)
    if _same(base, ours):
        return _copied(theirs)
    if isinstance(base, dict) and isinstance(ours, dict) and isinstance(theirs, dict):
        merged = {}
        for key in dict.fromkeys((*theirs, *ours)):
            before, mine, other = (one.get(key, _GONE) for one in (base, ours, theirs))
            value = _merge(f"{path}.{key}", before, mine, other, conflicts)
            if value is not _GONE:
                merged[key] = value
        return merged
    lists = isinstance(base, list) and isinstance(ours, list) and isinstance(theirs, list)
    if lists and len(base) == len(ours) == len(theirs):
        return [
            _merge(f"{path}[{index}]", before, mine, other, conflicts)
            for index, (before, mine, other) in enumerate(zip(base, ours, theirs, strict=True))
        ]
    conflicts.append(path)
    return _copied(ours)


def _same(one: Any, other: Any) -> bool:
    if one is _GONE or other is _GONE:
        return one is other
    return type(one) is type(other) and bool(one == other)


def _copied(value: Any) -> Any:
    return value if value is _GONE else copy.deepcopy(value)
