"""Prometheus' answers as files: where recorded ones lie, and what it would answer to a poll of a mesh that is too large
for the Prometheus of a small machine.

Written as Prometheus writes it: labels in order, one time, numbers as text, nothing that isn't above 0.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from bench.mesh import BOUNDS, Call, Labels, Mesh, labels_of
from bench.metrics import ASKED_AT, WINDOW_SECONDS
from meshui.domain.telemetry import istio
from meshui.domain.telemetry.dialects import detection

_HEAD = '{"status":"success","data":{"resultType":"vector","result":['
_GROUPED = re.compile(r"by \(([^)]*)\)")
_Samples = Iterator[tuple[Labels, float]]


def recorded(folder: Path, promql: str) -> Path:
    """The file of the answer to a query."""
    return folder / hashlib.sha256(promql.encode()).hexdigest()[:16]


def write(of: Mesh, folder: Path) -> None:
    """The answers to all queries of a poll of the mesh."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(recorded(folder, detection()), iter([({"dialect": istio.NAME}, 1.0)]), {"dialect"})
    for name, query in istio.QUERIES.items():
        grouped = _GROUPED.search(query)
        assert grouped is not None
        kept = {label.strip() for label in grouped[1].split(",")}
        path = recorded(folder, query.replace("{window}", f"{WINDOW_SECONDS}s"))
        _write(path, _samples(of, name), kept)


def _write(path: Path, samples: _Samples, kept: set[str]) -> None:
    with path.open("w") as out:
        out.write(_HEAD)
        separator = ""
        for labels, value in samples:
            if value > 0:
                metric = ",".join(f'"{name}":"{labels[name]}"' for name in sorted(labels) if name in kept)
                out.write(f'{separator}{{"metric":{{{metric}}},"value":[{ASKED_AT.timestamp():.0f},"{value!r}"]}}')
                separator = ","
        out.write("]}}")


def _samples(of: Mesh, name: str) -> _Samples:
    if name == "duration_bounds":
        yield from (({"le": bound}, 1.0) for bound in (*(f"{one:g}" for one in BOUNDS), "+Inf"))
    elif name.startswith("tcp"):
        growth = {"tcp_request_bytes": 800.0, "tcp_response_bytes": 4000.0}.get(name, 1.0)
        for call, reporter in _reported(of, streams=True):
            yield labels_of(call, reporter, call.responses[0]), call.responses[0][3] * growth
    elif name != "durations_native":
        for call, reporter in _reported(of, streams=False):
            yield from _of_call(name, call, reporter)


def _of_call(name: str, call: Call, reporter: str) -> _Samples:
    rate, labels = sum(response[3] for response in call.responses), labels_of(call, reporter, call.responses[0])
    if name == "requests":
        yield from ((labels_of(call, reporter, response), response[3]) for response in call.responses)
    elif name in ("durations", "durations_elsewhere"):
        if (reporter == "source") == (name == "durations"):
            for bound in BOUNDS:
                share = 1 / (1 + (call.typical / bound) ** 3)
                yield labels | {"le": f"{bound:g}"}, rate * (share if share > 0.005 else 0)
            yield labels | {"le": "+Inf"}, rate
    else:
        yield labels, rate * (900.0 if name == "request_bytes" else 5200.0)


def _reported(of: Mesh, *, streams: bool) -> Iterator[tuple[Call, str]]:
    for call in of.calls:
        if (call.called.protocol == "tcp") == streams:
            yield from ((call, reporter) for reporter in ("source", "destination"))
