"""How a node or an edge has been over the last snapshots: the points of a sparkline."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from threading import Lock
from typing import Literal

import msgspec

from meshui.domain.failures import Code, Failure
from meshui.domain.graph.model import GraphView, ViewSpec
from meshui.domain.graph.project import project
from meshui.domain.snapshot import decode
from meshui.services.cache import PerStore
from meshui.services.ports import SnapshotStore

LONGEST = 500
"""Most points of a series."""
KEPT = 4000
"""Most snapshots whose numbers a process keeps, all views together."""


class Series(msgspec.Struct, frozen=True):
    """Points in time order, one per evaluation. `rate` is 0 where the element had no traffic; the others are None there
    and wherever they are not known. A node's numbers are of its inbound traffic, or of its outbound traffic when
    nobody calls it."""

    id: str
    direction: Literal["edge", "inbound", "outbound"]
    window_seconds: int
    times: tuple[datetime, ...]
    rate: tuple[float, ...]
    error_share: tuple[float | None, ...]
    p95_ms: tuple[float | None, ...]


Point = tuple[float, float | None, float | None]


class _Numbers(msgspec.Struct, frozen=True):
    """The numbers of all elements of one view: (rate, error share, p95)."""

    at: datetime
    inbound: dict[str, Point]
    """Of nodes, and of edges."""
    outbound: dict[str, Point]


Key = tuple[str, int, ViewSpec, int]


class _Kept:
    def __init__(self) -> None:
        self.numbers: OrderedDict[Key, _Numbers | None] = OrderedDict()
        self.lock = Lock()


_kept: PerStore[_Kept] = PerStore(_Kept)


def series(
    store: SnapshotStore,
    cluster: str,
    window_seconds: int,
    element_id: str,
    spec: ViewSpec,
    last: int = 120,
    at: datetime | None = None,
) -> Series:
    """The last points of the element, up to `at` where it is given. Raises Failure(NOT_READY) before the first
    snapshot, NOT_FOUND for an element that none of them shows, or a moment before all, and SOURCE_UNAVAILABLE."""
    kept = _kept.of(store)
    until = None if at is None else int(at.timestamp() * 1000)
    versions = store.ring_versions(cluster, window_seconds, min(max(last, 1), LONGEST), until)
    # One at a time: whoever comes second finds the numbers there.
    with kept.lock:
        numbers = _numbers(kept, store, cluster, window_seconds, spec, versions)
    if not numbers:
        raise Failure(
            Code.NOT_READY if at is None else Code.NOT_FOUND,
            f"There is no history of {cluster} {'yet' if at is None else 'before that moment'}",
            next_step="Points come with every poll, and are kept for some hours.",
            context={"cluster": cluster},
        )
    if not any(element_id in one.inbound or element_id in one.outbound for one in numbers):
        raise Failure(
            Code.NOT_FOUND,
            f"Nothing with the id {element_id!r} was seen lately",
            context={"cluster": cluster, "id": element_id[:300]},
        )
    called = any(one.inbound.get(element_id, _IDLE)[0] > 0 for one in numbers)
    direction: Literal["edge", "inbound", "outbound"] = "inbound" if called else "outbound"
    points = [(one.inbound if called else one.outbound).get(element_id, _IDLE) for one in numbers]
    is_edge = not any(element_id in one.outbound for one in numbers)
    if is_edge:
        direction, points = "edge", [one.inbound.get(element_id, _IDLE) for one in numbers]
    return Series(
        id=element_id,
        direction=direction,
        window_seconds=window_seconds,
        times=tuple(one.at for one in numbers),
        rate=tuple(point[0] for point in points),
        error_share=tuple(point[1] for point in points),
        p95_ms=tuple(point[2] for point in points),
    )


_IDLE: Point = (0.0, None, None)


def _numbers(
    kept: _Kept, store: SnapshotStore, cluster: str, window_seconds: int, spec: ViewSpec, versions: list[int]
) -> list[_Numbers]:
    missing = [version for version in versions if (cluster, window_seconds, spec, version) not in kept.numbers]
    for version, data in store.ring_entries(cluster, window_seconds, missing):
        try:
            snapshot = decode(data)
        except ValueError:
            found = None  # another release's
        else:
            found = _of(project(snapshot, spec)) if snapshot.evaluated_at else None
        kept.numbers[(cluster, window_seconds, spec, version)] = found
    by_time: dict[datetime, _Numbers] = {}
    for version in versions:
        numbers = kept.numbers.get((cluster, window_seconds, spec, version))
        if numbers is not None:
            kept.numbers.move_to_end((cluster, window_seconds, spec, version))
            # Several snapshots of one evaluation (the inventory changed in between): the last one counts.
            by_time[numbers.at] = numbers
    while len(kept.numbers) > KEPT:
        kept.numbers.popitem(last=False)
    return [by_time[at] for at in sorted(by_time)]


def _of(view: GraphView) -> _Numbers:
    inbound: dict[str, Point] = {edge.id: (edge.rate, edge.error_share, edge.p95_ms) for edge in view.edges}
    inbound |= {node.id: (node.inbound.rate, node.inbound.error_share, node.inbound.p95_ms) for node in view.nodes}
    outbound = {node.id: (node.outbound.rate, node.outbound.error_share, node.outbound.p95_ms) for node in view.nodes}
    return _Numbers(at=view.evaluated_at or view.published_at, inbound=inbound, outbound=outbound)
