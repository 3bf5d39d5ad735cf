"""Decisions by AuthorizationPolicies."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshui.domain.authz.decide import Decision, Policies, decide
from meshui.domain.authz.match import Truth
from meshui.domain.authz.request import Request, Token
from meshui.domain.mesh.names import Identity
from meshui.domain.mesh.security import AuthorizationPolicy, authorization_policy, request_authentication

CART = Identity("cluster.local", "shop", "cart")
WEB = Identity("cluster.local", "shop", "web")
IDP = request_authentication(
    {
        "kind": "RequestAuthentication",
        "metadata": {"namespace": "pay", "name": "idp"},
        "spec": {"jwtRules": [{"issuer": "idp", "audiences": ["shop", "pay"]}]},
    }
)


def policy(name: str = "p", action: str = "ALLOW", rules: Any = None, **more: Any) -> AuthorizationPolicy:
    spec = {"action": action, **({"rules": rules} if rules is not None else {}), **more.pop("spec", {})}
    metadata = {"namespace": "pay", "name": name, **more}
    return authorization_policy({"kind": "AuthorizationPolicy", "metadata": metadata, "spec": spec})


def allowed(policies: list[AuthorizationPolicy], **request: Any) -> Truth:
    return decide(policies, Request(**request)).allowed


def by(**source: Any) -> dict[str, Any]:
    return {"from": [{"source": source}]}


def to(**operation: Any) -> dict[str, Any]:
    return {"to": [{"operation": operation}]}


def when(key: str, *values: str, **more: Any) -> dict[str, Any]:
    return {"when": [{"key": key, **({"values": list(values)} if values else {}), **more}]}


def token(**claims: Any) -> Token:
    return Token({"iss": "idp", "sub": "alice", "aud": "shop", **claims})


def test_without_policy_everything_is_allowed_and_open():
    decision = decide([], Request())
    assert (decision.allowed, decision.open, decision.policy) == (Truth.YES, True, None)


def test_an_allow_policy_without_rules_denies_everything():
    decision = decide([policy()], Request(identity=CART))
    assert decision.allowed is Truth.NO
    assert str(decision.policy) == "AuthorizationPolicy pay/p"


def test_an_empty_rule_matches_everything():
    assert allowed([policy(rules=[{}])], identity=None) is Truth.YES
    assert allowed([policy(action="DENY", rules=[{}])], identity=CART) is Truth.NO


def test_a_deny_policy_without_rules_does_nothing():
    assert allowed([policy(action="DENY")], identity=CART) is Truth.YES


def test_deny_beats_allow():
    policies = [policy("a", rules=[{}]), policy("d", "DENY", [by(namespaces=["shop"])])]
    decision = decide(policies, Request(identity=CART))
    assert (decision.allowed, decision.policy.name, decision.rule) == (Truth.NO, "d", 0)
    assert allowed(policies, identity=Identity("cluster.local", "other", "x")) is Truth.YES


def test_audit_never_decides():
    assert allowed([policy(action="AUDIT", rules=[{}])], identity=CART) is Truth.YES


def test_a_dry_run_policy_never_decides():
    dry = policy(annotations={"istio.io/dry-run": "true"})
    decision = decide([dry], Request(identity=CART))
    assert (decision.allowed, decision.open) == (Truth.YES, True)


def test_custom_leaves_it_to_the_authorizer():
    custom = policy(action="CUSTOM", rules=[by(principals=["*"])], spec={"provider": {"name": "opa"}})
    decision = decide([custom], Request(identity=CART))
    assert decision.allowed is Truth.MAYBE
    assert "opa" in decision.reason
    assert allowed([custom], identity=None) is Truth.YES


@pytest.mark.parametrize(
    ("source", "identity", "expected"),
    [
        ({"principals": ["cluster.local/ns/shop/sa/cart"]}, CART, Truth.YES),
        ({"principals": ["cluster.local/ns/shop/sa/cart"]}, WEB, Truth.NO),
        ({"principals": ["cluster.local/ns/shop/*"]}, WEB, Truth.YES),
        ({"principals": ["*/sa/cart"]}, CART, Truth.YES),
        ({"principals": ["*"]}, None, Truth.NO),
        ({"principals": ["spiffe://cluster.local/ns/shop/sa/cart"]}, CART, Truth.NO),
        ({"notPrincipals": ["cluster.local/ns/shop/sa/cart"]}, WEB, Truth.YES),
        ({"notPrincipals": ["cluster.local/ns/shop/sa/cart"]}, None, Truth.YES),
        ({"namespaces": ["shop"]}, CART, Truth.YES),
        ({"namespaces": ["shop"]}, None, Truth.NO),
        ({"notNamespaces": ["shop"]}, CART, Truth.NO),
        ({"serviceAccounts": ["shop/cart"]}, CART, Truth.YES),
        ({"serviceAccounts": ["cart"]}, CART, Truth.NO),
        ({"serviceAccounts": ["cart"]}, Identity("cluster.local", "pay", "cart"), Truth.YES),
        ({"trustDomains": ["cluster.local"]}, CART, Truth.YES),
        ({"principals": ["*"], "notNamespaces": ["shop"]}, CART, Truth.NO),
        ({"ipBlocks": ["10.0.0.0/8"]}, CART, Truth.MAYBE),
        ({"requestPrincipals": ["*"]}, CART, Truth.NO),
        ({}, None, Truth.YES),
    ],
)
def test_sources(source: dict, identity: Identity | None, expected: Truth):
    assert allowed([policy(rules=[by(**source)])], identity=identity) is expected


def test_sources_or_and_rules_or():
    rules = [{"from": [{"source": {"namespaces": ["x"]}}, {"source": {"namespaces": ["shop"]}}]}]
    assert allowed([policy(rules=rules)], identity=CART) is Truth.YES
    assert allowed([policy(rules=[by(namespaces=["x"]), by(namespaces=["shop"])])], identity=CART) is Truth.YES


@pytest.mark.parametrize(
    ("operation", "request_", "expected"),
    [
        ({"methods": ["GET"]}, {"method": "GET"}, Truth.YES),
        ({"methods": ["GET"]}, {"method": "POST"}, Truth.NO),
        ({"methods": ["GET"]}, {}, Truth.MAYBE),
        ({"paths": ["/stock/*"]}, {"path": "/stock/7"}, Truth.YES),
        ({"notPaths": ["/admin*"]}, {"path": "/admin/x"}, Truth.NO),
        ({"hosts": ["API.example"]}, {"host": "api.example"}, Truth.YES),
        ({"ports": ["8080"]}, {"port": "8080"}, Truth.YES),
        ({"ports": ["8080"]}, {"port": "80"}, Truth.NO),
        ({"methods": ["GET"], "paths": ["/a"]}, {"method": "GET", "path": "/b"}, Truth.NO),
    ],
)
def test_operations(operation: dict, request_: dict, expected: Truth):
    assert allowed([policy(rules=[to(**operation)])], **request_) is expected


@pytest.mark.parametrize(
    ("condition", "request_", "expected"),
    [
        (when("request.headers[X-Team]", "a*"), {"headers": {"x-team": "abc"}}, Truth.YES),
        (when("request.headers[X-Team]", "a*"), {"headers": {}}, Truth.NO),
        (when("request.headers[X-Team]", notValues=["a"]), {"headers": {}}, Truth.YES),
        (when("request.headers[X-Team]", "a"), {}, Truth.MAYBE),
        (when("source.namespace", "shop"), {"identity": CART}, Truth.YES),
        (when("source.principal", "*"), {"identity": None}, Truth.NO),
        (when("source.ip", "10.0.0.0/8"), {"source_ip": "10.1.1.1"}, Truth.YES),
        (when("destination.port", "80"), {"port": "80"}, Truth.YES),
        (when("request.auth.claims[groups]", "admins"), {"token": token(groups=["users", "admins"])}, Truth.YES),
        (when("request.auth.claims[groups]", "admins"), {"token": token()}, Truth.NO),
        (when("request.auth.claims[groups]", notValues=["admins"]), {"token": token(groups="admins")}, Truth.NO),
        (when("no.such.key", "x"), {"identity": CART}, Truth.NO),
    ],
)
def test_conditions(condition: dict, request_: dict, expected: Truth):
    assert decide([policy(rules=[condition])], Request(**request_), [IDP]).allowed is expected


def test_on_tcp_an_allow_rule_of_http_never_matches_and_a_deny_rule_denies_more():
    http = {**by(namespaces=["shop"]), **to(methods=["GET"])}
    assert allowed([policy(rules=[http])], identity=CART, stream=True) is Truth.NO
    assert allowed([policy(action="DENY", rules=[http])], identity=CART, stream=True) is Truth.NO
    other = Identity("cluster.local", "x", "y")
    assert allowed([policy(action="DENY", rules=[http])], identity=other, stream=True) is Truth.YES
    assert allowed([policy(action="DENY", rules=[to(methods=["GET"])])], identity=other, stream=True) is Truth.NO
    assert allowed([policy(rules=[to(ports=["6379"])])], port="6379", stream=True) is Truth.YES


SOURCES = st.sampled_from([{}, {"principals": ["*/sa/cart"]}, {"notNamespaces": ["shop"]}, {"namespaces": ["shop"]}])
OPERATIONS = st.sampled_from([{}, {"methods": ["GET"]}, {"notPaths": ["/a"]}, {"ports": ["80"]}])
RULES = st.lists(
    st.builds(lambda source, operation: {**by(**source), **to(**operation)}, SOURCES, OPERATIONS), max_size=3
)
POLICIES = st.lists(st.builds(policy, st.just("p"), st.sampled_from(["ALLOW", "DENY"]), RULES), max_size=3)
REQUESTS = st.builds(
    Request,
    identity=st.sampled_from([CART, WEB, None]),
    method=st.sampled_from(["GET", "POST"]),
    path=st.sampled_from(["/a", "/b"]),
    port=st.sampled_from(["80", "81"]),
)


@settings(deadline=None)
@given(POLICIES, REQUESTS)
def test_a_known_request_is_always_decided(policies: list[AuthorizationPolicy], request_: Request):
    assert decide(policies, request_).allowed is not Truth.MAYBE


@settings(deadline=None)
@given(POLICIES, REQUESTS, st.sets(st.sampled_from(["identity", "method", "path", "port"])))
def test_knowing_less_never_contradicts(policies: list[AuthorizationPolicy], request_: Request, hidden: set[str]):
    full = decide(policies, request_).allowed
    less: Decision = decide(policies, msgspec.structs.replace(request_, **dict.fromkeys(hidden, msgspec.UNSET)))
    assert less.allowed in (Truth.MAYBE, full)


NEEDS_TOKEN = policy(rules=[by(requestPrincipals=["*"])])


@pytest.mark.parametrize(
    ("presented", "expected", "said"),
    [
        (token(), Truth.YES, "Allowed by rule 1"),
        (None, Truth.NO, "No rule of AuthorizationPolicy pay/p"),
        (msgspec.UNSET, Truth.MAYBE, "allows some"),
        (token(iss="other"), Truth.NO, "its issuer 'other' is none of idp"),
        (token(aud="elsewhere"), Truth.NO, "it is for elsewhere, not shop, pay"),
        (token(aud=["elsewhere", "pay"]), Truth.YES, "Allowed"),
        (msgspec.structs.replace(token(), valid=False), Truth.NO, "expired or not signed"),
        (msgspec.structs.replace(token(), header="x-token"), Truth.NO, "No rule"),
    ],
)
def test_a_token_is_checked_before_any_policy(presented: Any, expected: Truth, said: str):
    decision = decide([NEEDS_TOKEN], Request(token=presented), [IDP])
    assert (decision.allowed, said in decision.reason) == (expected, True)


def test_without_request_authentication_nobody_looks_at_a_token():
    assert decide([NEEDS_TOKEN], Request(token=token())).allowed is Truth.NO


def test_a_refused_token_is_refused_without_any_policy():
    decision = decide([], Request(token=token(iss="other")), [IDP])
    assert (decision.allowed, str(decision.policy)) == (Truth.NO, "RequestAuthentication pay/idp")


@pytest.mark.parametrize(
    ("key", "values", "expected"),
    [
        ("request.auth.claims[realm][roles]", ["admin"], Truth.YES),
        ("request.auth.claims[realm][none]", ["admin"], Truth.NO),
        ("request.auth.claims[scope]", ["write"], Truth.YES),
        ("request.auth.claims[age]", ["42"], Truth.NO),
        ("request.auth.audiences", ["shop"], Truth.YES),
        ("request.auth.presenter", ["app"], Truth.YES),
        ("request.auth.principal", ["idp/al*"], Truth.YES),
    ],
)
def test_claims_are_texts_lists_and_nested(key: str, values: list[str], expected: Truth):
    presented = token(realm={"roles": ["user", "admin"]}, scope="read write", age=42, azp="app")
    assert decide([policy(rules=[when(key, *values)])], Request(token=presented), [IDP]).allowed is expected


def test_on_tcp_one_field_of_http_drops_the_whole_allow_rule():
    rule = {"to": [{"operation": {"methods": ["GET"]}}, {"operation": {"ports": ["6379"]}}]}
    assert allowed([policy(rules=[rule])], port="6379", stream=True) is Truth.NO


def at_ztunnel(action: str, *rules: Any, **request_: Any) -> Truth:
    return Policies([policy(action=action, rules=list(rules))], (), "ztunnel").decide(Request(**request_)).allowed


def test_ztunnel_omits_allow_rules_that_ask_for_http():
    http = {**by(namespaces=["shop"]), **to(methods=["GET"])}
    assert at_ztunnel("ALLOW", http, identity=CART) is Truth.NO
    assert at_ztunnel("ALLOW", http, by(namespaces=["shop"]), identity=CART) is Truth.YES


def test_ztunnel_denies_by_what_is_left_of_a_rule_and_not_at_all_without_any():
    with_ports = {**by(namespaces=["shop"]), **to(methods=["GET"], ports=["80"])}
    assert at_ztunnel("DENY", with_ports, identity=CART, port="80") is Truth.NO
    assert at_ztunnel("DENY", with_ports, identity=CART, port="81") is Truth.YES
    only_http = {**by(namespaces=["shop"]), **to(methods=["GET"])}
    assert at_ztunnel("DENY", only_http, identity=CART, port="80") is Truth.YES
    assert (
        at_ztunnel("DENY", {"to": [{"operation": {"paths": ["/a"]}}, {"operation": {"ports": ["80"]}}]}, port="80")
        is Truth.NO
    )
    assert at_ztunnel("DENY", when("request.headers[a]", "b"), identity=CART) is Truth.YES
    assert at_ztunnel("DENY", {}, identity=CART) is Truth.NO


def test_ztunnel_passes_over_custom_audit_and_dry_runs():
    assert at_ztunnel("CUSTOM", {}, identity=CART) is Truth.YES
    assert at_ztunnel("AUDIT", {}, identity=CART) is Truth.YES


def test_many_rules_that_name_their_callers_decide_as_one_by_one():
    policies = [
        policy(f"p{number}", rules=[by(principals=[f"cluster.local/ns/shop/sa/{number}"])]) for number in range(100)
    ]
    found = decide(policies, Request(identity=Identity("cluster.local", "shop", "42")))
    assert (found.allowed, found.policy.name) == (Truth.YES, "p42")
    assert allowed(policies, identity=None) is Truth.NO
    assert allowed(policies) is Truth.MAYBE
