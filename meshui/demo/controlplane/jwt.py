"""RequestAuthentication as Envoy's token check, as istiod translates it.

After istio/istio pilot/pkg/security/authn/policy_applier.go and Istio's RequestAuthentication reference: a provider a
rule, every token's payload kept for the authorization filters; a request without a token passes, one with a bad token
does not. Keys are taken from the object itself (`jwks`), for nothing here may be fetched.
"""

from __future__ import annotations

import json
from typing import Any

from meshui.demo.controlplane.manifests import Manifest, UnusableError, selects, spec_of
from meshui.demo.controlplane.world import Pod, World
from meshui.demo.envoy.files import Resource
from meshui.demo.layout import ROOT_NAMESPACE

FILTER = "envoy.filters.http.jwt_authn"
PAYLOAD = "payload"
"""The key of a token's claims in the filter's metadata."""
_TYPE = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"
_SPACED = ("scope", "permission")


def filters(world: World, pod: Pod) -> list[Resource]:
    """The token check in front of the pod's authorization filters; none where no RequestAuthentication selects it."""
    rules = [rule for manifest in _holding(world, pod) for rule in spec_of(manifest).get("jwtRules") or []]
    if not rules:
        return []
    names = [f"origins-{number}" for number in range(len(rules))]
    config = {
        "@type": _TYPE,
        "providers": dict(zip(names, map(_provider, rules), strict=True)),
        "rules": [{"match": {"prefix": "/"}, "requires": _requirement(names)}],
        "bypass_cors_preflight": True,
    }
    return [{"name": FILTER, "typed_config": config}]


def check(manifest: Manifest) -> None:
    """Raises UnusableError for a rule without an issuer, or whose keys are not in the object."""
    for index, rule in enumerate(spec_of(manifest).get("jwtRules") or []):
        where = f"spec.jwtRules[{index}]"
        if not rule.get("issuer"):
            raise UnusableError(f"{where}.issuer: is empty")
        try:
            keys = json.loads(rule.get("jwks") or "")["keys"]
        except (ValueError, KeyError, TypeError):
            raise UnusableError(f"{where}.jwks: a JSON Web Key Set must be here; none is fetched") from None
        if not isinstance(keys, list) or not keys:
            raise UnusableError(f"{where}.jwks: has no keys")


def _holding(world: World, pod: Pod) -> list[Manifest]:
    return [
        manifest
        for manifest in world.kind("RequestAuthentication")
        if not (spec_of(manifest).get("targetRefs") or spec_of(manifest).get("targetRef"))
        and manifest["metadata"].get("namespace") in (ROOT_NAMESPACE, pod.namespace)
        and selects((spec_of(manifest).get("selector") or {}).get("matchLabels"), pod.labels)
    ]


def _provider(rule: dict[str, Any]) -> Resource:
    provider: Resource = {
        "issuer": rule["issuer"],
        "audiences": rule.get("audiences") or [],
        "forward": bool(rule.get("forwardOriginalToken")),
        "local_jwks": {"inline_string": rule["jwks"]},
        "payload_in_metadata": PAYLOAD,
        "normalize_payload_in_metadata": {
            "space_delimited_claims": [*_SPACED, *(rule.get("spaceDelimitedClaims") or [])]
        },
        "from_headers": [
            {"name": header["name"], "value_prefix": header.get("prefix", "")}
            for header in rule.get("fromHeaders") or []
        ],
        "from_params": rule.get("fromParams") or [],
        "from_cookies": rule.get("fromCookies") or [],
    }
    return provider


def _requirement(names: list[str]) -> Resource:
    providers = [{"provider_name": name} for name in names]
    optional = [_any([provider, {"allow_missing": {}}]) for provider in providers]
    if len(names) == 1:
        return optional[0]
    return _any([*providers, {"requires_all": {"requirements": optional}}])


def _any(requirements: list[Resource]) -> Resource:
    return {"requires_any": {"requirements": requirements}}
