import asyncio
import json
import zlib
from typing import Any

import msgspec
import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from meshui.domain.failures import Code, Failure
from meshui.domain.graph.delta import apply_delta
from meshui.domain.graph.model import GraphDelta, GraphView
from meshui.live import consumer, hub
from meshui.records.users import User
from tests.live.conftest import Live, receive, send, subscribe, view


async def test_a_stranger_is_closed_with_the_code_that_says_so(live: Live, transactional_db: None) -> None:
    for token in (None, "wrong"):
        socket = live.socket(token)
        assert await socket.connect()
        closed = await socket.receive_output(timeout=3)
        assert (closed["type"], closed["code"]) == ("websocket.close", 4401)


async def test_a_subscription_gets_the_view_and_then_what_changes(live: Live, connect: Any) -> None:
    socket = await connect()
    first = await subscribe(socket)
    assert (first["type"], first["id"]) == ("snapshot", "s1")
    await live.publish(view(2, rate=5.0))
    second = await receive(socket)
    assert second["type"] == "delta"
    delta = msgspec.convert(second["delta"], GraphDelta)
    assert [node.name for node in delta.nodes] == ["web"]
    assert apply_delta(msgspec.convert(first["view"], GraphView), delta) == view(2, rate=5.0)


async def test_who_asks_for_it_gets_the_same_messages_deflated(live: Live, connect: Any) -> None:
    plain, packed = await connect(), await connect()
    await send(packed, type="subscribe", id="naïve", cluster="demo", window=15, compress=True)
    await subscribe(plain, "naïve")

    async def inflated() -> Any:
        return json.loads(zlib.decompress((await packed.receive_output(3))["bytes"], -zlib.MAX_WBITS))

    first = await inflated()
    assert (first["type"], first["id"], first["view"]["version"]) == ("snapshot", "naïve", 1)
    await live.publish(view(2, rate=5.0))
    assert await inflated() == await receive(plain)


async def test_a_view_is_projected_once_for_all_who_watch_it(live: Live, connect: Any) -> None:
    sockets = [await connect() for _ in range(5)]
    for number, socket in enumerate(sockets):
        assert (await subscribe(socket, f"mine-{number}"))["id"] == f"mine-{number}"
    before = live.views.projected
    await live.publish(view(2))
    assert [(await receive(socket))["type"] for socket in sockets] == ["delta"] * 5
    assert live.views.projected == before + 1


async def test_who_missed_a_version_gets_the_whole_view(live: Live, connect: Any) -> None:
    slow, fast = await connect(), await connect()
    await subscribe(slow)
    await subscribe(fast)
    release = asyncio.Event()
    shared = next(iter(live.hub._views.values()))
    (watcher,) = [one for one in shared.watchers if one._subscriptions["s1"].next_message() is None][:1]
    real = watcher.send

    async def stuck(**message: Any) -> None:
        await release.wait()
        await real(**message)

    watcher.send = stuck
    for version in (2, 3, 4, 5):
        await live.publish(view(version))
        await asyncio.sleep(0.1)
    release.set()
    kinds = sorted([await _kinds(slow), await _kinds(fast)])
    assert ["delta", "delta", "delta", "delta"] in kinds
    assert ["delta", "snapshot"] in kinds, "what was being sent, then the newest as a whole"


async def _kinds(socket: Any) -> list[str]:
    kinds = []
    while not await socket.receive_nothing(timeout=0.2):
        kinds.append((await receive(socket))["type"])
    return kinds


async def test_resync_sends_the_whole_view_again(live: Live, connect: Any) -> None:
    socket = await connect()
    await subscribe(socket)
    await send(socket, type="resync", id="s1")
    assert (await receive(socket))["type"] == "snapshot"
    await send(socket, type="resync", id="other")
    assert (await receive(socket))["error"]["code"] == "not_found"


async def test_after_unsubscribing_nothing_more_comes(live: Live, connect: Any) -> None:
    socket = await connect()
    await subscribe(socket)
    await send(socket, type="unsubscribe", id="s1")
    await send(socket, type="ping")
    assert await receive(socket) == {"type": "pong"}
    await live.publish(view(2))
    assert await socket.receive_nothing(timeout=0.3)
    assert not live.hub._views


async def test_all_clusters_in_one_are_renewed_when_any_of_them_is(
    live: Live, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "LOOK_EVERY_SECONDS", 60)
    socket = await connect()
    assert (await subscribe(socket, cluster="*"))["type"] == "snapshot"
    await live.publish(view(2, rate=5.0))
    assert (await receive(socket))["delta"]["version"] == 2


