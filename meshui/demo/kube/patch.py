"""Patches: JSON Patch (RFC 6902), JSON Merge Patch (RFC 7386) and Kubernetes' strategic merge patch.

All are pure: the object given isn't changed. The strategic rules are those of
https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md,
with the merge keys that the schemas name.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from meshui.demo.kube.schema import Schema

_DIRECTIVE = "$patch"
_DELETE_VALUES = "$deleteFromPrimitiveList/"
_ORDER = "$setElementOrder/"
_RETAIN = "$retainKeys"


class PatchError(ValueError):
    """A patch that isn't one, or that doesn't fit the object."""


class PatchTestError(PatchError):
    """A `test` operation that failed."""


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386: null removes, an object merges, anything else replaces."""
    if not isinstance(patch, dict):
        return deepcopy(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def json_patch(target: Any, operations: Any) -> Any:
    """RFC 6902. Raises PatchTestError where a `test` fails, PatchError on anything else that can't be done."""
    if not isinstance(operations, list):
        raise PatchError("a JSON patch is an array of operations")
    document = deepcopy(target)
    for operation in operations:
        if not isinstance(operation, dict) or not isinstance(operation.get("path"), str):
            raise PatchError("a JSON patch operation is an object with op and path")
        document = _operate(document, operation)
    return document


def _operate(document: Any, operation: dict[str, Any]) -> Any:
    path = _pointer(operation["path"])
    match operation.get("op"):
        case "add" | "replace" | "test" if "value" not in operation:
            raise PatchError(f"{operation['op']} at {operation['path']} has no value")
        case "add":
            return _add(document, path, deepcopy(operation["value"]))
        case "replace":
            _resolve(document, path)
            return _add(_remove(document, path), path, deepcopy(operation["value"])) if path else operation["value"]
        case "remove":
            return _remove(document, path)
        case "test":
            if not _equal(_resolve(document, path), operation["value"]):
                raise PatchTestError(f"testing value {operation['path']} failed: test failed")
            return document
        case "move" | "copy" if isinstance(operation.get("from"), str):
            source = _pointer(operation["from"])
            value = deepcopy(_resolve(document, source))
            if operation["op"] == "move":
                if path[: len(source)] == source and path != source:
                    raise PatchError("a value can't be moved into itself")
                document = _remove(document, source)
            return _add(document, path, value)
        case unknown:
            raise PatchError(f"unexpected kind of operation: {unknown}")


def _equal(left: Any, right: Any) -> bool:
    """As JSON: true isn't 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    return bool(left == right)


def _pointer(text: str) -> list[str]:
    """RFC 6901."""
    if not text:
        return []
    if not text.startswith("/"):
        raise PatchError(f"{text!r} is not a JSON pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/")]


def _index(parent: list[Any], key: str, last: int) -> int:
    if not (key.isascii() and key.isdigit()) or (len(key) > 1 and key[0] == "0") or int(key) > last:
        raise PatchError(f"invalid index {key!r}")
    return int(key)


def _resolve(document: Any, path: list[str]) -> Any:
    for key in path:
        if isinstance(document, dict) and key in document:
            document = document[key]
        elif isinstance(document, list):
            document = document[_index(document, key, len(document) - 1)]
        else:
            raise PatchError(f"missing path: /{'/'.join(path)}")
    return document


def _add(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent, key = _resolve(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        parent.insert(len(parent) if key == "-" else _index(parent, key, len(parent)), value)
    elif isinstance(parent, dict):
        parent[key] = value
    else:
        raise PatchError(f"missing path: /{'/'.join(path)}")
    return document


def _remove(document: Any, path: list[str]) -> Any:
    if not path:
        raise PatchError("the whole object can't be removed")
    _resolve(document, path)
    parent, key = _resolve(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        del parent[int(key)]
    else:
        del parent[key]
    return document


def strategic_merge(target: Any, patch: Any, schema: Schema | None) -> Any:
    """A merge patch that merges lists by the key the schema names, with the `$patch` directives."""
    if not isinstance(patch, dict):
        return deepcopy(patch)
    directive = patch.get(_DIRECTIVE)
    if directive == "delete":
        return None
    merged = dict(target) if isinstance(target, dict) and directive != "replace" else {}
    if _RETAIN in patch:
        merged = {key: value for key, value in merged.items() if key in patch[_RETAIN]}
    for key, value in patch.items():
        if key.startswith(_DELETE_VALUES):
            field = key.removeprefix(_DELETE_VALUES)
            merged[field] = [item for item in merged.get(field, ()) if item not in value]
        elif key.startswith(_ORDER) or key in (_DIRECTIVE, _RETAIN):
            continue
        elif value is None:
            merged.pop(key, None)
        else:
            child = schema.field(key) if schema else None
            if isinstance(value, list):
                merged[key] = _merge_list(merged.get(key) or [], value, child, patch.get(_ORDER + key))
            elif (result := strategic_merge(merged.get(key), value, child)) is None:
                merged.pop(key, None)
            else:
                merged[key] = result
    return merged


def _merge_list(items: list[Any], patch: list[Any], schema: Schema | None, order: list[Any] | None) -> list[Any]:
    if schema and schema.merges_values:
        return items + [item for item in patch if item not in items]
    key = schema.merge_key if schema else ""
    if not schema or not key or any(not isinstance(item, dict) for item in patch):
        return deepcopy(patch)
    if any(item.get(_DIRECTIVE) == "replace" for item in patch):
        return [deepcopy(item) for item in patch if _DIRECTIVE not in item]
    merged = {item.get(key): item for item in items}
    for item in patch:
        if not isinstance(item.get(key), str | int):
            raise PatchError(f"map: {item} does not contain declared merge key: {key}")
        if (result := strategic_merge(merged.get(item[key]), item, schema.element())) is None:
            merged.pop(item[key], None)
        else:
            merged[item[key]] = result
    if order is not None:
        places = {item.get(key): place for place, item in enumerate(order) if isinstance(item, dict)}
        return sorted(merged.values(), key=lambda item: places.get(item.get(key), len(places)))
    return list(merged.values())
