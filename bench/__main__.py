"""Measures MeshUI and writes docs/bench.md: `python -m bench [--services 100 1000] [--generated 3000] [--skip ...]`.

All servers are real and on loopback; every load is bounded and ends by itself.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import answers, browser, mesh, metrics, report, stage, viewers

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "bench.md"
WATCHED = 1000
"""Services of the mesh that is looked at."""
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, nargs="*", default=[100, 1000], help="sizes that Prometheus answers")
    parser.add_argument("--generated", type=int, nargs="*", default=[3000], help="sizes whose answers are generated")
    parser.add_argument("--watched", type=int, default=WATCHED)
    parser.add_argument("--skip", nargs="*", default=[], choices=["rest", "sockets", "browser"])
    parser.add_argument("--out", type=Path, default=DOCUMENT)
    given = parser.parse_args()
    found = report.Found(
        at=datetime.now(UTC),
        machine=f"{platform.system()} {platform.machine()}, {len(os.sched_getaffinity(0))} cores, {_processor()}",
        load=os.getloadavg()[0],
    )
    try:
        for services in given.services:
            with tempfile.TemporaryDirectory(prefix="meshui-bench-") as folder:
                _measure(services, Path(folder), given, found)
        for services in given.generated:
            with tempfile.TemporaryDirectory(prefix="meshui-bench-") as folder:
                _generated(services, Path(folder), found)
    finally:
        # What was measured before something failed is not lost.
        text = report.written(found)
        given.out.write_text(text)
        print(text)


def _measure(services: int, folder: Path, given: argparse.Namespace, found: report.Found) -> None:
    of = mesh.mesh(services)
    filled = _step(f"{services:,} services: writing Prometheus' blocks", lambda: metrics.filled(of))
    bodies = str(folder / "bodies")
    with (
        metrics.serving(filled.folder, folder / "prometheus.log") as prometheus_url,
        stage.stage(folder, prometheus_url) as at,
    ):
        at.run("seed", str(services))
        record = _step("asking Prometheus", lambda: at.run("record", bodies))
        size = _size(at, bodies)
        size.series, size.record = filled.series, record
        size.live = _step("poll and publish, Prometheus", lambda: at.run("poll"))
        found.sizes[services] = size
        if services == given.watched:
            with stage.web(at) as (url, process):
                if "rest" not in given.skip:
                    found.rest = _step("REST", lambda: viewers.rest(at, url))
                if "sockets" not in given.skip:
                    found.sockets = _step("WebSocket", lambda: viewers.sockets(at, url, process.pid))
                    found.queries = _step("queries", lambda: viewers.queries(at, url, bodies))
                if "browser" not in given.skip:
                    found.browser = _step("browser", lambda: browser.measured(at, url))


def _generated(services: int, folder: Path, found: report.Found) -> None:
    of = mesh.mesh(services)
    with stage.stage(folder, "http://127.0.0.1:1") as at:
        at.run("seed", str(services))
        _step(f"{services:,} services: writing answers", lambda: answers.write(of, folder / "bodies"))
        found.sizes[services] = _size(at, str(folder / "bodies"))


def _size(at: stage.Stage, bodies: str) -> report.Size:
    parses, polls = [], []
    for _ in range(ROUNDS):
        parses.append(_step("orjson", lambda: at.run("orjson", bodies)))
        polls.append(_step("poll and publish, recorded", lambda: at.run("poll", bodies)))
    return report.Size(
        orjson=min(parses, key=lambda one: one["seconds"]),
        poll=min(polls, key=lambda one: one["seconds"]),
        again=_step("20 polls in one process", lambda: at.run("poll", bodies, "20")),
        views=_step("views", lambda: at.run("views")),
    )


def _step(what: str, do: Callable[[], Any]) -> Any:
    start = time.monotonic()
    done = do()
    print(f"{what}: {time.monotonic() - start:.1f} s", flush=True)
    return done


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown processor"


if __name__ == "__main__":
    main()
