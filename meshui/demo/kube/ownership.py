"""Who owns which field: `managedFields`, and server-side apply.

An object is flattened to its leaves, path → value; a list that merges by keys is walked by them, any other list is one
leaf. Sets of such paths are what `fieldsV1` writes down. Rules:
https://kubernetes.io/docs/reference/using-api/server-side-apply/.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from meshui.demo.kube.errors import apply_conflict, bad_request
from meshui.demo.kube.schema import Node, Object, Schema

Path = tuple[str, ...]
"""Parts as `fieldsV1` spells them: `f:<field>`, `k:{"name":"x"}`, `v:<value>`."""
Leaves = dict[Path, Any]

_SELF = "."
_UNOWNED = {
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
}
"""Fields of metadata that nobody owns."""


@dataclass(frozen=True)
class Manager:
    """One entry's identity in `managedFields`."""

    name: str
    operation: str
    """Apply or Update."""
    api_version: str
    subresource: str = ""

    @property
    def described(self) -> str:
        """As conflict messages name it."""
        quoted = json.dumps(self.name)
        if self.operation == "Apply":
            return quoted
        return f"{quoted} with subresource {json.dumps(self.subresource)}" if self.subresource else quoted


@dataclass(frozen=True)
class Entry:
    manager: Manager
    time: str
    fields: frozenset[Path]


def leaves(object_: Object, schema: Schema) -> Leaves:
    """Every leaf of an object that somebody can own."""
    found: Leaves = {}
    for key, value in object_.items():
        if key == "metadata":
            owned = {name: item for name, item in value.items() if name not in _UNOWNED}
            _flatten(owned, schema.field("metadata"), ("f:metadata",), found)
        elif key not in ("apiVersion", "kind"):
            _flatten(value, schema.field(key), (f"f:{key}",), found)
    return found


def _flatten(value: Any, schema: Schema | None, path: Path, found: Leaves) -> None:
    if isinstance(value, dict) and value and not (schema and schema.atomic):
        for key, item in value.items():
            _flatten(item, schema.field(key) if schema else None, (*path, f"f:{key}"), found)
    elif isinstance(value, list) and schema and schema.list_keys:
        for item in value:
            place = (*path, _key(item, schema))
            found[(*place, _SELF)] = True
            _flatten(item, schema.element(), place, found)
    elif isinstance(value, list) and schema and schema.is_set:
        for item in value:
            found[(*path, f"v:{json.dumps(item)}")] = True
    elif path != ("f:metadata",):
        found[path] = value


def _key(item: Any, schema: Schema) -> str:
    element = schema.element()
    declared: dict[str, Node] = element.declared if element else {}
    values = {name: item.get(name, declared.get(name, {}).get("default")) for name in schema.list_keys}
    return "k:" + json.dumps(
        {name: value for name, value in values.items() if value is not None}, separators=(",", ":")
    )


def read_entries(object_: Object) -> list[Entry]:
    """An object's `metadata.managedFields`."""
    entries: list[Entry] = []
    for item in object_["metadata"].get("managedFields") or ():
        manager = Manager(item["manager"], item["operation"], item["apiVersion"], item.get("subresource", ""))
        entries.append(Entry(manager, item["time"], frozenset(_paths(item.get("fieldsV1") or {}))))
    return entries


def _paths(tree: Object, path: Path = ()) -> list[Path]:
    found: list[Path] = []
    for key, below in tree.items():
        if key == _SELF:
            found.append((*path, _SELF))
        else:
            found.extend(_paths(below, (*path, key)) if below else [(*path, key)])
    return found


def write_entries(object_: Object, entries: list[Entry]) -> None:
    """Sets `metadata.managedFields`, leaving out managers that own nothing any more."""
    written: list[Object] = []
    for entry in entries:
        if not entry.fields:
            continue
        tree: Object = {}
        for path in sorted(entry.fields):
            node = tree
            for part in path:
                node = node.setdefault(part, {})
        item: Object = {
            "manager": entry.manager.name,
            "operation": entry.manager.operation,
            "apiVersion": entry.manager.api_version,
            "time": entry.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": tree,
        }
        written.append(item | ({"subresource": entry.manager.subresource} if entry.manager.subresource else {}))
    object_["metadata"].pop("managedFields", None)
    if written:
        object_["metadata"]["managedFields"] = written


def record_update(before: Object | None, after: Object, schema: Schema, manager: Manager, now: str) -> None:
    """After a create, replace or patch: who wrote owns what changed, in `after`'s managedFields."""
    old = leaves(before, schema) if before else {}
    new = leaves(after, schema)
    changed = frozenset(path for path, value in new.items() if path not in old or old[path] != value)
    entries = [
        entry if entry.manager == manager else replace(entry, fields=(entry.fields - changed) & new.keys())
        for entry in (read_entries(before) if before else ())
    ]
    mine = next((entry for entry in entries if entry.manager == manager), Entry(manager, now, frozenset()))
    others = [entry for entry in entries if entry.manager != manager]
    time = now if changed else mine.time
    write_entries(after, [*others, Entry(manager, time, (mine.fields & new.keys()) | changed)])


