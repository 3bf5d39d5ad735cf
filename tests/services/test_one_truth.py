"""One truth, many dialects: the same traffic, told by each mesh's proxies to a real Prometheus and polled from it, is
the same graph, edge for edge, as far as that mesh can know."""

from __future__ import annotations

import itertools
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from meshui.adapters.prometheus.client import PrometheusClient, PrometheusOptions
from meshui.adapters.store.redis import RedisStore, StoreOptions
from meshui.domain.graph.latency import quantiles
from meshui.domain.graph.model import Edge, ViewSpec
from meshui.domain.graph.project import project
from meshui.domain.mesh.inventory import build_inventory
from meshui.domain.snapshot import assemble
from meshui.domain.telemetry.dialects import DIALECTS
from meshui.services import parts
from meshui.services.poll_telemetry import BEHIND, poll_telemetry
from tests.conftest import free_port, wait_for_port
from tests.domain.conftest import Mesh
from tests.services.truth import expositions
from tests.services.truth.mesh import BOUNDS, Call, Truth, Workload, truths
from tests.services.truth.remote_write import Native, Series, write

WINDOW = 60
SLOT = 600
"""Seconds between cases: further apart than Prometheus looks back."""


class Server(NamedTuple):
    url: str
    store: RedisStore
    moments: Iterator[float]


