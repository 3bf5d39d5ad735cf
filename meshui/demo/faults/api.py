"""The demo's control API: faults and the state of its processes, on loopback only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from meshui.demo.faults.board import Board, FaultError

Status = Callable[[], dict[str, Any]]


def build(board: Board, status: Status) -> web.Application:
    """`GET /faults`, `POST|DELETE /faults/<name>`, `DELETE /faults`, `GET /status`."""
    application = web.Application(middlewares=[_answer_errors], client_max_size=4096)

    async def list_faults(_: web.Request) -> web.Response:
        return web.json_response({"faults": board.faults()})

    async def apply(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        await board.apply(name)
        return web.json_response(board.describe(name))

    async def clear(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        await board.clear(name)
        return web.json_response(board.describe(name))

    async def clear_all(_: web.Request) -> web.Response:
        await board.clear_all()
        return web.json_response({"faults": board.faults()})

    async def show_status(_: web.Request) -> web.Response:
        return web.json_response(status())

    application.add_routes(
        [
            web.get("/faults", list_faults),
            web.delete("/faults", clear_all),
            web.post("/faults/{name}", apply),
            web.delete("/faults/{name}", clear),
            web.get("/status", show_status),
        ]
    )
    return application


@web.middleware
async def _answer_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    if "Origin" in request.headers:
        return _error(403, "forbidden", "The demo's control API is not for pages in a browser.")
    try:
        return await handler(request)
    except KeyError:
        known = "GET /faults lists them"
        return _error(404, "not_found", f"There is no fault named {request.match_info.get('name')!r}; {known}.")
    except FaultError as error:
        return _error(502, "source_unavailable", str(error))
    except web.HTTPException as error:
        return _error(error.status, "invalid", error.reason)


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message}, status=status)
