"""Which past moments can be shown over a stretch of time, and how much traffic there was: what a film needs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from meshui.domain.failures import Code, Failure
from meshui.domain.join import ALL
from meshui.domain.telemetry.totals import MeshTotals, read_totals, totals_queries
from meshui.services import parts
from meshui.services.cache import PerStore, SingleFlight
from meshui.services.ports import MetricsSource, SnapshotStore
from meshui.services.read_past import LONGEST_GAP, Origin, grain, milliseconds
from meshui.services.turn import turn

MOST = 500
"""Moments of one answer."""
USUAL = 120
"""Moments, when no step is asked for."""
USUAL_DIALECTS = ("istio",)
"""As long as no poll has found which ones are spoken."""
LOCK_SECONDS = 60.0
PATIENCE_SECONDS = 20.0


class PastMoment(msgspec.Struct, frozen=True):
    """A moment that can be shown. `rate` (requests per second, each call counted once) and `error_share` are of the
    whole mesh; None: not known."""

    at: datetime
    origin: Origin
    rate: float | None
    error_share: float | None


class Moments(msgspec.Struct, frozen=True):
    """The moments of a stretch of time, at whole steps, oldest first; where nothing is known there is none."""

    cluster: str
    window_seconds: int
    step_seconds: int
    first: datetime
    last: datetime
    """The first and the last step of the stretch."""
    moments: tuple[PastMoment, ...]
    problem: str | None
    """Why nothing is known of the time that the ring does not reach back to."""


_Series = dict[int, MeshTotals]
"""By the seconds of the clock."""
_Key = tuple[str, int, tuple[str, str]]
"""Cluster, the end of the stretch, and the queries."""
_kept: PerStore[SingleFlight[_Key, _Series]] = PerStore(lambda: SingleFlight(32))


def moments(
    store: SnapshotStore,
    metrics: MetricsSource,
    cluster: str,
    window_seconds: int,
    begin: datetime,
    end: datetime,
    step_seconds: int | None = None,
) -> Moments:
    """Raises Failure(INVALID) when the stretch ends before it begins or has more than MOST steps, and
    SOURCE_UNAVAILABLE when the store does not answer; that Prometheus does not is told in the answer."""
    if end <= begin:
        raise Failure(Code.INVALID, "The stretch ends before it begins.", fields={"to": "This must be after `from`."})
    step = step_seconds or max(grain(window_seconds), -(-int((end - begin).total_seconds()) // USUAL))
    last = int(end.timestamp()) // step * step
    first = -(-int(begin.timestamp()) // step) * step
    if (last - first) // step >= MOST:
        raise Failure(
            Code.INVALID,
            f"These are more than {MOST} steps.",
            next_step="Ask for a shorter stretch, or larger steps.",
            fields={"step": f"With this there are more than {MOST} moments."},
        )
    steps = range(first, last + 1, step)
    found = _in_ring(store, cluster, window_seconds, steps)
    before = [second for second in steps if second not in found]
    problem: str | None = None
    if before:
        # One stretch: holes in the ring are few, and one query is cheaper than several.
        try:
            series = _series(store, metrics, cluster, window_seconds, before[0], before[-1], step)
            for second in before:
                if (its := series.get(second)) is not None:
                    found[second] = _moment(second, "prometheus", its)
        except Failure as failure:
            problem = failure.message
            found |= {second: _moment(second, "prometheus", None) for second in before}
    return Moments(
        cluster=cluster,
        window_seconds=window_seconds,
        step_seconds=step,
        first=datetime.fromtimestamp(first, UTC),
        last=datetime.fromtimestamp(last, UTC),
        moments=tuple(found[second] for second in sorted(found)),
        problem=problem,
    )


def moments_of_all(
    store: SnapshotStore,
    metrics: Mapping[str, MetricsSource],
    window_seconds: int,
    begin: datetime,
    end: datetime,
    step_seconds: int | None = None,
) -> Moments:
    """Those of all clusters that `metrics` names, added up. Raises as `moments` does."""
    every = [
        moments(store, source, cluster, window_seconds, begin, end, step_seconds) for cluster, source in metrics.items()
    ]
    at: dict[datetime, list[PastMoment]] = {}
    for film in every:
        for one in film.moments:
            at.setdefault(one.at, []).append(one)
    problems = [f"{film.cluster}: {film.problem}" for film in every if film.problem]
    return msgspec.structs.replace(
        every[0],
        cluster=ALL,
        moments=tuple(_together(found) for _, found in sorted(at.items())),
        problem="; ".join(problems) or None,
    )


def _together(found: list[PastMoment]) -> PastMoment:
    known = [one for one in found if one.rate is not None]
    rate = sum(one.rate or 0.0 for one in known)
    failed = sum((one.rate or 0.0) * (one.error_share or 0.0) for one in known)
    computed = any(one.origin == "prometheus" for one in found)
    return PastMoment(
        at=found[0].at,
        origin="prometheus" if computed else "ring",
        rate=round(rate, 3) if known else None,
        error_share=round(failed / rate, 6) if rate > 0 else None,
    )


def _moment(second: int, origin: Origin, totals: MeshTotals | None) -> PastMoment:
    at = datetime.fromtimestamp(second, UTC)
    if totals is None:
        return PastMoment(at, origin, None, None)
    share = round(totals.failed / totals.rate, 6) if totals.rate > 0 else None
    return PastMoment(at, origin, round(totals.rate, 3), share)


def _in_ring(store: SnapshotStore, cluster: str, window_seconds: int, steps: range) -> dict[int, PastMoment]:
    """The steps that a snapshot stands for, by read_past's rule."""
    if not steps:
        return {}
    gap = int(LONGEST_GAP.total_seconds() * 1000)
    found = store.ring_notes(cluster, window_seconds, steps[0] * 1000 - gap, steps[-1] * 1000)
    versions = [version for version, _ in found]
    moments: dict[int, PastMoment] = {}
    for second in steps:
        place = bisect_right(versions, second * 1000) - 1
        if place < 0 or second * 1000 - versions[place] > gap:
            continue
        note = parts.decode(found[place][1], parts.RingNote)
        if note is None or note.evaluated_at is None or second * 1000 - milliseconds(note.evaluated_at) > gap:
            continue
        moments[second] = _moment(second, "ring", note.totals)
    return moments


def _series(
    store: SnapshotStore, metrics: MetricsSource, cluster: str, window_seconds: int, first: int, last: int, step: int
) -> _Series:
    spoken = parts.get(store, cluster, parts.DIALECTS, parts.DialectsPart)
    names = spoken.names if spoken and spoken.names else USUAL_DIALECTS
    queries = totals_queries(names, window_seconds, last - first + 1, step)
    if queries is None:
        return {}

    def ask() -> _Series:
        busy = f"The past of {cluster} is being computed for others"
        with turn(store, f"past:{cluster}", hold=LOCK_SECONDS, patience=PATIENCE_SECONDS, busy=busy):
            at = datetime.fromtimestamp(last, UTC)
            rate, failed = (metrics.query(query, at) for query in queries)
            return read_totals(rate, failed)

    return _kept.of(store).get((cluster, last, queries), ask)
