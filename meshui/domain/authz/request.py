"""Who asks for what: as much of it as is known."""

from __future__ import annotations

from typing import Any

import msgspec

from meshui.domain.authz.match import Text
from meshui.domain.authz.paths import normalized
from meshui.domain.mesh.names import Identity


class Token(msgspec.Struct, frozen=True):
    """The JSON web token of a request as it arrives. `header` is where it is (`authorization`: behind `Bearer`);
    `valid`: signed by the key that its issuer has, and not expired."""

    claims: dict[str, Any] = {}
    header: str = "authorization"
    valid: bool = True

    @property
    def issuer(self) -> str:
        issuer = self.claims.get("iss")
        return issuer if isinstance(issuer, str) else ""


class Request(msgspec.Struct, frozen=True):
    """What a policy can ask about. UNSET: not known, so that a rule that asks for it may or may not match; None: the
    request has none. `identity` is None for a client without mutual TLS. `port` is the workload's own. `stream`: a TCP
    connection, of which nothing of HTTP can be asked."""

    identity: Identity | msgspec.UnsetType | None = msgspec.UNSET
    source_ip: Text = msgspec.UNSET
    remote_ip: Text = msgspec.UNSET
    destination_ip: Text = msgspec.UNSET
    port: Text = msgspec.UNSET
    host: Text = msgspec.UNSET
    method: Text = msgspec.UNSET
    path: Text = msgspec.UNSET
    sni: Text = msgspec.UNSET
    headers: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    """By lower-case name; one that is not there is absent."""
    token: Token | msgspec.UnsetType | None = msgspec.UNSET
    stream: bool = False


class Asked:
    """A request as rules look at it: each value worked out once. `claims` are those of a token that was checked; None
    without one, UNSET where that is not known. `taken` is the header that the token was taken out of."""

    __slots__ = (
        "claims",
        "destination_ip",
        "headers",
        "host",
        "identity",
        "method",
        "namespace",
        "path",
        "port",
        "principal",
        "remote_ip",
        "request_principal",
        "service_account",
        "sni",
        "source_ip",
        "trust_domain",
    )

    def __init__(
        self, request: Request, claims: dict[str, Any] | msgspec.UnsetType | None, taken: str | None = None
    ) -> None:
        identity = request.identity
        self.identity = identity
        self.principal: Text
        self.namespace: Text
        self.service_account: Text
        self.trust_domain: Text
        if isinstance(identity, Identity):
            namespace, account = identity.namespace, identity.service_account
            self.namespace, self.trust_domain = namespace, identity.trust_domain
            self.service_account = f"{namespace}/{account}"
            self.principal = f"{identity.trust_domain}/ns/{namespace}/sa/{account}"
        else:
            self.principal = self.namespace = self.service_account = self.trust_domain = identity
        self.source_ip, self.remote_ip = request.source_ip, request.remote_ip
        self.destination_ip, self.port, self.sni = request.destination_ip, request.port, request.sni
        self.host, self.method, self.headers = request.host, request.method, request.headers
        if taken is not None and isinstance(self.headers, dict) and taken in self.headers:
            self.headers = {name: value for name, value in self.headers.items() if name != taken}
        self.path = normalized(request.path) if isinstance(request.path, str) else request.path
        self.claims = claims
        self.request_principal: Text = msgspec.UNSET
        if claims is None:
            self.request_principal = None
        elif isinstance(claims, dict):
            issuer, subject = claims.get("iss"), claims.get("sub")
            both = isinstance(issuer, str) and isinstance(subject, str) and issuer and subject
            self.request_principal = f"{issuer}/{subject}" if both else None

    def header(self, name: str) -> Text:
        """UNSET where headers are not known."""
        if isinstance(self.headers, msgspec.UnsetType):
            return msgspec.UNSET
        return self.headers.get(name)

    def claim(self, path: tuple[str, ...]) -> tuple[str, ...] | msgspec.UnsetType:
        """The texts of a claim: one, or those of a list. UNSET where the token is not known."""
        if isinstance(self.claims, msgspec.UnsetType):
            return msgspec.UNSET
        found: Any = self.claims
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        values = found if isinstance(found, list | tuple) else (found,)
        return tuple(value for value in values if isinstance(value, str))
