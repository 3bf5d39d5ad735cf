import asyncio

import redis
from channels_redis.core import RedisChannelLayer

from meshui.adapters.events.channels import GROUP, ChannelEvents
from tests.conftest import Server


def connections(server: Server) -> int:
    client = redis.Redis.from_url(server.url)
    count = len(client.client_list())
    client.close()
    return count


async def test_a_listener_hears_what_was_published(own_valkey: Server) -> None:
    layer = RedisChannelLayer(hosts=[own_valkey.url])
    channel = await layer.new_channel()
    await layer.group_add(GROUP, channel)
    # Each side has a layer of its own, as two processes have: closing ours must not touch the loop that still sends.
    speaker = RedisChannelLayer(hosts=[own_valkey.url])
    events = ChannelEvents(lambda: speaker)
    await asyncio.to_thread(events.published, "demo", 15, 7)
    message = await asyncio.wait_for(layer.receive(channel), 5)
    assert message == {"type": "mesh.published", "cluster": "demo", "window_seconds": 15, "version": 7}
    events.changed("demo", {"object": "VirtualService shop/catalog"})
    message = await asyncio.wait_for(layer.receive(channel), 5)
    assert message["type"] == "mesh.changed"
    assert message["change"] == {"object": "VirtualService shop/catalog"}
    await layer.close_pools()


def test_many_events_from_a_thread_leave_no_connections_behind(own_valkey: Server) -> None:
    layer = RedisChannelLayer(hosts=[own_valkey.url])
    events = ChannelEvents(lambda: layer)
    events.published("demo", 15, 1)
    before = connections(own_valkey)
    for version in range(20):
        events.published("demo", 15, version)
    assert connections(own_valkey) <= before


def test_an_event_that_can_not_be_sent_is_dropped_and_the_next_one_arrives(own_valkey: Server) -> None:
    layer = RedisChannelLayer(hosts=[own_valkey.url])
    events = ChannelEvents(lambda: layer)
    events.published("demo", 15, 1)
    own_valkey.stop()
    events.published("demo", 15, 2)
    own_valkey.start()
    events.published("demo", 15, 3)
