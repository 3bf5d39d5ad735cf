"""No traffic is counted twice, however many tell of it: hops of one request, and dialects that see the same traffic.

Reporters of one hop are chosen later, per edge (graph.reporters).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from meshui.domain.graph.mesh import NONE
from meshui.domain.graph.nodes import NodeIndex
from meshui.domain.graph.traffic import Traffic
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.workloads import Workload
from meshui.domain.telemetry.responses import FAILED_CONNECTION_FLAGS, flags_of
from meshui.domain.telemetry.rows import (
    AMBIENT,
    ISTIO,
    SECURITY_MUTUAL_TLS,
    SECURITY_UNKNOWN,
    SOURCE,
    TCP,
    WAYPOINT,
    IntColumn,
)

Mask = NDArray[np.bool_]


def counted_once(traffic: Traffic, strings: Sequence[str], inventory: Inventory, index: NodeIndex) -> Traffic:
    """The traffic without what is told of again, and with what is ambient named so."""
    traffic = _without_repeated_dialects(traffic, inventory, index)
    traffic = _without_legs(traffic, _nodes_of(inventory, index, is_waypoint), strings)
    return _ambient_named(*_without_repeated_streams(traffic, _nodes_of(inventory, index, has_ztunnel), strings))


def is_waypoint(workload: Workload) -> bool:
    """Whether other workloads' requests pass through it."""
    return workload.is_waypoint


def has_ztunnel(workload: Workload) -> bool:
    """Whether its node's ztunnel speaks for it, and no proxy of its own."""
    return workload.ambient and not workload.has_proxy and not workload.is_waypoint


def _nodes_of(inventory: Inventory, index: NodeIndex, which: Callable[[Workload], bool]) -> IntColumn:
    found = [index.workload(inventory.cluster, *key) for key, one in inventory.workloads.items() if which(one)]
    return np.array(found, dtype=np.int32)


def _without_legs(traffic: Traffic, waypoints: IntColumn, strings: Sequence[str]) -> Traffic:
    """Without the hops to and from a waypoint which itself tells of the request. A caller that failed to reach its
    waypoint is kept: nobody else tells of that."""
    told = traffic.reporter == WAYPOINT
    if not len(waypoints) or not told.any():
        return traffic
    of_service = (traffic.service != NONE) & np.isin(traffic.service, traffic.service[told])
    unasked = (traffic.service == NONE) & np.isin(traffic.source, traffic.source[told])
    called = (traffic.destination != NONE) & np.isin(traffic.destination, traffic.destination[told])
    to = ~told & np.isin(traffic.destination, waypoints) & (of_service | unasked)
    onward = ~told & np.isin(traffic.source, waypoints) & (of_service | called)
    failing = [number for number in np.unique(traffic.flags).tolist() if _failed(strings[number])]
    lost = to & (traffic.reporter == SOURCE) & np.isin(traffic.flags, failing)
    stream = lost & (traffic.protocol == TCP)
    traffic = msgspec.structs.replace(
        traffic,
        destination=np.where(lost, np.int32(NONE), traffic.destination),
        # Beside what the waypoint tells of the same caller and service, not instead of it.
        reporter=np.where(lost, np.int32(WAYPOINT), traffic.reporter),
        # ztunnel counts a connection as opened before it knows that it fails, without the flag.
        rate=np.where(stream, traffic.closed, traffic.rate),
    )
    return only(traffic, ~(to | onward) | lost)


def _failed(flags: str) -> bool:
    return not FAILED_CONNECTION_FLAGS.isdisjoint(flags_of(flags))


def _without_repeated_streams(traffic: Traffic, ztunnels: IntColumn, strings: Sequence[str]) -> tuple[Traffic, Mask]:
    """(the traffic without ztunnel's connections between two workloads of which the other one's sidecar tells the
    requests, which of it ztunnel tells); what ztunnel knew of their encryption stays."""
    if not len(ztunnels):
        return traffic, np.zeros(len(traffic.key), dtype=bool)
    speaks = np.where(traffic.reporter == SOURCE, traffic.source, traffic.destination)
    by_ztunnel = (traffic.protocol == TCP) & (traffic.reporter != WAYPOINT) & np.isin(speaks, ztunnels)
    by_ztunnel &= traffic.dialect == ISTIO
    by_sidecar = (traffic.protocol != TCP) & (traffic.reporter != WAYPOINT) & (traffic.destination != NONE)
    pair = _pair(traffic.source, traffic.destination)
    traffic = _denials_named(traffic, by_ztunnel, pair, strings)
    again = by_ztunnel & np.isin(pair, pair[by_sidecar])
    if not again.any():
        return traffic, by_ztunnel
    mutual = pair[again & (traffic.security == SECURITY_MUTUAL_TLS)]
    learnt = by_sidecar & (traffic.security == SECURITY_UNKNOWN) & np.isin(pair, mutual)
    security = np.where(learnt, np.int32(SECURITY_MUTUAL_TLS), traffic.security)
    return only(msgspec.structs.replace(traffic, security=security), ~again), by_ztunnel[~again]


