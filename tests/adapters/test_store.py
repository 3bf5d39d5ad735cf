import itertools
import os
import time
from collections.abc import Iterator

import pytest

from meshui.adapters.store.redis import RedisStore, StoreOptions
from meshui.domain.failures import Code, Failure
from tests.conftest import Server

_names = (f"store-{os.getpid()}-{number}" for number in itertools.count())


@pytest.fixture
def cluster() -> str:
    return next(_names)


@pytest.fixture
def store(valkey: str) -> Iterator[RedisStore]:
    store = RedisStore(StoreOptions(url=valkey, ring_entries=3))
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


def test_the_ring_is_bounded_by_count(store: RedisStore, cluster: str) -> None:
    for version in range(1, 6):
        store.publish(cluster, 15, version, b"%d" % version, fence=1)
    assert store.ring(cluster, 15, 10) == [(3, b"3"), (4, b"4"), (5, b"5")]
    assert store.ring(cluster, 15, 2) == [(4, b"4"), (5, b"5")]
    assert store.ring_versions(cluster, 15, 2) == [4, 5]
    assert store.ring_entries(cluster, 15, [1, 5]) == [(5, b"5")]


def test_the_ring_is_bounded_by_size_but_keeps_the_newest(valkey: str, cluster: str) -> None:
    store = RedisStore(StoreOptions(url=valkey, ring_bytes=5000))
    for version in range(1, 6):
        store.publish(cluster, 15, version, os.urandom(2000), fence=1)
    assert store.ring_versions(cluster, 15, 10) == [4, 5]
    store.publish(cluster, 15, 6, os.urandom(9000), fence=1)
    assert store.ring_versions(cluster, 15, 10) == [6]
    store.close()


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
