"""What is measured inside a process of its own: `python -m bench.worker STEP ...` prints one line of JSON.

prepare             migrates the database, makes a user and a token
seed SERVICES       leaves a mesh's objects in the store, as the inventory poll does
record FOLDER       asks Prometheus every query of a poll, one after the other, and keeps the answers
orjson FOLDER       parses recorded answers with orjson
poll [FOLDER]       polls and publishes as the worker does: Prometheus, or the recorded answers
views               projects every view, and a change of 1% of the edges
publish TIMES PAUSE [SHARE]
                    publishes a change of a share (0.01) of the edges every few seconds
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Generator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

import msgspec  # noqa: E402 - Django must be set up first
import numpy as np  # noqa: E402
import orjson  # noqa: E402

from bench.answers import recorded  # noqa: E402
from bench.mesh import CLUSTER, manifests, mesh  # noqa: E402
from bench.metrics import ASKED_AT, WINDOW_SECONDS  # noqa: E402
from bench.stage import PASSWORD, USER  # noqa: E402
from meshui import wiring  # noqa: E402
from meshui.adapters.kubernetes.inventory import KindObjects  # noqa: E402
from meshui.adapters.prometheus.client import PrometheusClient, PrometheusOptions  # noqa: E402
from meshui.domain.graph.delta import delta  # noqa: E402
from meshui.domain.graph.model import ViewSpec  # noqa: E402
from meshui.domain.graph.project import project  # noqa: E402
from meshui.domain.graph.totals import mesh_totals  # noqa: E402
from meshui.domain.snapshot import assemble, encode  # noqa: E402
from meshui.domain.telemetry.rows import TelemetryRows  # noqa: E402
from meshui.services import parts, read_graph  # noqa: E402
from meshui.services.poll_inventory import poll_inventory  # noqa: E402
from meshui.services.poll_telemetry import BEHIND, poll_telemetry  # noqa: E402
from meshui.services.ports import KindState, MetricsSource  # noqa: E402
from meshui.services.publish_snapshot import publish_snapshot  # noqa: E402
from meshui.services.read_inventory import inventory  # noqa: E402

QUERY_TIMEOUT_SECONDS = 240.0
"""Prometheus is let take as long as it wants: what is measured is MeshUI."""
PIECE = 1024 * 1024
VIEWS = {
    "workload with services": ViewSpec(),
    "workload": ViewSpec(service_nodes=False),
    "versioned app": ViewSpec(kind="versioned_app", service_nodes=False),
    "app": ViewSpec(kind="app", service_nodes=False),
    "service": ViewSpec(kind="service"),
    "namespace": ViewSpec(kind="namespace"),
}


class Timed:
    """A MetricsSource that notes when the answers came."""

    def __init__(self, source: MetricsSource) -> None:
        self._source = source
        self.last_byte = 0.0
        self.bytes = 0
        self.queries = 0

    def query(self, promql: str, at: datetime) -> bytes:
        return b"".join(self.stream(promql, at))

    def stream(self, promql: str, at: datetime) -> Generator[bytes, None, None]:
        self.queries += 1
        for piece in self._source.stream(promql, at):
            self.last_byte = max(self.last_byte, time.perf_counter())
            self.bytes += len(piece)
            yield piece


class Recorded:
    """A MetricsSource of answers that Prometheus gave before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def query(self, promql: str, at: datetime) -> bytes:
        return recorded(self._folder, promql).read_bytes()

    def stream(self, promql: str, at: datetime) -> Generator[bytes, None, None]:
        with recorded(self._folder, promql).open("rb") as body:
            while piece := body.read(PIECE):
                yield piece


