"""AuthorizationPolicy as Envoy's RBAC filters, rule by rule as istiod translates it.

After istio/istio pilot/pkg/security/authz (model.go, generator.go, builder.go) and Istio's AuthorizationPolicy and
conditions references. Filters run AUDIT, DENY (root namespace's and own), ALLOW: a denial beats an allowance, and once
an ALLOW policy is in force, what none of them matches is denied. Policies with `istio.io/dry-run` become shadow rules.

One thing differs from istiod because there is no traffic capture here: a sidecar listens on 15006 for its
application's port, so a destination port is decided when translating. Claims are those that the token check in front
(`jwt.py`) left. CUSTOM policies need an external authorizer and are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from meshui.demo.controlplane import jwt
from meshui.demo.controlplane.manifests import Manifest, UnusableError, cidr, regex, selects, spec_of
from meshui.demo.controlplane.world import Pod, World
from meshui.demo.envoy.files import Resource
from meshui.demo.layout import ROOT_NAMESPACE

_HTTP = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC"
_TCP = "type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC"
_TEMPLATE = "type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig"
_SPIFFE = "spiffe://"
_ACTIONS = {"AUDIT": "LOG", "DENY": "DENY", "ALLOW": "ALLOW"}
_SHADOW_PREFIXES = {"ALLOW": "istio_dry_run_allow_", "DENY": "istio_dry_run_deny_"}
_NEVER: Resource = {"permissions": [{"not_rule": {"any": True}}], "principals": [{"not_id": {"any": True}}]}
_SOURCES = (
    ("principals", "source.principal"),
    ("requestPrincipals", "request.auth.principal"),
    ("namespaces", "source.namespace"),
    ("serviceAccounts", "source.serviceAccount"),
    ("trustDomains", "source.trustDomain"),
    ("remoteIpBlocks", "remote.ip"),
    ("ipBlocks", "source.ip"),
)
_OPERATIONS = (("hosts", ":host"), ("methods", ":method"), ("paths", ":path"), ("ports", "destination.port"))


class _HttpOnly(Exception):  # noqa: N818 - not an error: a condition that TCP doesn't have
    """A condition that only HTTP can meet, asked for on TCP."""


@dataclass(frozen=True)
class Place:
    """Where a rule is enforced."""

    port: int
    """The workload's port."""
    tcp: bool
    policy_namespace: str


Matcher = Callable[[str, str, Place], Resource]


def http_filters(world: World, pod: Pod, port: int) -> list[Resource]:
    """RBAC filters for an HTTP connection manager in front of the workload's port."""
    return [
        {"name": name, "typed_config": {"@type": _HTTP, **rules}} for name, rules in _rules(world, pod, port, tcp=False)
    ]


def tcp_filters(world: World, pod: Pod, port: int) -> list[Resource]:
    """RBAC network filters in front of the workload's port."""
    return [
        {"name": name, "typed_config": {"@type": _TCP, "stat_prefix": "tcp.", **rules}}
        for name, rules in _rules(world, pod, port, tcp=True)
    ]


def policies_for(world: World, pod: Pod) -> list[Manifest]:
    """The policies that select the pod: of its namespace and of the root namespace. Those with targetRefs are for
    Gateway API gateways and waypoints, which this mesh doesn't have."""
    found = []
    for manifest in world.kind("AuthorizationPolicy"):
        spec = spec_of(manifest)
        if spec.get("targetRefs") or spec.get("targetRef"):
            continue
        if manifest["metadata"].get("namespace") not in (ROOT_NAMESPACE, pod.namespace):
            continue
        if selects((spec.get("selector") or {}).get("matchLabels"), pod.labels):
            found.append(manifest)
    return found