def apply(live: Object, wanted: Object, schema: Schema, manager: Manager, force: bool, now: str) -> Object:
    """Server-side apply of `wanted` on `live`. Raises a 409 naming each field that another manager owns otherwise."""
    mine = leaves(wanted, schema)
    current = leaves(live, schema)
    entries = read_entries(live)
    differing = {path for path, value in mine.items() if path in current and current[path] != value}
    _check(entries, differing, manager, force)
    previous = next((entry.fields for entry in entries if entry.manager == manager), frozenset())
    others = [entry for entry in entries if entry.manager != manager]
    owned_elsewhere: set[Path] = {path for entry in others for path in entry.fields}
    merged: Object = _merge(deepcopy(live), wanted, schema)
    for path in sorted(previous - mine.keys() - owned_elsewhere, key=lambda path: path[-1] != _SELF):
        # Items of lists first: they are found by their keys, which are leaves of theirs.
        shared = path[-1] == _SELF and any(other[: len(path) - 1] == path[:-1] for other in owned_elsewhere)
        if not shared:
            _delete(merged, path, schema)
    remaining = leaves(merged, schema).keys()
    kept = [replace(entry, fields=(entry.fields - differing) & remaining) for entry in others]
    unchanged = previous == frozenset(mine) and not differing
    time = next((entry.time for entry in entries if entry.manager == manager), now) if unchanged else now
    write_entries(merged, [*kept, Entry(manager, time, frozenset(mine))])
    return merged


def _check(entries: list[Entry], differing: set[Path], manager: Manager, force: bool) -> None:
    conflicts: dict[str, list[str]] = {}
    for entry in entries:
        contested = entry.fields & differing
        if entry.manager != manager and contested:
            where = f"{entry.manager.described} using {entry.manager.api_version}"
            conflicts.setdefault(where, []).extend(sorted(_readable(path) for path in contested))
    if conflicts and not force:
        raise apply_conflict(conflicts)


def _readable(path: Path) -> str:
    """`.spec.ports[port=80,protocol="TCP"].name`, as Kubernetes shows a path."""
    text = ""
    for part in path:
        if part.startswith("k:"):
            keys = ",".join(f"{name}={json.dumps(value)}" for name, value in json.loads(part[2:]).items())
            text += f"[{keys}]"
        elif part.startswith("v:"):
            text += f"[={part[2:]}]"
        elif part != _SELF:
            text += f".{part[2:]}"
    return text


def _merge(live: Any, wanted: Any, schema: Schema | None) -> Any:
    if isinstance(wanted, dict) and isinstance(live, dict) and not (schema and schema.atomic):
        for key, value in wanted.items():
            child = schema.field(key) if schema else None
            live[key] = _merge(live[key], value, child) if key in live else deepcopy(value)
        return live
    if isinstance(wanted, list) and isinstance(live, list) and schema and schema.list_keys:
        merged = {_key(item, schema): item for item in live}
        seen: set[str] = set()
        for item in wanted:
            key = _key(item, schema)
            if key in seen:
                raise bad_request(f"duplicate entries for key [{key[2:]}]")
            seen.add(key)
            merged[key] = _merge(merged[key], item, schema.element()) if key in merged else deepcopy(item)
        return list(merged.values())
    if isinstance(wanted, list) and isinstance(live, list) and schema and schema.is_set:
        return live + [item for item in wanted if item not in live]
    return deepcopy(wanted)


def _delete(object_: Object, path: Path, schema: Schema) -> None:
    """Removes a leaf, and the maps that are empty without it."""
    trail: list[tuple[Any, Any]] = []
    node: Any = object_
    place: Schema | None = schema
    item_keys: tuple[str, ...] = ()
    for part in path:
        if part == _SELF:
            break
        key: Any = part[2:]
        if part.startswith("f:"):
            if not isinstance(node, dict) or key not in node or key in item_keys:
                return
            item_keys = ()
            place = place.field(key) if place else None
        else:
            key = _position(node, part, place)
            if key is None:
                return
            item_keys = place.list_keys if place else ()
            place = place.element() if place else None
        trail.append((node, key))
        node = node[key]
    parent, key = trail.pop()
    del parent[key]
    while trail and not parent and not isinstance(trail[-1][0], list):
        parent, key = trail.pop()
        del parent[key]


def _position(items: Any, part: str, schema: Schema | None) -> int | None:
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if part.startswith("v:") and json.dumps(item) == part[2:]:
            return index
        if part.startswith("k:") and schema and _key(item, schema) == part:
            return index
    return None
