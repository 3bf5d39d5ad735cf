"""AuthorizationPolicy rules as Envoy RBAC policies, without an Envoy (tests/demo/envoy has them enforced)."""

from __future__ import annotations

from typing import Any

import pytest

from meshui.demo.controlplane import rbac
from meshui.demo.controlplane.manifests import UnusableError
from meshui.demo.controlplane.rbac import Place, translate_rule
from meshui.demo.controlplane.world import Pod, build_world

HTTP = Place(8080, False, "shop")
TCP = Place(6380, True, "shop")
ANYONE = {"and_ids": {"ids": [{"any": True}]}}
ANYTHING = {"and_rules": {"rules": [{"any": True}]}}
NEVER = {"not_rule": {"any": True}}


def principal(**source: Any) -> dict[str, Any]:
    """The matcher of one value of a source's only field."""
    policy = translate_rule({"from": [{"source": source}]}, "ALLOW", HTTP)
    assert policy is not None
    [part] = policy["principals"][0]["and_ids"]["ids"]
    matcher: dict[str, Any] = part["or_ids"]["ids"][0]
    return matcher


def permission(**operation: Any) -> dict[str, Any]:
    policy = translate_rule({"to": [{"operation": operation}]}, "ALLOW", HTTP)
    assert policy is not None
    [part] = policy["permissions"][0]["and_rules"]["rules"]
    matcher: dict[str, Any] = part["or_rules"]["rules"][0]
    return matcher


def name(matcher: dict[str, Any]) -> dict[str, Any]:
    return {"authenticated": {"principal_name": matcher}}


def test_an_empty_rule_matches_everything() -> None:
    assert translate_rule({}, "ALLOW", HTTP) == {"permissions": [ANYTHING], "principals": [ANYONE]}


@pytest.mark.parametrize(
    ("value", "matcher"),
    [
        ("cluster.local/ns/a/sa/b", {"exact": "spiffe://cluster.local/ns/a/sa/b"}),
        ("cluster.local/ns/a/*", {"prefix": "spiffe://cluster.local/ns/a/"}),
        ("*/sa/b", {"safe_regex": {"regex": "spiffe://.*/sa/b"}}),
        ("*", {"safe_regex": {"regex": ".+"}}),
    ],
)
def test_principals_are_spiffe_uris(value: str, matcher: dict[str, Any]) -> None:
    assert principal(principals=[value]) == name(matcher)


def test_namespaces_and_service_accounts_are_parts_of_the_identity() -> None:
    assert principal(namespaces=["sh*"]) == name({"safe_regex": {"regex": ".*/ns/sh.*/.*"}})
    own = principal(serviceAccounts=["web"])
    assert own == name({"safe_regex": {"regex": "spiffe://.+/ns/shop/(.+/|)sa/web(/.+)?"}})
    other = principal(serviceAccounts=["edge/web"])
    assert other == name({"safe_regex": {"regex": "spiffe://.+/ns/edge/(.+/|)sa/web(/.+)?"}})


def test_ip_blocks_are_of_the_connection_and_remote_ones_of_the_request() -> None:
    assert principal(ipBlocks=["10.1.2.3"]) == {"direct_remote_ip": {"address_prefix": "10.1.2.3", "prefix_len": 32}}
    assert principal(remoteIpBlocks=["10.1.2.3/8"]) == {"remote_ip": {"address_prefix": "10.0.0.0", "prefix_len": 8}}


def claim(name: str, matcher: dict[str, Any]) -> dict[str, Any]:
    path = [{"key": "payload"}, {"key": name}]
    return {"metadata": {"filter": "envoy.filters.http.jwt_authn", "path": path, "value": {"string_match": matcher}}}


@pytest.mark.parametrize(
    ("value", "issuer", "subject"),
    [
        ("*", {"safe_regex": {"regex": ".+"}}, {"safe_regex": {"regex": ".+"}}),
        ("https://idp/x/alice", {"exact": "https://idp/x"}, {"exact": "alice"}),
        ("https://idp/x/*", {"exact": "https://idp/x"}, {"safe_regex": {"regex": ".+"}}),
        ("*/alice", {"safe_regex": {"regex": ".+"}}, {"exact": "alice"}),
        ("*ice", {"safe_regex": {"regex": ".+"}}, {"suffix": "ice"}),
        ("idp*", {"prefix": "idp"}, {"safe_regex": {"regex": ".+"}}),
    ],
)
def test_a_request_principal_is_issuer_and_subject(value: str, issuer: Any, subject: Any) -> None:
    assert principal(requestPrincipals=[value]) == {"and_ids": {"ids": [claim("iss", issuer), claim("sub", subject)]}}


def test_operations_match_host_method_path_and_port() -> None:
    authority = {"name": ":authority", "string_match": {"suffix": ".example", "ignore_case": True}}
    assert permission(hosts=["*.example"]) == {"header": authority}
    assert permission(methods=["GET"]) == {"header": {"name": ":method", "string_match": {"exact": "GET"}}}
    assert permission(paths=["/a/*"]) == {"url_path": {"path": {"prefix": "/a/"}}}
    template = permission(paths=["/a/{*}/b/{**}"])["uri_template"]["typed_config"]
    assert template["path_template"] == "/a/*/b/**"
    assert permission(ports=["8080"]) == {"any": True}
    assert permission(ports=["9090"]) == NEVER


def test_not_fields_negate_and_are_required_together() -> None:
    policy = translate_rule({"to": [{"operation": {"methods": ["*"], "notPaths": ["/x", "/y"]}}]}, "ALLOW", HTTP)
    assert policy is not None
    some, negated = policy["permissions"][0]["and_rules"]["rules"]
    assert some["or_rules"]["rules"] == [{"header": {"name": ":method", "present_match": True}}]
    assert len(negated["not_rule"]["or_rules"]["rules"]) == 2


