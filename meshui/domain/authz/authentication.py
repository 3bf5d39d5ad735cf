"""What RequestAuthentication makes of a request's token: accepted with its claims, missing, or refused.

Source: Istio RequestAuthentication reference and istio/istio pilot/pkg/security/authn (one Envoy jwt_authn provider per
rule, each also content with no token). All rules that hold for a workload together are the known issuers: a token of
another issuer, with a bad signature or expired is refused with 401, one for another audience with 403. A request
without a token has no request identity. A token where no rule looks for it is not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from meshui.domain.authz.request import Request, Token
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.security import JwtRule, RequestAuthentication


class Refusal(msgspec.Struct, frozen=True):
    """A token that is refused: by which object, with which status, and why."""

    object: ObjectRef
    status: int
    reason: str


class Checked(msgspec.Struct, frozen=True):
    """What came of a token. `claims`: what policies may ask about; None without an accepted token, UNSET where the
    token is not known. `taken`: the header that it was taken out of, so that policies no longer see it."""

    claims: dict[str, Any] | msgspec.UnsetType | None
    refusal: Refusal | None = None
    taken: str | None = None


def authenticate(holding: Sequence[RequestAuthentication], request: Request) -> Checked:
    """What the objects that hold for a workload make of the request's token."""
    token = request.token
    rules = [(one.ref, rule) for one in holding for rule in one.spec.jwt_rules] if holding else []
    if not rules or request.stream:
        # Nobody looks at a token, so that no rule can count on one.
        return _UNSEEN
    if token is None or isinstance(token, msgspec.UnsetType):
        return _UNSEEN if token is None else _UNKNOWN
    seen = [(ref, rule) for ref, rule in rules if token.header in locations(rule)]
    if not seen:
        return _UNSEEN
    of_issuer = [(ref, rule) for ref, rule in seen if rule.issuer == token.issuer]
    if not of_issuer:
        known = ", ".join(sorted({rule.issuer for _, rule in seen}))
        return Checked(None, Refusal(seen[0][0], 401, f"its issuer {token.issuer or 'nobody'!r} is none of {known}"))
    ref, rule = of_issuer[0]
    if not token.valid:
        return Checked(None, Refusal(ref, 401, "it is expired or not signed by its issuer's key"))
    if rule.audiences and not set(rule.audiences) & set(audiences(token)):
        whom = ", ".join(audiences(token)) or "nobody"
        return Checked(None, Refusal(ref, 403, f"it is for {whom}, not {', '.join(rule.audiences)}"))
    return Checked(_normalized(token.claims, rule), taken=None if rule.forward_original_token else token.header)


_UNSEEN = Checked(None)
_UNKNOWN = Checked(msgspec.UNSET)


def locations(rule: JwtRule) -> tuple[str, ...]:
    """The headers in which a rule looks for a token, by lower-case name."""
    if rule.from_headers:
        return tuple(one.name.lower() for one in rule.from_headers)
    if rule.from_params or rule.from_cookies:
        return ()
    return ("authorization",)


def audiences(token: Token) -> tuple[str, ...]:
    """Whom the token is for."""
    found = token.claims.get("aud")
    values = found if isinstance(found, list | tuple) else (found,)
    return tuple(value for value in values if isinstance(value, str))


def _normalized(claims: dict[str, Any], rule: JwtRule) -> dict[str, Any]:
    """`scope`, `permission` and what the rule names are lists parted by spaces."""
    changed = {
        name: value.split(" ")
        for name in ("scope", "permission", *rule.space_delimited_claims)
        if isinstance(value := claims.get(name), str)
    }
    return {**claims, **changed} if changed else claims
