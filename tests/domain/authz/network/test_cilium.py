"""Cilium's policies as a layer."""

from __future__ import annotations

from typing import Any

import pytest

API, WEB = {"matchLabels": {"app": "api"}}, {"matchLabels": {"k8s:app": "web"}}
PORT = {"ports": [{"port": "8080", "protocol": "TCP"}]}
HTTP = {**PORT, "rules": {"http": [{"method": "GET", "path": "/stock/.*"}]}}


def policy(cluster: Any, where: str = "shop/p", kind: str = "CiliumNetworkPolicy", **spec: Any) -> None:
    cluster.add(kind, where, {"endpointSelector": API, **spec}, "cilium.io/v2")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, "denied"),
        ({"fromEndpoints": [WEB]}, "allowed"),
        ({"fromEndpoints": [{}]}, "allowed"),
        ({"fromEndpoints": []}, "denied"),
        ({"fromEndpoints": [{"matchLabels": {"io.kubernetes.pod.namespace": "other"}}]}, "denied"),
        ({"fromEndpoints": [{"matchLabels": {"k8s:io.kubernetes.pod.namespace": "shop", "app": "web"}}]}, "allowed"),
        ({"fromEndpoints": [{"matchLabels": {"io.cilium.k8s.policy.serviceaccount": "web"}}]}, "allowed"),
        ({"fromEntities": ["cluster"]}, "allowed"),
        ({"fromEntities": ["world"]}, "denied"),
        ({"fromCIDR": ["10.0.0.0/8"]}, "denied"),
        ({"toPorts": [PORT]}, "allowed"),
        ({"toPorts": [{"ports": [{"port": "80"}]}]}, "denied"),
        ({"toPorts": [{"ports": [{"port": "http"}]}]}, "allowed"),
        ({"fromEndpoints": [WEB], "toPorts": [PORT], "authentication": {"mode": "required"}}, "partly"),
        ({"fromEndpoints": [WEB], "authentication": {"mode": "disabled"}}, "allowed"),
    ],
)
def test_ingress_rules(cluster, ask, rule: dict[str, Any], expected: str):
    policy(cluster, ingress=[rule])
    assert ask().verdict == expected


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"method": "GET", "path": "/stock/7"}, "allowed"),
        ({"method": "POST", "path": "/stock/7"}, "denied"),
        ({"method": "GET", "path": "/x/stock/7"}, "denied"),
        ({"method": "GET"}, "partly"),
    ],
)
def test_http_rules_are_anchored_and_deny_the_rest(cluster, ask, request_: dict[str, str], expected: str):
    policy(cluster, ingress=[{"fromEndpoints": [WEB], "toPorts": [HTTP]}], enableDefaultDeny={"ingress": False})
    assert ask(**request_).verdict == expected


def test_a_rule_without_http_beside_one_with_it_allows_all(cluster, ask):
    policy(cluster, ingress=[{"fromEndpoints": [WEB], "toPorts": [HTTP]}, {"fromEndpoints": [WEB]}])
    assert ask(method="POST", path="/").verdict == "allowed"


def test_headers_are_asked_for(cluster, ask):
    rules = {"http": [{"headers": ["X-Team: a"]}, {"headerMatches": [{"name": "X-Other", "value": "b"}]}]}
    policy(cluster, ingress=[{"toPorts": [{**PORT, "rules": rules}]}])
    assert ask(headers={"x-team": "a"}).verdict == "allowed"
    assert ask(headers={"x-other": "b"}).verdict == "allowed"
    assert ask(headers={"x-team": "b"}).verdict == "denied"


def test_a_deny_rule_beats_every_allow_rule(cluster, ask):
    policy(cluster, ingress=[{"fromEntities": ["all"]}])
    policy(cluster, "shop/deny", ingressDeny=[{"fromEndpoints": [WEB]}])
    found = ask()
    assert (found.refused_by, str(found.object)) == ("network", "CiliumNetworkPolicy shop/deny")
    assert ask("other/batch").refused_by is None


def test_without_default_deny_nothing_is_refused(cluster, ask):
    policy(cluster, ingress=[{"fromEndpoints": [API]}], enableDefaultDeny={"ingress": False})
    assert ask().refused_by is None


def test_the_callers_egress_is_asked_first(cluster, ask):
    cluster.add(
        "CiliumNetworkPolicy",
        "other/out",
        {"endpointSelector": {}, "egress": [{"toEntities": ["world"]}]},
        "cilium.io/v2",
    )
    assert ask("other/batch").layers[0].where == "egress of batch"
    services = [{"k8sService": {"serviceName": "api", "namespace": "shop"}}]
    cluster.add(
        "CiliumNetworkPolicy",
        "other/more",
        {"endpointSelector": {}, "egress": [{"toServices": services}]},
        "cilium.io/v2",
    )
    assert ask("other/batch").refused_by is None


def test_clusterwide_policies_select_in_all_namespaces(cluster, ask):
    spec = {"endpointSelector": API, "ingress": [{"fromEndpoints": [{"matchLabels": {"app": "web"}}]}]}
    metadata = {"name": "wide"}
    cluster.manifests.append(
        {"apiVersion": "cilium.io/v2", "kind": "CiliumClusterwideNetworkPolicy", "metadata": metadata, "spec": spec}
    )
    assert ask().verdict == "allowed"
    assert ask("other/batch").verdict == "denied"


def test_several_specs_of_one_object_all_count(cluster, ask):
    metadata = {"namespace": "shop", "name": "many"}
    specs = [
        {"endpointSelector": API, "ingress": [{}]},
        {"endpointSelector": API, "ingress": [{"fromEndpoints": [WEB]}]},
    ]
    cluster.manifests.append(
        {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": metadata, "specs": specs}
    )
    assert ask().verdict == "allowed"


@pytest.mark.parametrize("expression", ["(a+)+$", "((a*)*)*b", "(", "x" * 400])
def test_a_regex_that_might_never_end_is_not_tried(cluster, ask, expression: str):
    policy(cluster, ingress=[{"toPorts": [{**PORT, "rules": {"http": [{"path": expression}]}}]}])
    assert ask(path="/" + "a" * 5000, method="GET").verdict == "partly"


def test_outside_is_the_world(cluster, ask):
    policy(cluster, ingress=[{"fromEntities": ["world"]}])
    assert ask(None).verdict == "allowed"
    policy(
        cluster, "shop/deny", ingressDeny=[{"fromCIDRSet": [{"cidr": "203.0.113.0/24", "except": ["203.0.113.9/32"]}]}]
    )
    assert ask(None, source_ip="203.0.113.1").verdict == "denied"
    assert ask(None, source_ip="203.0.113.9").verdict == "allowed"