def check(manifest: Manifest) -> None:
    """Raises UnusableError for an action, condition or value that istiod or Envoy would refuse."""
    spec = spec_of(manifest)
    action = spec.get("action") or "ALLOW"
    if action == "CUSTOM":
        raise UnusableError("spec.action: CUSTOM needs an external authorizer, which this mesh doesn't have")
    if action not in _ACTIONS:
        raise UnusableError(f"spec.action: {action!r} is none of ALLOW, DENY, AUDIT")
    for index, rule in enumerate(spec.get("rules") or []):
        for position, source in enumerate(rule.get("from") or []):
            fields = source.get("source") or {}
            _exclusive(fields, f"spec.rules[{index}].from[{position}].source")
        for condition in rule.get("when") or []:
            if not condition.get("values") and not condition.get("notValues"):
                raise UnusableError(
                    f"spec.rules[{index}].when: {condition.get('key')!r} has neither values nor notValues"
                )
        try:
            translate_rule(rule, "DENY", Place(0, False, manifest["metadata"]["namespace"]))
        except UnusableError as error:
            raise UnusableError(f"spec.rules[{index}]: {error}") from None


def translate_rule(rule: Mapping[str, Any], action: str, place: Place) -> Resource | None:
    """One rule as an Envoy RBAC policy; None when it is dropped, as an ALLOW rule is that needs HTTP on TCP. A DENY
    or AUDIT rule keeps its other conditions there, and so matches more. Raises UnusableError."""
    permissions: list[list[tuple[str, Any, Any]]] = []
    principals: list[list[tuple[str, Any, Any]]] = []
    when = [(str(c.get("key", "")), c.get("values") or [], c.get("notValues") or []) for c in rule.get("when") or []]
    for key, _, _ in when:
        if not _is_permission(key) and not _is_principal(key):
            raise UnusableError(f"when: unknown key {key!r}")
    base_permission = [condition for condition in when if _is_permission(condition[0])]
    base_principal = [condition for condition in when if not _is_permission(condition[0])]
    for item in rule.get("to") or [{}]:
        permissions.append(_conditions(item.get("operation") or {}, _OPERATIONS) + base_permission)
    for item in rule.get("from") or [{}]:
        principals.append(_conditions(item.get("source") or {}, _SOURCES) + base_principal)
    try:
        return {
            "permissions": [
                _all(_permission, "and_rules", "or_rules", "not_rule", c, action, place) for c in permissions
            ],
            "principals": [_all(_principal, "and_ids", "or_ids", "not_id", c, action, place) for c in principals],
        }
    except _HttpOnly:
        return None


def _rules(world: World, pod: Pod, port: int, *, tcp: bool) -> Iterable[tuple[str, Resource]]:
    policies = policies_for(world, pod)
    groups = (
        ("AUDIT", [policy for policy in policies if _action(policy) == "AUDIT"]),
        ("DENY", [policy for policy in policies if _action(policy) == "DENY" and _is_root(policy)]),
        ("DENY", [policy for policy in policies if _action(policy) == "DENY" and not _is_root(policy)]),
        ("ALLOW", [policy for policy in policies if _action(policy) == "ALLOW"]),
    )
    for action, members in groups:
        if not members:
            continue
        enforced: Resource = {}
        shadow: Resource = {}
        for policy in members:
            target = shadow if _is_dry_run(policy) else enforced
            target.setdefault("action", _ACTIONS[action])
            target.setdefault("policies", {}).update(_policy(policy, action, port, tcp=tcp))
        filter_rules: Resource = {}
        if enforced:
            filter_rules["rules"] = enforced
        if shadow:
            filter_rules["shadow_rules"] = shadow
            filter_rules["shadow_rules_stat_prefix"] = _SHADOW_PREFIXES.get(action, "")
        yield ("envoy.filters.network.rbac" if tcp else "envoy.filters.http.rbac"), filter_rules


def _policy(manifest: Manifest, action: str, port: int, *, tcp: bool) -> dict[str, Resource]:
    namespace, name = manifest["metadata"]["namespace"], manifest["metadata"]["name"]
    place = Place(port, tcp, namespace)
    rules = spec_of(manifest).get("rules") or []
    if not rules:
        return {f"ns[{namespace}]-policy[{name}]-rule[0]": _NEVER}
    found = {}
    for index, rule in enumerate(rules):
        policy = translate_rule(rule or {}, action, place)
        if policy is not None:
            found[f"ns[{namespace}]-policy[{name}]-rule[{index}]"] = policy
    return found


def _action(manifest: Manifest) -> str:
    return spec_of(manifest).get("action") or "ALLOW"


def _is_root(manifest: Manifest) -> bool:
    return bool(manifest["metadata"].get("namespace") == ROOT_NAMESPACE)


