import itertools
import os
import time
from collections.abc import Iterator

import pytest

from meshui.adapters.store.redis import RedisStore, StoreOptions
from meshui.domain.failures import Code, Failure
from tests.conftest import Server

BEGIN = 1_795_000_020_000
"""The milliseconds of a whole minute."""
_names = (f"store-{os.getpid()}-{number}" for number in itertools.count())


@pytest.fixture
def cluster() -> str:
    return next(_names)


@pytest.fixture
def store(valkey: str) -> Iterator[RedisStore]:
    store = RedisStore(StoreOptions(url=valkey))
    yield store
    store.close()


def test_a_part_comes_back_as_it_was_put(store: RedisStore, cluster: str) -> None:
    assert store.get_part(cluster, "telemetry/15") is None
    store.put_part(cluster, "telemetry/15", b"\x00body" * 1000)
    assert store.get_part(cluster, "telemetry/15") == b"\x00body" * 1000
    assert store.get_parts(cluster, ["missing", "telemetry/15"]) == [None, b"\x00body" * 1000]
    assert store.get_parts(cluster, []) == []


def test_the_live_snapshot_is_the_newest(store: RedisStore, cluster: str) -> None:
    assert store.live(cluster, 15) is None
    assert store.live_version(cluster, 15) is None
    assert store.publish(cluster, 15, 10, b"ten", fence=1)
    assert store.publish(cluster, 15, 11, b"eleven", fence=1)
    assert store.live(cluster, 15) == (11, b"eleven")
    assert store.live_version(cluster, 15) == 11
    assert store.live(cluster, 60) is None


def test_a_late_poll_never_overwrites_a_newer_one(store: RedisStore, cluster: str) -> None:
    assert store.publish(cluster, 15, 10, b"by the new holder", fence=7)
    assert not store.publish(cluster, 15, 11, b"by the old holder", fence=6)
    assert not store.publish(cluster, 15, 10, b"again", fence=7)
    assert not store.publish(cluster, 15, 9, b"older", fence=8)
    assert store.live(cluster, 15) == (10, b"by the new holder")


def test_versions_as_large_as_a_clock_keep_all_their_digits(store: RedisStore, cluster: str) -> None:
    version = 1_795_000_000_123
    assert store.publish(cluster, 15, version, b"a", fence=version)
    assert store.publish(cluster, 15, version + 1, b"b", fence=version)
    assert store.ring(cluster, 15, 5) == [(version, b"a"), (version + 1, b"b")]


def test_a_part_can_be_kept_for_a_while(store: RedisStore, cluster: str) -> None:
    store.put_part(cluster, "short", b"gone soon", seconds=0.05)
    store.put_part(cluster, "long", b"kept", seconds=60)
    deadline = time.monotonic() + 10
    while store.get_part(cluster, "short") is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert store.get_parts(cluster, ["short", "long"]) == [None, b"kept"]


def publish(store: RedisStore, cluster: str, *seconds: float, data: bytes = b"x") -> None:
    for second in seconds:
        assert store.publish(cluster, 15, BEGIN + int(second * 1000), data, fence=1, note=b"at %g" % second)


def seconds_kept(store: RedisStore, cluster: str) -> list[float]:
    return [(version - BEGIN) / 1000 for version in store.ring_versions(cluster, 15, 10_000)]


def test_the_last_snapshots_are_told_apart(store: RedisStore, cluster: str) -> None:
    publish(store, cluster, 1, 2, 3)
    assert [data for _, data in store.ring(cluster, 15, 2)] == [b"x", b"x"]
    assert store.ring_versions(cluster, 15, 2) == [BEGIN + 2000, BEGIN + 3000]
    assert store.ring_entries(cluster, 15, [BEGIN + 1000, BEGIN + 7000]) == [(BEGIN + 1000, b"x")]


def test_every_snapshot_is_kept_at_first_then_the_first_of_each_minute(valkey: str, cluster: str) -> None:
    store = RedisStore(StoreOptions(url=valkey, ring_dense=120))
    publish(store, cluster, *range(0, 301, 20))
    # 301 s are over: what is older than 120 s, by whole minutes, is what lies before 180.
    assert seconds_kept(store, cluster) == [0, 60, 120, *range(180, 301, 20)]
    store.close()


