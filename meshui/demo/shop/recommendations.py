"""recommendations: a gRPC service without generated code; messages are JSON bytes."""

from __future__ import annotations

import json

import grpc

from meshui.demo.layout import OUTBOUND_PORT, Layout, Pod
from meshui.demo.shop.behaviour import Behaviours

SERVICE = "shop.v1.Recommendations"
METHOD = "ForCustomer"
RECOMMENDATIONS = "shop/recommendations"
TIMEOUT_SECONDS = 3.0

_OPTIONS = (("grpc.enable_http_proxy", 0), ("grpc.so_reuseport", 0))


async def serve(pod: Pod, behaviours: Behaviours) -> grpc.aio.Server:
    """Starts the server on the pod's address. Raises RuntimeError when it can't listen."""

    async def for_customer(request: bytes, context: grpc.aio.ServicerContext) -> bytes:
        if await behaviours.work(RECOMMENDATIONS):
            await context.abort(grpc.StatusCode.UNAVAILABLE, "recommendations can't answer now")
        return json.dumps({"items": [f"item-{number}" for number in range(1, 6)]}).encode()

    server = grpc.aio.server(options=_OPTIONS)
    handlers = {METHOD: grpc.unary_unary_rpc_method_handler(for_customer)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.add_insecure_port(f"{pod.ip}:{pod.app_port}")
    await server.start()
    return server


class RecommendationsClient:
    """Asks through the caller's own sidecar. Raises grpc.RpcError."""

    def __init__(self, layout: Layout, caller: Pod) -> None:
        service = layout.service("shop", "recommendations")
        self._channel = grpc.aio.insecure_channel(
            f"{caller.ip}:{OUTBOUND_PORT}",
            options=(*_OPTIONS, ("grpc.default_authority", f"{service.host}:{service.port}")),
        )
        self._call = self._channel.unary_unary(f"/{SERVICE}/{METHOD}")

    async def ask(self, customer: str, headers: dict[str, str]) -> bytes:
        answer: bytes = await self._call(
            json.dumps({"customer": customer}).encode(),
            metadata=tuple(headers.items()),
            timeout=TIMEOUT_SECONDS,
        )
        return answer

    async def close(self) -> None:
        await self._channel.close()
