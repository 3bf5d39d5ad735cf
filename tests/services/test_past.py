"""The graph of past moments, from a real store and a real Prometheus that was filled beforehand."""

from __future__ import annotations

import gzip
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from meshui.adapters.prometheus.client import PrometheusClient, PrometheusOptions
from meshui.adapters.store.redis import RedisStore
from meshui.domain.failures import Code, Failure
from meshui.domain.graph.model import GraphView, ViewSpec
from meshui.domain.join import ALL
from meshui.services import parts, read_graph, read_past
from meshui.services.poll_inventory import poll_inventory
from meshui.services.poll_telemetry import poll_telemetry
from meshui.services.publish_snapshot import publish_snapshot
from meshui.services.read_comparison import comparison
from meshui.services.read_moments import moments, moments_of_all
from meshui.services.read_past import past_view, past_view_gzip, whole
from tests.conftest import free_port
from tests.services.conftest import NOON, Events, Inventory, Metrics, pod, service

PLAIN = ViewSpec(service_nodes=False)
BEGIN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
"""From here on for 30 minutes web calls catalog 10 times a second; after 20 minutes every fifth call fails."""
BROKEN = BEGIN + timedelta(minutes=20)
END = BEGIN + timedelta(minutes=30)
LABELS = (
    'reporter="source",source_cluster="c",source_workload_namespace="shop",source_workload="web",'
    'destination_cluster="c",destination_service="catalog.shop.svc.cluster.local",destination_service_name="catalog",'
    'destination_service_namespace="shop",destination_workload_namespace="shop",destination_workload="catalog-v1",'
    'request_protocol="http",connection_security_policy="unknown"'
)


def exposition() -> str:
    """OpenMetrics, every ten seconds: Istio's counters, and Hubble's of another five requests a second, without their
    ends."""
    lines = ["# TYPE istio_requests counter"]
    for code, flags in (("200", "-"), ("503", "UH")):
        for second in range(0, 1801, 10):
            failed = 2 * max(0, second - 1200)
            value = failed if code == "503" else 10 * second - failed
            labels = f'{LABELS},response_code="{code}",response_flags="{flags}"'
            lines.append(f"istio_requests_total{{{labels}}} {value} {BEGIN.timestamp() + second:.0f}")
    lines.append("# TYPE hubble_http_requests counter")
    for status, rate in (("200", 4), ("503", 1)):
        for second in range(0, 1801, 10):
            labels = f'reporter="server",status="{status}"'
            lines.append(f"hubble_http_requests_total{{{labels}}} {rate * second} {BEGIN.timestamp() + second:.0f}")
    return "\n".join([*lines, "# EOF", ""])


class Counted(PrometheusClient):
    """Remembers what it was asked."""

    def __init__(self, url: str) -> None:
        super().__init__(PrometheusOptions(url=url))
        self.asked: list[tuple[str, datetime]] = []

    def query(self, promql: str, at: datetime) -> bytes:
        self.asked.append((promql, at))
        return super().query(promql, at)