def _denials_named(traffic: Traffic, by_ztunnel: Mask, pair: NDArray[np.int64], strings: Sequence[str]) -> Traffic:
    """A connection that the called side's ztunnel denied only fails for the caller's (CONNECT): the called side knows
    why."""
    if "DENY" not in strings or "CONNECT" not in strings:
        return traffic
    deny, connect = strings.index("DENY"), strings.index("CONNECT")
    denied = pair[by_ztunnel & (traffic.reporter != SOURCE) & (traffic.flags == deny)]
    known = by_ztunnel & (traffic.reporter == SOURCE) & (traffic.flags == connect) & np.isin(pair, denied)
    return msgspec.structs.replace(traffic, flags=np.where(known, np.int32(deny), traffic.flags))


def _ambient_named(traffic: Traffic, by_ztunnel: Mask) -> Traffic:
    ambient = by_ztunnel | (traffic.reporter == WAYPOINT)
    return msgspec.structs.replace(traffic, dialect=np.where(ambient, np.int32(AMBIENT), traffic.dialect))


def _without_repeated_dialects(traffic: Traffic, inventory: Inventory, index: NodeIndex) -> Traffic:
    """Without what a better dialect tells of too: the same caller calling the same workload or service; anything that
    reaches a workload whose own proxy reports in the better dialect (it sees all that arrives); and calls to something
    unnamed by a caller whose proxy does."""
    spoken = np.unique(traffic.dialect).tolist()
    if len(spoken) < 2:
        return traffic
    behind = {
        index.service(inventory.cluster, *service): [index.workload(inventory.cluster, *one) for one in workloads]
        for service, workloads in inventory.service_workloads.items()
    }
    kept = np.ones(len(traffic.key), dtype=bool)
    told = _Told(behind)
    for number in spoken:
        its = np.flatnonzero(traffic.dialect == number)
        columns = np.stack((traffic.source, traffic.service, traffic.destination))[:, its]
        different, which = np.unique(columns, axis=1, return_inverse=True)
        again = np.array([told.of(*ends) for ends in different.T.tolist()], dtype=bool)[which.ravel()]
        kept[its[again]] = False
        told.add(traffic, its[~again])
    return only(traffic, kept)


class _Told:
    """What better dialects told of, by node."""

    def __init__(self, behind: dict[int, list[int]]) -> None:
        self._behind = behind
        self._workloads: set[tuple[int, int]] = set()
        self._services: set[tuple[int, int]] = set()
        self._callers: set[int] = set()
        self._called: set[int] = set()

    def of(self, source: int, service: int, destination: int) -> bool:
        if destination == NONE:
            return source in self._callers or (source, service) in self._services
        return destination in self._called or (source, destination) in self._workloads

    def add(self, traffic: Traffic, rows: NDArray[np.intp]) -> None:
        source, service, destination, reporter = (
            column[rows].tolist() for column in (traffic.source, traffic.service, traffic.destination, traffic.reporter)
        )
        for caller, asked, called, by in set(zip(source, service, destination, reporter, strict=True)):
            if by == SOURCE:
                self._callers.add(caller)
            elif called != NONE:
                self._called.add(called)
            if asked != NONE:
                self._services.add((caller, asked))
                self._workloads.update((caller, one) for one in self._behind.get(asked, ()))
            if called != NONE:
                self._workloads.add((caller, called))


def only(traffic: Traffic, kept: Mask) -> Traffic:
    """The rows of the traffic that are kept."""
    return Traffic(*(getattr(traffic, name)[kept] for name in traffic.__struct_fields__))


def _pair(one: IntColumn, other: IntColumn) -> NDArray[np.int64]:
    return one.astype(np.int64) << 32 | other.astype(np.int64) & 0xFFFFFFFF
