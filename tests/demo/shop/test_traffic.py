import asyncio
from collections import Counter
from itertools import islice

from aiohttp import web

from meshui.demo.shop import traffic


def test_the_wave_swings_around_its_mean() -> None:
    rates = [traffic.rate_at(second, 30.0) for second in range(int(traffic.WAVE_SECONDS))]

    assert abs(sum(rates) / len(rates) - 30.0) < 0.01
    assert min(rates) > 22.0
    assert max(rates) < 38.0


def test_journeys_come_in_their_shares_and_the_same_each_time() -> None:
    seen = list(islice(traffic.journeys(), 6400))

    assert seen == list(islice(traffic.journeys(), 6400))
    for journey, count in Counter(seen).items():
        assert abs(count / 6400 - journey.share) < 0.03
    assert abs(sum(journey.share for journey in traffic.JOURNEYS) - 1) < 1e-9


def test_catalog_gets_twelve_requests_a_second_even_in_the_night() -> None:
    share = sum(journey.share for journey in traffic.JOURNEYS if journey.path in ("/", "/product/item-{number}"))

    assert share * 30.0 * (1 - traffic.WAVE_SHARE) >= 12.0


async def test_visitors_do_not_pile_up_behind_a_service_that_hangs() -> None:
    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    application = web.Application()
    application.router.add_get("/", hang)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    visitors = traffic.Visitors("127.0.0.1")
    try:
        sent = [visitors.send("GET", f"http://127.0.0.1:{port}/", "shop.example") for _ in range(traffic.IN_FLIGHT + 5)]
    finally:
        await visitors.close()
        await runner.cleanup()

    assert sent == [True] * traffic.IN_FLIGHT + [False] * 5