@pytest.fixture(scope="module")
def server(prometheus_binary: Path, tmp_path_factory: pytest.TempPathFactory, valkey: str) -> Iterator[Server]:
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    (folder / "prometheus.yml").write_text("")
    command = [str(prometheus_binary), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    command += ["--web.enable-remote-write-receiver", "--enable-feature=native-histograms"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for_port(port, process)
        store = RedisStore(StoreOptions(url=valkey))
        start = time.time() // SLOT * SLOT - 10 * 86400
        yield Server(f"http://127.0.0.1:{port}", store, itertools.count(start, SLOT))
        store.close()
    finally:
        process.terminate()
        process.wait(20)


class Known(NamedTuple):
    """What is told of an edge. None: the dialect can't know."""

    rate: float
    codes: dict[str, float]
    grpc_codes: dict[str, float] | None
    p50: float | None
    sent: float | None
    received: float | None
    mtls: float | None


class Telling(NamedTuple):
    """How a dialect tells: which workload is ambient, what it knows of a call (as a call), by workloads or services."""

    expose: Callable[[Truth], expositions.Rates]
    knows: Callable[[Call], Call | None] = lambda call: call
    by_service: bool = False
    bytes: bool = True
    mtls: bool = True
    ambient: bool = False


def as_http(call: Call) -> Call | None:
    """The status is in trailers that nobody reads."""
    return call._replace(protocol="http", answers={"200": call.rate}) if call.protocol == "grpc" else call


def from_inside(call: Call) -> Call | None:
    """Only proxies of callers tell."""
    return as_http(call) if call.source else None


def as_connections(call: Call) -> Call | None:
    """ztunnel sees somebody from outside as connections."""
    return call if call.source else call._replace(protocol="tcp", answers={"-": call.rate})


TELLINGS = {
    "istio": Telling(expositions.sidecars),
    "istio-ambient": Telling(expositions.ambient, as_connections, ambient=True),
    "linkerd": Telling(expositions.linkerd),
    "consul": Telling(expositions.consul, from_inside, by_service=True, mtls=False),
    "cilium": Telling(expositions.cilium, as_http, bytes=False, mtls=False),
    "envoy": Telling(expositions.envoy, from_inside, by_service=True, mtls=False),
}


def expose(server: Server, at: float, rates: expositions.Rates) -> None:
    """Counters that grew evenly for longer than the window."""
    series = []
    for labels, rate in rates:
        samples = [(at - back, (100_000 - back) * rate) for back in range(WINDOW + 15, -1, -15)]
        series.append(Series(labels, samples))
    write(server.url, series)


def polled(
    server: Server, at: float, truth: Truth, dialects: Sequence[str], *, by_service: bool = False
) -> tuple[str, tuple[Edge, ...]]:
    """(the cluster, the edges of the graph that the real poll leads to)."""
    cluster = f"truth-{at:.0f}-{'-'.join(dialects)}"
    now = datetime.fromtimestamp(at, UTC) + BEHIND
    metrics = PrometheusClient(PrometheusOptions(url=server.url))
    listened = tuple(one for one in DIALECTS if one.name in dialects) or DIALECTS
    failure = poll_telemetry(metrics, server.store, cluster, WINDOW, now, listened)
    metrics.close()
    assert failure is None, failure
    part = parts.get(server.store, cluster, parts.telemetry_part(WINDOW), parts.TelemetryPart)
    status = parts.status(server.store, cluster, parts.telemetry_part(WINDOW))
    assert part is not None
    assert status is not None
    assert set(status.dialects) == set(dialects)
    mesh = Mesh()
    for one in truth.workloads:
        labels = {"istio.io/dataplane-mode": "ambient"} if one.ambient else {}
        where = f"{one.namespace}/{one.name}"
        mesh.workload(where, app=one.service, version=one.version, proxy=not one.ambient, labels=labels)
    mesh.workload("shop/waypoint", labels={"gateway.istio.io/managed": "istio.io-mesh-controller"})
    for namespace, service in sorted({(one.namespace, one.service) for one in truth.workloads}):
        mesh.service(f"{namespace}/{service}", app=service)
    snapshot = assemble(
        cluster=cluster,
        version=1,
        published_at=now,
        evaluated_at=part.evaluated_at,
        window_seconds=WINDOW,
        rows=part.rows,
        inventory=build_inventory(mesh.manifests, cluster),
    )
    spec = ViewSpec(kind="service") if by_service else ViewSpec(service_nodes=False)
    return cluster, project(snapshot, spec).edges


def expected(cluster: str, truth: Truth, telling: Telling) -> dict[str, Known]:
    """Worked out from the truth alone."""
    groups: dict[str, list[Call]] = {}

    def node(one: Workload | None) -> str:
        if one is None:
            return f"unknown:{cluster}"
        kind, name = ("service", one.service) if telling.by_service else ("workload", one.name)
        return f"{kind}:{cluster}/{one.namespace}/{name}"

    for call in truth.calls:
        known = telling.knows(call)
        if known is not None:
            edge = f"{node(known.source)}>{node(known.destination)}|{known.protocol}"
            groups.setdefault(edge, []).append(known)
    return {edge: _known(calls, telling) for edge, calls in groups.items()}


def _known(calls: list[Call], telling: Telling) -> Known:
    answers: dict[str, float] = {}
    for call in calls:
        for answer, rate in call.answers.items():
            answers[answer] = answers.get(answer, 0.0) + rate
    protocol, rate = calls[0].protocol, float(sum(call.rate for call in calls))
    cumulative = np.sum([call.cumulative for call in calls], axis=0)[None, :]
    mutual = 1.0 if calls[0].source else 0.0
    if telling.ambient and not calls[0].source:
        mutual = None
    return Known(
        rate=rate,
        codes=answers if protocol == "http" else {"200": rate} if protocol == "grpc" else {},
        grpc_codes=answers if protocol == "grpc" else {},
        p50=float(quantiles(np.array([*BOUNDS, np.inf]), cumulative, 0.5)[0]) if protocol != "tcp" else None,
        sent=float(sum(call.sent for call in calls)) if telling.bytes else 0.0,
        received=float(sum(call.received for call in calls)) if telling.bytes else 0.0,
        mtls=mutual if telling.mtls else None,
    )


def told(edges: tuple[Edge, ...], *, mtls: bool) -> dict[str, Known]:
    return {
        edge.id: Known(
            edge.rate,
            edge.codes,
            edge.grpc_codes,
            edge.p50_ms,
            edge.sent_bytes_rate,
            edge.received_bytes_rate,
            edge.mtls.observed_share if mtls else None,
        )
        for edge in edges
    }


def same(found: dict[str, Known], wanted: dict[str, Known]) -> None:
    assert set(found) == set(wanted)
    for edge, known in wanted.items():
        for field, value in known._asdict().items():
            close = value if value is None else pytest.approx(value, rel=1e-3, abs=1e-3)
            assert getattr(found[edge], field) == close, (edge, field)


def ambient_everywhere(truth: Truth) -> Truth:
    moved = {one: one._replace(ambient=True) for one in truth.workloads}
    calls = [
        call._replace(source=moved[call.source] if call.source else None, destination=moved[call.destination])
        for call in truth.calls
    ]
    return Truth(tuple(moved.values()), tuple(calls))


def check_each(server: Server, truth: Truth) -> None:
    """Every dialect for itself; those whose series have other names or labels share a moment."""
    at = next(server.moments)
    apart = [name for name in TELLINGS if name != "istio-ambient"]
    expose(server, at, itertools.chain.from_iterable(TELLINGS[name].expose(truth) for name in apart))
    for name in apart:
        telling = TELLINGS[name]
        cluster, edges = polled(server, at, truth, [name], by_service=telling.by_service)
        same(told(edges, mtls=telling.mtls), expected(cluster, truth, telling))
    # All of them at once are the same traffic still, and the best one's word.
    cluster, edges = polled(server, at, truth, apart)
    same(told(edges, mtls=True), expected(cluster, truth, TELLINGS["istio"]))
    assert {dialect for edge in edges for dialect in edge.dialects} == {"istio"}


def check_ambient(server: Server, truth: Truth) -> None:
    at, telling = next(server.moments), TELLINGS["istio-ambient"]
    expose(server, at, telling.expose(truth))
    dialects = ["istio", "istio-ambient"] if any(_waypoint(call) for call in truth.calls) else ["istio"]
    cluster, edges = polled(server, at, truth, dialects)
    same(told(edges, mtls=True), expected(cluster, truth, telling))


def _waypoint(call: Call) -> bool:
    return call.protocol != "tcp" and call.source is not None


EXAMPLES = settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@EXAMPLES
@given(truth=truths())
def test_every_dialect_tells_the_same_graph(server: Server, truth: Truth) -> None:
    check_each(server, truth)


@EXAMPLES
@given(truth=truths().map(ambient_everywhere))
def test_an_ambient_mesh_is_the_same_graph(server: Server, truth: Truth) -> None:
    check_ambient(server, truth)


@EXAMPLES
@given(truth=truths(mixed=True))
def test_a_mesh_on_its_way_to_ambient_is_one_graph_in_which_nothing_counts_twice(server: Server, truth: Truth) -> None:
    at = next(server.moments)
    expose(server, at, expositions.migration(truth))
    ends = [(call.source, call.destination, call.protocol) for call in truth.calls]
    through = any(one and one.ambient and other.ambient and protocol != "tcp" for one, other, protocol in ends)
    cluster, edges = polled(server, at, truth, ["istio", "istio-ambient"] if through else ["istio"])
    same(told(edges, mtls=True), expected(cluster, truth, Telling(expositions.migration)))


def test_native_histograms_give_quantiles_beside_classic_ones(server: Server) -> None:
    """Of web's calls 6 of 10 took 4 to 8 ms and 4 took 16 to 32; other's buckets are classic: half took up to 10 ms."""
    web, other, db = (Workload("shop", f"{name}-v1", name, "v1") for name in ("web", "other", "db"))
    calls = tuple(Call(one, db, "http", {"200": 10}, (0, 5, 5, 0, 0, 0, 0, 0), 1, 1) for one in (web, other))
    at = next(server.moments)
    classic = expositions.sidecars(Truth((), calls))
    expose(server, at, (one for one in classic if "le" not in one[0] or one[0]["source_workload"] != web.name))
    labels = {**expositions.istio_ends(web, db), "reporter": "source", "request_protocol": "http"}
    labels["__name__"] = "istio_request_duration_milliseconds"
    write(server.url, [Native(labels, {3: 6, 5: 4}, [(at - back, 1000 - back) for back in range(75, -1, -15)])])
    _, edges = polled(server, at, Truth((web, other, db), ()), ["istio"])
    found = {edge.source.rpartition("/")[2]: (edge.p50_ms, edge.p90_ms) for edge in edges}
    assert found == {
        "web-v1": (pytest.approx(4 + 4 * 5 / 6, abs=1e-3), pytest.approx(28, abs=1e-3)),
        "other-v1": (pytest.approx(10, abs=1e-3), pytest.approx(22, abs=1e-3)),
    }


def test_a_mesh_that_is_not_there_is_not_found(server: Server) -> None:
    at = next(server.moments)
    expose(server, at, iter([({"__name__": "up", "job": "x"}, 1.0)]))
    _, edges = polled(server, at, Truth((), ()), [])
    assert edges == ()
