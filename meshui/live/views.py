"""A view as all its watchers in this process share it: projected, compared and encoded once a version."""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from meshui.contract.failures import Problem
from meshui.contract.messages import DeltaMessage, ErrorMessage, SnapshotMessage
from meshui.domain.graph.delta import delta
from meshui.domain.graph.model import GraphView, ViewSpec

_encode = msgspec.json.Encoder().encode


class ViewKey(NamedTuple):
    """Which view."""

    cluster: str
    window_seconds: int
    spec: ViewSpec


class Watcher(Protocol):
    """A subscription's way to learn that there is something to send. Must return at once."""

    def wake(self) -> None: ...


class Payload(msgspec.Struct, frozen=True):
    """What all watchers of a view are sent: JSON, and the same deflated up to a byte's end."""

    text: str
    deflated: bytes


class Edition(msgspec.Struct, frozen=True):
    """A version of a view with its messages' payloads, encoded. `delta` leads here from version `base`."""

    view: GraphView
    snapshot: Payload
    base: int | None = None
    delta: Payload | None = None

    @property
    def version(self) -> int:
        return self.view.version

    @property
    def published_at(self) -> datetime:
        return self.view.published_at


def edition(view: GraphView, encoded: bytes, before: Edition | None) -> Edition:
    """The edition of a view that follows `before`. All the work is done here, once, whoever watches."""
    if before is None:
        return Edition(view=view, snapshot=_payload(encoded))
    change = _payload(_encode(delta(before.view, view)))
    return Edition(view=view, snapshot=_payload(encoded), base=before.version, delta=change)


def _payload(encoded: bytes) -> Payload:
    # Compressed once for all: a socket's own compression would do it again for each.
    deflate = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    deflated = deflate.compress(encoded) + deflate.flush(zlib.Z_SYNC_FLUSH)
    return Payload(text=encoded.decode(), deflated=deflated)


class SharedView:
    """The latest edition of a view, or why there is none. Only touched in the event loop."""

    def __init__(self, key: ViewKey) -> None:
        self.key = key
        self.watchers: set[Watcher] = set()
        self.latest: Edition | None = None
        self.problem: Problem | None = None

    def publish(self, latest: Edition) -> None:
        """Takes a newer edition, and wakes everybody."""
        self.latest, self.problem = latest, None
        self.wake()

    def fail(self, problem: Problem) -> None:
        """The newest edition can't be made. Told once, until it works again or fails otherwise."""
        if problem != self.problem:
            self.problem = problem
            self.wake()

    def wake(self) -> None:
        for watcher in tuple(self.watchers):
            watcher.wake()


class Subscription:
    """What one client has seen of a view. However slow it is, nothing is queued for it: it is given the newest when it
    is ready for more."""

    def __init__(self, name: str, shared: SharedView, *, compress: bool = False) -> None:
        self.name = name
        self.shared = shared
        self._compress = compress
        self._seen: int | None = None
        self._told: Problem | None = None

    def resync(self) -> None:
        """The client wants the whole view."""
        self._seen = None

    def next_message(self) -> str | bytes | None:
        """What brings the client up to date; None when it is. One that missed an edition gets the whole view. Bytes are
        deflated."""
        problem, latest = self.shared.problem, self.shared.latest
        if problem is not None and problem != self._told:
            self._told = problem
            return _encode(ErrorMessage(id=self.name, error=problem)).decode()
        if latest is None or latest.version == self._seen:
            return None
        self._told = None
        seen, self._seen = self._seen, latest.version
        if latest.delta is not None and seen == latest.base:
            return self._wrap(DeltaMessage, "delta", latest.delta)
        return self._wrap(SnapshotMessage, "view", latest.snapshot)

    def _wrap(self, message: type[SnapshotMessage | DeltaMessage], field: str, payload: Payload) -> str | bytes:
        """The message around a payload that is encoded already: only the subscription's id differs between clients."""
        before = f'{{"type":"{message.__struct_config__.tag}","id":{_encode(self.name).decode()},"{field}":'
        if self._compress:
            return _stored(before.encode(), last=False) + payload.deflated + _stored(b"}", last=True)
        return f"{before}{payload.text}}}"


def _stored(text: bytes, *, last: bool) -> bytes:
    """A block of a deflate stream that holds up to 65,535 bytes as they are (RFC 1951, 3.2.4)."""
    length = len(text)
    return bytes([last]) + length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little") + text
