"""Whom a user's requests to a cluster are made as."""

from __future__ import annotations

import msgspec

from meshui.records.users import User


class KubernetesActor(msgspec.Struct, frozen=True):
    """A name and groups of the cluster's own RBAC."""

    kubernetes_user: str
    kubernetes_groups: tuple[str, ...]


def actor_of(user: User) -> KubernetesActor:
    """The user in the cluster's terms; without a name of its own there, the user name."""
    groups = user.kubernetes_groups if isinstance(user.kubernetes_groups, list) else []
    return KubernetesActor(
        kubernetes_user=user.kubernetes_user or user.username,
        kubernetes_groups=tuple(str(group) for group in groups),
    )
