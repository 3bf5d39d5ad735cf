"""Label and field selectors: text → a predicate on objects.

Grammar: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors and
https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from meshui.demo.kube.errors import bad_request
from meshui.demo.kube.resources import Resource

Predicate = Callable[[dict[str, Any]], bool]
Requirement = Callable[[dict[str, str]], bool]

_KEY = r"(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?"
_VALUE = r"(?:[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?)?"
_SET = re.compile(rf"({_KEY})\s+(in|notin)\s*\(([^()]*)\)")
_EQUALS = re.compile(rf"({_KEY})\s*(==|=|!=|>|<)\s*({_VALUE})")
_EXISTS = re.compile(rf"(!?)\s*({_KEY})")
_FIELDS = {
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.serviceAccountName",
        "status.phase",
        "status.podIP",
    ),
    "events": ("involvedObject.kind", "involvedObject.name", "involvedObject.namespace", "reason", "type"),
    "namespaces": ("status.phase",),
    "secrets": ("type",),
    "nodes": ("spec.unschedulable",),
}
"""Beside metadata.name and metadata.namespace, as Kubernetes allows them per resource."""


def label_selector(text: str) -> Callable[[dict[str, str]], bool]:
    """All requirements joined. Raises a 400 on text that isn't a selector."""
    requirements = [_requirement(part.strip()) for part in _split(text)]
    return lambda labels: all(requirement(labels) for requirement in requirements)


def _split(text: str) -> list[str]:
    """At the commas that aren't inside a set."""
    parts = re.split(r",(?![^(]*\))", text)
    return [] if not text.strip() else parts


def _requirement(text: str) -> Requirement:
    if found := _SET.fullmatch(text):
        key, operator, listed = found.groups()
        values = {value.strip() for value in listed.split(",")}
        if operator == "in":
            return lambda labels: key in labels and labels[key] in values
        return lambda labels: key not in labels or labels[key] not in values
    if found := _EQUALS.fullmatch(text):
        key, operator, value = found.groups()
        if operator == "!=":
            return lambda labels: labels.get(key) != value
        if operator in "<>":
            return _ordered(text, key, operator, value)
        return lambda labels: labels.get(key) == value
    if found := _EXISTS.fullmatch(text):
        negated, key = found.groups()
        return lambda labels: (key in labels) is (not negated)
    raise bad_request(f"unable to parse requirement: found {text!r}, expected a label requirement")


def _ordered(text: str, key: str, operator: str, value: str) -> Requirement:
    if not value.isdigit():
        raise bad_request(f"unable to parse requirement: {text!r}: for '<' and '>' the value must be an integer")
    bound = int(value)

    def holds(labels: dict[str, str]) -> bool:
        found = labels.get(key, "")
        return found.isdigit() and (int(found) > bound if operator == ">" else int(found) < bound)

    return holds


def field_selector(resource: Resource, text: str) -> Predicate:
    """Equalities on the fields that Kubernetes allows for the resource. Raises a 400 on any other."""
    allowed = {"metadata.name", "metadata.namespace", *(_FIELDS.get(resource.plural, ()) if not resource.group else ())}
    terms: list[tuple[list[str], bool, str]] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = re.fullmatch(r"([\w.]+)(==|=|!=)(.*)", part)
        if not found:
            raise bad_request(
                f'Unable to find "{resource.qualified}" that match field selector "{text}": invalid selector'
            )
        field, operator, value = found.groups()
        if field not in allowed:
            raise bad_request(
                f'Unable to find "{resource.qualified}" that match label selector "", field selector "{text}": '
                f"field label not supported: {field}"
            )
        terms.append((field.split("."), operator != "!=", value))

    def matches(object_: dict[str, Any]) -> bool:
        return all((_field(object_, path) == value) is wanted for path, wanted, value in terms)

    return matches


def _field(object_: Any, path: list[str]) -> str:
    for key in path:
        object_ = object_.get(key) if isinstance(object_, dict) else None
    return "" if object_ is None else str(object_).lower() if isinstance(object_, bool) else str(object_)


def selector(resource: Resource, labels: str, fields: str) -> Predicate | None:
    """Both selectors together; None when neither is given."""
    if not labels and not fields:
        return None
    by_labels, by_fields = label_selector(labels), field_selector(resource, fields)

    def matches(object_: dict[str, Any]) -> bool:
        return by_labels(object_["metadata"].get("labels") or {}) and by_fields(object_)

    return matches
