"""Why a request is allowed or denied."""

from __future__ import annotations

from typing import Any

from meshui.domain.authz.decide import Policies
from meshui.domain.authz.request import Request
from meshui.domain.authz.why import Why, why
from meshui.domain.mesh.names import Identity
from meshui.domain.mesh.security import authorization_policy

CART = Identity("cluster.local", "shop", "cart")


def policy(name: str, action: str, *rules: dict[str, Any], dry_run: bool = False) -> Any:
    metadata = {"namespace": "pay", "name": name, "annotations": {"istio.io/dry-run": str(dry_run).lower()}}
    spec = {"action": action, "rules": list(rules), "provider": {"name": "opa"}}
    return authorization_policy({"kind": "AuthorizationPolicy", "metadata": metadata, "spec": spec})


def rule(source: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    return {"from": [{"source": source}], "to": [{"operation": operation}]}


def of(*policies: Any, **request: Any) -> Why:
    known = {"identity": CART, "method": "GET", "path": "/admin", "port": "8080", "host": "pay", "headers": {}}
    return why(Policies(policies), Request(**(known | request)))


def test_the_near_miss_names_the_field_and_both_values():
    found = of(
        policy("p", "ALLOW", rule({"namespaces": ["x"]}, {}), rule({"namespaces": ["shop"]}, {"paths": ["/pay/*"]}))
    )
    assert [(one.rule, one.missed, one.words) for one in found.near] == [
        (1, ("paths",), "the path /admin is not /pay/*")
    ]
    assert found.steps[-1] == "ALLOW: 1 policy, no rule matches, so it is denied."


def test_the_closest_of_several_sources_is_compared():
    sources = [{"source": {"namespaces": ["x"], "ipBlocks": ["10.0.0.0/8"]}}, {"source": {"namespaces": ["shop"]}}]
    found = of(policy("p", "ALLOW", {"from": sources, "to": [{"operation": {"methods": ["POST"], "ports": ["8080"]}}]}))
    assert [one.words for one in found.near] == ["the method GET is not POST"]


def test_the_deciding_rule_is_told_in_words():
    found = of(policy("p", "DENY", rule({"principals": ["*/sa/cart"]}, {"notPaths": ["/public/*"]})))
    assert found.deciding is not None
    assert found.deciding.words == (
        "the principal cluster.local/ns/shop/sa/cart is */sa/cart; the path /admin is not one of /public/*"
    )
    assert found.steps == (
        "CUSTOM: no policy.",
        "DENY: rule 1 of AuthorizationPolicy pay/p matches.",
        "ALLOW: no policy, so what is not denied is allowed.",
    )


def test_a_missing_identity_is_said_to_be_missing():
    found = of(policy("p", "ALLOW", rule({"namespaces": ["shop"]}, {"methods": ["GET"]})), identity=None)
    assert found.near[0].words == "the caller's namespace (there is none) is not shop"


def test_what_is_not_known_is_named():
    found = of(
        policy("p", "ALLOW", {"when": [{"key": "request.headers[x-team]", "values": ["a"]}]}), headers={"x-team": "b"}
    )
    assert found.near == ()
    missing = why(
        Policies([policy("p", "ALLOW", rule({}, {"methods": ["GET"], "paths": ["/a"]}))]), Request(identity=CART)
    )
    assert missing.steps[-1].endswith("may match: it depends on the method, the path.")


def test_a_skipped_rule_says_why():
    found = of(policy("p", "ALLOW", {"when": [{"key": "no.such", "values": ["a"]}]}))
    assert found.near[0].words == "'no.such' is no condition that Istio knows."


def test_dry_runs_and_audits_are_shadows():
    found = of(
        policy("dry", "DENY", {}, dry_run=True), policy("log", "AUDIT", {}), policy("new", "ALLOW", dry_run=True)
    )
    assert found.shadows == (
        "AuthorizationPolicy pay/dry is a dry run: its rule 1 would have denied it.",
        "AuthorizationPolicy pay/new is a dry run: it would not allow it.",
        "Rule 1 of AuthorizationPolicy pay/log has it audited.",
    )
