import threading
from datetime import timedelta

import pytest

from meshui.adapters.store.redis import RedisStore, StoreOptions
from meshui.domain.failures import Code, Failure
from meshui.domain.graph.model import ViewSpec
from meshui.domain.snapshot import decode
from meshui.domain.telemetry.totals import MeshTotals
from meshui.services import parts, read_graph
from meshui.services.cache import SingleFlight
from meshui.services.poll_inventory import poll_inventory
from meshui.services.poll_telemetry import BEHIND, poll_telemetry
from meshui.services.publish_snapshot import publish_snapshot
from meshui.services.read_series import series
from tests.conftest import Server
from tests.services.conftest import NOON, Events, Inventory, Metrics, down, service

PLAIN = ViewSpec(service_nodes=False)


def at(seconds: float = 0):  # type: ignore[no-untyped-def]
    return lambda: NOON + timedelta(seconds=seconds)


def edge_of(store: RedisStore, cluster: str) -> str:
    (edge,) = read_graph.current_view(store, cluster, PLAIN, 15).edges
    return edge.id


def test_before_the_first_snapshot_nothing_is_ready(store: RedisStore, cluster: str) -> None:
    for read in (
        lambda: read_graph.current_view(store, cluster, ViewSpec(), 15),
        lambda: series(store, cluster, 15, "x", ViewSpec()),
    ):
        with pytest.raises(Failure) as caught:
            read()
        assert caught.value.code is Code.NOT_READY


def test_a_published_snapshot_is_seen_and_told(store: RedisStore, cluster: str) -> None:
    events = Events()
    poll_telemetry(Metrics(), store, cluster, 15, NOON)
    poll_inventory(Inventory(services=(service("catalog"),)), store, cluster, NOON, 1)
    version = publish_snapshot(store, events, cluster, 15, at(1))
    assert events.versions == [(cluster, 15, version)]
    view = read_graph.current_view(store, cluster, PLAIN, 15)
    assert view.version == version
    assert view.evaluated_at == NOON - BEHIND
    assert [edge.rate for edge in view.edges] == [10.0]
    assert {source.name: source.state for source in view.sources} == {
        "telemetry": "live",
        "inventory": "live",
        "proxies": "loading",
    }


def test_a_view_is_computed_once_and_encoded_once(store: RedisStore, cluster: str) -> None:
    poll_telemetry(Metrics(), store, cluster, 15, NOON)
    publish_snapshot(store, Events(), cluster, 15, at())
    assert read_graph.current_view(store, cluster, PLAIN, 15) is read_graph.current_view(store, cluster, PLAIN, 15)
    version, body = read_graph.current_view_bytes(store, cluster, PLAIN, 15)
    assert read_graph.current_view_bytes(store, cluster, PLAIN, 15)[1] is body
    publish_snapshot(store, Events(), cluster, 15, at(2))
    assert read_graph.current_view_bytes(store, cluster, PLAIN, 15)[0] > version


def test_without_any_source_the_first_snapshot_says_what_is_loading_and_what_failed(
    store: RedisStore, cluster: str
) -> None:
    metrics = Metrics()
    metrics.failure = down()
    poll_telemetry(metrics, store, cluster, 15, NOON)
    publish_snapshot(store, Events(), cluster, 15, at())
    view = read_graph.current_view(store, cluster, ViewSpec(), 15)
    assert {source.name: (source.state, source.error) for source in view.sources} == {
        "telemetry": ("failed", down().message),
        "inventory": ("loading", None),
        "proxies": ("loading", None),
    }
    assert view.edges == ()


def test_a_stale_source_keeps_the_last_graph(store: RedisStore, cluster: str) -> None:
    metrics = Metrics()
    poll_telemetry(metrics, store, cluster, 15, NOON)
    metrics.failure = down()
    poll_telemetry(metrics, store, cluster, 15, NOON + timedelta(seconds=2))
    publish_snapshot(store, Events(), cluster, 15, at(2))
    view = read_graph.current_view(store, cluster, PLAIN, 15)
    assert view.sources[0].state == "stale"
    assert view.sources[0].stale_since == NOON + timedelta(seconds=2)
    assert len(view.edges) == 1


def test_versions_grow_even_when_the_clock_goes_back_or_the_store_loses_everything(own_valkey: Server) -> None:
    store = RedisStore(StoreOptions(url=own_valkey.url))
    first = publish_snapshot(store, Events(), "c", 15, at(10))
    second = publish_snapshot(store, Events(), "c", 15, at(5))
    assert first is not None
    assert second == first + 1
    own_valkey.stop()
    own_valkey.start()
    third = publish_snapshot(store, Events(), "c", 15, at(20))
    assert third is not None
    assert third > second
    store.close()