def _is_dry_run(manifest: Manifest) -> bool:
    annotation = (manifest["metadata"].get("annotations") or {}).get("istio.io/dry-run", "")
    return annotation in ("1", "t", "T", "true", "TRUE", "True")


def _exclusive(source: Mapping[str, Any], where: str) -> None:
    """serviceAccounts exclude principals and namespaces, and have no wildcards (Istio, AuthorizationPolicy Source)."""
    accounts = [*(source.get("serviceAccounts") or []), *(source.get("notServiceAccounts") or [])]
    others = [name for name in ("principals", "notPrincipals", "namespaces", "notNamespaces") if source.get(name)]
    if accounts and others:
        raise UnusableError(f"{where}: serviceAccounts can't be used with {others[0]}")
    for account in accounts:
        if "*" in account or account.count("/") > 1 or not all(account.split("/")):
            raise UnusableError(f"{where}.serviceAccounts: {account!r} is not a name or namespace/name")


def _conditions(fields: Mapping[str, Any], known: Iterable[tuple[str, str]]) -> list[tuple[str, Any, Any]]:
    found = []
    for field, key in known:
        values, not_values = fields.get(field) or [], fields.get(f"not{field[0].upper()}{field[1:]}") or []
        if values or not_values:
            found.append((key, values, not_values))
    return found


def _all(
    matcher: Matcher,
    every: str,
    some: str,
    negated: str,
    conditions: list[tuple[str, Any, Any]],
    action: str,
    place: Place,
) -> Resource:
    kind = "rules" if every == "and_rules" else "ids"
    parts: list[Resource] = []
    for key, values, not_values in conditions:
        if matches := _values(matcher, key, values, action, place):
            parts.append({some: {kind: matches}})
        if matches := _values(matcher, key, not_values, action, place):
            parts.append({negated: {some: {kind: matches}}})
    return {every: {kind: parts or [{"any": True}]}}


def _values(matcher: Matcher, key: str, values: Iterable[Any], action: str, place: Place) -> list[Resource]:
    found = []
    for value in values:
        try:
            found.append(matcher(key, str(value), place))
        except _HttpOnly:
            if action == "ALLOW":
                raise
    return found


def _is_permission(key: str) -> bool:
    return key in ("destination.ip", "destination.port", "connection.sni") or key.startswith(
        "experimental.envoy.filters."
    )


def _is_principal(key: str) -> bool:
    if key in (
        *("source.ip", "remote.ip", "source.namespace", "source.principal", "source.serviceAccount"),
        *("source.trustDomain", "request.auth.principal", "request.auth.audiences", "request.auth.presenter"),
    ):
        return True
    return bool(re.fullmatch(r"request\.headers\[[^\[\]]+\]|request\.auth\.claims(\[[^\[\]]+\])+", key))


def _permission(key: str, value: str, place: Place) -> Resource:
    match key:
        case ":host" | ":method" | ":path" if place.tcp:
            raise _HttpOnly
        case ":host":
            return {"header": _header(":authority", value, ignore_case=True)}
        case ":method":
            return {"header": _header(":method", value)}
        case ":path":
            return _path(value)
        case "destination.port":
            if not value.isdigit() or not 0 <= int(value) <= 65535:
                raise UnusableError(f"{value!r} is not a port")
            return {"any": True} if int(value) == place.port else {"not_rule": {"any": True}}
        case "destination.ip":
            return {"destination_ip": cidr(value, "destination.ip")}
        case "connection.sni":
            return {"requested_server_name": string_match(value)}
    return {"metadata": _metadata(key, value)}


