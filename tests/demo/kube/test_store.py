import asyncio

import pytest

from meshui.demo.kube.errors import StatusError
from meshui.demo.kube.resources import find
from meshui.demo.kube.store import Store
from meshui.demo.kube.watch import WatchOptions, watch

MAPS = find("", "v1", "configmaps")
SECRETS = find("", "v1", "secrets")


def put(store, name, resource=MAPS, **content):
    return store.put(resource, ("shop", name), {"metadata": {"name": name}} | content)


def names(items):
    return [key[1] for key, _ in items]


def test_versions_grow_by_one_a_write_over_all_kinds():
    store = Store()
    first = put(store, "a")
    second = put(store, "a", SECRETS)
    third = store.remove(MAPS, ("shop", "a"))
    versions = [int(item["metadata"]["resourceVersion"]) for item in (first, second, third)]
    assert (
        versions
        == [versions[0], versions[0] + 1, versions[0] + 2]
        == [store.version - 2, store.version - 1, store.version]
    )


def test_a_restarted_store_is_ahead_of_every_older_version():
    old = Store()
    put(old, "a")
    assert Store().version >= old.version - 1


def test_a_list_can_be_had_as_of_an_earlier_version():
    store = Store()
    put(store, "a", data="1")
    put(store, "b")
    earlier = store.version
    put(store, "a", data="2")
    store.remove(MAPS, ("shop", "b"))
    put(store, "c")
    assert names(store.items(MAPS)) == ["a", "c"]
    then = store.items(MAPS, at=earlier)
    assert names(then) == ["a", "b"]
    assert then[0][1]["data"] == "1"


def test_what_the_ring_has_forgotten_is_expired():
    store = Store(history=3)
    versions = [int(put(store, f"n{number}")["metadata"]["resourceVersion"]) for number in range(5)]
    assert [event.version for event in store.since(versions[1])] == versions[2:]
    for ask in (lambda: store.since(versions[0]), lambda: store.items(MAPS, at=versions[0])):
        with pytest.raises(StatusError) as refused:
            ask()
        assert (refused.value.code, refused.value.reason) == (410, "Expired")


def test_a_version_to_come_is_too_large():
    store = Store()
    with pytest.raises(StatusError) as refused:
        store.check(store.version + 1)
    assert refused.value.code == 504


async def collect(store, options, seconds=0.2):
    return [event async for event in watch(store, MAPS, options)]


async def test_a_watch_tells_each_event_once_and_in_order():
    store = Store()
    start = store.version
    seen = []

    async def reader():
        async for type_, object_ in watch(store, MAPS, WatchOptions(since=start, timeout_seconds=1.0)):
            seen.append((type_, object_["metadata"]["name"]))

    task = asyncio.create_task(reader())
    expected = []
    for number in range(50):
        put(store, f"n{number}")
        put(store, f"n{number}", SECRETS)
        expected.append(("ADDED", f"n{number}"))
        if number % 3 == 0:
            await asyncio.sleep(0)
        if number % 5 == 0:
            store.remove(MAPS, ("shop", f"n{number}"))
            expected.append(("DELETED", f"n{number}"))
    await task
    assert seen == expected


async def test_a_watch_sees_objects_come_into_and_go_out_of_its_selector():
    store = Store()
    start = store.version
    for labels in ({}, {"on": "1"}, {"on": "1", "x": "y"}, {}, {}):
        store.put(MAPS, ("shop", "a"), {"metadata": {"name": "a", "labels": labels}})
    options = WatchOptions(since=start, matches=lambda item: "on" in item["metadata"]["labels"], timeout_seconds=0.01)
    events = await collect(store, options)
    assert [type_ for type_, _ in events] == ["ADDED", "MODIFIED", "DELETED"]
    assert int(events[2][1]["metadata"]["resourceVersion"]) == start + 4
    assert "on" in events[2][1]["metadata"]["labels"]


async def test_a_watch_that_is_too_old_ends_with_an_error_event():
    store = Store(history=2)
    start = store.version
    for number in range(4):
        put(store, f"n{number}")
    [(type_, status)] = await collect(store, WatchOptions(since=start, timeout_seconds=1))
    assert (type_, status["code"], status["reason"]) == ("ERROR", 410, "Expired")


async def test_bookmarks_move_the_version_on_past_other_kinds():
    store = Store()
    start = store.version
    put(store, "a", SECRETS)
    options = WatchOptions(since=start, bookmarks=True, timeout_seconds=0.05)
    events = await collect(store, options)
    assert [type_ for type_, _ in events] == ["BOOKMARK"]
    assert int(events[-1][1]["metadata"]["resourceVersion"]) == store.version
