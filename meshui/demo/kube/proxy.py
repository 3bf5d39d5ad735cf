"""The pods' `proxy` subresource: a request through the API server to a port on a pod's address."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

import aiohttp
from starlette.requests import Request
from starlette.responses import Response

from meshui.demo.kube.errors import bad_request, unavailable
from meshui.demo.kube.schema import Object

TIMEOUT_SECONDS = 30.0
_LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
_NOT_FORWARDED = frozenset(
    {"authorization", "host", "connection", "content-length", "transfer-encoding", "te", "upgrade"}
)
_NOT_RETURNED = frozenset({"connection", "content-length", "transfer-encoding", "content-encoding", "keep-alive"})


def parse_name(text: str) -> tuple[str, str]:
    """Pod and port of `name`, `name:port` or `scheme:name:port`."""
    parts = text.split(":")
    match parts:
        case [name]:
            return name, ""
        case [name, port]:
            return name, port
        case ["http" | "", name, port]:
            return name, port
        case _:
            raise bad_request(f"invalid pod request {text!r}")


def address(pod: Object, port: str) -> str:
    """`ip:port`. Raises a 503 for a pod without an address, a 400 for a port that it doesn't have."""
    name = pod["metadata"]["name"]
    ip = (pod.get("status") or {}).get("podIP", "")
    if not ip:
        raise unavailable(f'no address is known for pod "{name}"')
    if ipaddress.ip_address(ip) not in _LOOPBACK:
        raise bad_request(f"address {ip} of pod {name!r} is not on the loopback network")
    ports = [item for container in pod["spec"]["containers"] for item in container.get("ports") or ()]
    if not port:
        port = str(ports[0]["containerPort"]) if ports else "80"
    elif not port.isdigit():
        named = [str(item["containerPort"]) for item in ports if item.get("name") == port]
        if not named:
            raise bad_request(f"pod {name!r} has no port named {port!r}")
        port = named[0]
    return f"{ip}:{port}"


async def forward(request: Request, authority: str, path: str) -> Response:
    """The pod's answer. Raises a 503 when it can't be reached."""
    headers = {
        key: value
        for key, value in request.headers.items()
        if key not in _NOT_FORWARDED and not key.startswith("impersonate-")
    }
    url = f"http://{authority}/{path}" + (f"?{request.url.query}" if request.url.query else "")
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(
                request.method, url, headers=headers, data=await request.body() or None, allow_redirects=False
            ) as answer,
        ):
            return Response(await answer.read(), answer.status, _returned(answer.headers))
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise unavailable(f"error trying to reach service: {str(error) or type(error).__name__}") from error


def _returned(headers: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key.lower() not in _NOT_RETURNED}
