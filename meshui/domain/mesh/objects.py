"""What every Kubernetes object has, read leniently: metadata, where it is malformed, and who manages it."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import msgspec

from meshui.domain.mesh.names import ObjectRef

Manifest = dict[str, Any]
"""A Kubernetes object as JSON gives it."""

T = TypeVar("T")


class OwnerReference(msgspec.Struct, frozen=True, rename="camel"):
    """Who an object belongs to."""

    kind: str = ""
    name: str = ""
    api_version: str = ""
    controller: bool | None = None


class ManagedField(msgspec.Struct, frozen=True, rename="camel"):
    """Who wrote fields of an object, and how (Apply or Update)."""

    manager: str = ""
    operation: str = ""
    time: str = ""


class Meta(msgspec.Struct, frozen=True, rename="camel"):
    """An object's metadata. `creation_timestamp` is the RFC 3339 text, which orders as the time does."""

    name: str
    namespace: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    resource_version: str = ""
    generation: int | None = None
    owner_references: tuple[OwnerReference, ...] | None = None
    managed_fields: tuple[ManagedField, ...] | None = None

    @property
    def age_key(self) -> tuple[str, str, str]:
        """Orders objects oldest first as istiod does: creation time, then name, then namespace."""
        return (self.creation_timestamp or "", self.name, self.namespace)


class Problem(msgspec.Struct, frozen=True):
    """An object that is not what its kind says: it is not in force, and this is why."""

    object: ObjectRef
    message: str
    path: str = "$"
    severity: Literal["error", "warning"] = "error"


class Malformed(Exception):  # noqa: N818 - a finding on an object, not a programming error
    """The object does not have its kind's shape. `path` is a JSON path such as `$.spec.mtls.mode`."""

    def __init__(self, message: str, path: str = "$") -> None:
        super().__init__(message)
        self.message = message
        self.path = path


def convert(value: Any, shape: type[T], path: str = "$") -> T:
    """The value as `shape`; unknown fields are passed over and null reads as absent. Raises Malformed with the path
    where it does not fit."""
    try:
        return msgspec.convert(_without_nulls(value), shape, strict=True)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `")
        raise Malformed(message, path + where.rstrip("`").removeprefix("$")) from None


def meta_of(manifest: Manifest) -> Meta:
    """The object's metadata. Raises Malformed."""
    return convert(manifest.get("metadata"), Meta, "$.metadata")


_NAMESAKES = {
    ("Gateway", "gateway.networking.k8s.io"),
    ("HTTPRoute", "policy.linkerd.io"),
    ("AuthorizationPolicy", "policy.linkerd.io"),
}
"""Kinds whose plain name stands for another group's kind."""


def ref_of(manifest: Any) -> ObjectRef:
    """The object's reference, however broken it is; missing parts are "". Of the kinds that share a name, only one has
    it plain; the others say their group: `Gateway.gateway.networking.k8s.io`."""
    if not isinstance(manifest, dict):
        return ObjectRef("", "", "")
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    parts = (manifest.get("kind"), metadata.get("namespace"), metadata.get("name"))
    kind, namespace, name = (part if isinstance(part, str) else "" for part in parts)
    group = group_of(manifest)
    if (kind, group) in _NAMESAKES:
        kind = f"{kind}.{group}"
    return ObjectRef(kind, namespace, name)


def group_of(manifest: Manifest) -> str:
    """The object's API group; "" is core, or not said."""
    version = manifest.get("apiVersion")
    return version.rpartition("/")[0] if isinstance(version, str) else ""


def spec_of(manifest: Manifest, shape: type[T]) -> T:
    """The object's spec as `shape`; an absent spec is an empty one. Raises Malformed."""
    return convert(manifest.get("spec") or {}, shape, "$.spec")


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
