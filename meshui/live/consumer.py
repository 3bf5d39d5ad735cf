"""The socket `/ws/v1/mesh`: signs in, reads requests, and sends what its subscriptions are owed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque

import msgspec
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from meshui import wiring
from meshui.contract.asked import known_clusters, known_view, known_window
from meshui.contract.failures import Problem, problem_of
from meshui.contract.messages import (
    NOT_SIGNED_IN,
    ChangeMessage,
    ClientMessage,
    ErrorMessage,
    Ping,
    Pong,
    Resync,
    ServerMessage,
    Subscribe,
    Unsubscribe,
)
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.inventory import Inventory
from meshui.live.hub import Hub
from meshui.live.sign_in import Credentials, credentials, same_origin, user_of
from meshui.live.views import Subscription, ViewKey
from meshui.services import read_inventory

log = logging.getLogger(__name__)

LONGEST_MESSAGE = 64 * 1024
MOST_SUBSCRIPTIONS = 16
LONGEST_ID = 100
ASK_AGAIN_SECONDS = 30.0
"""How often a socket's user is looked up again."""
_encode = msgspec.json.Encoder().encode
_decoder: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)


class MeshConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    """One socket. A client that reads slowly holds up nobody and nothing grows: changes are kept to the last few, views
    to their newest edition."""

    channel_layer_alias = ""
    """None: the hub listens for all sockets, and a socket outlives the loss of the channel layer."""

    def __init__(self, hub: Hub) -> None:
        super().__init__()
        self._hub = hub
        self._given = Credentials(session_key=None, token=None)
        self._subscriptions: dict[str, Subscription] = {}
        self._changes: deque[ChangeMessage] = deque(maxlen=20)
        self._something = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        if not same_origin(self.scope):
            await self.close()
            return
        self._given = credentials(self.scope)
        user = await user_of(self._given)
        # Only an accepted socket can carry the close code that tells why.
        await self.accept()
        if user is None:
            await self.close(NOT_SIGNED_IN)
            return
        self._hub.join(self)
        self._sender = asyncio.create_task(self._send_all())

    async def disconnect(self, code: int) -> None:
        self._hub.leave(self)
        for name in list(self._subscriptions):
            self._unsubscribe(name)
        if self._sender is not None:
            self._sender.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self._sender is None:
            return
        name: str | None = None
        try:
            if text_data is None or len(text_data) > LONGEST_MESSAGE:
                raise Failure(Code.TOO_LARGE if text_data else Code.INVALID, "Send JSON texts of at most 64 KiB.")
            message = _read(text_data)
            name = getattr(message, "id", None)
            await self._follow(message)
        except Failure as failure:
            await self._tell(ErrorMessage(id=name, error=problem_of(failure)))
        except Exception:
            log.exception("a message can't be followed")
            problem = Problem(code=Code.INTERNAL, message="Something went wrong in MeshUI itself.")
            await self._tell(ErrorMessage(id=name, error=problem))

    def wake(self) -> None:
        """The hub has something for a subscription."""
        self._something.set()

    def changed(self, message: ChangeMessage) -> None:
        """Somebody changed an object."""
        self._changes.append(message)
        self._something.set()

    async def _follow(self, message: ClientMessage) -> None:
        match message:
            case Ping():
                await self._tell(Pong())
            case Subscribe():
                await self._subscribe(message)
            case Unsubscribe(id=name):
                self._unsubscribe(name)
            case Resync(id=name):
                subscription = self._subscriptions.get(name)
                if subscription is None:
                    raise Failure(Code.NOT_FOUND, f"There is no subscription {name[:LONGEST_ID]!r}.")
                subscription.resync()
                self.wake()

    async def _subscribe(self, message: Subscribe) -> None:
        if not 0 < len(message.id) <= LONGEST_ID:
            told = f"This must have 1 to {LONGEST_ID} characters."
            raise Failure(Code.INVALID, "The id of a subscription is too long or empty.", fields={"id": told})
        others = self._subscriptions.keys() - {message.id}
        if len(others) >= MOST_SUBSCRIPTIONS:
            raise Failure(
                Code.THROTTLED,
                f"A socket has at most {MOST_SUBSCRIPTIONS} subscriptions.",
                next_step="Unsubscribe from one first.",
            )
        key = await database_sync_to_async(_view_of)(message)
        if self._sender is None or self._sender.done():
            return
        self._unsubscribe(message.id)
        self._subscriptions[message.id] = Subscription(
            message.id, self._hub.watch(key, self), compress=message.compress
        )
        self.wake()

    def _unsubscribe(self, name: str) -> None:
        subscription = self._subscriptions.pop(name, None)
        if subscription is None:
            return
        key = subscription.shared.key
        if all(other.shared.key != key for other in self._subscriptions.values()):
            self._hub.unwatch(key, self)

    async def _send_all(self) -> None:
        """Sends whatever there is, each time it is woken. `send` waits while the client's buffer is full."""
        asked = time.monotonic()
        try:
            while True:
                remaining = ASK_AGAIN_SECONDS - (time.monotonic() - asked)
                if remaining <= 0:
                    asked = time.monotonic()
                    if not await self._still_signed_in():
                        await self.close(NOT_SIGNED_IN)
                        return
                    continue
                try:
                    await asyncio.wait_for(self._something.wait(), remaining)
                except TimeoutError:
                    continue
                self._something.clear()
                while self._changes:
                    await self._tell(self._changes.popleft())
                for subscription in list(self._subscriptions.values()):
                    while (given := subscription.next_message()) is not None:
                        if isinstance(given, bytes):
                            await self.send(bytes_data=given)
                        else:
                            await self.send(text_data=given)
        except asyncio.CancelledError:
            raise
        except Exception as problem:  # the client went away while something was sent
            log.debug("a socket is gone: %s", problem)

    async def _still_signed_in(self) -> bool:
        try:
            return await user_of(self._given) is not None
        except Exception as problem:
            log.warning("whether a socket's user may still look can't be told: %s", problem)
            return True

    async def _tell(self, message: ServerMessage) -> None:
        await self.send(text_data=_encode(message).decode())


def _read(text: str) -> ClientMessage:
    """The message. Raises Failure(INVALID)."""
    try:
        return _decoder.decode(text)
    except msgspec.ValidationError as problem:
        message, _, path = str(problem).partition(" - at `$")
        fields = {path.strip("`.") or "type": message}
        raise Failure(
            Code.INVALID, f"The message can't be understood: {message}.", next_step=_NEXT, fields=fields
        ) from None
    except (ValueError, RecursionError) as problem:
        raise Failure(Code.INVALID, f"The message is not JSON: {problem}.", next_step=_NEXT) from None


_NEXT = "Send a message as docs/asyncapi.yaml describes it."


def _view_of(message: Subscribe) -> ViewKey:
    """What it asks for. Raises Failure(NOT_FOUND | INVALID)."""
    cluster = known_clusters(message.cluster)
    window = known_window(message.window)
    spec = known_view(message.view, lambda: _inventories(cluster))
    return ViewKey(cluster, window, spec)


def _inventories(cluster: str) -> list[Inventory]:
    store = wiring.store()
    found = (read_inventory.inventory_or_none(store, one) for one in wiring.members(cluster) or (cluster,))
    return [one for one in found if one is not None]
