"""The AsyncAPI document of the socket, made from its messages' structs."""

from __future__ import annotations

import inspect
from typing import Any, get_args

import msgspec

from meshui.contract.messages import NOT_SIGNED_IN, TRY_AGAIN, ClientMessage, ServerMessage
from meshui.contract.openapi import components

_CHANNEL = "#/channels/mesh"


def document() -> dict[str, Any]:
    """AsyncAPI 3.0: one channel, what clients send and what the server sends. `send` and `receive` are the server's."""
    sent, received = get_args(ServerMessage), get_args(ClientMessage)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "MeshUI: the live mesh",
            "version": "1",
            "description": (
                "A socket at `/ws/v1/mesh`. Sign in with the browser's session cookie (from MeshUI's own page), with "
                "`Authorization: Bearer <token>` or with `?token=`. Messages are JSON texts; each has a `type`. With "
                "`compress` views come as binary messages, the same JSON deflated: once for all who watch. After "
                "`subscribe` comes a `snapshot` of the view, then a `delta` for each new version. A delta fits only "
                "the version in its `base`: on any other, send `resync`. A client that reads slowly gets a snapshot "
                "instead of the deltas that it missed. Close codes: "
                f"{NOT_SIGNED_IN}, nobody is signed in (any more); {TRY_AGAIN}, the server restarts: connect again."
            ),
        },
        "defaultContentType": "application/json",
        "channels": {
            "mesh": {
                "address": "/ws/v1/mesh",
                "messages": {_name(one): {"$ref": f"#/components/messages/{_name(one)}"} for one in sent + received},
                "bindings": {
                    "ws": {
                        "method": "GET",
                        "query": {"type": "object", "properties": {"token": {"type": "string"}}},
                        "bindingVersion": "0.1.0",
                    }
                },
            }
        },
        "operations": {
            "request": {"action": "receive", "channel": {"$ref": _CHANNEL}, "messages": _references(received)},
            "tell": {"action": "send", "channel": {"$ref": _CHANNEL}, "messages": _references(sent)},
        },
        "components": {
            "messages": {_name(one): _message(one) for one in sent + received},
            "schemas": dict(sorted(components(sent + received).items())),
        },
    }


def _name(kind: type[msgspec.Struct]) -> str:
    """A message is called by the `type` that it carries."""
    return str(kind.__struct_config__.tag)


def _references(kinds: tuple[type[msgspec.Struct], ...]) -> list[dict[str, str]]:
    return [{"$ref": f"{_CHANNEL}/messages/{_name(one)}"} for one in kinds]


def _message(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {
        "name": _name(kind),
        "summary": (inspect.getdoc(kind) or "").replace("\n", " "),
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
    }
