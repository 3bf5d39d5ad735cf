"""The difference between two versions of an object: as a patch, as text, and in sentences."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterator
from typing import Any

from meshui.domain.mesh.objects import Manifest

Operation = dict[str, Any]
"""One operation of a JSON patch (RFC 6902)."""

SERVER_FIELDS = ("resourceVersion", "uid", "generation", "creationTimestamp", "managedFields", "selfLink")
"""Metadata that the API server writes, not people."""


def without_server_fields(manifest: Manifest) -> Manifest:
    """A copy without what the server writes: `status` and its metadata fields."""
    cleaned = copy.deepcopy(manifest)
    cleaned.pop("status", None)
    metadata = cleaned.get("metadata")
    if isinstance(metadata, dict):
        for field in SERVER_FIELDS:
            metadata.pop(field, None)
    return cleaned


def json_patch(before: Any, after: Any) -> list[Operation]:
    """The operations that make `after` of `before`, as deep as they can be; lists element by element."""
    return list(_operations("", before, after))


def apply_patch(document: Any, operations: list[Operation]) -> Any:
    """A copy of the document with add, replace and remove operations applied in order. Raises KeyError or IndexError
    where a path leads nowhere."""
    document = copy.deepcopy(document)
    for operation in operations:
        steps = [_unescape(step) for step in operation["path"].split("/")[1:]]
        if not steps:
            document = copy.deepcopy(operation["value"])
            continue
        target = document
        for step in steps[:-1]:
            target = target[int(step)] if isinstance(target, list) else target[step]
        last: Any = steps[-1]
        if isinstance(target, list):
            last = len(target) if last == "-" else int(last)
        if operation["op"] == "remove":
            del target[last]
        elif operation["op"] == "add" and isinstance(target, list):
            target.insert(last, copy.deepcopy(operation["value"]))
        else:
            target[last] = copy.deepcopy(operation["value"])
    return document


def unified_yaml_diff(before_yaml: str, after_yaml: str, name: str = "") -> str:
    """The unified diff of two YAML texts, "" when they are the same. Texts, since dumping YAML is not the domain's
    work."""
    lines = difflib.unified_diff(
        before_yaml.splitlines(),
        after_yaml.splitlines(),
        f"{name} (before)".strip(),
        f"{name} (after)".strip(),
        lineterm="",
    )
    return "\n".join(lines)


def readable(before: Manifest, after: Manifest) -> list[str]:
    """One sentence per difference, weights by the name of their destination: "v2: 10% -> 50%"."""
    before, after = without_server_fields(before), without_server_fields(after)
    return [_sentence(operation, before, after) for operation in json_patch(before, after)]


def _operations(path: str, before: Any, after: Any) -> Iterator[Operation]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before:
            if key not in after:
                yield {"op": "remove", "path": f"{path}/{_escape(key)}"}
        for key, value in after.items():
            here = f"{path}/{_escape(key)}"
            if key in before:
                yield from _operations(here, before[key], value)
            else:
                yield {"op": "add", "path": here, "value": value}
    elif isinstance(before, list) and isinstance(after, list):
        shared = min(len(before), len(after))
        for index in range(shared):
            yield from _operations(f"{path}/{index}", before[index], after[index])
        for index in range(len(before) - 1, shared - 1, -1):
            yield {"op": "remove", "path": f"{path}/{index}"}
        for index in range(shared, len(after)):
            yield {"op": "add", "path": f"{path}/{index}", "value": after[index]}
    elif type(before) is not type(after) or before != after:
        yield {"op": "replace", "path": path, "value": after}


def _sentence(operation: Operation, before: Manifest, after: Manifest) -> str:
    steps = [_unescape(step) for step in operation["path"].split("/")[1:]]
    old, new = _at(before, steps), operation.get("value")
    if len(steps) >= 3 and steps[-1] == "weight" and steps[-3] in ("route", "backendRefs"):
        name = _destination_name(_at(after, steps[:-1]) or {})
        missing = 1 if steps[-3] == "backendRefs" else 0
        unit = "" if steps[-3] == "backendRefs" else "%"
        return f"{name}: {missing if old is None else old}{unit} -> {missing if new is None else new}{unit}"
    where = _dotted(steps)
    if operation["op"] == "add":
        return f"{where}: set to {_short(new)}"
    if operation["op"] == "remove":
        return f"{where}: removed (was {_short(old)})"
    return f"{where}: {_short(old)} -> {_short(new)}"


def _destination_name(entry: dict[str, Any]) -> str:
    destination = entry.get("destination")
    if isinstance(destination, dict):
        return str(destination.get("subset") or str(destination.get("host", "")).partition(".")[0])
    return str(entry.get("name", ""))


def _at(document: Any, steps: list[str]) -> Any:
    for step in steps:
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and step.isdigit() and int(step) < len(document):
            document = document[int(step)]
        else:
            return None
    return document


def _dotted(steps: list[str]) -> str:
    text = ""
    for step in steps:
        text += f"[{step}]" if step.isdigit() else f".{step}" if text else step
    return text


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _escape(key: str) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")


def _unescape(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")