class Recording:
    """A MetricsSource that keeps what Prometheus answers, and how long each answer took it."""

    def __init__(self, source: MetricsSource, folder: Path) -> None:
        self._source, self._folder = source, folder
        self.seconds: list[float] = []

    def query(self, promql: str, at: datetime) -> bytes:
        start = time.perf_counter()
        body = b"".join(self._source.stream(promql, at))
        self.seconds.append(time.perf_counter() - start)
        recorded(self._folder, promql).write_bytes(body)
        return body

    def stream(self, promql: str, at: datetime) -> Generator[bytes, None, None]:
        yield self.query(promql, at)


class Objects:
    """An InventorySource of generated objects."""

    def __init__(self, objects: Mapping[str, tuple[dict[str, Any], ...]]) -> None:
        self._objects = objects

    def refresh(self, known: Mapping[str, KindState], budget_seconds: float) -> Mapping[str, KindState]:
        return {kind: KindObjects("1", its) for kind, its in self._objects.items()}


def _prometheus() -> PrometheusClient:
    url = wiring.environment().prometheus_url
    return PrometheusClient(PrometheusOptions(url=url, query_timeout=QUERY_TIMEOUT_SECONDS))


def _peak() -> float:
    """The most memory that the process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def prepare() -> dict[str, Any]:
    from django.core.management import call_command

    from meshui.records import tokens
    from meshui.records.users import User

    call_command("migrate", verbosity=0, interactive=False)
    return {"token": tokens.issue(User.objects.create_user(USER, password=PASSWORD), USER)}


def seed(services: str) -> dict[str, Any]:
    source = Objects(manifests(mesh(int(services))))
    poll_inventory(source, wiring.store(), CLUSTER, ASKED_AT, 1)
    return {}


def record(folder: str) -> dict[str, Any]:
    Path(folder).mkdir(parents=True, exist_ok=True)
    recording = Recording(_prometheus(), Path(folder))
    failure = poll_telemetry(recording, wiring.store(), CLUSTER, WINDOW_SECONDS, ASKED_AT + BEHIND)
    if failure is not None:
        raise failure
    return {"seconds": recording.seconds}


def parse(folder: str) -> dict[str, Any]:
    wall, cpu, size = 0.0, 0.0, 0
    for path in sorted(Path(folder).iterdir()):
        body = path.read_bytes()
        size += len(body)
        start, used = time.perf_counter(), time.process_time()
        orjson.loads(body)
        wall += time.perf_counter() - start
        cpu += time.process_time() - used
    return {"seconds": wall, "cpu": cpu, "bytes": size, "peak": _peak()}


def poll(folder: str | None = None, times: str = "1") -> dict[str, Any]:
    source = Timed(Recorded(Path(folder)) if folder else _prometheus())
    store, found = wiring.store(), []
    before = _peak()
    for _ in range(int(times)):
        moment = ASKED_AT + BEHIND
        source.last_byte, source.bytes, source.queries = 0.0, 0, 0
        start, used = time.perf_counter(), time.process_time()
        failure = poll_telemetry(source, store, CLUSTER, WINDOW_SECONDS, moment)
        if failure is not None:
            raise failure
        polled = time.perf_counter()
        publish_snapshot(store, wiring.events(), CLUSTER, WINDOW_SECONDS, lambda: datetime.now(ASKED_AT.tzinfo))
        done = time.perf_counter()
        found.append(
            {
                "seconds": done - start,
                "cpu": time.process_time() - used,
                "publish": done - polled,
                "answers": source.last_byte - start,
                "after_last_byte": done - source.last_byte,
            }
        )
    best = min(found, key=lambda one: one["seconds"])
    return best | {"bytes": source.bytes, "queries": source.queries, "peak": _peak(), "idle": before}


def views() -> dict[str, Any]:
    store = wiring.store()
    live = read_graph.snapshot(store, CLUSTER, WINDOW_SECONDS)
    stored = store.live(CLUSTER, WINDOW_SECONDS)
    part = parts.get(store, CLUSTER, parts.telemetry_part(WINDOW_SECONDS), parts.TelemetryPart)
    assert stored is not None
    assert part is not None
    changed = assemble(
        cluster=CLUSTER,
        version=live.version + 1,
        published_at=live.published_at + timedelta(seconds=5),
        evaluated_at=live.evaluated_at,
        window_seconds=WINDOW_SECONDS,
        rows=_faster(part.rows, 0.01),
        inventory=inventory(store, CLUSTER),
        sources=live.sources,
        previous=live,
    )
    import zlib

    encoded = encode(live)
    found: dict[str, Any] = {}
    for name, spec in VIEWS.items():
        view, seconds = _measured(lambda spec=spec: project(live, spec))
        after = project(changed, spec)
        change, delta_seconds = _measured(lambda view=view, after=after: delta(view, after))
        body, encode_seconds = _measured(lambda view=view: msgspec.json.encode(view))
        found[name] = {
            "nodes": len(view.nodes),
            "edges": len(view.edges),
            "project": seconds,
            "encode": encode_seconds,
            "bytes": len(body),
            "delta": delta_seconds,
            "delta_edges": len(change.edges),
            "delta_bytes": len(msgspec.json.encode(change)),
        }
    graph = live.graph
    return {
        "views": found,
        "edges": len(graph),
        "snapshot_bytes": len(encoded),
        "stored_bytes": len(zlib.compress(encoded, 1)),
    }


def publish(times: str, pause: str, share: str = "0.01") -> dict[str, Any]:
    """When each version was published, in seconds since the epoch."""
    store, events = wiring.store(), wiring.events()
    part = parts.get(store, CLUSTER, parts.telemetry_part(WINDOW_SECONDS), parts.TelemetryPart)
    assert part is not None
    objects, versions = inventory(store, CLUSTER), {}
    for number in range(int(times)):
        time.sleep(float(pause))
        live = read_graph.snapshot(store, CLUSTER, WINDOW_SECONDS)
        snapshot = assemble(
            cluster=CLUSTER,
            version=max(live.version + 1, int(time.time() * 1000)),
            published_at=datetime.now(ASKED_AT.tzinfo),
            evaluated_at=live.evaluated_at,
            window_seconds=WINDOW_SECONDS,
            rows=part.rows if number % 2 else _faster(part.rows, float(share)),
            inventory=objects,
            sources=live.sources,
            previous=live,
        )
        encoded, fence = encode(snapshot), store.lock("publish:bench", 5)
        assert fence is not None
        note = parts.ring_note(snapshot.evaluated_at, mesh_totals(snapshot.graph))
        assert store.publish(CLUSTER, WINDOW_SECONDS, snapshot.version, encoded, fence, note)
        versions[snapshot.version] = time.time()
        events.published(CLUSTER, WINDOW_SECONDS, snapshot.version)
        store.unlock("publish:bench", fence)
    time.sleep(float(pause))
    return {"versions": versions}


def _faster(rows: TelemetryRows, share: float) -> TelemetryRows:
    """The rows with a share of the keys, evenly spread, a tenth faster."""
    keys = np.arange(len(rows.keys)) % round(1 / share) == 0
    rate = np.where(keys[rows.requests.key], rows.requests.rate * 1.1, rows.requests.rate)
    return msgspec.structs.replace(rows, requests=msgspec.structs.replace(rows.requests, rate=rate))


def _measured(compute: Callable[[], Any], times: int = 3) -> tuple[Any, float]:
    """What it gives, and the median of its times."""
    seconds, found = [], None
    for _ in range(times):
        start = time.perf_counter()
        found = compute()
        seconds.append(time.perf_counter() - start)
    return found, statistics.median(seconds)


STEPS: dict[str, Callable[..., dict[str, Any]]] = {
    "prepare": prepare,
    "seed": seed,
    "record": record,
    "orjson": parse,
    "poll": poll,
    "views": views,
    "publish": publish,
}

if __name__ == "__main__":
    print(json.dumps(STEPS[sys.argv[1]](*sys.argv[2:])))
