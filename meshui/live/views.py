"""A view as all its watchers in this process share it: projected, compared and encoded once a version."""

from __future__ import annotations

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


class Edition(msgspec.Struct, frozen=True):
    """A version of a view with its messages' payloads, encoded. `delta` leads here from version `base`."""

    view: GraphView
    snapshot: str
    base: int | None = None
    delta: str | None = None

    @property
    def version(self) -> int:
        return self.view.version

    @property
    def published_at(self) -> datetime:
        return self.view.published_at


def edition(view: GraphView, encoded: bytes, before: Edition | None) -> Edition:
    """The edition of a view that follows `before`. All the work is done here, once, whoever watches."""
    if before is None:
        return Edition(view=view, snapshot=encoded.decode())
    change = _encode(delta(before.view, view)).decode()
    return Edition(view=view, snapshot=encoded.decode(), base=before.version, delta=change)


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

    def __init__(self, name: str, shared: SharedView) -> None:
        self.name = name
        self.shared = shared
        self._seen: int | None = None
        self._told: Problem | None = None

    def resync(self) -> None:
        """The client wants the whole view."""
        self._seen = None

    def next_message(self) -> str | None:
        """What brings the client up to date; None when it is. One that missed an edition gets the whole view."""
        problem, latest = self.shared.problem, self.shared.latest
        if problem is not None and problem != self._told:
            self._told = problem
            return _encode(ErrorMessage(id=self.name, error=problem)).decode()
        if latest is None or latest.version == self._seen:
            return None
        self._told = None
        seen, self._seen = self._seen, latest.version
        if latest.delta is not None and seen == latest.base:
            return _wrap(DeltaMessage, "delta", self.name, latest.delta)
        return _wrap(SnapshotMessage, "view", self.name, latest.snapshot)


def _wrap(message: type[SnapshotMessage | DeltaMessage], field: str, name: str, payload: str) -> str:
    """The message around a payload that is encoded already: only the subscription's id differs between clients."""
    tag = message.__struct_config__.tag
    return f'{{"type":"{tag}","id":{_encode(name).decode()},"{field}":{payload}}}'