def test_publishers_of_one_cluster_take_turns(store: RedisStore, cluster: str) -> None:
    poll_telemetry(Metrics(), store, cluster, 15, NOON)
    versions: list[int | None] = []
    threads = [
        threading.Thread(target=lambda: versions.append(publish_snapshot(store, Events(), cluster, 15, at())))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({version for version in versions if version is not None}) == 6
    assert store.ring_versions(cluster, 15, 10) == sorted(version for version in versions if version is not None)


def test_one_who_lost_the_lock_publishes_nothing(store: RedisStore, cluster: str) -> None:
    late = store.lock(f"publish:{cluster}", 0.01)
    assert late is not None
    publish_snapshot(store, Events(), cluster, 15, at())
    assert not store.publish(cluster, 15, 10**15, b"late", late)


def test_a_series_has_a_point_for_each_evaluation(store: RedisStore, cluster: str) -> None:
    for number in range(4):
        moment = NOON + timedelta(seconds=2 * number)
        poll_telemetry(Metrics(rate=10.0 + number), store, cluster, 15, moment)
        publish_snapshot(store, Events(), cluster, 15, at(2 * number))
        publish_snapshot(store, Events(), cluster, 15, at(2 * number + 0.5))
    edge = edge_of(store, cluster)
    found = series(store, cluster, 15, edge, PLAIN)
    assert found.rate == (10.0, 11.0, 12.0, 13.0)
    assert found.times == tuple(NOON - BEHIND + timedelta(seconds=2 * number) for number in range(4))
    assert found.direction == "edge"
    caller, called = (node.id for node in sorted(read_graph.current_view(store, cluster, PLAIN, 15).nodes, key=str))
    directions = {series(store, cluster, 15, node, PLAIN).direction for node in (caller, called)}
    assert directions == {"inbound", "outbound"}
    assert series(store, cluster, 15, edge, PLAIN, last=2).rate == (13.0,)


def test_each_snapshot_in_the_ring_has_its_totals_noted(store: RedisStore, cluster: str) -> None:
    publish_snapshot(store, Events(), cluster, 15, at(-2))
    poll_telemetry(Metrics(rate=10.0), store, cluster, 15, NOON)
    publish_snapshot(store, Events(), cluster, 15, at())
    notes = [parts.decode(note, parts.RingNote) for _, note in store.ring_notes(cluster, 15, 0, 10**13)]
    assert notes == [
        parts.RingNote(None, MeshTotals(rate=0.0, failed=0.0)),
        parts.RingNote(NOON - BEHIND, MeshTotals(rate=10.0, failed=0.0)),
    ]


def test_an_element_that_nobody_saw_is_not_found(store: RedisStore, cluster: str) -> None:
    poll_telemetry(Metrics(), store, cluster, 15, NOON)
    publish_snapshot(store, Events(), cluster, 15, at())
    with pytest.raises(Failure) as caught:
        series(store, cluster, 15, "workload:nowhere", ViewSpec())
    assert caught.value.code is Code.NOT_FOUND


def test_a_series_of_the_past_ends_at_its_moment(store: RedisStore, cluster: str) -> None:
    for number in range(3):
        poll_telemetry(Metrics(rate=10.0 + number), store, cluster, 15, NOON + timedelta(seconds=2 * number))
        publish_snapshot(store, Events(), cluster, 15, at(2 * number))
    edge = edge_of(store, cluster)
    assert series(store, cluster, 15, edge, PLAIN, at=NOON + timedelta(seconds=3)).rate == (10.0, 11.0)
    with pytest.raises(Failure) as caught:
        series(store, cluster, 15, edge, PLAIN, at=NOON - timedelta(seconds=1))
    assert caught.value.code is Code.NOT_FOUND


def test_a_snapshot_of_another_release_is_not_ready_and_is_replaced(store: RedisStore, cluster: str) -> None:
    store.publish(cluster, 15, 1, b"\x01other", 1)
    store.put_part(cluster, "inventory", b"other")
    with pytest.raises(Failure) as caught:
        read_graph.snapshot(store, cluster, 15)
    assert caught.value.code is Code.NOT_READY
    assert parts.get(store, cluster, "inventory", parts.InventoryIndex) is None
    publish_snapshot(store, Events(), cluster, 15, at())
    live = store.live(cluster, 15)
    assert live is not None
    assert decode(live[1]).cluster == cluster


def test_what_many_ask_for_at_once_is_computed_once() -> None:
    cache: SingleFlight[str, int] = SingleFlight(2)
    computed: list[int] = []
    begin = threading.Barrier(8)

    def compute() -> int:
        computed.append(1)
        return len(computed)

    def ask() -> None:
        begin.wait()
        assert cache.get("a", compute) == 1

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(computed) == 1
    cache.get("b", compute)
    cache.get("c", compute)
    assert cache.peek("a") is None


def test_a_computation_that_fails_is_tried_again() -> None:
    cache: SingleFlight[str, int] = SingleFlight(2)
    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: 1 // 0)
    assert cache.get("a", lambda: 1) == 1
