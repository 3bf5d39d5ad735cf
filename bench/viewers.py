"""What viewers cost: REST and WebSocket against the real web process, and what Prometheus notices of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.mesh import CLUSTER
from bench.stage import Stage

COUNTS = (1, 50, 500)
SECONDS = 6
GRAPH = f"/api/v1/clusters/{CLUSTER}/graph"
PATHS = {
    "trivial Django view": "/trivial",
    "graph by namespace": f"{GRAPH}?view=namespace",
    "graph of all workloads": f"{GRAPH}?service_nodes=false",
}
WATCHED = {"namespace": {"kind": "namespace"}, "workload": {"kind": "workload", "service_nodes": False}}
PUBLICATIONS = 4
PAUSE_SECONDS = 5
WITHIN_SECONDS = 1.0


def rest(at: Stage, url: str) -> list[dict[str, Any]]:
    """Latencies of each path: every client asks again as soon as it has its answer, then once a second."""
    found = []
    for count in COUNTS:
        for pace in (0, 1):
            if count == COUNTS[-1] and not pace:
                continue
            for name, path in PATHS.items():
                token = at.token if path.startswith("/api") else ""
                _load(at, "rest", url, token, "1", "1", "0", path)
                its = _load(at, "rest", url, token, str(count), str(SECONDS), str(pace), path)
                found.append({"clients": count, "pace": pace, "what": name, **its})
    return found


def sockets(at: Stage, url: str, pid: int) -> list[dict[str, Any]]:
    """When all viewers had each new version, and the web process' memory."""
    found = []
    for view, spec in WATCHED.items():
        for count in COUNTS:
            with _watching(at, url, count, spec) as (ready, heard):
                versions = at.run("publish", str(PUBLICATIONS), str(PAUSE_SECONDS))["versions"]
                told = heard()
            late = [
                [moment - published for moment in told["arrived"].get(version, [])]
                for version, published in versions.items()
            ]
            found.append(
                {
                    "view": view,
                    "viewers": count,
                    "ready": ready,
                    "slowest": [max(one, default=None) for one in late],
                    "had_it": [sum(1 for seconds in one if seconds <= WITHIN_SECONDS) for one in late],
                    "lost": told["lost"],
                    "bytes": told["bytes"],
                    "peak": memory(pid, "VmHWM"),
                    "now": memory(pid, "VmRSS"),
                }
            )
    return found


def queries(at: Stage, url: str, bodies: str) -> dict[str, int]:
    """Queries that are asked in a poll, with nobody and with 500 who look by socket and 50 by REST."""
    alone = int(at.run("poll", bodies)["queries"])
    with _watching(at, url, COUNTS[-1], WATCHED["namespace"]):
        readers = _started(at, "rest", url, at.token, "50", "30", "1", PATHS["graph by namespace"])
        watched = int(at.run("poll", bodies)["queries"])
        readers.wait(60)
    return {"0": alone, "500": watched}


def memory(pid: int, field: str) -> float:
    """MiB, as the kernel counts it."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise KeyError(field)


def _load(at: Stage, *arguments: str) -> dict[str, Any]:
    process = _started(at, *arguments)
    out, _ = process.communicate(timeout=300)
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def _started(at: Stage, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "bench.load", *arguments],
        env=at.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


@contextmanager
def _watching(at: Stage, url: str, count: int, spec: dict[str, Any]) -> Iterator[tuple[float, Any]]:
    """Sockets that all have their first picture: how long that took, and what gives what they heard in the end."""
    process = _started(at, "sockets", url, at.token, str(count), json.dumps(spec))
    assert process.stdout is not None

    def heard() -> dict[str, Any]:
        out, _ = process.communicate(timeout=120)
        found: dict[str, Any] = json.loads(out.splitlines()[-1])
        return found

    try:
        yield json.loads(process.stdout.readline())["ready"], heard
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(30)
