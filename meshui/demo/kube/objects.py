"""What can be done to the objects: create, replace, patch, delete, with every check on the way to the store."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

from meshui.demo.kube import admission, ownership, schema
from meshui.demo.kube.errors import (
    Cause,
    StatusError,
    already_exists,
    bad_request,
    conflict,
    invalid,
    method_not_allowed,
    not_found,
)
from meshui.demo.kube.resources import Resource, find_kind
from meshui.demo.kube.schema import Object
from meshui.demo.kube.store import Key, Store

_SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_PROTECTED_NAMESPACES = frozenset({"default", "kube-system", "kube-public"})


@dataclass(frozen=True)
class Target:
    """Which object, through which version of its API and which subresource."""

    resource: Resource
    version: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def key(self) -> Key:
        return (self.namespace, self.name)

    @property
    def api_version(self) -> str:
        return self.resource.api_version_of(self.version)


@dataclass
class Options:
    """How a write is to be done; `warnings` come back from it."""

    manager: str = "unknown"
    dry_run: bool = False
    field_validation: str = "Warn"
    """Strict, Warn or Ignore: what to do about fields that the kind doesn't have."""
    force: bool = False
    warnings: list[str] = field(default_factory=list)


class Objects:
    """The kinds' objects in a store. Every method raises StatusError as Kubernetes would refuse."""

    def __init__(self, store: Store, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.store = store
        self._now = now
        self._serial = count()

    def seed(self, manifests: Iterator[Object] | list[Object]) -> int:
        """Loads manifests as they are, status, uid and creation time included; answers how many.

        Raises ValueError naming the object that can't be kept.
        """
        loaded = 0
        for manifest in manifests:
            resource = find_kind(str(manifest.get("apiVersion", "")), str(manifest.get("kind", "")))
            metadata = manifest.get("metadata") or {}
            label = f"{manifest.get('kind')} {metadata.get('namespace', '')}/{metadata.get('name', '')}"
            if resource is None:
                raise ValueError(f"{label}: {manifest.get('apiVersion')} {manifest.get('kind')} isn't a served kind")
            namespace = metadata.get("namespace") or ("default" if resource.namespaced else "")
            target = Target(resource, resource.version, namespace, str(metadata.get("name", "")))
            object_ = deepcopy(manifest)
            if resource.namespaced:
                self._ensure_namespace(namespace)
            options = Options(manager="seed", field_validation="Strict")
            try:
                self._clean(object_, target, options)
                self._identify(object_, target)
                admission.fill_in(object_, resource, next(self._serial))
                self._validate(object_, target)
            except StatusError as error:
                raise ValueError(f"{label}: {error.message}") from error
            before = self.store.get(resource, target.key)
            self._own(before, object_, target, options)
            self.store.put(resource, target.key, object_)
            loaded += 1
        return loaded

    def get(self, target: Target) -> Object:
        found = self.store.get(target.resource, target.key)
        if found is None:
            raise not_found(target.resource, target.name)
        return found

    def create(self, target: Target, body: Object, options: Options) -> Object:
        """`target` names the collection; the name is the body's."""
        resource = target.resource
        object_ = deepcopy(body)
        metadata = self._check_body(object_, target)
        if metadata.get("resourceVersion"):
            raise bad_request("resourceVersion should not be set on objects to be created")
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"] + "".join(secrets.choice(_SUFFIX_ALPHABET) for _ in range(5))
        if resource.namespaced:
            metadata["namespace"] = target.namespace
        self._clean(object_, target, options)
        target = Target(resource, target.version, target.namespace, str(object_["metadata"].get("name", "")))
        for server_owned in ("uid", "creationTimestamp", "generation", "deletionTimestamp", "managedFields"):
            object_["metadata"].pop(server_owned, None)
        if resource.has_status:
            object_.pop("status", None)
        self._identify(object_, target)
        admission.fill_in(object_, resource, next(self._serial))
        self._validate(object_, target)
        if resource.namespaced and self.store.get(_NAMESPACES, ("", target.namespace)) is None:
            raise not_found(_NAMESPACES, target.namespace)
        if self.store.get(resource, target.key) is not None:
            raise already_exists(resource, target.name)
        self._own(None, object_, target, options)
        return object_ if options.dry_run else self.store.put(resource, target.key, object_)

    def replace(self, target: Target, body: Object, options: Options) -> Object:
        before = self.get(target)
        object_ = deepcopy(body)
        metadata = self._check_body(object_, target)
        if not metadata.get("resourceVersion") and target.resource.custom:
            message = "Invalid value: 0: must be specified for an update"
            raise invalid(
                target.resource, target.name, (Cause("metadata.resourceVersion", "FieldValueInvalid", message),)
            )
        return self._update(target, before, object_, options)

    def patch(self, target: Target, change: Callable[[Object], Object], options: Options) -> Object:
        """Replaces an object by what `change` makes of it."""
        before = self.get(target)
        shown = self._as_requested(before, target)
        after = change(deepcopy(shown))
        if not isinstance(after, dict) or not isinstance(after.get("metadata"), dict):
            raise invalid(
                target.resource, target.name, (Cause("", "FieldValueInvalid", "Invalid value: not an object"),)
            )
        self._check_body(after, target)
        return self._update(target, before, after, options)

    def apply(self, target: Target, wanted: Object, options: Options) -> tuple[Object, bool]:
        """Server-side apply; the object, and whether it was created."""
        resource = target.resource
        wanted = deepcopy(wanted)
        metadata = self._check_body(wanted, target)
        if metadata.get("managedFields"):
            raise bad_request("metadata.managedFields must be nil")
        if not wanted.get("apiVersion") or not wanted.get("kind"):
            raise bad_request("apiVersion and kind must be set in an apply patch")
        metadata["name"] = target.name
        if not resource.custom:
            wanted = schema.without_nulls(wanted)
        self._check_shape(wanted, target)
        unknown = list(schema.prune(deepcopy(wanted), schema.schema_of(resource)))
        if unknown:
            raise bad_request(f"failed to create typed patch object: .{unknown[0]}: field not declared in schema")
        manager = ownership.Manager(options.manager, "Apply", target.api_version, target.subresource)
        before = self.store.get(resource, target.key)
        if before is None:
            if target.subresource:
                raise not_found(resource, target.name)
            collection = Target(resource, target.version, target.namespace)
            created = self.create(collection, wanted, Options(options.manager, dry_run=True))
            created["metadata"].pop("managedFields", None)
            applied = ownership.apply(created, wanted, schema.schema_of(resource), manager, True, self._timestamp())
            return (applied if options.dry_run else self.store.put(resource, target.key, applied)), True
        for ignored in [key for key in wanted if resource.has_status and _ignored(key, target.subresource)]:
            del wanted[ignored]
        merged = ownership.apply(before, wanted, schema.schema_of(resource), manager, options.force, self._timestamp())
        if metadata.get("resourceVersion"):
            merged["metadata"]["resourceVersion"] = metadata["resourceVersion"]
        return self._update(target, before, merged, options, owned=True), False

    def delete(self, target: Target, body: Object, options: Options) -> tuple[Object, bool]:
        """The object and whether it is gone already; one with finalizers waits for them."""
        object_ = self.get(target)
        preconditions = body.get("preconditions") or {}
        for precondition in ("uid", "resourceVersion"):
            wanted, actual = preconditions.get(precondition), object_["metadata"].get(precondition)
            if wanted and wanted != actual:
                why = f"Precondition failed: {precondition} in precondition: {wanted}, in object meta: {actual}"
                raise conflict(target.resource, target.name, why)
        if target.resource is _NAMESPACES and target.name in _PROTECTED_NAMESPACES:
            message = f'namespaces "{target.name}" is forbidden: this namespace may not be deleted'
            raise StatusError(403, "Forbidden", message, target.resource, target.name)
        if options.dry_run:
            return object_, True
        if object_["metadata"].get("finalizers"):
            if object_["metadata"].get("deletionTimestamp"):
                return object_, False
            metadata = object_["metadata"] | {
                "deletionTimestamp": self._timestamp(),
                "deletionGracePeriodSeconds": 0,
            }
            return self.store.put(target.resource, target.key, object_ | {"metadata": metadata}), False
        orphan = body.get("propagationPolicy") == "Orphan" or body.get("orphanDependents") is True
        return self._remove(target, orphan), True

    def _remove(self, target: Target, orphan: bool = False) -> Object:
        last = self.store.remove(target.resource, target.key)
        contents = self.store.find(namespace=target.name) if target.resource is _NAMESPACES else iter(())
        dependents = iter(()) if orphan else self.store.find(owner=last["metadata"]["uid"])
        for resource, key, _ in [*contents, *dependents]:
            if self.store.get(resource, key) is not None:
                self._remove(Target(resource, resource.version, *key))
        return last

    def _update(self, target: Target, before: Object, after: Object, options: Options, owned: bool = False) -> Object:
        resource = target.resource
        wanted_version = after["metadata"].get("resourceVersion")
        if wanted_version and wanted_version != before["metadata"]["resourceVersion"]:
            raise conflict(resource, target.name)
        if after["metadata"].get("uid") not in (None, before["metadata"]["uid"]):
            why = f"Precondition failed: UID in precondition: {after['metadata']['uid']}, UID in object meta: "
            raise conflict(resource, target.name, why + before["metadata"]["uid"])
        self._clean(after, target, options)
        self._keep(before, after, target)
        self._validate(after, target)
        admission.reject(resource, target.name, admission.immutable_problems(before, after, resource))
        if _content(before) != _content(after):
            after["metadata"]["generation"] = before["metadata"].get("generation", 0) + 1
        if "generation" not in before["metadata"]:
            after["metadata"].pop("generation", None)
        if not owned:
            self._own(before, after, target, options)
        if _without_times(after) == _without_times(before):
            return before
        if options.dry_run:
            return after
        stored = self.store.put(resource, target.key, after)
        if stored["metadata"].get("deletionTimestamp") and not stored["metadata"].get("finalizers"):
            return self._remove(target)
        return stored

    def _check_body(self, body: Object, target: Target) -> Object:
        """The metadata of a body that is of the kind and the place that the URL says."""
        for key, wanted in (("kind", target.resource.kind), ("apiVersion", target.api_version)):
            if body.get(key, wanted) != wanted:
                label = "API version" if key == "apiVersion" else "kind"
                raise bad_request(
                    f"the {label} in the data ({body[key]}) does not match the expected {label} ({wanted})"
                )
        metadata = body.setdefault("metadata", {})
        if not isinstance(metadata, dict):
            raise bad_request("json: cannot unmarshal: metadata is not an object")
        if metadata.get("namespace") and metadata["namespace"] != target.namespace:
            message = "the namespace of the provided object does not match the namespace sent on the request"
            raise bad_request(message)
        if target.name and metadata.get("name", target.name) != target.name:
            message = f"the name of the object ({metadata['name']}) does not match the name on the URL ({target.name})"
            raise bad_request(message)
        return metadata

    def _check_shape(self, object_: Object, target: Target) -> None:
        """Raises a 422 for fields of a wrong type; what follows may then rely on types, not on presence."""
        causes = [cause for cause in schema.problems(object_, target.resource) if cause.reason != "FieldValueRequired"]
        admission.reject(target.resource, target.name, iter(causes))

    def _clean(self, object_: Object, target: Target, options: Options) -> None:
        """Removes unknown fields, with a warning or, when strict, a refusal; sets defaults."""
        if not target.resource.custom:
            cleaned = schema.without_nulls(object_)
            object_.clear()
            object_.update(cleaned)
        kind = schema.schema_of(target.resource)
        unknown = [f'unknown field "{path}"' for path in schema.prune(object_, kind)]
        if unknown and options.field_validation == "Strict":
            raise bad_request(f"strict decoding error: {', '.join(unknown)}")
        if options.field_validation == "Warn":
            options.warnings.extend(unknown)
        self._check_shape(object_, target)
        schema.apply_defaults(object_, kind)

    def _identify(self, object_: Object, target: Target) -> None:
        """What the server sets on every new object."""
        metadata = object_.setdefault("metadata", {})
        object_["apiVersion"], object_["kind"] = target.resource.api_version, target.resource.kind
        if target.resource.namespaced:
            metadata["namespace"] = target.namespace
        metadata.setdefault("uid", str(uuid4()))
        metadata.setdefault("creationTimestamp", self._timestamp())
        if "spec" in object_:
            metadata.setdefault("generation", 1)

    def _keep(self, before: Object, after: Object, target: Target) -> None:
        """Carries over what an update can't change: identity, and the half that its subresource doesn't write."""
        resource, old = target.resource, before["metadata"]
        after["apiVersion"], after["kind"] = resource.api_version, resource.kind
        if resource.has_status:
            kept = [key for key in {*before, *after} if _ignored(key, target.subresource)]
            for key in kept:
                after.pop(key, None)
                if key in before:
                    after[key] = before[key]
        if target.subresource == "status":
            after["metadata"] = old | {
                key: after["metadata"][key] for key in ("managedFields",) if key in after["metadata"]
            }
        metadata = after["metadata"]
        for key in (
            "name",
            "namespace",
            "uid",
            "creationTimestamp",
            "generation",
            "generateName",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "resourceVersion",
        ):
            metadata.pop(key, None)
            if key in old:
                metadata[key] = old[key]
        if resource.kind == "Service" and "clusterIP" in (before.get("spec") or {}):
            for key in ("clusterIP", "clusterIPs"):
                if key in before["spec"]:
                    after.setdefault("spec", {}).setdefault(key, before["spec"][key])
        if resource.kind == "Namespace" and "spec" in before:
            after.setdefault("spec", before["spec"])

    def _validate(self, object_: Object, target: Target) -> None:
        resource = target.resource
        name = target.name or str(object_["metadata"].get("name", ""))
        admission.reject(resource, name, iter(schema.problems(object_, resource)))
        admission.reject(resource, name, admission.metadata_problems(object_["metadata"], resource))
        admission.reject(resource, name, admission.builtin_problems(object_, resource))
        admission.check_webhook(object_, resource)

    def _own(self, before: Object | None, after: Object, target: Target, options: Options) -> None:
        manager = ownership.Manager(options.manager, "Update", target.api_version, target.subresource)
        ownership.record_update(before, after, schema.schema_of(target.resource), manager, self._timestamp())

    def _as_requested(self, object_: Object, target: Target) -> Object:
        return object_ | {"apiVersion": target.api_version}

    def _ensure_namespace(self, name: str) -> None:
        if self.store.get(_NAMESPACES, ("", name)) is None:
            self.seed([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}])

    def _timestamp(self) -> str:
        return self._now().strftime("%Y-%m-%dT%H:%M:%SZ")


def _found(api_version: str, kind: str) -> Resource:
    resource = find_kind(api_version, kind)
    if resource is None:
        raise method_not_allowed()
    return resource


_NAMESPACES = _found("v1", "Namespace")


def _ignored(key: str, subresource: str) -> bool:
    """Whether a write through this subresource leaves a top-level field alone."""
    if key in ("apiVersion", "kind", "metadata"):
        return False
    return (key == "status") is (subresource != "status")


def _content(object_: Object) -> Object:
    """What a generation counts the changes of."""
    return {key: value for key, value in object_.items() if key not in ("metadata", "status", "apiVersion", "kind")}


def _without_times(object_: Object) -> Any:
    fields = [
        {key: value for key, value in entry.items() if key != "time"}
        for entry in object_["metadata"].get("managedFields") or ()
    ]
    metadata = object_["metadata"] | {"managedFields": fields}
    return object_ | {"metadata": metadata}