@pytest.fixture(scope="module")
def filled(prometheus_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that knows the half hour from BEGIN and nothing else."""
    folder = tmp_path_factory.mktemp("filled")
    (folder / "past.om").write_text(exposition())
    (folder / "prometheus.yml").write_text("{}")
    promtool = prometheus_binary.with_name("promtool")
    create = [str(promtool), "tsdb", "create-blocks-from", "openmetrics", str(folder / "past.om"), str(folder / "data")]
    subprocess.run(create, check=True, capture_output=True, timeout=60)
    port = free_port()
    command = [str(prometheus_binary), f"--config.file={folder / 'prometheus.yml'}", "--log.level=warn"]
    command += [f"--storage.tsdb.path={folder / 'data'}", "--storage.tsdb.retention.time=10y"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=1):
                    break
            except OSError:
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def metrics(filled: str) -> Iterator[Counted]:
    client = Counted(filled)
    yield client
    client.close()


def publish(store: RedisStore, cluster: str, at: datetime, rate: float = 10.0) -> int:
    poll_telemetry(Metrics(rate), store, cluster, 60, at)
    version = publish_snapshot(store, Events(), cluster, 60, lambda: at)
    assert version is not None
    return version


def test_a_moment_that_the_ring_holds_is_as_it_was_published(store: RedisStore, cluster: str) -> None:
    metrics = Metrics()
    versions = [publish(store, cluster, NOON + timedelta(seconds=10 * number), 10.0 + number) for number in range(3)]
    for seconds, version in ((0, versions[0]), (9, versions[0]), (10, versions[1]), (60, versions[2])):
        view = past_view(store, {cluster: metrics}, cluster, PLAIN, 60, NOON + timedelta(seconds=seconds))
        assert view.version == version
        assert view.past is not None
        assert view.past.origin == "ring"
    assert [edge.rate for edge in view.edges] == [12.0]
    assert metrics.asked == [], "Prometheus is not asked"
    assert past_view(store, {cluster: metrics}, cluster, PLAIN, 60, NOON + timedelta(seconds=70)) is view


def test_a_snapshot_does_not_stand_for_what_came_long_after_it(store: RedisStore, cluster: str) -> None:
    publish(store, cluster, NOON)
    metrics = Metrics(3.0)
    late = past_view(store, {cluster: metrics}, cluster, PLAIN, 60, NOON + timedelta(seconds=151))
    early = past_view(store, {cluster: metrics}, cluster, PLAIN, 60, NOON - timedelta(seconds=1))
    for view in (late, early):
        assert view.past is not None
        assert view.past.origin == "prometheus"
        assert [edge.rate for edge in view.edges] == [3.0]


def test_a_snapshot_whose_telemetry_was_stale_gives_way_to_prometheus(store: RedisStore, cluster: str) -> None:
    poll_telemetry(Metrics(), store, cluster, 60, NOON - timedelta(minutes=10))
    publish_snapshot(store, Events(), cluster, 60, lambda: NOON)
    view = past_view(store, {cluster: Metrics(3.0)}, cluster, PLAIN, 60, NOON)
    assert view.past is not None
    assert view.past.origin == "prometheus"


def test_before_the_ring_prometheus_is_asked_for_that_instant(
    store: RedisStore, cluster: str, metrics: Counted
) -> None:
    publish(store, cluster, NOON)
    read_at = NOON - timedelta(minutes=1)
    poll_inventory(Inventory(services=(service("catalog"),), pods=(pod("web"),)), store, cluster, read_at, 1)
    before = past_view(store, {cluster: metrics}, cluster, PLAIN, 60, BROKEN - timedelta(minutes=1, seconds=-3))
    after = past_view(store, {cluster: metrics}, cluster, PLAIN, 60, BROKEN + timedelta(minutes=5))
    assert before.evaluated_at == BROKEN - timedelta(minutes=1)
    assert {at for _, at in metrics.asked} == {before.evaluated_at, after.evaluated_at}
    assert [(edge.rate, edge.error_share, edge.health.state) for edge in before.edges] == [(10.0, 0.0, "healthy")]
    assert [(edge.rate, edge.error_share, edge.health.state) for edge in after.edges] == [(10.0, 0.2, "failing")]
    assert after.edges[0].flags == {"UH": 2.0}
    assert after.past is not None
    assert after.past.origin == "prometheus"
    assert after.past.configuration_as_of == read_at, "whose configuration it is, is said"
    assert {source.name: source.state for source in after.sources} == {"telemetry": "live", "inventory": "live"}
    assert read_graph.snapshot(store, cluster, 60).published_at == NOON, "the live graph is left alone"


def test_a_moment_is_computed_once_for_all_who_ask_in_all_processes(
    valkey: str, cluster: str, metrics: Counted
) -> None:
    from meshui.adapters.store.redis import StoreOptions

    stores = [RedisStore(StoreOptions(url=valkey)) for _ in range(3)]
    """Each with caches of its own, as processes have."""
    begin = threading.Barrier(12)
    rates: list[float] = []

    def ask(number: int) -> None:
        begin.wait()
        at = BEGIN + timedelta(minutes=10, seconds=number % 10)
        rates.append(past_view(stores[number % 3], {cluster: metrics}, cluster, PLAIN, 60, at).edges[0].rate)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rates == [10.0] * 12
    assert len(metrics.asked) == len({query for query, _ in metrics.asked}), "no query was asked twice"
    for one in stores:
        one.close()


def test_where_prometheus_has_nothing_that_is_said_and_not_asked_again(
    store: RedisStore, cluster: str, metrics: Counted
) -> None:
    for _ in range(3):
        with pytest.raises(Failure) as caught:
            past_view(store, {cluster: metrics}, cluster, PLAIN, 60, BEGIN - timedelta(hours=1))
        assert caught.value.code is Code.NOT_FOUND
        assert "Prometheus has nothing of the mesh at 2026-11-20 11:00:00 UTC" in caught.value.message
    assert len(metrics.asked) == len({query for query, _ in metrics.asked})


def test_without_prometheus_the_failure_says_so_and_the_next_try_asks_again(store: RedisStore, cluster: str) -> None:
    down = PrometheusClient(PrometheusOptions(url=f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(Failure) as caught:
        past_view(store, {cluster: down}, cluster, PLAIN, 60, BEGIN)
    assert caught.value.code is Code.SOURCE_UNAVAILABLE
    assert past_view(store, {cluster: Metrics(3.0)}, cluster, PLAIN, 60, BEGIN).edges[0].rate == 3.0


def test_who_would_wait_behind_too_many_is_told_at_once(
    store: RedisStore, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_past, "WAITING", 1)
    monkeypatch.setattr(read_past, "PATIENCE_SECONDS", 0.5)
    busy = store.lock(f"past:{cluster}", 60)
    assert busy is not None
    said: set[str] = set()
    told = threading.Event()

    def ask(minutes: int) -> None:
        while not told.is_set():
            with pytest.raises(Failure) as caught:
                past_view(store, {cluster: Metrics()}, cluster, PLAIN, 60, BEGIN + timedelta(minutes=minutes))
            assert caught.value.code is Code.THROTTLED
            said.add(caught.value.message)
            if len(said) == 2:
                told.set()

    asking = [threading.Thread(target=ask, args=(minutes,)) for minutes in range(2)]
    for thread in asking:
        thread.start()
    assert told.wait(30), said
    for thread in asking:
        thread.join()
    store.unlock(f"past:{cluster}", busy)
    assert said == {
        "1 other past moments are waiting to be computed",
        f"Past moments of {cluster} are being computed for others",
    }


@pytest.mark.parametrize(("window", "step"), [(15, 5), (60, 10), (300, 50), (900, 60), (3600, 60)])
def test_computed_moments_are_whole(window: int, step: int) -> None:
    at = datetime(2026, 11, 24, 12, 34, 56, 789_000, tzinfo=UTC)
    found = whole(at, window)
    assert found.timestamp() % step == 0
    assert timedelta() <= at - found < timedelta(seconds=step)


def test_a_film_has_the_moments_of_the_ring_and_before_it_those_of_prometheus(
    store: RedisStore, cluster: str, metrics: Counted
) -> None:
    for minutes in (25, 26, 27):
        publish(store, cluster, BEGIN + timedelta(minutes=minutes), rate=7.0)
    film = moments(store, metrics, cluster, 60, BEGIN - timedelta(minutes=5), END, 300)
    told = {(one.at - BEGIN).total_seconds() / 60: (one.origin, one.rate, one.error_share) for one in film.moments}
    assert told == {
        5: ("prometheus", 10.0, 0.0),
        10: ("prometheus", 10.0, 0.0),
        15: ("prometheus", 10.0, 0.0),
        20: ("prometheus", 10.0, 0.0),
        25: ("ring", 7.0, 0.0),
        30: ("prometheus", 10.0, 0.2),
    }
    assert film.problem is None
    asked = len(metrics.asked)
    assert asked == 2
    moments(store, metrics, cluster, 60, BEGIN - timedelta(minutes=5), END + timedelta(seconds=20), 300)
    assert len(metrics.asked) == asked, "the same stretch is not asked again"


def test_all_clusters_are_shown_as_they_were_but_for_those_that_were_not(
    store: RedisStore, cluster: str, metrics: Counted
) -> None:
    other, nowhere = f"{cluster}-other", f"{cluster}-nowhere"
    publish(store, other, BROKEN, rate=7.0)
    quiet = Metrics()
    quiet.dialects = ()
    view = past_view(store, {cluster: metrics, other: Metrics(), nowhere: quiet}, ALL, PLAIN, 60, BROKEN)
    assert sorted(edge.rate for edge in view.edges) == [7.0, 10.0]
    assert view.past is not None
    assert view.past.origin == "prometheus"
    with pytest.raises(Failure) as caught:
        past_view(store, {nowhere: quiet}, ALL, PLAIN, 60, BROKEN)
    assert caught.value.code is Code.NOT_FOUND


def test_a_body_is_compressed_once_and_only_when_it_is_wanted(store: RedisStore, cluster: str) -> None:
    publish(store, cluster, NOON)
    (tag, body), (same, again) = (past_view_gzip(store, {}, cluster, PLAIN, 60, NOON) for _ in range(2))
    assert tag == same
    assert body() is again()
    view = msgspec.json.decode(gzip.decompress(body()), type=GraphView)
    assert view == past_view(store, {}, cluster, PLAIN, 60, NOON)


def test_two_views_are_compared_once(store: RedisStore, cluster: str) -> None:
    publish(store, cluster, NOON)
    publish(store, cluster, NOON + timedelta(minutes=1), rate=90.0)
    before, after = (past_view(store, {}, cluster, PLAIN, 60, NOON + timedelta(minutes=late)) for late in (0, 1))
    found = comparison(store, PLAIN, before, after)
    assert [one.kind for one in found.differences if one.element == "edge"] == ["busier"]
    assert comparison(store, PLAIN, before, after) is found
    assert comparison(store, PLAIN, after, before) is not found


def test_a_film_adds_up_the_dialects_that_are_spoken(store: RedisStore, cluster: str, metrics: Counted) -> None:
    def rates(*names: str) -> list[tuple[float | None, float | None]]:
        parts.put(store, cluster, parts.DIALECTS, parts.DialectsPart(asked_at=NOON, names=names))
        begin = BEGIN + timedelta(minutes=len(names))
        return [(one.rate, one.error_share) for one in moments(store, metrics, cluster, 60, begin, END, 1500).moments]

    assert rates("istio", "envoy", "cilium") == [(15.0, round(3 / 15, 6))]
    assert rates("cilium") == [(5.0, 0.2)]
    assert rates("nobody's", "knows") == []


def test_the_films_of_all_clusters_are_one(store: RedisStore, cluster: str, metrics: Counted) -> None:
    other = f"{cluster}-other"
    publish(store, other, BEGIN + timedelta(minutes=25), rate=30.0)
    down = PrometheusClient(PrometheusOptions(url=f"http://127.0.0.1:{free_port()}"))
    film = moments_of_all(store, {cluster: metrics, other: down}, 60, BEGIN + timedelta(minutes=20), END, 300)
    assert [(one.origin, one.rate, one.error_share) for one in film.moments] == [
        ("prometheus", 10.0, 0.0),
        ("prometheus", 40.0, 0.05),
        ("prometheus", 10.0, 0.2),
    ]
    assert film.cluster == ALL
    assert film.problem is not None
    assert film.problem.startswith(f"{other}: ")


def test_a_film_without_prometheus_says_why_its_strip_is_empty(store: RedisStore, cluster: str) -> None:
    down = PrometheusClient(PrometheusOptions(url=f"http://127.0.0.1:{free_port()}"))
    publish(store, cluster, END)
    film = moments(store, down, cluster, 60, BEGIN, END, 600)
    assert [(one.origin, one.rate) for one in film.moments] == [("prometheus", None)] * 3 + [("ring", 10.0)]
    assert film.problem is not None
    assert "refused" in film.problem


def test_a_film_is_bounded(store: RedisStore, cluster: str) -> None:
    for begin, step, field in ((BEGIN, 1, "step"), (END, None, "to")):
        with pytest.raises(Failure) as caught:
            moments(store, Metrics(), cluster, 60, begin, END, step)
        assert caught.value.code is Code.INVALID
        assert caught.value.fields.keys() == {field}
    film = moments(store, Metrics(), cluster, 60, BEGIN, END)
    assert film.step_seconds == 15
