"""The measurements as a document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_ABSENT = "–"
POLL_SECONDS = 7.5
"""How often a window of a minute is polled (an eighth of it)."""


@dataclass
class Size:
    """What was measured on a mesh of one size; without Prometheus, the last three are empty."""

    orjson: dict[str, Any]
    poll: dict[str, Any]
    again: dict[str, Any]
    views: dict[str, Any]
    series: int = 0
    record: dict[str, Any] = field(default_factory=dict)
    live: dict[str, Any] = field(default_factory=dict)


@dataclass
class Found:
    """All measurements of a run."""

    at: datetime
    machine: str
    load: float
    sizes: dict[int, Size] = field(default_factory=dict)
    rest: list[dict[str, Any]] = field(default_factory=list)
    sockets: list[dict[str, Any]] = field(default_factory=list)
    queries: dict[str, int] = field(default_factory=dict)
    browser: dict[str, Any] = field(default_factory=dict)


def written(found: Found) -> str:
    """docs/bench.md."""
    parts = [_INTRODUCTION.format(at=f"{found.at:%Y-%m-%d %H:%M} UTC", machine=found.machine, load=found.load)]
    if found.sizes:
        parts += ["## From telemetry to a published snapshot", _telemetry(found), _NOTES]
        parts += ["## Views", *_views(found)]
    if found.rest:
        parts += ["## REST", _rest(found)]
    if found.sockets:
        parts += ["## WebSocket", _sockets(found)]
    if found.browser:
        parts += ["## Browser", _browser(found)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _telemetry(found: Found) -> str:
    sizes = found.sizes.values()
    smallest = next(iter(found.sizes))

    def linear(size: Size) -> float:
        first = found.sizes[smallest]
        return (size.poll["seconds"] / first.poll["seconds"]) / (size.poll["bytes"] / first.poll["bytes"])

    rows: list[tuple[str, Iterable[str]]] = [
        ("edges of the finest grain", (f"{size.views['edges']:,}" for size in sizes)),
        ("series in Prometheus", (f"{size.series:,}" if size.series else _ABSENT for size in sizes)),
        ("bytes answered to one poll", (f"{size.poll['bytes'] / 1e6:,.1f} MB" for size in sizes)),
        (
            "Prometheus' own time, one query after the other",
            (f"{sum(size.record['seconds']):.1f} s" if size.record else _ABSENT for size in sizes),
        ),
        ("… answering a poll", (_within(size.live["answers"]) if size.live else _ABSENT for size in sizes)),
        (
            "from Prometheus' last byte to the published snapshot",
            (_ms(size.live["after_last_byte"]) if size.live else _ABSENT for size in sizes),
        ),
        ("orjson only parses the same answers", (_ms(size.orjson["seconds"]) for size in sizes)),
        ("all of a poll's own work, from bytes to published", (_ms(size.poll["seconds"]) for size in sizes)),
        ("… as a multiple of orjson's (target: 3)", (f"{_ratio(size):.2f}" for size in sizes)),
        ("… of that the publication", (_ms(size.poll["publish"]) for size in sizes)),
        ("… growth against bytes (1: linear)", (f"{linear(size):.2f}" for size in sizes)),
        ("peak memory of a worker after one poll (target: 600 MiB)", (_mib(size.poll["peak"]) for size in sizes)),
        ("… after 20 polls", (_mib(size.again["peak"]) for size in sizes)),
        ("… before the first", (_mib(size.poll["idle"]) for size in sizes)),
        ("peak memory of orjson's parse", (_mib(size.orjson["peak"]) for size in sizes)),
        ("snapshot, encoded", (_size(size.views["snapshot_bytes"]) for size in sizes)),
        ("snapshot, as stored", (_size(size.views["stored_bytes"]) for size in sizes)),
    ]
    return _table(["", *(f"{services:,} services" for services in found.sizes)], [(name, *its) for name, its in rows])


def _views(found: Found) -> Iterable[str]:
    for services, size in found.sizes.items():
        rows = [
            (
                name,
                f"{its['nodes']:,}",
                f"{its['edges']:,}",
                _ms(its["project"]),
                _size(its["bytes"]),
                f"{its['delta_edges']:,}",
                _size(its["delta_bytes"]),
                _ms(its["delta"]),
            )
            for name, its in size.views["views"].items()
        ]
        head = ["view", "nodes", "edges", "projected in", "JSON", "edges in a 1% delta", "delta", "compared in"]
        yield f"{services:,} services. The delta is of one call in a hundred getting a tenth faster."
        yield _table(head, rows)


def _rest(found: Found) -> str:
    rows = []
    for one in found.rest:
        trivial = next(
            other
            for other in found.rest
            if (other["clients"], other["pace"]) == (one["clients"], one["pace"])
            and other["what"].startswith("trivial")
        )
        rows.append(
            (
                f"{one['clients']}, {'once a second' if one['pace'] else 'without a pause'}",
                one["what"],
                f"{one['a_second']:.0f}",
                f"{one['p50']:.1f} ms",
                f"{one['p99']:.1f} ms",
                f"{one['p99'] - trivial['p99']:+.1f} ms",
                _size(one["bytes"]),
            )
        )
    head = ["clients", "asked for", "answers/s", "p50", "p99", "p99 against trivial (target: +20 ms)", "sent"]
    return _table(head, rows)


def _sockets(found: Found) -> str:
    rows = [
        (
            one["view"],
            str(one["viewers"]),
            f"{one['ready']:.1f} s",
            ", ".join("none" if seconds is None else _ms(seconds) for seconds in one["slowest"]),
            f"{min(one['had_it'])} of {one['viewers']}",
            str(one["lost"]),
            f"{_mib(one['now'])} ({_mib(one['peak'])})",
        )
        for one in found.sockets
    ]
    head = ["view", "viewers", "all have the first picture", "slowest viewer has a publication's delta"]
    head += ["had it within 1 s, at worst", "lost", "web process' memory (peak)"]
    asked = "Queries to Prometheus a poll: " + ", ".join(
        f"{count} with {viewers} viewers" for viewers, count in found.queries.items()
    )
    return f"{_table(head, rows)}\n\n{asked}."


def _browser(found: Found) -> str:
    rows = [(name, str(value)) for name, value in found.browser.items()]
    return _table(["headless Chromium, software rendering", ""], rows)


def _ratio(size: Size) -> float:
    return float(size.poll["seconds"] / size.orjson["seconds"])


def _within(seconds: float) -> str:
    return f"{seconds:.1f} s ({'within' if seconds <= POLL_SECONDS else 'over'} the {POLL_SECONDS:g} s between polls)"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms" if seconds < 10 else f"{seconds:,.1f} s"


def _mib(amount: float) -> str:
    return f"{amount:,.0f} MiB"


def _size(amount: float) -> str:
    if amount < 10_000:
        return f"{amount:,.0f} B"
    return f"{amount / 1000:,.0f} kB" if amount < 1e6 else f"{amount / 1e6:,.1f} MB"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


_INTRODUCTION = """
# How fast it is

`make bench` wrote this on {at}: {machine}; the machine's load was {load:.1f} when it began.
Numbers of a busy machine are worse than those of an idle one; ratios are of the same run.

The mesh is generated (`bench/mesh.py`): each service has two versions and 10 edges of the finest grain (calling
workload, called service, called workload), reported by both sides with Istio's labels, codes and buckets. A real
Prometheus, filled by promtool, answers; Valkey, Django and uvicorn are real, all on loopback. The window is a minute.
"""
_NOTES = """
The multiple of orjson is taken without Prometheus: its recorded answers are read from files and everything that a poll
does is counted, from the first byte to the announcement, with the objects of the whole cluster; the best of three, each
in a fresh process, as orjson's. Where Prometheus' own rows are empty, the answers were generated (`bench/answers.py`):
so many series are too many for the Prometheus of this machine. Memory is the kernel's `ru_maxrss` of the process that
polls and publishes.
"""
