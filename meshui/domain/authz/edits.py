"""An inventory with policies added, replaced or deleted, for trying what that would do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from meshui.domain.authz.network import linkerd
from meshui.domain.authz.network.cilium import CiliumSpec
from meshui.domain.authz.network.kubernetes import NetworkPolicySpec
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.objects import Malformed, Manifest, ref_of, spec_of
from meshui.domain.mesh.security import authorization_policy, request_authentication

_READERS: dict[str, tuple[str, Callable[[Manifest], Any]]] = {
    "AuthorizationPolicy": ("authorization_policies", authorization_policy),
    "RequestAuthentication": ("request_authentications", request_authentication),
}
_SPECS: dict[str, type[msgspec.Struct]] = {
    "NetworkPolicy": NetworkPolicySpec,
    "CiliumNetworkPolicy": CiliumSpec,
    "CiliumClusterwideNetworkPolicy": CiliumSpec,
    "Server": linkerd.Server,
    "ServerAuthorization": linkerd.ServerAuthorization,
    "MeshTLSAuthentication": linkerd.MeshTls,
    "NetworkAuthentication": linkerd.NetworkAuthentication,
    linkerd.AUTHORIZATION: linkerd.Authorization,
}
EDITABLE = (*_READERS, *_SPECS)
"""Kinds that can be tried."""
CLUSTER_SCOPED = frozenset({"CiliumClusterwideNetworkPolicy"})


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
    """(the inventory as if the edits had been made, what can't be put in force and why). What can't be read
    changes nothing: the cluster would refuse it."""
    problems: list[PolicyProblem] = []
    typed: dict[str, dict[ObjectRef, Any]] = {
        field: {one.ref: one for one in getattr(inventory, field)} for field, _ in _READERS.values()
    }
    config = dict(inventory.config)
    for edit in edits:
        ref = edit.object
        if ref.kind not in EDITABLE:
            problems.append(PolicyProblem(ref, f"Only these kinds can be tried: {', '.join(EDITABLE)}.", "$.kind"))
            continue
        field, read = _READERS.get(ref.kind, ("", _reader(ref.kind)))
        if edit.manifest is not None:
            try:
                value = read(edit.manifest)
            except Malformed as error:
                problems.append(PolicyProblem(ref, error.message, error.path))
                continue
            config[ref] = edit.manifest
            if field:
                typed[field][ref] = value
            continue
        known = config.pop(ref, None) is not None
        if field:
            known = typed[field].pop(ref, None) is not None or known
        if not known:
            problems.append(PolicyProblem(ref, "There is no such object to delete.", "$.metadata.name"))
    changed = {field: tuple(sorted(found.values(), key=lambda one: one.meta.age_key)) for field, found in typed.items()}
    return msgspec.structs.replace(inventory, config=config, **changed), tuple(problems)


def edit_of(manifest: Manifest) -> PolicyEdit:
    """Putting the manifest in force."""
    return PolicyEdit(ref_of(manifest), manifest)


def _reader(kind: str) -> Callable[[Manifest], Any]:
    return lambda manifest: spec_of(manifest, _SPECS[kind])
