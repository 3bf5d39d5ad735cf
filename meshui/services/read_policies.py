"""The policy and routing objects of a cluster: what is found on them, what they select, who manages them."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import NamedTuple

from meshui.domain.certificates.fleet import fleet
from meshui.domain.failures import Code, Failure
from meshui.domain.findings.check import check_with
from meshui.domain.findings.model import ObjectFinding, Surroundings
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mtls.posture import Disagreement, disagreements
from meshui.domain.policies.links import LinkIndex
from meshui.services import read_graph, read_proxies
from meshui.services.cache import PerStore
from meshui.services.ports import SnapshotStore
from meshui.services.read_inventory import inventory as read_inventory

KEPT_FOR = timedelta(minutes=10)
"""Findings that depend on the time of day are as old as this at most."""


class Checked(NamedTuple):
    """An inventory, the findings on its objects, and their links."""

    inventory: Inventory
    findings: dict[ObjectRef, tuple[ObjectFinding, ...]]
    links: LinkIndex
    at: datetime


class _Kept:
    def __init__(self) -> None:
        self.clusters: dict[str, Checked] = {}
        self.lock = threading.Lock()


_kept: PerStore[_Kept] = PerStore(_Kept)


def checked(store: SnapshotStore, cluster: str, now: datetime) -> Checked:
    """The cluster's objects, checked once a change in each process. Raises Failure(NOT_READY | SOURCE_UNAVAILABLE)."""
    inventory = read_inventory(store, cluster)
    kept = _kept.of(store)
    with kept.lock:
        found = kept.clusters.get(cluster)
        if found is None or found.inventory is not inventory or now - found.at > KEPT_FOR:
            around = Surroundings(inventory, now)
            found = kept.clusters[cluster] = Checked(inventory, check_with(around), around.links, now)
        return found


def live_findings(store: SnapshotStore, cluster: str, window_seconds: int, now: datetime) -> tuple[ObjectFinding, ...]:
    """What runs tells of policy: edges on which what arrives is not what policy makes of it, and certificates that are
    late or odd."""
    of_proxies = fleet(read_proxies.proxies(store, cluster), read_inventory(store, cluster), now).findings
    try:
        seen = read_graph.snapshot(store, cluster, window_seconds)
    except Failure as failure:
        if failure.code is Code.NOT_READY:
            return of_proxies
        raise
    return (*of_proxies, *(_disagreement(one) for one in disagreements(seen)))


def _disagreement(one: Disagreement) -> ObjectFinding:
    source, called = (node.partition(":")[2].partition("/")[2] or node for node in (one.source, one.destination))
    return ObjectFinding(
        severity="warning",
        code="mtls_disagrees",
        object=one.decided_by or ObjectRef("Namespace", "", called.partition("/")[0]),
        path="$.spec",
        message=f"{source} → {called}: policy makes it {one.expected.replace('_', ' ')}, but "
        f"{one.observed_share:.0%} of it arrives over mutual TLS.",
        next_step="Look for calls that go past a proxy, a strange certificate, or a proxy that has old configuration.",
    )