def test_what_was_passed_over_while_nobody_published_is_thinned_too(valkey: str, cluster: str) -> None:
    store = RedisStore(StoreOptions(url=valkey, ring_dense=120))
    publish(store, cluster, *range(0, 101, 10))
    publish(store, cluster, 3600)
    assert seconds_kept(store, cluster) == [0, 60, 3600]
    store.close()


def test_the_ring_reaches_back_so_far_and_no_farther(valkey: str, cluster: str) -> None:
    store = RedisStore(StoreOptions(url=valkey, ring_dense=60, ring_reach=600))
    publish(store, cluster, *range(0, 1201, 60))
    assert seconds_kept(store, cluster) == list(range(600, 1201, 60))
    assert [note for _, note in store.ring_notes(cluster, 15, 0, BEGIN + 700_000)] == [b"at 600", b"at 660"]
    store.close()


def test_a_ring_that_grows_too_large_is_thinned_earlier_before_it_forgets(valkey: str, cluster: str) -> None:
    store = RedisStore(StoreOptions(url=valkey, ring_bytes=21_000))
    publish(store, cluster, *range(0, 181, 20), data=os.urandom(2000))
    assert seconds_kept(store, cluster) == list(range(0, 181, 20))
    publish(store, cluster, 200, data=os.urandom(2000))
    assert seconds_kept(store, cluster) == [0, *range(60, 201, 20)]
    store.close()


def test_the_ring_is_bounded_by_size_but_keeps_the_newest(valkey: str, cluster: str) -> None:
    store = RedisStore(StoreOptions(url=valkey, ring_bytes=5000))
    publish(store, cluster, *range(0, 241, 60), data=os.urandom(2000))
    assert seconds_kept(store, cluster) == [180, 240]
    publish(store, cluster, 241, data=os.urandom(9000))
    assert seconds_kept(store, cluster) == [241]
    assert store.ring_notes(cluster, 15, 0, BEGIN * 2) == [(BEGIN + 241_000, b"at 241")]
    store.close()


def test_the_snapshot_of_a_moment_is_the_last_one_before_it(store: RedisStore, cluster: str) -> None:
    assert store.ring_version_at(cluster, 15, BEGIN) is None
    publish(store, cluster, 10, 20)
    assert store.ring_version_at(cluster, 15, BEGIN + 9_999) is None
    assert store.ring_version_at(cluster, 15, BEGIN + 10_000) == BEGIN + 10_000
    assert store.ring_version_at(cluster, 15, BEGIN + 19_999) == BEGIN + 10_000
    assert store.ring_version_at(cluster, 15, BEGIN * 2) == BEGIN + 20_000
    assert store.ring_version_at(cluster, 60, BEGIN * 2) is None


def test_a_lock_is_held_by_one_and_its_tokens_grow(store: RedisStore, cluster: str) -> None:
    first = store.lock(cluster, 5)
    assert first is not None
    assert store.lock(cluster, 5) is None
    store.unlock(cluster, first - 1)
    assert store.lock(cluster, 5) is None
    store.unlock(cluster, first)
    second = store.lock(cluster, 5)
    assert second is not None
    assert second > first


def test_a_lock_of_one_who_died_frees_itself(store: RedisStore, cluster: str) -> None:
    assert store.lock(cluster, 0.05) is not None
    time.sleep(0.1)
    assert store.lock(cluster, 5) is not None


def test_the_store_recovers_from_a_restart_and_tokens_keep_growing(own_valkey: Server) -> None:
    store = RedisStore(StoreOptions(url=own_valkey.url))
    before = store.lock("a", 60)
    assert before is not None
    store.publish("a", 15, 5, b"five", before)
    own_valkey.stop()
    with pytest.raises(Failure) as caught:
        store.live("a", 15)
    assert caught.value.code is Code.SOURCE_UNAVAILABLE
    assert caught.value.message == f"The snapshot store at 127.0.0.1:{own_valkey.port} can't be reached"
    own_valkey.start()
    store.ping()
    assert store.live("a", 15) is None
    after = store.lock("a", 60)
    assert after is not None
    assert after > before
    store.close()


def test_a_store_that_refuses_says_why(own_valkey: Server) -> None:
    store = RedisStore(StoreOptions(url=own_valkey.url))
    store._redis.config_set("maxmemory", "100kb")
    with pytest.raises(Failure, match=r"refused: .*maxmemory"):
        store.put_part("a", "large", os.urandom(50_000))
    store.close()
