"""What comes of a client's and a server's side together: the table of Istio's mutual TLS.

Derived from istiod's client cluster and server filter chain code; who has no proxy sends and takes plain text.
"""

from __future__ import annotations

from typing import Literal

from meshui.domain.graph.model import MtlsOutcome
from meshui.domain.mtls.client import AUTO, ClientMode
from meshui.domain.mtls.prediction import MtlsPrediction
from meshui.domain.mtls.server import ServerMode

Dataplane = Literal["sidecar", "ambient", "none"]


def outcome(
    caller: Dataplane, called: Dataplane, client: ClientMode, server: ServerMode, *, auto_mtls: bool
) -> MtlsPrediction:
    """`auto_mtls`: whether a sidecar without a DestinationRule's `tls` offers mutual TLS to this service at all
    (mesh-wide setting, and the service's namespace not DISABLE)."""
    if called == "none":
        return _to_no_proxy(caller, client)
    if caller == "none":
        return _without_client_proxy(server)
    if called == "ambient":
        reason = "The called side is in ambient mode: ztunnels use HBONE between them."
        return _predicted("mutual_tls", server, None, reason)
    if caller == "ambient":
        return _predicted("unknown", server, None, "From ambient to a sidecar it depends on the sidecar's version.")
    mode = client.mode
    if mode == AUTO:
        mode = "ISTIO_MUTUAL" if auto_mtls and server.mode != "DISABLE" else "DISABLE"
        why = "The caller's sidecar chooses by itself (auto mTLS)"
    else:
        why = f"{client.decided_by} makes the caller use {mode}"
    if mode == "DISABLE":
        expected: MtlsOutcome = "refused" if server.mode == "STRICT" else "plain_text"
        return _predicted(expected, server, client, f"{why}, so plain text; the called side takes {server.said()}.")
    if mode == "ISTIO_MUTUAL":
        if server.mode == "DISABLE":
            return _predicted("refused", server, client, f"{why}, but the called side takes no TLS: {server.said()}.")
        return _predicted("mutual_tls", server, client, f"{why}; the called side is {server.said()}.")
    if mode == "SIMPLE" and server.mode == "STRICT":
        return _predicted("refused", server, client, f"{why}, without a client certificate; {server.said()} needs one.")
    return _predicted("unknown", server, client, f"{why} with certificates of its own; {server.said()}.")


def _to_no_proxy(caller: Dataplane, client: ClientMode) -> MtlsPrediction:
    if caller != "sidecar" or client.mode in (AUTO, "DISABLE"):
        reason = "The called workload has no proxy, so it gets plain text."
        return MtlsPrediction("plain_text", "UNKNOWN", client.decided_by, reason)
    if client.mode == "ISTIO_MUTUAL":
        reason = f"{client.decided_by} makes the caller use ISTIO_MUTUAL, but the called workload has no proxy."
        return MtlsPrediction("refused", "UNKNOWN", client.decided_by, reason)
    reason = f"{client.decided_by} makes the caller use {client.mode}; it depends on the called application's own TLS."
    return MtlsPrediction("unknown", "UNKNOWN", client.decided_by, reason)


def _without_client_proxy(server: ServerMode) -> MtlsPrediction:
    if server.mode == "STRICT":
        reason = f"The caller has no proxy, and the called side takes {server.said()}."
        return _predicted("refused", server, None, reason)
    return _predicted("plain_text", server, None, f"The caller has no proxy; the called side is {server.said()}.")


def _predicted(expected: MtlsOutcome, server: ServerMode, client: ClientMode | None, reason: str) -> MtlsPrediction:
    overrides = client is not None and client.mode != AUTO and (client.mode != "ISTIO_MUTUAL" or expected == "refused")
    decided = client.decided_by if client is not None and overrides else server.decided_by
    return MtlsPrediction(expected, server.mode, decided, reason)
