"""The shop's applications on their own addresses, without a mesh around them."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from meshui.demo import layout as layouts
from meshui.demo.layout import Pod
from meshui.demo.shop.behaviour import APP_FAULTS, Behaviours
from meshui.demo.shop.host import Shop
from meshui.demo.shop.stock import StockClient

NETWORK = "214"


@pytest.fixture
def layout(tmp_path: Path) -> layouts.Layout:
    return layouts.load({"MESHUI_STATE": str(tmp_path), "MESHUI_DEMO_NETWORK": NETWORK})


@pytest.fixture
async def shop(layout: layouts.Layout) -> AsyncIterator[Shop]:
    shop = Shop(layout)
    await shop.start()
    following = asyncio.create_task(shop.follow_faults())
    yield shop
    following.cancel()
    await shop.stop()


async def ask(pod: Pod, path: str = "/") -> int:
    """The application's status, asked directly; 0 when nobody listens."""
    try:
        async with aiohttp.ClientSession() as session, session.get(f"http://{pod.ip}:{pod.app_port}{path}") as answer:
            await answer.read()
            return answer.status
    except aiohttp.ClientConnectionError:
        return 0


async def settle(layout: layouts.Layout, faults: dict[str, dict[str, object]]) -> None:
    path = layout.state / APP_FAULTS
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(faults))
    await asyncio.sleep(0.3)


async def test_a_version_that_is_killed_takes_no_connections_until_it_is_restored(
    layout: layouts.Layout, shop: Shop
) -> None:
    v1, v2 = layout.pods_of("shop", "catalog-v1")[0], layout.pods_of("shop", "catalog-v2")[0]

    await settle(layout, {"shop/catalog-v2": {"down": True}})
    assert await ask(v2) == 0
    assert await ask(v1) != 0

    await settle(layout, {})
    assert await ask(v2) != 0


async def test_a_status_that_a_fault_sets_is_answered_to_every_request(layout: layouts.Layout, shop: Shop) -> None:
    fraud = layout.pods_of("payments", "fraud")[0]

    await settle(layout, {"payments/fraud": {"status": 503}})

    assert [await ask(fraud) for _ in range(5)] == [503] * 5


async def test_an_application_without_its_callee_answers_502(layout: layouts.Layout, shop: Shop) -> None:
    assert await ask(layout.pods_of("shop", "catalog-v1")[0], "/products") == 502


async def test_faults_that_can_not_be_read_change_nothing(layout: layouts.Layout) -> None:
    behaviours = Behaviours(layout)
    path = layout.state / APP_FAULTS
    path.parent.mkdir()
    path.write_text('{"shop/web": {"no such thing": 1}}')

    assert behaviours.refresh()
    assert behaviours.of("shop/web").latency_ms == 2.0


async def test_stock_is_kept_behind_a_line_protocol(layout: layouts.Layout, shop: Shop) -> None:
    pod = layout.pods_of("warehouse", "stockdb")[0]
    client = StockClient(pod.ip, pod.app_port)
    try:
        assert await client.ask("GET lamp") == "1000"
        assert await client.ask("ADD lamp -3") == "997"
        assert await client.ask("GET lamp") == "997"
        assert await client.ask("DROP everything") == "?"
    finally:
        client.close()


async def test_a_stockdb_that_is_gone_is_an_os_error(layout: layouts.Layout) -> None:
    with pytest.raises(OSError, match="Connect call failed"):
        await StockClient(layout.address(250), 6380).ask("GET lamp")
