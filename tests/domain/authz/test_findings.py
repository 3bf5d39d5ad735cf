"""What is wrong inside policies: told, never raised."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshui.domain.authz.decide import decide
from meshui.domain.authz.findings import authentication_findings, policy_findings
from meshui.domain.authz.policies import PolicyIndex
from meshui.domain.authz.request import Request
from meshui.domain.mesh.names import Identity
from meshui.domain.mesh.objects import Malformed
from meshui.domain.mesh.security import authorization_policy, request_authentication

API = "security.istio.io/v1"


def read(**spec: Any) -> Any:
    metadata = {"namespace": "shop", "name": "p"}
    return authorization_policy({"kind": "AuthorizationPolicy", "metadata": metadata, "spec": spec})


def by(**source: Any) -> dict[str, Any]:
    return {"rules": [{"from": [{"source": source}]}]}


def to(**operation: Any) -> dict[str, Any]:
    return {"rules": [{"to": [{"operation": operation}]}]}


def when(key: str, **values: Any) -> dict[str, Any]:
    return {"rules": [{"when": [{"key": key, **values}]}]}


@pytest.mark.parametrize(
    ("spec", "path", "said"),
    [
        (by(ipBlocks=["10.0.0.0/99"]), "$.spec.rules[0].from[0].source.ipBlocks", "CIDR"),
        (by(notRemoteIpBlocks=["x"]), "$.spec.rules[0].from[0].source.remoteIpBlocks", "CIDR"),
        (by(principals=["spiffe://cluster.local/ns/a/sa/b"]), "$.spec.rules[0].from[0].source.principals", "spiffe"),
        (by(serviceAccounts=["a/b/c"]), "$.spec.rules[0].from[0].source.serviceAccounts", "namespace/name"),
        (to(ports=["http"]), "$.spec.rules[0].to[0].operation.ports", "port"),
        (to(ports=["70000"]), "$.spec.rules[0].to[0].operation.ports", "port"),
        (to(paths=["/{**}/{*}"]), "$.spec.rules[0].to[0].operation.paths", "last"),
        (to(paths=["/a{*}"]), "$.spec.rules[0].to[0].operation.paths", "whole segment"),
        (to(methods=["get"]), "$.spec.rules[0].to[0].operation.methods", "upper case"),
        (when("source.ip", values=["a"]), "$.spec.rules[0].when[0]", "CIDR"),
        (when("source.namespace"), "$.spec.rules[0].when[0]", "neither values"),
        ({"action": "DENY"}, "$.spec.rules", "does nothing"),
        ({"action": "CUSTOM", "rules": [{}]}, "$.spec.provider", "provider"),
    ],
)
def test_each_mistake_is_told_at_its_place(spec: dict[str, Any], path: str, said: str):
    [found] = policy_findings(read(**spec))
    assert (found.path, said in found.message, found.severity) == (path, True, "warning")


def test_a_good_policy_has_no_findings():
    spec = {**by(principals=["*/sa/web"], ipBlocks=["10.0.0.0/8"]), "selector": {"matchLabels": {"app": "x"}}}
    assert list(policy_findings(read(**spec))) == []
    assert list(policy_findings(read(**to(paths=["/a/{*}/{**}", "/b*"], ports=["80"], methods=["GET"])))) == []


def test_a_rule_without_an_issuer_is_told():
    spec = {"jwtRules": [{"issuer": ""}]}
    one = request_authentication({"kind": "RequestAuthentication", "metadata": {"name": "a"}, "spec": spec})
    assert [found.path for found in authentication_findings(one)] == ["$.spec.jwtRules[0].issuer"]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["from", "to", "when", "source", "operation", "rules", "key", "values", "paths", "ipBlocks", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=150)
@given(
    st.fixed_dictionaries(
        {}, optional={"rules": ANYTHING, "selector": ANYTHING, "action": ANYTHING, "targetRefs": ANYTHING}
    )
)
def test_no_object_however_odd_breaks_anything(spec: dict[str, Any]):
    try:
        policy = read(**spec)
    except Malformed:
        return  # the inventory tells of it
    list(policy_findings(policy))
    decide(
        [policy], Request(identity=Identity("a", "b", "c"), path="/x", method="GET", port="1", headers={}, token=None)
    )


def test_five_thousand_policies_are_held_apart_quickly(mesh):
    for number in range(5000):
        spec = {"selector": {"matchLabels": {"app": f"a{number}"}}, "rules": [{}]}
        mesh.add("AuthorizationPolicy", f"shop/p{number}", spec, API)
    for number in range(0, 5000, 100):
        mesh.workload(f"shop/a{number}")
    inventory = mesh.inventory()
    started = time.process_time()
    index = PolicyIndex(inventory)
    held = [len(index.of(one)) for one in inventory.workloads.values()]
    assert held == [1] * 50
    assert time.process_time() - started < 2