def test_conditions_join_every_source_and_operation() -> None:
    rule = {
        "from": [{"source": {"namespaces": ["a"]}}, {"source": {"namespaces": ["b"]}}],
        "to": [{"operation": {"methods": ["GET"]}}, {"operation": {"methods": ["PUT"]}}],
        "when": [
            {"key": "request.headers[x-a]", "values": ["1"]},
            {"key": "connection.sni", "notValues": ["*.example"]},
            {"key": "destination.ip", "values": ["10.0.0.0/8"]},
            {"key": "experimental.envoy.filters.network.x[k]", "values": ["[v]"]},
        ],
    }
    policy = translate_rule(rule, "ALLOW", HTTP)
    assert policy is not None
    assert [len(item["and_ids"]["ids"]) for item in policy["principals"]] == [2, 2]
    assert [len(item["and_rules"]["rules"]) for item in policy["permissions"]] == [4, 4]


def test_http_conditions_drop_an_allow_rule_and_widen_a_deny_rule_on_tcp() -> None:
    rule = {
        "from": [{"source": {"namespaces": ["shop"], "requestPrincipals": ["*"]}}],
        "to": [{"operation": {"methods": ["GET"]}}],
    }
    assert translate_rule(rule, "ALLOW", TCP) is None
    widened = translate_rule(rule, "DENY", TCP)
    assert widened is not None
    assert widened["permissions"] == [ANYTHING]
    assert len(widened["principals"][0]["and_ids"]["ids"]) == 1


@pytest.mark.parametrize(
    ("spec", "word"),
    [
        ({"action": "CUSTOM"}, "CUSTOM"),
        ({"action": "MAYBE"}, "MAYBE"),
        ({"rules": [{"when": [{"key": "source.mood", "values": ["x"]}]}]}, "source.mood"),
        ({"rules": [{"when": [{"key": "source.ip"}]}]}, "source.ip"),
        ({"rules": [{"from": [{"source": {"ipBlocks": ["1.2.3"]}}]}]}, "1.2.3"),
        ({"rules": [{"to": [{"operation": {"ports": ["http"]}}]}]}, "http"),
        ({"rules": [{"to": [{"operation": {"paths": ["/{**}/{*}"]}}]}]}, "last operator"),
        ({"rules": [{"to": [{"operation": {"paths": ["/a{*}"]}}]}]}, "whole segments"),
        ({"rules": [{"from": [{"source": {"serviceAccounts": ["a*"]}}]}]}, "a*"),
        ({"rules": [{"from": [{"source": {"serviceAccounts": ["a"], "principals": ["b"]}}]}]}, "principals"),
        ({"rules": [{"from": [{"source": {"namespaces": ["a("]}}]}]}, "RE2"),
    ],
)
def test_what_cannot_be_enforced_is_refused(spec: dict[str, Any], word: str) -> None:
    manifest = {"kind": "AuthorizationPolicy", "metadata": {"namespace": "shop", "name": "p"}, "spec": spec}
    with pytest.raises(UnusableError, match=word.replace("*", r"\*")):
        rbac.check(manifest)


def policy(name: str, action: str = "ALLOW", namespace: str = "shop", **spec: Any) -> dict[str, Any]:
    metadata = {"namespace": namespace, "name": name}
    return {"kind": "AuthorizationPolicy", "metadata": metadata, "spec": {"action": action, **spec}}


def pod() -> Pod:
    return Pod("shop", "web-1", "127.0.0.1", {"app": "web"}, "web", "web", True, True, False, ())


def test_denials_come_before_allowances_and_the_roots_first() -> None:
    world = build_world(
        [],
        [],
        [
            policy("allow", rules=[{}]),
            policy("deny", "DENY", rules=[{}]),
            policy("root", "DENY", "istio-system", rules=[{}]),
            policy("audit", "AUDIT", rules=[{}]),
            policy("elsewhere", "DENY", "edge", rules=[{}]),
            policy("cart", "DENY", selector={"matchLabels": {"app": "cart"}}, rules=[{}]),
            policy("gateway", "DENY", targetRefs=[{"kind": "Gateway", "name": "g"}], rules=[{}]),
        ],
    )
    filters = rbac.http_filters(world, pod(), 8080)
    rules = [found["typed_config"]["rules"] for found in filters]
    assert [item["action"] for item in rules] == ["LOG", "DENY", "DENY", "ALLOW"]
    assert [list(item["policies"]) for item in rules[1:3]] == [
        ["ns[istio-system]-policy[root]-rule[0]"],
        ["ns[shop]-policy[deny]-rule[0]"],
    ]


def test_a_policy_without_rules_never_matches() -> None:
    world = build_world([], [], [policy("nothing")])
    [found] = rbac.http_filters(world, pod(), 8080)
    [never] = found["typed_config"]["rules"]["policies"].values()
    assert never["permissions"] == [NEVER]


def test_dry_runs_are_shadow_rules_only() -> None:
    dry = policy("dry", rules=[{}])
    dry["metadata"]["annotations"] = {"istio.io/dry-run": "true"}
    [found] = rbac.http_filters(build_world([], [], [dry]), pod(), 8080)
    assert "rules" not in found["typed_config"]
    assert found["typed_config"]["shadow_rules_stat_prefix"] == "istio_dry_run_allow_"


def test_the_filters_of_no_policy_are_none() -> None:
    assert rbac.tcp_filters(build_world([], [], []), pod(), 8080) == []