async def test_the_same_id_again_replaces_the_subscription(live: Live, connect: Any) -> None:
    socket = await connect()
    await subscribe(socket)
    await subscribe(socket, view={"kind": "service"})
    assert [key.spec.kind for key in live.hub._views] == ["service"]


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", "null", "{}", '{"type":"x"}', '{"type":"subscribe"}', '{"type":"ping","a":1}', "[" * 20_000],
    ids=lambda text: text[:20],
)
async def test_a_message_that_makes_no_sense_is_answered_and_the_socket_stays(connect: Any, text: str) -> None:
    socket = await connect()
    await socket.send_to(text_data=text)
    answer = await receive(socket)
    assert answer["type"] == "error"
    assert answer["error"]["code"] == "invalid"
    assert answer["error"].keys() == {"code", "message", "next_step", "context", "fields"}
    await socket.send_to(bytes_data=b"\xff")
    assert (await receive(socket))["error"]["code"] == "invalid"
    await socket.send_to(text_data=" " * 70_000)
    assert (await receive(socket))["error"]["code"] == "too_large"
    await send(socket, type="ping")
    assert await receive(socket) == {"type": "pong"}


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"cluster": "nowhere"}, "not_found", None),
        ({"cluster": "\0"}, "not_found", None),
        ({"window": 7}, "invalid", "window"),
        ({"window": "15"}, "invalid", "window"),
        ({"view": {"workloads": ["shop"]}}, "invalid", "workloads"),
        ({"view": {"box_by": ["node"]}}, "invalid", "view.box_by[0]"),
        ({"view": {"kind": "sideways"}}, "invalid", "view.kind"),
        ({"id": ""}, "invalid", "id"),
        ({"id": "x" * 200}, "invalid", "id"),
    ],
)
async def test_a_subscription_to_nothing_is_refused(connect: Any, wrong: dict[str, Any], code: str, field: Any) -> None:
    socket = await connect()
    await send(socket, **{"type": "subscribe", "id": "s1", "cluster": "demo", **wrong})
    error = (await receive(socket))["error"]
    assert error["code"] == code
    if field:
        assert field in error["fields"]


async def test_a_socket_has_only_so_many_subscriptions(connect: Any) -> None:
    socket = await connect()
    for number in range(consumer.MOST_SUBSCRIPTIONS):
        assert (await subscribe(socket, f"s{number}"))["type"] == "snapshot"
    assert (await subscribe(socket, "one too many"))["error"]["code"] == "throttled"


async def test_before_the_first_snapshot_it_says_so_once_and_then_sends_it(
    live: Live, connect: Any, monkeypatch
) -> None:
    monkeypatch.setattr(hub, "LOOK_EVERY_SECONDS", 0.05)
    live.views.current = None
    socket = await connect()
    assert (await subscribe(socket))["error"]["code"] == "not_ready"
    assert await socket.receive_nothing(timeout=0.3)
    await live.publish(view(1), announce=False)
    assert (await receive(socket))["type"] == "snapshot"


async def test_a_lost_channel_layer_costs_seconds_not_sockets(live: Live, connect: Any, monkeypatch) -> None:
    monkeypatch.setattr(hub, "LOOK_EVERY_SECONDS", 0.1)
    socket = await connect()
    await subscribe(socket)
    live.layer.down = True
    await asyncio.sleep(0.1)
    await live.publish(view(2), announce=False)
    assert (await receive(socket))["delta"]["version"] == 2
    live.views.failure = Failure(Code.SOURCE_UNAVAILABLE, "the store is gone")
    assert (await receive(socket))["error"]["code"] == "source_unavailable"
    live.views.failure = None
    live.layer.down = False
    await live.publish(view(3), announce=False)
    assert (await receive(socket))["delta"]["version"] == 3
    monkeypatch.setattr(hub, "LOOK_EVERY_SECONDS", 60)
    await asyncio.sleep(1.2)
    await live.publish(view(4))
    assert (await receive(socket))["delta"]["version"] == 4


async def test_everybody_learns_of_a_change(live: Live, connect: Any) -> None:
    sockets = [await connect(), await connect()]
    for socket in sockets:
        await subscribe(socket)
    ref = {"kind": "VirtualService", "namespace": "shop", "name": "catalog"}
    change = {"type": "change", "cluster": "demo", "object": ref, "change_id": 3, "author": "olga"}
    await live.announce_change({"nonsense": True})
    await live.announce_change(change)
    for socket in sockets:
        assert await receive(socket) == change


async def test_a_session_of_the_browser_opens_a_socket_from_our_own_page_only(
    live: Live, transactional_db: None
) -> None:
    def signed_in() -> str:
        user = User.objects.create_user("olga", password="olga-password")
        client = Client()
        client.force_login(user)
        return client.cookies["meshui_session"].value

    cookie = f"other=1; meshui_session={await sync_to_async(signed_in)()}"
    ours = live.socket(cookie=cookie, origin="http://meshui.example")
    assert await ours.connect()
    assert (await subscribe(ours))["type"] == "snapshot"
    for origin in ("http://evil.example", "null", "http://["):
        theirs = live.socket(cookie=cookie, origin=origin)
        assert not await theirs.connect(), origin
        live.sockets.remove(theirs)


async def test_a_user_who_is_deactivated_is_put_out(live: Live, connect: Any, monkeypatch) -> None:
    monkeypatch.setattr(consumer, "ASK_AGAIN_SECONDS", 0.1)
    socket = await connect()
    await subscribe(socket)
    await sync_to_async(User.objects.update)(is_active=False)
    closed = await socket.receive_output(timeout=3)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4401)


async def test_the_hub_rests_when_the_last_socket_is_gone(live: Live, connect: Any) -> None:
    socket = await connect()
    await subscribe(socket)
    await socket.disconnect()
    live.sockets.clear()
    assert not live.hub._views
    assert not live.hub._tasks


async def test_a_message_is_text_of_the_shape_that_the_contract_has(connect: Any) -> None:
    from meshui.contract.messages import ServerMessage

    socket = await connect()
    await send(socket, type="subscribe", id='qu"ote\u2028', cluster="demo")
    text = await socket.receive_from(timeout=3)
    assert msgspec.json.decode(text, type=ServerMessage).id == 'qu"ote\u2028'
    assert json.loads(text)["view"]["version"] == 1
