"""The Celery tasks. Each names its use case and bounds it; all may be run twice, late or at the same time.

`meshui.telemetry`, `meshui.inventory` and `meshui.proxies` are what beat starts: they start that poll for each cluster;
`meshui.shifts` starts a look at each guarded shift under way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from celery import shared_task

from meshui import wiring
from meshui.domain.failures import Code, Failure
from meshui.jobs.schedule import SHIFTS_SECONDS, inventory_budget, telemetry_period
from meshui.records.shifts import GuardedShift
from meshui.services import guard_shift, take_back
from meshui.services.poll_inventory import poll_inventory
from meshui.services.poll_proxies import poll_proxies
from meshui.services.poll_telemetry import poll_telemetry
from meshui.services.publish_snapshot import publish_snapshot

INVENTORY_GRACE_SECONDS = 10.0
"""How much longer than its budget an inventory poll keeps others out."""
_log = logging.getLogger(__name__)
_said: dict[str, str] = {}


def _task(name: str, *, soft: float, hard: float) -> Callable[[Callable[..., None]], Any]:
    """A Celery task that is told to stop after `soft` seconds, and is killed after `hard`."""
    decorator: Callable[[Callable[..., None]], Any] = shared_task(name=name, soft_time_limit=soft, time_limit=hard)
    return decorator


@_task("meshui.telemetry", soft=10, hard=15)
def telemetry(window_seconds: int) -> None:
    """Starts the telemetry poll of one window for every cluster."""
    period = telemetry_period(window_seconds, wiring.environment().poll_telemetry_seconds)
    _for_each_cluster(telemetry_of, period, window_seconds)


@_task("meshui.inventory", soft=10, hard=15)
def inventory() -> None:
    """Starts the inventory poll for every cluster."""
    _for_each_cluster(inventory_of, wiring.environment().poll_inventory_seconds)


@_task("meshui.proxies", soft=10, hard=15)
def proxies() -> None:
    """Starts the proxies' poll for every cluster."""
    _for_each_cluster(proxies_of, wiring.environment().poll_proxies_seconds)


@_task("meshui.telemetry_of", soft=30, hard=40)
def telemetry_of(cluster: str, window_seconds: int) -> None:
    """Polls the metrics of a cluster for one window and publishes its snapshot."""
    with _bounded(f"telemetry/{window_seconds}", cluster, 40) as free:
        if free:
            runtime, store = wiring.cluster_runtime(cluster), wiring.store()
            failure = poll_telemetry(runtime.metrics, store, cluster, window_seconds, datetime.now(UTC))
            _say(f"telemetry of {cluster}", failure)
            publish_snapshot(store, wiring.events(), cluster, window_seconds, health=wiring.health_rules())


@_task("meshui.inventory_of", soft=60, hard=75)
def inventory_of(cluster: str) -> None:
    """Brings the objects of a cluster up to date; if they changed, publishes the snapshots of all windows."""
    environment = wiring.environment()
    budget = inventory_budget(environment.poll_inventory_seconds)
    # Not for as long as it may take: what a worker that was killed holds must not keep the next one waiting.
    with _bounded("inventory", cluster, budget + INVENTORY_GRACE_SECONDS) as free:
        if free:
            runtime, store = wiring.cluster_runtime(cluster), wiring.store()
            poll = poll_inventory(runtime.inventory, store, cluster, datetime.now(UTC), budget)
            _say(f"inventory of {cluster}", poll.failure)
            if poll.changed:
                for window in environment.windows:
                    publish_snapshot(store, wiring.events(), cluster, window.seconds, health=wiring.health_rules())


@_task("meshui.proxies_of", soft=40, hard=50)
def proxies_of(cluster: str) -> None:
    """Reads the admin interface of the next few proxies of a cluster."""
    with _bounded("proxies", cluster, 50) as free:
        if free:
            runtime = wiring.cluster_runtime(cluster)
            if runtime.proxies is not None:
                failure = poll_proxies(runtime.proxies, wiring.store(), cluster, datetime.now(UTC))
                _say(f"proxies of {cluster}", failure)


@_task("meshui.shifts", soft=10, hard=15)
def shifts() -> None:
    """Starts a look at each guarded shift under way."""
    for shift in guard_shift.active():
        shift_of.apply_async(args=(shift.pk,), expires=SHIFTS_SECONDS)


@_task("meshui.shift_of", soft=20, hard=25)
def shift_of(number: int) -> None:
    """Looks at a guarded shift: goes on, waits or rolls back."""
    shift = GuardedShift.objects.filter(pk=number, active=True).first()
    if shift is None:
        return
    what = f"shift {number}"
    try:
        sources = guard_shift.Sources(
            runtime=wiring.cluster_runtime(shift.cluster),
            store=wiring.store(),
            events=wiring.events(),
            window_seconds=min(window.seconds for window in wiring.environment().windows),
        )
        guard_shift.look(sources, shift, datetime.now(UTC))
    except Failure as failure:
        if failure.code not in {Code.SOURCE_UNAVAILABLE, Code.NOT_FOUND}:
            raise
        _say(what, failure)
    else:
        _say(what, None)


@_task("meshui.take_back", soft=40, hard=50)
def take_back_due() -> None:
    """Takes back the changes whose time is over."""
    now = datetime.now(UTC)
    for change in take_back.due(now):
        what = f"taking back change {change.pk}"
        try:
            take_back.take_back(
                wiring.cluster_runtime(change.cluster), wiring.store(), wiring.events(), change, datetime.now(UTC)
            )
        except Failure as failure:
            _say(what, failure)
        else:
            _say(what, None)


def _for_each_cluster(task: Any, period: float, *arguments: Any) -> None:
    for cluster in wiring.clusters():
        task.apply_async(args=(cluster, *arguments), expires=max(period, 1.0))


@contextmanager
def _bounded(poll: str, cluster: str, seconds: float) -> Iterator[bool]:
    """Whether nobody else is at the same poll; the store's failures end here, for the next poll comes anyway."""
    what = f"store for {poll} of {cluster}"
    name = f"poll:{poll}:{cluster}"
    try:
        store = wiring.store()
        fence = store.lock(name, seconds)
        try:
            yield fence is not None
        finally:
            if fence is not None:
                store.unlock(name, fence)
    except Failure as failure:
        if failure.code not in {Code.SOURCE_UNAVAILABLE, Code.NOT_FOUND, Code.THROTTLED}:
            raise
        _say(what, failure)
    else:
        _say(what, None)


def _say(what: str, failure: Failure | None) -> None:
    """Logs a failure when it begins, changes and ends, not at every poll."""
    before = _said.get(what)
    if failure is None:
        if before is not None:
            del _said[what]
            _log.info("%s: works again", what)
    elif before != failure.message:
        _said[what] = failure.message
        _log.warning("%s: %s", what, failure.message)
