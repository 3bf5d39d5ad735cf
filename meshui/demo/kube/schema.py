"""The kinds' schemas: unknown fields, defaults, validation, and how lists merge.

Structural rules as in https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
(pruning, defaulting) and https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy (lists).
CEL rules aren't evaluated.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema import ValidationError
from jsonschema.validators import extend

from meshui.demo.kube.errors import Cause
from meshui.demo.kube.resources import Resource

Object = dict[str, Any]
Node = dict[str, Any]

_FOLDER = Path(__file__).parent / "schemas"
_INTEGER_BITS = {"int32": 31, "int64": 63}
_MOST_CAUSES = 10


class Schema:
    """One node of a kind's schema with the definitions it may refer to."""

    def __init__(self, node: Node, definitions: dict[str, Node]) -> None:
        while "$ref" in node:
            node = definitions[node["$ref"].rsplit("/", 1)[1]]
        self.node = node
        self._definitions = definitions

    def field(self, name: str) -> Schema | None:
        """The schema of a field; None when no field of that name is declared."""
        node = self.node.get("properties", {}).get(name)
        if node is None and isinstance(self.node.get("additionalProperties"), dict):
            node = self.node["additionalProperties"]
        return None if node is None else Schema(node, self._definitions)

    def element(self) -> Schema | None:
        node = self.node.get("items")
        return None if node is None else Schema(node, self._definitions)

    @property
    def declared(self) -> dict[str, Node]:
        properties: dict[str, Node] = self.node.get("properties", {})
        return properties

    @property
    def open(self) -> bool:
        """Whether fields that aren't declared are kept."""
        if self.node.get("x-kubernetes-preserve-unknown-fields"):
            return True
        return "properties" not in self.node and "additionalProperties" not in self.node

    @property
    def list_keys(self) -> tuple[str, ...]:
        """By which fields server-side apply tells a list's items apart; empty for one that is replaced whole."""
        if self.node.get("x-kubernetes-list-type") != "map":
            return ()
        return tuple(self.node["x-kubernetes-list-map-keys"])

    @property
    def is_set(self) -> bool:
        return self.node.get("x-kubernetes-list-type") == "set"

    @property
    def atomic(self) -> bool:
        """A map that is replaced whole by server-side apply."""
        return self.node.get("x-kubernetes-map-type") == "atomic"

    @property
    def merge_key(self) -> str:
        """By which field a strategic merge patch tells a list's items apart; empty for one that it replaces."""
        if "merge" not in self.node.get("x-kubernetes-patch-strategy", ""):
            return ""
        return str(self.node.get("x-kubernetes-patch-merge-key", ""))

    @property
    def merges_values(self) -> bool:
        """A list of plain values that a strategic merge patch adds to."""
        return "merge" in self.node.get("x-kubernetes-patch-strategy", "") and not self.merge_key


@cache
def document(name: str) -> Object:
    """One file of `schemas/`."""
    read: Object = json.loads((_FOLDER / f"{name}.json").read_text())
    return read


def document_of(resource: Resource) -> Object:
    return document(resource.group if resource.custom else "kubernetes")


def schema_of(resource: Resource) -> Schema:
    """The schema of a kind's whole object. Metadata is that of every kind (ObjectMeta)."""
    return _schema(document_of(resource)["kinds"][f"{resource.group}/{resource.kind}"], resource.custom, resource.group)


def schema_of_kind(group: str, kind: str) -> Schema:
    """The schema of a built-in kind that isn't kept, such as a review."""
    return _schema(document("kubernetes")["kinds"][f"{group}/{kind}"], False, group)


@cache
def _schema(definition: str, custom: bool, group: str) -> Schema:
    builtin = document("kubernetes")
    definitions = builtin["definitions"]
    if not custom:
        return Schema(definitions[definition], definitions)
    return Schema(_whole(document(group)["definitions"][definition]), definitions)


def _whole(node: Node) -> Node:
    """A custom kind's schema with what every kind has: a definition needn't declare it."""
    metadata = {"$ref": f"#/components/schemas/{document('kubernetes')['kinds']['/ObjectMeta']}"}
    common = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": metadata}
    return node | {"properties": node["properties"] | common}


def prune(value: Any, schema: Schema, path: str = "") -> Iterator[str]:
    """Removes what isn't declared, in place; yields the path of each."""
    if isinstance(value, dict):
        for key in list(value):
            child = schema.field(key)
            place = f"{path}.{key}" if path else key
            if child is not None:
                yield from prune(value[key], child, place)
            elif not schema.open:
                del value[key]
                yield place
    elif isinstance(value, list) and (items := schema.element()) is not None:
        for index, item in enumerate(value):
            yield from prune(item, items, f"{path}[{index}]")


def apply_defaults(value: Any, schema: Schema) -> None:
    """Sets the declared defaults of absent fields, in place, below what is there."""
    if isinstance(value, dict):
        for key, node in schema.declared.items():
            if key not in value and "default" in node:
                value[key] = json.loads(json.dumps(node["default"]))
        for key, item in value.items():
            if (child := schema.field(key)) is not None:
                apply_defaults(item, child)
    elif isinstance(value, list) and (items := schema.element()) is not None:
        for item in value:
            apply_defaults(item, items)


