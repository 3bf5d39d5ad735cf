"""Istio's security objects, typed: PeerAuthentication, AuthorizationPolicy and RequestAuthentication.

Fields follow istio/api security/v1beta1; unknown ones are passed over (the manifest keeps them).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.objects import Malformed, Manifest, Meta, convert, meta_of, ref_of, spec_of

MtlsMode = Literal["UNSET", "DISABLE", "PERMISSIVE", "STRICT"]
Action = Literal["ALLOW", "DENY", "AUDIT", "CUSTOM"]


class Selector(msgspec.Struct, frozen=True, rename="camel"):
    """Which workloads, by labels. Without labels: all in scope."""

    match_labels: dict[str, str] = {}

    def selects(self, labels: dict[str, str]) -> bool:
        return all(labels.get(key) == value for key, value in self.match_labels.items())


class TargetRef(msgspec.Struct, frozen=True, rename="camel"):
    """An object that a policy attaches to instead of selecting workloads."""

    kind: str
    name: str
    group: str = ""


class MutualTls(msgspec.Struct, frozen=True, rename="camel"):
    mode: MtlsMode = "UNSET"


class PeerAuthenticationSpec(msgspec.Struct, frozen=True, rename="camel"):
    selector: Selector | None = None
    mtls: MutualTls = MutualTls()
    port_level_mtls: dict[str, MutualTls] = {}


class Source(msgspec.Struct, frozen=True, rename="camel"):
    """One source of a rule's `from`: fields AND, values OR, `not_*` negate."""

    principals: tuple[str, ...] = ()
    not_principals: tuple[str, ...] = ()
    request_principals: tuple[str, ...] = ()
    not_request_principals: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    not_namespaces: tuple[str, ...] = ()
    service_accounts: tuple[str, ...] = ()
    not_service_accounts: tuple[str, ...] = ()
    ip_blocks: tuple[str, ...] = ()
    not_ip_blocks: tuple[str, ...] = ()
    remote_ip_blocks: tuple[str, ...] = ()
    not_remote_ip_blocks: tuple[str, ...] = ()
    trust_domains: tuple[str, ...] = ()
    not_trust_domains: tuple[str, ...] = ()


class Operation(msgspec.Struct, frozen=True, rename="camel"):
    """One operation of a rule's `to`: fields AND, values OR, `not_*` negate."""

    hosts: tuple[str, ...] = ()
    not_hosts: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    not_ports: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    not_methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    not_paths: tuple[str, ...] = ()


class Condition(msgspec.Struct, frozen=True, rename="camel"):
    """One `when` entry."""

    key: str
    values: tuple[str, ...] = ()
    not_values: tuple[str, ...] = ()


class From(msgspec.Struct, frozen=True):
    source: Source = Source()


class To(msgspec.Struct, frozen=True):
    operation: Operation = Operation()


class Rule(msgspec.Struct, frozen=True):
    """`from` AND `to` AND `when`; an absent section is any."""

    from_: tuple[From, ...] = msgspec.field(default=(), name="from")
    to: tuple[To, ...] = ()
    when: tuple[Condition, ...] = ()


class AuthorizationPolicySpec(msgspec.Struct, frozen=True, rename="camel"):
    selector: Selector | None = None
    target_ref: TargetRef | None = None
    target_refs: tuple[TargetRef, ...] = ()
    action: Action = "ALLOW"
    rules: tuple[Rule, ...] = ()
    provider: dict[str, str] = {}


class JwtHeader(msgspec.Struct, frozen=True):
    """A header that carries a token, behind a prefix."""

    name: str
    prefix: str = ""


class JwtRule(msgspec.Struct, frozen=True, rename="camel"):
    """One issuer whose tokens are taken, and where they are looked for (by default `Authorization: Bearer`)."""

    issuer: str = ""
    audiences: tuple[str, ...] = ()
    jwks_uri: str = ""
    jwks: str = ""
    from_headers: tuple[JwtHeader, ...] = ()
    from_params: tuple[str, ...] = ()
    from_cookies: tuple[str, ...] = ()
    space_delimited_claims: tuple[str, ...] = ()
    forward_original_token: bool = False


class RequestAuthenticationSpec(msgspec.Struct, frozen=True, rename="camel"):
    selector: Selector | None = None
    target_ref: TargetRef | None = None
    target_refs: tuple[TargetRef, ...] = ()
    jwt_rules: tuple[JwtRule, ...] = ()


class PeerAuthentication(msgspec.Struct, frozen=True):
    ref: ObjectRef
    meta: Meta
    spec: PeerAuthenticationSpec


class AuthorizationPolicy(msgspec.Struct, frozen=True):
    """`dry_run`: annotated `istio.io/dry-run: "true"`, so that it only leaves shadow statistics."""

    ref: ObjectRef
    meta: Meta
    spec: AuthorizationPolicySpec
    dry_run: bool = False

    @property
    def targets(self) -> tuple[TargetRef, ...]:
        return self.spec.target_refs or ((self.spec.target_ref,) if self.spec.target_ref else ())


class RequestAuthentication(msgspec.Struct, frozen=True):
    ref: ObjectRef
    meta: Meta
    spec: RequestAuthenticationSpec

    @property
    def targets(self) -> tuple[TargetRef, ...]:
        return self.spec.target_refs or ((self.spec.target_ref,) if self.spec.target_ref else ())


def peer_authentication(manifest: Manifest) -> PeerAuthentication:
    """Raises Malformed."""
    spec = spec_of(manifest, PeerAuthenticationSpec)
    for port in spec.port_level_mtls:
        if not port.isdigit():
            raise Malformed(f"'{port}' is not a port number", "$.spec.portLevelMtls")
    return PeerAuthentication(ref_of(manifest), meta_of(manifest), spec)


def authorization_policy(manifest: Manifest) -> AuthorizationPolicy:
    """Raises Malformed, also where istiod's validation would refuse: selector with targetRefs, serviceAccounts with
    principals or namespaces."""
    meta = meta_of(manifest)
    spec = spec_of(manifest, AuthorizationPolicySpec)
    if spec.selector is not None and (spec.target_ref or spec.target_refs):
        raise Malformed("selector and targetRefs exclude each other", "$.spec")
    for index, rule in enumerate(spec.rules):
        for source in (entry.source for entry in rule.from_):
            if source.service_accounts and (source.principals or source.namespaces):
                path = f"$.spec.rules[{index}].from"
                raise Malformed("serviceAccounts excludes principals and namespaces", path)
    dry_run = (meta.annotations or {}).get("istio.io/dry-run", "").lower() == "true"
    return AuthorizationPolicy(ref_of(manifest), meta, spec, dry_run)


def request_authentication(manifest: Manifest) -> RequestAuthentication:
    """Raises Malformed."""
    spec = convert(manifest.get("spec") or {}, RequestAuthenticationSpec, "$.spec")
    return RequestAuthentication(ref_of(manifest), meta_of(manifest), spec)
