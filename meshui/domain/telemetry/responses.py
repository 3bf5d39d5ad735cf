"""What a response counts as: fine, the client's error, or an error of the called side."""

from __future__ import annotations

from typing import Final, Literal

FINE: Final = 0
CLIENT_ERROR: Final = 1
ERROR: Final = 2
Outcome = Literal[0, 1, 2]

NO: Final = 0
PERHAPS: Final = 1
SURE: Final = 2
Denial = Literal[0, 1, 2]

NO_RESPONSE: Final = "0"
"""Istio's code when no response was started: the client left, or the connection broke before headers."""

SERVER_FAULT_STATUSES: Final = frozenset({"2", "4", "12", "13", "14", "15"})
"""gRPC statuses that are the server's fault: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE,
DATA_LOSS (OpenTelemetry, "Semantic conventions for gRPC", server spans)."""
PERMISSION_DENIED: Final = "7"
"""The gRPC status that Envoy's RBAC filter answers gRPC requests with."""

GRPC_STATUSES: Final = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
    *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED"),
    *("INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)
"""Names of the gRPC status numbers."""
FAILED_CONNECTION_FLAGS: Final = frozenset(
    {"UF", "UH", "UO", "URX", "NR", "NC", "DF", "LH", "UAEX", "OM", "DO", "UDO"}
    | {"CONNECT", "DENY", "TLS_FAILURE", "H2_HANDSHAKE_FAILURE", "NETWORK_POLICY", "IDENTITY_ERROR", "CERT_REVOKED"}
)
"""Flags of a TCP connection that never carried what it should: Envoy's, then ztunnel's. A peer that closes is no
failure."""
NEVER_ARRIVED_FLAGS: Final = frozenset({"UF", "UH", "UO", "NR", "NC"})
"""Flags of a request that no upstream got: no connection, no healthy endpoint, an open circuit breaker, no route, no
cluster. Whatever its code is (404 without a route), the called side did not answer it."""
DENIAL_FLAGS: Final = frozenset({"UAEX", "DENY"})
"""Flags that say by themselves that authorization refused: external authorization, ztunnel."""


def flags_of(text: str) -> tuple[str, ...]:
    """The flags in a `response_flags` label: comma separated, `-` or nothing when none."""
    return tuple(flag for flag in text.split(",") if flag and flag != "-")


def outcome(protocol: str, code: str, grpc_code: str, flags: str) -> Outcome:
    """What the response counts as. HTTP: 5xx, no response and what never arrived are errors, other 4xx the
    client's. gRPC: the status decides where there is one and the HTTP code was fine. TCP: flags of a connection that
    failed."""
    if protocol == "tcp":
        return ERROR if FAILED_CONNECTION_FLAGS.intersection(flags_of(flags)) else FINE
    if NEVER_ARRIVED_FLAGS.intersection(flags_of(flags)):
        return ERROR
    if code == NO_RESPONSE or (len(code) == 3 and code[0] == "5"):
        return ERROR
    if len(code) == 3 and code[0] == "4":
        return CLIENT_ERROR
    if protocol == "grpc" and grpc_code not in ("", "0", "unknown"):
        return ERROR if grpc_code in SERVER_FAULT_STATUSES else CLIENT_ERROR
    return FINE


def denial(protocol: str, code: str, grpc_code: str, flags: str) -> Denial:
    """Whether the response is a proxy's refusal by authorization: surely, by its flags, or perhaps, by its code. An
    application's own 403 looks like the RBAC filter's: only the policies in force tell them apart."""
    if DENIAL_FLAGS.intersection(flags_of(flags)):
        return SURE
    if protocol == "tcp":
        return NO
    refused = code == "403" or (protocol == "grpc" and grpc_code == PERMISSION_DENIED)
    return PERHAPS if refused else NO
