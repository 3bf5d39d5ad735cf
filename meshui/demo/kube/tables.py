"""How objects are shown: whole, as `meta.k8s.io` Tables (what `kubectl get` prints), or their metadata alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from meshui.demo.kube.errors import not_acceptable
from meshui.demo.kube.resources import Resource
from meshui.demo.kube.schema import Object

_JSON = ("*/*", "application/*", "application/json")


def representation(accept: str) -> str:
    """`Table`, `PartialObjectMetadata` (also of lists) or `` for whole objects. Raises a 406 when none is accepted."""
    for media in accept.split(",") if accept.strip() else ["*/*"]:
        kind, *parameters = (part.strip() for part in media.split(";"))
        asked = dict(part.split("=", 1) for part in parameters if "=" in part)
        if kind not in _JSON:
            continue
        if "as" not in asked:
            return ""
        if asked["as"] in ("Table", "PartialObjectMetadata", "PartialObjectMetadataList") and asked.get("v") == "v1":
            return asked["as"].removesuffix("List")
    raise not_acceptable()


def metadata_only(object_: Object) -> Object:
    return {"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": object_["metadata"]}


def table(
    resource: Resource, objects: list[Object], include: str, list_metadata: Object, headings: bool = True
) -> Object:
    """A Table of objects; `include` is the request's includeObject: None, Metadata or Object."""
    rows: list[Object] = []
    for object_ in objects:
        metadata = object_["metadata"]
        cells: list[Any] = [metadata["name"]]
        cells += [_cell(object_, path.split(".")) for _, path in resource.columns]
        cells.append(_age(metadata["creationTimestamp"]))
        row: Object = {"cells": cells}
        if include != "None":
            row["object"] = object_ if include == "Object" else metadata_only(object_)
        rows.append(row)
    columns = [_column("Name", "name"), *(_column(name) for name, _ in resource.columns), _column("Age")]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": list_metadata,
        "columnDefinitions": columns if headings else None,
        "rows": rows,
    }


def _column(name: str, format_: str = "") -> Object:
    return {"name": name, "type": "string", "format": format_, "description": name, "priority": 0}


def _cell(value: Any, path: list[str]) -> str:
    if isinstance(value, list):
        return ",".join(_cell(item, path) for item in value)
    if path:
        return _cell(value.get(path[0]), path[1:]) if isinstance(value, dict) else ""
    return "" if value is None else str(value)


def _age(created: str) -> str:
    seconds = max(0, int((datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
