"""What a client names, checked: its cluster, window and view. The same on REST and on the socket."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings

from meshui.domain.failures import Code, Failure
from meshui.domain.graph.model import ViewSpec, canonical
from meshui.domain.join import ALL
from meshui.domain.mesh.inventory import Inventory
from meshui.records.clusters import Cluster

MOST_NAMES: Final = 500
"""Names in one field of a view."""


def known_cluster(name: str) -> str:
    """The name, of a cluster that MeshUI looks at. Raises Failure(NOT_FOUND)."""
    if "\0" in name or len(name) > 63 or not Cluster.objects.filter(name=name).exists():
        raise missing("cluster", name)
    return name


def known_clusters(name: str) -> str:
    """The same, or the name that stands for all clusters in one graph. Raises Failure(NOT_FOUND)."""
    return name if name == ALL else known_cluster(name)


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


def known_moment(at: datetime | None, field: str = "at") -> datetime | None:
    """The moment, of a past that may be asked for; None, the present, stays. Raises Failure(INVALID)."""
    if at is None:
        return None
    now = datetime.now(UTC)
    reach = timedelta(days=settings.MESHUI.replay_days)
    if at > now + _CLOCKS_APART:
        wrong = "This must not be in the future."
    elif at < now - reach:
        wrong = f"This must not be more than {settings.MESHUI.replay_days:g} days ago."
    else:
        return at
    raise Failure(
        Code.INVALID,
        f"The graph can't be shown at {at:%Y-%m-%d %H:%M:%S %Z}.",
        next_step=f"Choose a moment of the last {settings.MESHUI.replay_days:g} days.",
        fields={field: wrong},
    )


def earliest_moment() -> datetime:
    """As far back as may be asked."""
    return datetime.now(UTC) - timedelta(days=settings.MESHUI.replay_days)


_CLOCKS_APART = timedelta(seconds=5)
"""A client's clock may be so much ahead."""


def known_view(spec: ViewSpec, objects: Callable[[], Sequence[Inventory]]) -> ViewSpec:
    """The view as all write it who want the same. Raises Failure(INVALID) for a namespace, workload or service that
    no cluster has. `objects` gives what those clusters have that can tell, and is only asked when the view names
    any."""
    for field, names in (("namespaces", spec.namespaces), ("workloads", spec.workloads), ("expanded", spec.expanded)):
        if len(names) > MOST_NAMES:
            raise _unusable(field, f"At most {MOST_NAMES} names.")
    odd = [name for name in spec.workloads if len(name) > 507 or name.count("/") != 1 or not all(name.split("/"))]
    if odd:
        raise _unusable("workloads", f"Each must be NAMESPACE/NAME, not {_some(odd)}.")
    inventories = objects() if spec.namespaces or spec.workloads or spec.expanded else ()
    if inventories:
        namespaces = {name for one in inventories for name in one.namespaces}
        named = {f"{key[0]}/{key[1]}" for one in inventories for key in (*one.workloads, *one.services)}
        where = f"cluster {inventories[0].cluster}" if len(inventories) == 1 else "mesh"
        _all_known("namespaces", "namespace", spec.namespaces, namespaces, where)
        _all_known("expanded", "namespace", spec.expanded, namespaces, where)
        _all_known("workloads", "workload or service", spec.workloads, named, where)
    return canonical(spec)


def _all_known(field: str, what: str, names: Sequence[str], known: Container[str], where: str) -> None:
    if unknown := [name for name in names if name not in known]:
        told = _some(unknown)
        raise Failure(
            Code.INVALID,
            f"The {where} has no {what} {told}.",
            next_step="Choose among those that it has.",
            fields={field: f"Unknown: {told}."},
        )


def _unusable(field: str, told: str) -> Failure:
    return Failure(Code.INVALID, f"The view can't be made: {field} is not usable.", fields={field: told})


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5])[:300]


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
