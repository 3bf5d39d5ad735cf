"""Who asks for what: as much of it as is known."""

from __future__ import annotations

import msgspec

from meshui.domain.authz.match import Text
from meshui.domain.mesh.names import Identity


class Request(msgspec.Struct, frozen=True):
    """What a policy can ask about. UNSET: not known, so that a rule that asks for it may or may not match; None: the
    request has none. `identity` is None for a client without mutual TLS. `port` is the workload's own. `stream`: a TCP
    connection, of which nothing of HTTP can be asked."""

    identity: Identity | msgspec.UnsetType | None = msgspec.UNSET
    source_ip: Text = msgspec.UNSET
    remote_ip: Text = msgspec.UNSET
    request_principal: Text = msgspec.UNSET
    destination_ip: Text = msgspec.UNSET
    port: Text = msgspec.UNSET
    host: Text = msgspec.UNSET
    method: Text = msgspec.UNSET
    path: Text = msgspec.UNSET
    sni: Text = msgspec.UNSET
    headers: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    """By lower-case name; one that is not there is absent."""
    claims: dict[str, tuple[str, ...]] | msgspec.UnsetType = msgspec.UNSET
    """Claims of the request's token by path, such as `groups` or `realm][roles`."""
    stream: bool = False

    @property
    def principal(self) -> Text:
        """As policies spell it: `TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT`."""
        if self.identity is None or isinstance(self.identity, msgspec.UnsetType):
            return self.identity
        return str(self.identity).removeprefix("spiffe://")

    @property
    def namespace(self) -> Text:
        return self.identity.namespace if isinstance(self.identity, Identity) else self.identity

    @property
    def service_account(self) -> Text:
        """`NAMESPACE/ACCOUNT`."""
        if isinstance(self.identity, Identity):
            return f"{self.identity.namespace}/{self.identity.service_account}"
        return self.identity

    @property
    def trust_domain(self) -> Text:
        return self.identity.trust_domain if isinstance(self.identity, Identity) else self.identity