def _principal(key: str, value: str, place: Place) -> Resource:
    if place.tcp and key.startswith("request."):
        raise _HttpOnly
    match key:
        case "source.principal":
            return _authenticated(string_match(value, _SPIFFE))
        case "source.namespace":
            return _authenticated(_regex(f".*/ns/{value.replace('*', '.*')}/.*"))
        case "source.serviceAccount":
            namespace, slash, account = value.partition("/")
            if not slash:
                namespace, account = place.policy_namespace, value
            return _authenticated(_regex(f"spiffe://.+/ns/{namespace}/(.+/|)sa/{account}(/.+)?"))
        case "source.trustDomain":
            return _authenticated(_regex(f"spiffe://{value.replace('*', '.*')}/.*"))
        case "source.ip":
            return {"direct_remote_ip": cidr(value, key)}
        case "remote.ip":
            return {"remote_ip": cidr(value, key)}
    if key.startswith("request.headers["):
        return {"header": _header(key.removeprefix("request.headers[").removesuffix("]"), value)}
    if key == "request.auth.principal":
        return _request_principal(value)
    claims = {"request.auth.audiences": ["aud"], "request.auth.presenter": ["azp"]}
    path = claims.get(key) or key.removeprefix("request.auth.claims[").removesuffix("]").split("][")
    one = {"string_match": string_match(value)}
    return _claim(path, {"or_match": {"value_matchers": [{"list_match": {"one_of": one}}, one]}})


def _request_principal(value: str) -> Resource:
    """Issuer and subject, parted at the last slash, each with a star of its own (Istio's requestPrincipalGenerator)."""
    anything = _regex(".+")
    issuer, slash, subject = value.rpartition("/")
    if not slash:
        issuer, subject = value, ""
    matchers: tuple[Resource, Resource] = ({"exact": issuer}, {"exact": subject})
    if value == "*":
        matchers = (anything, anything)
    elif value.startswith("*") and slash:
        matchers = (anything if issuer == "*" else {"suffix": issuer[1:]}, {"exact": subject})
    elif value.startswith("*"):
        matchers = (anything, {"suffix": value[1:]})
    elif value.endswith("*") and slash:
        matchers = ({"exact": issuer}, anything if subject == "*" else {"prefix": subject[:-1]})
    elif value.endswith("*"):
        matchers = ({"prefix": value[:-1]}, anything)
    both = zip(("iss", "sub"), matchers, strict=True)
    return {"and_ids": {"ids": [_claim([name], {"string_match": matcher}) for name, matcher in both]}}


def _claim(path: list[str], value: Resource) -> Resource:
    return {"metadata": {"filter": jwt.FILTER, "path": [{"key": key} for key in (jwt.PAYLOAD, *path)], "value": value}}


def string_match(value: str, prefix: str = "") -> Resource:
    """Istio's value syntax (exact, `prefix*`, `*suffix`, `*` for anything but nothing) as a StringMatcher."""
    if value == "*":
        return _regex(".+")
    if value.startswith("*"):
        return _regex(f"{prefix}.*{value[1:]}") if prefix else {"suffix": value[1:]}
    if value.endswith("*"):
        return {"prefix": prefix + value[:-1]}
    return {"exact": prefix + value}


def _header(name: str, value: str, *, ignore_case: bool = False) -> Resource:
    if value == "*":
        return {"name": name, "present_match": True}
    return {"name": name, "string_match": string_match(value) | ({"ignore_case": True} if ignore_case else {})}


def _path(value: str) -> Resource:
    if "{*}" not in value and "{**}" not in value:
        return {"url_path": {"path": string_match(value)}}
    _, _, after = value.partition("{**}")
    if "{*}" in after or "{**}" in after:
        raise UnusableError(f"{value!r} is not a path template: {{**}} must be its last operator")
    for segment in value.split("/"):
        if segment not in ("{*}", "{**}") and any(mark in segment for mark in "*{}"):
            raise UnusableError(f"{value!r} is not a path template: an operator stands for whole segments")
    template = value.replace("{**}", "**").replace("{*}", "*")
    return {"uri_template": {"name": "uri-template", "typed_config": {"@type": _TEMPLATE, "path_template": template}}}


def _metadata(key: str, value: str) -> Resource:
    name, bracket, rest = key.removeprefix("experimental.").partition("[")
    if not bracket or not rest.endswith("]"):
        raise UnusableError(f"when: {key!r} must end in a metadata key in brackets")
    matcher: Resource = {"string_match": string_match(value.strip("[]"))}
    if value.startswith("[") and value.endswith("]"):
        matcher = {"list_match": {"one_of": matcher}}
    return {"filter": name, "path": [{"key": rest[:-1]}], "value": matcher}


def _authenticated(matcher: Resource) -> Resource:
    return {"authenticated": {"principal_name": matcher}}


def _regex(expression: str) -> Resource:
    return {"safe_regex": regex(expression, "value")}