def without_nulls(value: Any) -> Any:
    """The value without null fields: in a built-in kind null means absent."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def problems(value: Object, resource: Resource) -> tuple[Cause, ...]:
    """What is wrong with an object by its kind's schema, worst first, at most ten."""
    return _causes(value, _validator(resource))


def problems_of_kind(value: Object, group: str, kind: str) -> tuple[Cause, ...]:
    """The same for a built-in kind that isn't kept."""
    return _causes(value, _builtin_validator(group, kind))


def _causes(value: Object, validator: Any) -> tuple[Cause, ...]:
    found: dict[str, Cause] = {}
    for error in validator.iter_errors(value):
        cause = _cause(error)
        found.setdefault(cause.field, cause)
    return tuple(sorted(found.values(), key=lambda cause: cause.field))[:_MOST_CAUSES]


@cache
def _validator(resource: Resource) -> Any:
    if not resource.custom:
        return _builtin_validator(resource.group, resource.kind)
    node = _whole(document_of(resource)["definitions"][resource.kind])
    root = node | {"components": {"schemas": document("kubernetes")["definitions"]}}
    return _Validator(root, format_checker=_FORMATS)


@cache
def _builtin_validator(group: str, kind: str) -> Any:
    source = document("kubernetes")
    name = source["kinds"][f"{group}/{kind}"]
    root = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": source["definitions"]}}
    return _Validator(root, format_checker=_FORMATS)


def _type(validator: Any, types: Any, instance: Any, schema: Node) -> Iterator[ValidationError]:
    """OpenAPI's `nullable`, and integers that JSON wrote as 1.0."""
    if instance is None and schema.get("nullable"):
        return
    if not validator.is_type(instance, types):
        yield ValidationError(f"must be of type {types}")


def _enum(validator: Any, enums: Any, instance: Any, schema: Node) -> Iterator[ValidationError]:
    if instance not in enums and not (instance is None and schema.get("nullable")):
        yield ValidationError("unsupported")


_Validator = extend(jsonschema.Draft202012Validator, {"type": _type, "enum": _enum})
_FORMATS = jsonschema.FormatChecker(formats=())


def _integer_format(bits: int) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        return not isinstance(value, int) or isinstance(value, bool) or -(1 << bits) <= value < 1 << bits

    return fits


for _name, _bits in _INTEGER_BITS.items():
    _FORMATS.checks(_name)(_integer_format(_bits))


def _is_date_time(value: Any) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


_FORMATS.checks("date-time", raises=ValueError)(_is_date_time)

_TYPE_NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}


def _cause(error: ValidationError) -> Cause:
    """A schema error in Kubernetes' words (k8s.io/apiextensions-apiserver/pkg/apiserver/validation)."""
    path = _path(error.absolute_path)
    value = error.instance
    shown = f'"{value}"' if isinstance(value, str) else json.dumps(value)[:200]
    match error.validator:
        case "required":
            missing = next((name for name in error.validator_value if name not in value), "")
            field = f"{path}.{missing}".strip(".")
            return Cause(field, "FieldValueRequired", "Required value")
        case "type":
            actual = "null" if value is None else _TYPE_NAMES[type(value)]
            wanted = f'{path} in body must be of type {error.validator_value}: "{actual}"'
            return Cause(path, "FieldValueTypeInvalid", f'Invalid value: "{actual}": {wanted}')
        case "enum":
            supported = ", ".join(f'"{item}"' for item in error.validator_value)
            message = f"Unsupported value: {shown}: supported values: {supported}"
            return Cause(path, "FieldValueNotSupported", message)
        case "minimum" | "maximum":
            word = "greater" if error.validator == "minimum" else "less"
            rule = f"{path} in body should be {word} than or equal to {error.validator_value}"
        case "pattern":
            rule = f"{path} in body should match '{error.validator_value}'"
        case "minLength" | "minItems" | "minProperties":
            rule = f"{path} in body should have at least {error.validator_value} {_unit(error.validator)}"
        case "maxLength" | "maxItems" | "maxProperties":
            rule = f"{path} in body should have at most {error.validator_value} {_unit(error.validator)}"
            return Cause(path, "FieldValueTooLong", f"Too long: {rule}")
        case "oneOf" | "anyOf" | "not":
            rule = f"{path} in body must validate {_COMBINED[error.validator]}"
        case _:
            rule = f"{path} in body is not a {error.validator_value}"
    return Cause(path, "FieldValueInvalid", f"Invalid value: {shown}: {rule}")


_COMBINED = {
    "oneOf": "one and only one schema (oneOf)",
    "anyOf": "at least one schema (anyOf)",
    "not": "no schema that is excluded (not)",
}


def _unit(validator: str) -> str:
    return {"Length": "characters", "Items": "items"}.get(validator[3:], "properties")


def _path(parts: Any) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.lstrip(".")
