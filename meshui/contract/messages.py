"""The messages of the socket `/ws/v1/mesh`, in both directions. `docs/asyncapi.yaml` describes them too."""

from __future__ import annotations

import msgspec

from meshui.contract.failures import Problem
from meshui.domain.graph.model import GraphDelta, GraphView, ViewSpec
from meshui.domain.mesh.names import ObjectRef


class Subscribe(msgspec.Struct, frozen=True, tag="subscribe", kw_only=True, forbid_unknown_fields=True):
    """Sends the view now, then what changes. The same `id` again replaces the subscription."""

    id: str
    cluster: str
    window: int | None = None
    """Seconds; one of the cluster's windows. None: its default."""
    view: ViewSpec = ViewSpec()
    compress: bool = False
    """Snapshots and deltas come as binary messages: the same JSON, deflated (RFC 1951, without a header)."""


class Unsubscribe(msgspec.Struct, frozen=True, tag="unsubscribe", kw_only=True, forbid_unknown_fields=True):
    """Nothing more for this subscription."""

    id: str


class Resync(msgspec.Struct, frozen=True, tag="resync", kw_only=True, forbid_unknown_fields=True):
    """The client saw a gap (a delta whose `base` is not the version it has): sends the whole view."""

    id: str


class Ping(msgspec.Struct, frozen=True, tag="ping", forbid_unknown_fields=True):
    """Answered by `pong`."""


class SnapshotMessage(msgspec.Struct, frozen=True, tag="snapshot", kw_only=True):
    """The whole view."""

    id: str
    view: GraphView


class DeltaMessage(msgspec.Struct, frozen=True, tag="delta", kw_only=True):
    """What turns the view of version `delta.base` into that of `delta.version`."""

    id: str
    delta: GraphDelta


class ChangeMessage(msgspec.Struct, frozen=True, tag="change", kw_only=True):
    """Somebody changed an object through MeshUI: what shows it may be fetched again."""

    cluster: str
    object: ObjectRef
    change_id: int
    author: str


class ErrorMessage(msgspec.Struct, frozen=True, tag="error", kw_only=True):
    """A message that can't be followed. The socket stays open."""

    id: str | None
    """Of the subscription concerned; None when the message named none."""
    error: Problem


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """The answer to `ping`."""


ClientMessage = Subscribe | Unsubscribe | Resync | Ping
ServerMessage = SnapshotMessage | DeltaMessage | ChangeMessage | ErrorMessage | Pong

NOT_SIGNED_IN = 4401
"""Close code: nobody is signed in, or the user was signed out or deactivated."""
TRY_AGAIN = 1012
"""Close code: the server restarts."""
