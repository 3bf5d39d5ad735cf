"""What comes of a client's and a server's side together: the table of Istio's mutual TLS.

Derived from istiod's client cluster and server filter chain code, and shaken by hand between real Envoys
(tests/demo/envoy/test_mtls_table.py). Who has no proxy sends and takes plain text. Ambient: ztunnels use HBONE between
them; a sidecar uses HBONE toward them only by itself (istio/istio#53526), and is reached by it only when its pod says
so (`networking.istio.io/tunnel`); HBONE's port does not look at PeerAuthentication (istio/istio#41391).
"""

from __future__ import annotations

from typing import Literal

from meshui.domain.graph.model import MtlsOutcome
from meshui.domain.mtls.client import AUTO, ClientMode
from meshui.domain.mtls.prediction import MtlsPrediction
from meshui.domain.mtls.server import ServerMode

Dataplane = Literal["sidecar", "ambient", "none"]


def outcome(
    caller: Dataplane,
    called: Dataplane,
    client: ClientMode,
    server: ServerMode,
    *,
    auto_mtls: bool,
    http: bool = True,
    tunnel: bool = False,
) -> MtlsPrediction:
    """`auto_mtls`: whether a sidecar without a DestinationRule's `tls` offers mutual TLS to this service at all
    (mesh-wide setting, and the service's namespace not DISABLE). `http`: the service's port is declared HTTP or gRPC.
    `tunnel`: the called sidecar also takes HBONE."""
    if called == "none":
        return _to_no_proxy(caller, client)
    if caller == "none":
        return _without_client_proxy(server)
    if called == "ambient":
        return _to_ambient(caller, client, server)
    if caller == "ambient":
        return _from_ambient(server, tunnel=tunnel)
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
    return _own_certificates(mode, client, server, why, http=http)


def _own_certificates(mode: str, client: ClientMode, server: ServerMode, why: str, *, http: bool) -> MtlsPrediction:
    """SIMPLE and MUTUAL: TLS that does not say it is the mesh's."""
    if server.mode == "STRICT":
        if mode == "SIMPLE":
            reason = f"{why}, without a client certificate; {server.said()} needs one."
            return _predicted("refused", server, client, reason)
        reason = f"{why} with a certificate of its own; {server.said()} takes it only when the mesh's root signed it."
        return _predicted("unknown", server, client, reason)
    if http:
        reason = (
            f"{why}, TLS that isn't the mesh's; on a port declared HTTP {server.said()} has no filter chain for it."
        )
        return _predicted("refused", server, client, reason)
    reason = f"{why}, TLS that isn't the mesh's; {server.said()} passes it on, so it depends on the application's TLS."
    return _predicted("unknown", server, client, reason)


def _to_ambient(caller: Dataplane, client: ClientMode, server: ServerMode) -> MtlsPrediction:
    if caller == "sidecar" and client.mode != AUTO:
        if client.mode == "DISABLE":
            expected: MtlsOutcome = "refused" if server.mode == "STRICT" else "plain_text"
        else:
            expected = "refused"
        reason = f"{client.decided_by} makes the caller use {client.mode} where an ambient workload takes HBONE."
        return _predicted(expected, server, client, reason)
    reason = "The called side is in ambient mode: it is reached by HBONE, which is mutual TLS."
    if server.mode == "DISABLE":
        reason += " DISABLE is not supported there."
    return _predicted("mutual_tls", server, None, reason)


def _from_ambient(server: ServerMode, *, tunnel: bool) -> MtlsPrediction:
    if tunnel:
        return _predicted(
            "mutual_tls", server, None, "The caller's ztunnel uses HBONE, which the called sidecar takes."
        )
    expected: MtlsOutcome = "refused" if server.mode == "STRICT" else "plain_text"
    reason = (
        "The caller is in ambient mode, and the called sidecar takes no HBONE (no label networking.istio.io/tunnel), "
        f"so plain text arrives; it takes {server.said()}."
    )
    return _predicted(expected, server, None, reason)


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
