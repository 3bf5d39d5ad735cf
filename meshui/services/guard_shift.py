"""Moves a service's traffic to another version in steps, as long as that one does no worse than the old one.

Every step is an ordinary change of weights: validated, dry run, written as the author, recorded, told to everybody. The
shift itself lives in the database, so that any worker can go on with it; it is looked at by one at a time.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import IntegrityError, transaction

from meshui.domain.changes.shift import machine
from meshui.domain.changes.shift.machine import Decision, Seen
from meshui.domain.changes.shift.plan import ENDED, Guard, Plan, Standing
from meshui.domain.changes.shift.sight import tallies
from meshui.domain.failures import Code, Failure
from meshui.domain.routing.split import Split, SplitDestination, SplitRoute
from meshui.domain.routing.weights import set_weights
from meshui.records import changes
from meshui.records.changes import Change
from meshui.records.shifts import GuardedShift
from meshui.records.users import User
from meshui.services import change_weights, read_graph
from meshui.services.acting import actor_of
from meshui.services.ports import Events, Manifest, SnapshotStore
from meshui.services.record_write import recorded
from meshui.services.write_object import Applied, Runtime

LOCK_SECONDS = 30.0
PATIENCE_SECONDS = 5.0
"""How long a person waits for a look that is under way."""
RETRY = timedelta(seconds=15)
"""How long to wait after the cluster refused a write."""


class Sources(msgspec.Struct, frozen=True):
    """What a shift works with. `window_seconds`: whose rates are the evidence."""

    runtime: Runtime
    store: SnapshotStore
    events: Events
    window_seconds: int


def begin(
    sources: Sources,
    author: User,
    cluster: str,
    namespace: str,
    name: str,
    *,
    candidate: str,
    baseline: str,
    steps: Sequence[int],
    pause_seconds: int,
    patience_seconds: int,
    guard: Guard,
    reason: str,
    resource_version: str,
    address: str,
    now: datetime,
) -> GuardedShift:
    """Starts a shift with its first step. Raises Failure(INVALID) for a plan that can't be followed, CONFLICT when the
    service has one already or the object is not at `resource_version`, and as change_weights.apply does."""
    if any((one.service_namespace, one.service_name) == (namespace, name) for one in active(cluster)):
        raise _another(cluster, namespace, name)
    split, manifest, _ = change_weights.live_split(
        sources.runtime, sources.store, actor_of(author), cluster, namespace, name
    )
    if split.resource_version != resource_version:
        raise Failure(
            Code.CONFLICT,
            f"Somebody changed {split.object} since you read it",
            next_step="Look at the weights of now, and decide again.",
            context={"object": str(split.object)},
        )
    route = _route(split, candidate, baseline)
    weights = {one.id: one.weight for one in route.destinations}
    plan = machine.check_plan(
        Plan(
            candidate=candidate,
            baseline=baseline,
            steps=tuple(steps),
            pause_seconds=pause_seconds,
            patience_seconds=patience_seconds,
            share=weights[candidate] + weights[baseline],
            original=(weights[candidate], weights[baseline]),
            guard=guard,
        )
    )
    try:
        with transaction.atomic():
            shift = GuardedShift.objects.create(
                cluster=cluster,
                service_namespace=namespace,
                service_name=name,
                object_kind=split.object.kind,
                object_namespace=split.object.namespace,
                object_name=split.object.name,
                author=author.username,
                reason=reason,
                plan=msgspec.to_builtins(plan),
                standing=msgspec.to_builtins(Standing(phase="running", step=-1, step_since=now)),
                phase="running",
                digest=_digest(manifest),
            )
    except IntegrityError:
        raise _another(cluster, namespace, name) from None
    try:
        with _alone(sources.store, shift, patient=True):
            _carry_out(sources, shift, author, machine.started(plan, now), now, address)
    except Failure:
        # It never began: what was tried is in the history and the audit.
        shift.delete()
        raise
    return shift


def act(sources: Sources, shift: GuardedShift, verb: str, by: User, address: str, now: datetime) -> None:
    """`pause`, `resume`, `promote` or `abort`, because a person says so. Raises Failure(CONFLICT) when it doesn't fit
    where the shift stands, and as change_weights.apply does."""
    with _alone(sources.store, shift, patient=True):
        plan, standing = plan_of(shift), standing_of(shift)
        match verb:
            case "pause":
                decision = Decision(machine.paused(standing, now, by.username))
            case "resume":
                decision = Decision(machine.resumed(standing, now, by.username))
            case "promote":
                decision = machine.promoted(plan, standing, now, by.username)
            case _:
                decision = machine.aborted(plan, standing, now, by.username)
        _carry_out(sources, shift, by, decision, now, address)


def look(sources: Sources, shift: GuardedShift, now: datetime) -> None:
    """One look at a shift: what was seen since the last, and what follows from it. Sources that fail leave it as it
    is, for the next look."""
    with _alone(sources.store, shift, patient=False) as alone:
        if not alone or not shift.active or (shift.retry_at and now < shift.retry_at):
            return
        standing = standing_of(shift)
        author = User.objects.filter(username=shift.author, is_active=True).first()
        if author is None or not author.can_edit:
            _keep(shift, _held_once(standing, now, f"{shift.author} may not change traffic any more"), now)
            return
        try:
            manifest = sources.runtime.config.get(shift.object, acting_as=actor_of(author))
            if shift.pending is not None:
                standing = _settled(shift, manifest, now)
            if _digest(manifest) != shift.digest:
                _keep(shift, machine.stopped(standing, now, f"somebody else changed {shift.object}"), now)
                return
            if seen := _seen(sources, shift, author):
                standing = machine.counted(standing, seen)
            _carry_out(sources, shift, author, machine.advance(plan_of(shift), standing, now), now, "")
        except Failure as failure:
            _not_now(shift, standing, failure, now)


def active(cluster: str | None = None) -> list[GuardedShift]:
    """The shifts under way."""
    found = GuardedShift.objects.filter(active=True)
    return list(found.filter(cluster=cluster) if cluster else found)


def plan_of(shift: GuardedShift) -> Plan:
    """Its plan."""
    return msgspec.convert(shift.plan, Plan)


def standing_of(shift: GuardedShift) -> Standing:
    """Where it stands."""
    return msgspec.convert(shift.standing, Standing)


def _carry_out(
    sources: Sources, shift: GuardedShift, by: User, decision: Decision, now: datetime, address: str
) -> None:
    """Writes the weights, if any, and then keeps the standing."""
    if decision.weights is None:
        _keep(shift, decision.standing, now)
        return
    split, manifest, _ = change_weights.live_split(
        sources.runtime, sources.store, actor_of(by), shift.cluster, shift.service_namespace, shift.service_name
    )
    if split.object != shift.object or _digest(manifest) != shift.digest:
        raise Failure(
            Code.CONFLICT,
            f"Somebody else changed {shift.object}",
            next_step="The shift stops by itself; look at the weights of now.",
            context={"object": str(shift.object)},
        )
    route = _route(split, plan_of(shift).candidate, plan_of(shift).baseline)
    wanted = {one.id: one.weight for one in route.destinations} | decision.weights
    after = set_weights(manifest, split, wanted)
    if _digest(after) != shift.digest:
        intent = changes.intend(
            by,
            shift.cluster,
            "shift",
            reason=decision.standing.reason,
            wanted=wanted,
            service_namespace=shift.service_namespace,
            service_name=shift.service_name,
        )
        shift.pending = {
            "standing": msgspec.to_builtins(decision.standing),
            "digest": _digest(after),
            "change": intent.pk,
            "before": manifest,
        }
        shift.save()
        done = recorded(intent, _write(sources, shift, by, wanted, split.resource_version), sources.events, address)
        shift.digest = _digest(done.after)
    _keep(shift, decision.standing, now)


def _write(
    sources: Sources, shift: GuardedShift, by: User, wanted: dict[str, int], resource_version: str
) -> Callable[[], Applied]:
    return lambda: change_weights.apply(
        sources.runtime,
        sources.store,
        actor_of(by),
        shift.cluster,
        shift.service_namespace,
        shift.service_name,
        wanted,
        resource_version,
    )


def _settled(shift: GuardedShift, manifest: Manifest, now: datetime) -> Standing:
    """The standing after a process died around its write: with it, if the object has it, else as before."""
    pending, shift.pending = shift.pending or {}, None
    if _digest(manifest) != pending["digest"]:
        shift.save()
        return standing_of(shift)
    shift.digest = pending["digest"]
    if intent := Change.objects.filter(pk=pending["change"], state=changes.State.INTENDED).first():
        changes.applied(intent, shift.object, pending["before"], manifest)
    _keep(shift, msgspec.convert(pending["standing"], Standing), now)
    return standing_of(shift)


def _seen(sources: Sources, shift: GuardedShift, author: User) -> Seen | None:
    """What the live snapshot tells; None while there is none."""
    try:
        snapshot = read_graph.snapshot(sources.store, shift.cluster, sources.window_seconds)
    except Failure as failure:
        if failure.code is Code.NOT_READY:
            return None
        raise
    if snapshot.evaluated_at is None:
        return None
    split, _, _ = change_weights.live_split(
        sources.runtime, sources.store, actor_of(author), shift.cluster, shift.service_namespace, shift.service_name
    )
    plan, destinations = plan_of(shift), {one.id: one for one in split.destinations}
    ours, theirs = (_workloads(destinations.get(one)) for one in (plan.candidate, plan.baseline))
    service = (shift.service_namespace, shift.service_name)
    candidate, baseline = tallies(snapshot.graph, service, ours, theirs, sources.window_seconds)
    since = snapshot.evaluated_at - timedelta(seconds=sources.window_seconds)
    return Seen(since, snapshot.evaluated_at, candidate, baseline)


def _not_now(shift: GuardedShift, standing: Standing, failure: Failure, now: datetime) -> None:
    """What a failed look leaves: a passing failure nothing, a refusal a held shift that tries again a little later."""
    shift.pending = None if failure.code is not Code.SOURCE_UNAVAILABLE else shift.pending
    match failure.code:
        case Code.SOURCE_UNAVAILABLE | Code.NOT_READY | Code.CONFLICT:
            shift.save()
        case Code.NOT_FOUND:
            _keep(shift, machine.stopped(standing, now, f"{shift.object} is gone or splits nothing any more"), now)
        case _:
            shift.retry_at = now + RETRY
            _keep(shift, _held_once(standing, now, failure.message), now)


def _held_once(standing: Standing, now: datetime, reason: str) -> Standing:
    same = standing.phase == "paused" and standing.reason == f"paused: {reason}"
    return standing if same else machine.held(standing, now, reason)


def _keep(shift: GuardedShift, standing: Standing, now: datetime) -> None:
    shift.standing, shift.phase, shift.pending = msgspec.to_builtins(standing), standing.phase, None
    shift.active = standing.phase not in ENDED
    shift.ended_at = None if shift.active else shift.ended_at or now
    shift.save()


@contextmanager
def _alone(store: SnapshotStore, shift: GuardedShift, *, patient: bool) -> Iterator[bool]:
    """Whether nobody else has the shift in hand; it is read anew then. Raises Failure(THROTTLED) when `patient` and
    somebody has."""
    name, deadline = f"shift:{shift.pk}", time.monotonic() + (PATIENCE_SECONDS if patient else 0.0)
    while (fence := store.lock(name, LOCK_SECONDS)) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    if fence is None and patient:
        raise Failure(
            Code.THROTTLED, "The shift is being looked at this moment", next_step="Try again in a few seconds."
        )
    try:
        if fence is not None:
            shift.refresh_from_db()
        yield fence is not None
    finally:
        if fence is not None:
            store.unlock(name, fence)


def _another(cluster: str, namespace: str, name: str) -> Failure:
    return Failure(
        Code.CONFLICT,
        f"The traffic of {namespace}/{name} is being shifted already",
        next_step="Wait for that shift to end, or abort it.",
        context={"cluster": cluster, "object": f"Service {namespace}/{name}"},
    )


def _route(split: Split, candidate: str, baseline: str) -> SplitRoute:
    """The route that divides its traffic between both. Raises Failure(INVALID)."""
    for route in split.routes:
        ids = {one.id for one in route.destinations}
        if candidate in ids and baseline in ids:
            return route
    known = ", ".join(sorted(one.id for one in split.destinations))
    fields = {
        name: f"There is no such destination; there are: {known}."
        for name, wanted in (("candidate", candidate), ("baseline", baseline))
        if wanted not in {one.id for one in split.destinations}
    }
    raise Failure(
        Code.INVALID,
        f"No route of {split.object} divides its traffic between {candidate} and {baseline}",
        context={"object": str(split.object)},
        fields=fields or {"candidate": f"This shares no route with {baseline}."},
    )


def _workloads(destination: SplitDestination | None) -> tuple[Any, ...]:
    return destination.workloads if destination else ()


def _digest(manifest: Manifest) -> str:
    """Of what the object says; not of what the server or its owners note beside it."""
    return hashlib.sha256(json.dumps(manifest.get("spec"), sort_keys=True).encode()).hexdigest()
