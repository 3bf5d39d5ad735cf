"""The few reads and writes of Kubernetes objects that faults make, as the demo's administrator."""

from __future__ import annotations

from typing import Any

import aiohttp

from meshui.demo.faults.board import FaultError

TOKEN = "demo-admin"
_TIMEOUT = aiohttp.ClientTimeout(total=5)


class KubernetesObjects:
    """Objects of the API server at `url`."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def read(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = await self._request("GET", path)
        return answer

    async def put_field(self, path: str, pointer: str, value: Any) -> None:
        operation = (
            {"op": "remove", "path": pointer} if value is None else {"op": "add", "path": pointer, "value": value}
        )
        await self._request("PATCH", path, [operation])

    async def _request(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        if body is not None:
            headers["Content-Type"] = "application/json-patch+json"
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT, headers=headers) as session,
                session.request(method, self._url + path, json=body) as answer,
            ):
                document = await answer.json(content_type=None)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise FaultError(f"the demo's Kubernetes API does not answer {method} {path}: {error}") from error
        if answer.status >= 400:
            message = document.get("message", "") if isinstance(document, dict) else ""
            raise FaultError(f"{method} {path} answered {answer.status} {message}".rstrip())
        return document
