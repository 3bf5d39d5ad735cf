"""What a client names, checked: its cluster, window and namespaces. The same on REST and on the socket."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.inventory import Inventory
from meshui.records.clusters import Cluster


def known_cluster(name: str) -> str:
    """The name, of a cluster that MeshUI looks at. Raises Failure(NOT_FOUND)."""
    if "\0" in name or len(name) > 63 or not Cluster.objects.filter(name=name).exists():
        raise missing("cluster", name)
    return name


def known_window(seconds: int | None) -> int:
    """The window in seconds, the default for None. Raises Failure(INVALID) for one that nothing is computed for."""
    windows = {window.seconds for window in settings.MESHUI.windows}
    if seconds is None:
        return int(settings.MESHUI.default_window.seconds)
    if seconds not in windows:
        known = ", ".join(str(one) for one in sorted(windows))
        raise Failure(
            Code.INVALID,
            f"There is no window of {str(seconds)[:20]} seconds.",
            next_step=f"Use one of {known}.",
            fields={"window": f"This must be one of {known}."},
        )
    return seconds


def known_namespaces(inventory: Inventory, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names, of namespaces that the cluster has. Raises Failure(INVALID)."""
    if unknown := [name for name in names if name not in inventory.namespaces]:
        told = ", ".join(unknown[:5])[:300]
        raise Failure(
            Code.INVALID,
            f"The cluster {inventory.cluster} has no namespace {told}.",
            next_step="Choose among the namespaces that it has.",
            context={"cluster": inventory.cluster},
            fields={"namespaces": f"Unknown: {told}."},
        )
    return names


def missing(what: str, name: str, **context: Any) -> Failure:
    """The failure that says that there is no such thing. `context` names where it was looked for."""
    name = name[:253].replace("\0", "\N{REPLACEMENT CHARACTER}")
    where = ", ".join(f"{key} {value}" for key, value in context.items())
    return Failure(
        Code.NOT_FOUND,
        f"There is no {what} {name}{f' in {where}' if where else ''}.",
        next_step="It may have been deleted; look at the list.",
        context={key: str(value)[:253] for key, value in {**context, what: name}.items()},
    )
