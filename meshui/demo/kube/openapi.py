"""The OpenAPI documents that `kubectl` reads: version 3 a group, with the schemas; version 2 with the paths alone.

kubectl asks them three things: whether a PATCH takes `dryRun` and `fieldValidation`, how lists merge, and (older ones)
which fields a kind has. Version 2 is also served in protobuf, the only form that kubectl before 1.27 takes
(https://github.com/google/gnostic-models/blob/main/openapiv2/OpenAPIv2.proto); without definitions it leaves validation
to the server.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache

import orjson

from meshui.demo.kube.discovery import VERSION
from meshui.demo.kube.resources import RESOURCES, Resource, group_versions
from meshui.demo.kube.schema import Node, Object, document, document_of

PROTOBUF_V2 = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
_PATCH_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation", "force")
_INFO = {"title": "Kubernetes", "version": VERSION}


def index() -> Object:
    """`/openapi/v3`: where each group's document is."""
    paths: dict[str, Object] = {}
    for group, versions in group_versions().items():
        for version in versions:
            path = f"apis/{group}/{version}" if group else f"api/{version}"
            body = group_document(group, version) or b""
            digest = hashlib.sha256(body).hexdigest()[:32].upper()
            paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
    return {"paths": paths}


@cache
def group_document(group: str, version: str) -> bytes | None:
    """One group's OpenAPI v3 document in JSON; None when it isn't served."""
    if version not in group_versions().get(group, ()):
        return None
    schemas: dict[str, Node] = {}
    paths: dict[str, Object] = {}
    for resource in _served(group, version):
        paths[_path(resource, version)] = {"patch": _patch_operation(resource, version)}
        source = document_of(resource)
        name = source["kinds"][f"{group}/{resource.kind}"]
        if resource.custom:
            node: Node = source["definitions"][name]
            schemas[f"{group}.{version}.{name}"] = node | {"x-kubernetes-group-version-kind": [_gvk(resource, version)]}
        else:
            _collect(name, document("kubernetes")["definitions"], schemas)
    return orjson.dumps({"openapi": "3.0.0", "info": _INFO, "paths": paths, "components": {"schemas": schemas}})


def _collect(name: str, definitions: dict[str, Node], found: dict[str, Node]) -> None:
    pending = [name]
    while pending:
        name = pending.pop()
        if name not in found:
            found[name] = definitions[name]
            pending.extend(_references(definitions[name]))


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rsplit("/", 1)[1]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _served(group: str, version: str) -> list[Resource]:
    return [item for item in RESOURCES if item.group == group and version in item.versions]


def _path(resource: Resource, version: str) -> str:
    prefix = f"/apis/{resource.group}/{version}" if resource.group else f"/api/{version}"
    scope = "/namespaces/{namespace}" if resource.namespaced else ""
    return f"{prefix}{scope}/{resource.plural}/{{name}}"


def _gvk(resource: Resource, version: str) -> dict[str, str]:
    return {"group": resource.group, "version": version, "kind": resource.kind}


def _patch_operation(resource: Resource, version: str) -> Object:
    parameters = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in _PATCH_PARAMETERS]
    return {
        "operationId": f"patch{resource.kind}{version}",
        "parameters": parameters,
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": _gvk(resource, version),
    }


@cache
def version_2() -> bytes:
    """`/openapi/v2` in JSON."""
    paths = {
        _path(resource, version): {"patch": _patch_operation(resource, version)}
        for resource in RESOURCES
        for version in resource.versions
    }
    return orjson.dumps({"swagger": "2.0", "info": _INFO, "paths": paths})


@cache
def version_2_protobuf() -> bytes:
    """`/openapi/v2` as a gnostic `Document`."""
    items = b"".join(
        _field(2, _field(1, _path(resource, version).encode()) + _field(2, _field(8, _operation_v2(resource, version))))
        for resource in RESOURCES
        for version in resource.versions
    )
    info = _field(1, _INFO["title"].encode()) + _field(2, _INFO["version"].encode())
    return _field(1, b"2.0") + _field(2, info) + _field(8, items)


def _operation_v2(resource: Resource, version: str) -> bytes:
    """Operation{parameters: 8, vendor_extension: 13}; a query parameter lies four messages deep."""
    parameters = b"".join(
        _field(8, _field(1, _field(2, _field(3, _field(2, b"query") + _field(4, name.encode())))))
        for name in _PATCH_PARAMETERS
    )
    extension = _field(1, b"x-kubernetes-group-version-kind")
    extension += _field(2, _field(2, json.dumps(_gvk(resource, version)).encode()))
    return parameters + _field(13, extension)


def _field(number: int, payload: bytes) -> bytes:
    """A length-delimited protobuf field."""
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
