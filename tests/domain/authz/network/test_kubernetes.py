"""NetworkPolicy as a layer."""

from __future__ import annotations

from typing import Any

import pytest

WEB = {"matchLabels": {"app": "web"}}
API = {"matchLabels": {"app": "api"}}


def policy(cluster: Any, where: str = "shop/p", **spec: Any) -> None:
    cluster.add("NetworkPolicy", where, {"podSelector": {}, **spec}, "networking.k8s.io/v1")


def test_without_any_policy_no_layer_is_told(cluster, ask):
    assert [one.layer for one in ask().layers] == ["mtls", "sidecar"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, "allowed"),
        ({"from": [{"podSelector": WEB}]}, "allowed"),
        ({"from": [{"podSelector": API}]}, "denied"),
        ({"from": [{"namespaceSelector": {"matchLabels": {"team": "shop"}}}]}, "allowed"),
        ({"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}]}, "allowed"),
        ({"from": [{"namespaceSelector": {"matchLabels": {"team": "other"}}, "podSelector": WEB}]}, "denied"),
        ({"from": [{"namespaceSelector": {}, "podSelector": API}, {"podSelector": WEB}]}, "allowed"),
        (
            {"from": [{"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}}]},
            "allowed",
        ),
        (
            {"from": [{"podSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}}]},
            "denied",
        ),
        ({"from": [{"podSelector": {"matchExpressions": [{"key": "app", "operator": "Odd"}]}}]}, "denied"),
        ({"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}, "allowed"),
        ({"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/24"]}}]}, "denied"),
        ({"ports": [{"port": 8080}]}, "allowed"),
        ({"ports": [{"port": "http"}]}, "allowed"),
        ({"ports": [{"port": 8000, "endPort": 8100}]}, "allowed"),
        ({"ports": [{"port": 80}]}, "denied"),
        ({"ports": [{"port": 8080, "protocol": "UDP"}]}, "denied"),
    ],
)
def test_ingress_rules(cluster, ask, rule: dict[str, Any], expected: str):
    policy(cluster, ingress=[rule])
    assert ask().verdict == expected


def test_an_isolated_pod_is_reached_by_nobody(cluster, ask):
    policy(cluster)
    found = ask()
    assert (found.refused_by, str(found.object)) == ("network", "NetworkPolicy shop/p")
    assert found.layers[0].where == "ingress of api"


def test_both_sides_must_allow(cluster, ask):
    policy(cluster, "other/out", policyTypes=["Egress"])
    found = ask("other/batch")
    assert (found.refused_by, found.layers[0].where) == ("network", "egress of batch")
    policy(cluster, "other/more", policyTypes=["Egress"], egress=[{"to": [{"namespaceSelector": {}}]}])
    assert ask("other/batch").refused_by is None


def test_policies_are_united(cluster, ask):
    policy(cluster, "shop/a", ingress=[{"from": [{"podSelector": API}]}])
    policy(cluster, "shop/b", ingress=[{"from": [{"podSelector": WEB}]}])
    assert str(ask().object) == "NetworkPolicy shop/b"


def test_from_outside_only_the_address_counts(cluster, ask):
    policy(cluster, ingress=[{"from": [{"ipBlock": {"cidr": "203.0.113.0/24"}}]}])
    assert ask(None, source_ip="203.0.113.9").refused_by is None
    assert ask(None, source_ip="198.51.100.1").refused_by == "network"
    assert ask(None).verdict == "partly"


def test_a_malformed_policy_is_passed_over(cluster, ask):
    policy(cluster, ingress="everything")
    assert ask().refused_by is None
