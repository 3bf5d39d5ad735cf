"""An inventory with policies added, replaced or deleted, for trying what that would do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.objects import Malformed, Manifest, ref_of
from meshui.domain.mesh.security import authorization_policy, request_authentication

_T = TypeVar("_T")

_READERS: dict[str, tuple[str, Callable[[Manifest], Any]]] = {
    "AuthorizationPolicy": ("authorization_policies", authorization_policy),
    "RequestAuthentication": ("request_authentications", request_authentication),
}
EDITABLE = tuple(_READERS)
"""Kinds that can be tried."""


class PolicyProblem(msgspec.Struct, frozen=True):
    """Why an edit can't be put in force, and where in the object."""

    object: ObjectRef
    message: str
    path: str


class PolicyEdit(msgspec.Struct, frozen=True):
    """A manifest that replaces the object of its name or is new; without a manifest, a deletion."""

    object: ObjectRef
    manifest: Manifest | None = None


def edited(inventory: Inventory, edits: Sequence[PolicyEdit]) -> tuple[Inventory, tuple[PolicyProblem, ...]]:
    """(the inventory as if the edits had been made, what can't be put in force and why)."""
    problems: list[PolicyProblem] = []
    kept: dict[str, dict[ObjectRef, Any]] = {
        field: {one.ref: one for one in getattr(inventory, field)} for field, _ in _READERS.values()
    }
    for edit in edits:
        if edit.object.kind not in _READERS:
            problems.append(PolicyProblem(edit.object, f"Only {' and '.join(EDITABLE)} can be tried.", "$.kind"))
            continue
        field, read = _READERS[edit.object.kind]
        before = kept[field].pop(edit.object, None)
        if edit.manifest is None:
            if before is None:
                problems.append(PolicyProblem(edit.object, "There is no such object to delete.", "$.metadata.name"))
            continue
        try:
            kept[field][edit.object] = read(edit.manifest)
        except Malformed as error:
            problems.append(PolicyProblem(edit.object, error.message, error.path))
    changed = {field: tuple(sorted(found.values(), key=lambda one: one.meta.age_key)) for field, found in kept.items()}
    return msgspec.structs.replace(inventory, **changed), tuple(problems)


def edit_of(manifest: Manifest) -> PolicyEdit:
    """Putting the manifest in force."""
    return PolicyEdit(ref_of(manifest), manifest)
