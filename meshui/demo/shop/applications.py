"""What each HTTP application of the shop does with a request: the call tree, one function a workload."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import grpc
from aiohttp import web

from meshui.demo.layout import BANK_HOST, Layout, Pod
from meshui.demo.shop import trace
from meshui.demo.shop.behaviour import Behaviours
from meshui.demo.shop.outbound import Outbound
from meshui.demo.shop.recommendations import RecommendationsClient
from meshui.demo.shop.stock import StockClient

Handler = Callable[[web.Request], Awaitable[web.Response]]

ITEM = b'{"id":"item","name":"Lamp","price":"39.90","currency":"EUR","description":"Warm light for the desk."}'


def build(pod: Pod, layout: Layout, behaviours: Behaviours) -> web.Application:
    """The pod's application, its clients closed with it."""
    application = web.Application(client_max_size=64 * 1024)
    name = f"{pod.namespace}/{pod.workload}"
    outbound = Outbound(pod)
    application.on_cleanup.append(lambda _: outbound.close())
    make = _APPLICATIONS.get(pod.app)
    handler = make(application, pod, layout, outbound) if make else _plain

    async def handle(request: web.Request) -> web.StreamResponse:
        failing = await behaviours.work(name)
        return web.Response(status=failing, text="out of order\n") if failing else await handler(request)

    application.router.add_route("*", "/{path:.*}", handle)
    return application


def build_bank(behaviours: Behaviours) -> web.Application:
    """The bank, a plain server outside the mesh."""

    async def handle(_: web.Request) -> web.Response:
        failing = await behaviours.work("bank")
        return web.Response(status=failing or 201, body=b'{"transfer":"accepted"}')

    application = web.Application(client_max_size=64 * 1024)
    application.router.add_route("*", "/{path:.*}", handle)
    return application


async def _plain(_: web.Request) -> web.Response:
    return web.Response(body=b'{"ok":true}')


def _answer(status: int, body: bytes = b'{"ok":true}') -> web.Response:
    """What an application answers after a call that answered `status`: a failure of another is a 502 of its own."""
    return web.Response(status=502 if status >= 500 else status, body=body if status < 400 else b"")


def _web(application: web.Application, pod: Pod, layout: Layout, outbound: Outbound) -> Handler:
    catalog, cart = layout.service("shop", "catalog").host, layout.service("shop", "cart").host
    recommendations = RecommendationsClient(layout, pod)
    application.on_cleanup.append(lambda _: recommendations.close())

    async def recommend(request: web.Request) -> bool:
        try:
            await recommendations.ask("customer", trace.forward(request.headers))
        except grpc.RpcError:
            return False
        return True

    async def handle(request: web.Request) -> web.Response:
        headers = request.headers
        match request.method, request.path.split("/")[1:]:
            case "GET", [""]:
                # the front page does without what doesn't answer
                await asyncio.gather(outbound.call("GET", catalog, "/products", headers), recommend(request))
                return web.Response(body=b"<h1>Shop</h1>" + ITEM * 8, content_type="text/html")
            case "GET", ["product", item]:
                return _answer(await outbound.call("GET", catalog, f"/products/{item}", headers), ITEM)
            case "GET", ["for-you"]:
                return _answer(200 if await recommend(request) else 503)
            case "POST", ["cart"]:
                return _answer(await outbound.call("POST", cart, "/items", headers, ITEM))
            case "POST", ["checkout"]:
                return _answer(await outbound.call("POST", cart, "/checkout", headers, b'{"items":3}'))
        return web.Response(status=404, text="no such page\n")

    return handle


def _catalog(_: web.Application, pod: Pod, layout: Layout, outbound: Outbound) -> Handler:
    inventory = layout.service("warehouse", "inventory").host
    body = ITEM * (1 if pod.version == "v1" else 2)

    async def handle(request: web.Request) -> web.Response:
        path = request.path.replace("/products", "/stock", 1)
        return _answer(await outbound.call("GET", inventory, path, request.headers), body)

    return handle


def _inventory(application: web.Application, pod: Pod, layout: Layout, _: Outbound) -> Handler:
    stock = StockClient(pod.ip, layout.service("warehouse", "stockdb").port)

    async def close(_: web.Application) -> None:
        stock.close()

    application.on_cleanup.append(close)

    async def handle(request: web.Request) -> web.Response:
        item = request.path.rpartition("/")[2]
        line = f"ADD {item} 1" if request.method == "POST" else f"GET {item}"
        try:
            amount = await stock.ask(line)
        except OSError:
            return web.Response(status=503, text="stockdb does not answer\n")
        return web.Response(body=f'{{"stock":"{amount}"}}'.encode())

    return handle


def _cart(_: web.Application, pod: Pod, layout: Layout, outbound: Outbound) -> Handler:
    checkout = layout.service("payments", "checkout").host

    async def handle(request: web.Request) -> web.Response:
        if request.path != "/checkout":
            return web.Response(status=201, body=b'{"items":3}')
        return _answer(await outbound.call("POST", checkout, "/orders", request.headers, await request.read()))

    return handle


def _checkout(_: web.Application, pod: Pod, layout: Layout, outbound: Outbound) -> Handler:
    payments = layout.service("payments", "payments").host

    async def handle(request: web.Request) -> web.Response:
        return _answer(await outbound.call("POST", payments, "/charges", request.headers, b'{"amount":"119.70"}'))

    return handle


def _payments(_: web.Application, pod: Pod, layout: Layout, outbound: Outbound) -> Handler:
    fraud = layout.service("payments", "fraud").host

    async def handle(request: web.Request) -> web.Response:
        # a charge that could not be scored is taken all the same, and looked at by people later
        await outbound.call("POST", fraud, "/score", request.headers, b'{"amount":"119.70"}')
        return _answer(await outbound.call("POST", BANK_HOST, "/transfers", request.headers, b'{"amount":"119.70"}'))

    return handle


_APPLICATIONS: dict[str, Callable[[web.Application, Pod, Layout, Outbound], Handler]] = {
    "web": _web,
    "catalog": _catalog,
    "inventory": _inventory,
    "cart": _cart,
    "checkout": _checkout,
    "payments": _payments,
}
