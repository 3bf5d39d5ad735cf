"""What policy says of an edge, beside what was refused."""

from __future__ import annotations

import pytest

WEB, CATALOG = "workload:demo/shop/web", "service:demo/shop/catalog"
V1, V2 = "workload:demo/shop/catalog-v1", "workload:demo/shop/catalog-v2"
PRINCIPAL = "cluster.local/ns/shop/sa/web"


def policy(mesh, where: str, rules: list, *, action: str = "ALLOW", selector: dict | None = None):
    spec: dict = {"action": action, "rules": rules}
    if selector:
        spec["selector"] = {"matchLabels": selector}
    return mesh.add("AuthorizationPolicy", where, spec, "security.istio.io/v1")


def only(principal: str = PRINCIPAL, **operation) -> dict:
    rule: dict = {"from": [{"source": {"principals": [principal]}}]}
    return {**rule, "to": [{"operation": operation}]} if operation else rule


@pytest.fixture
def calling(shop):
    return shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 5)


def test_without_policy_an_edge_is_open(calling):
    authz = calling.view().edge(WEB, CATALOG).authz
    assert (authz.verdict, authz.decided_by, authz.denied_rate) == ("open", None, 0)


def test_an_allowed_caller_names_the_policy(calling):
    policy(calling, "shop/catalog", [only()], selector={"app": "catalog"})
    authz = calling.view().edge(WEB, CATALOG).authz
    assert (authz.verdict, str(authz.decided_by)) == ("allowed", "AuthorizationPolicy shop/catalog")
    assert authz.reason == "shop/web to catalog-v1: Allowed by rule 1 of AuthorizationPolicy shop/catalog."


@pytest.mark.parametrize("where", ["shop/all", "istio-system/all"])
def test_namespace_and_mesh_policies_hold_too(calling, where):
    policy(calling, where, [only("cluster.local/ns/shop/sa/other")])
    assert calling.view().edge(WEB, CATALOG).authz.verdict == "denied"


def test_a_policy_of_another_selector_or_namespace_does_not_hold(calling):
    policy(calling, "shop/web", [], selector={"app": "web"})
    policy(calling, "other/all", [])
    assert calling.view().edge(WEB, CATALOG).authz.verdict == "open"


def test_the_root_namespaces_selector_holds_in_all_namespaces(calling):
    policy(calling, "istio-system/catalog", [], selector={"app": "catalog"})
    assert calling.view().edge(WEB, CATALOG).authz.verdict == "denied"


def test_rules_on_methods_and_paths_make_it_partly(calling):
    policy(calling, "shop/catalog", [only(methods=["GET"])])
    assert calling.view().edge(WEB, CATALOG).authz.verdict == "partly"


def test_versions_that_differ_make_the_service_edge_partly(calling):
    calling.calls("shop/web", "shop/catalog", "shop/catalog-v2", 5)
    policy(calling, "shop/v2", [], selector={"version": "v2"})
    view = calling.view()
    assert view.edge(WEB, CATALOG).authz.verdict == "partly"
    assert view.edge(CATALOG, V1).authz.verdict == "open"
    assert view.edge(CATALOG, V2).authz.verdict == "denied"


def test_over_plain_text_a_caller_has_no_identity(shop):
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 5, mtls=False)
    policy(shop, "shop/catalog", [only()])
    assert shop.view().edge(WEB, CATALOG).authz.verdict == "denied"


def test_a_caller_without_a_proxy_has_no_identity_either(shop):
    shop.workload("shop/legacy", proxy=False)
    shop.calls("shop/legacy", "shop/catalog", "shop/catalog-v1", 4, by="destination", mtls=False)
    shop.calls("shop/legacy", "shop/catalog", "shop/catalog-v1", 1, code="403", by="destination", mtls=False)
    policy(
        shop, "shop/catalog", [only(), {"to": [{"operation": {"methods": ["GET"], "paths": ["/stock", "/stock/*"]}}]}]
    )
    authz = shop.view().edge("workload:demo/shop/legacy", CATALOG).authz
    assert (authz.verdict, authz.denied_rate) == ("partly", 1)
    assert authz.reason == (
        "A caller without identity to catalog-v1: Rule 2 of AuthorizationPolicy shop/catalog allows some, by what is "
        "asked. 1 req/s of 5 req/s were refused (403)."
    )


def test_a_403_of_the_application_is_no_denial(calling):
    calling.calls("shop/web", "shop/catalog", "shop/catalog-v1", 5, code="403")
    assert calling.view().edge(WEB, CATALOG).authz.denied_rate == 0
    policy(calling, "shop/catalog", [only()])
    assert calling.view().edge(WEB, CATALOG).authz.denied_rate == 0
    policy(calling, "shop/deny", [only()], action="DENY")
    authz = calling.view().edge(WEB, CATALOG).authz
    assert (authz.verdict, authz.denied_rate) == ("denied", 5)


def test_a_denied_edge_that_is_not_refused_is_said(calling):
    policy(calling, "shop/catalog", [])
    assert "Yet none of 5 req/s was refused." in calling.view().edge(WEB, CATALOG).authz.reason


def test_nothing_is_enforced_without_a_proxy(shop):
    shop.workload("shop/bare", proxy=False).service("shop/bare")
    policy(shop, "shop/all", [])
    shop.calls("shop/web", "shop/bare", "unknown", 1, by="source")
    assert shop.view().edge(WEB, "service:demo/shop/bare").authz.verdict == "open"


def test_tcp_is_decided_without_http(shop):
    shop.workload("shop/db").service("shop/db", port=6379, target=6379)
    policy(shop, "shop/db", [only(ports=["6379"])], selector={"app": "db"})
    shop.calls("shop/web", "shop/db", "shop/db", 1, protocol="tcp")
    assert shop.view().edge(WEB, "service:demo/shop/db", "tcp").authz.verdict == "allowed"


def test_a_waypoint_passes_over_selectors_and_a_gateway_takes_its_target(shop):
    gateway = {"gateway.networking.k8s.io/gateway-name": "front"}
    shop.workload("shop/front", labels=gateway).service("shop/front")
    targets = [{"kind": "Gateway", "name": "front", "group": "gateway.networking.k8s.io"}]
    shop.add("AuthorizationPolicy", "shop/front", {"targetRefs": targets}, "security.istio.io/v1")
    shop.calls("shop/web", "shop/front", "shop/front", 1).calls("shop/web", "shop/catalog", "shop/catalog-v1", 1)
    view = shop.view()
    assert view.edge(WEB, "service:demo/shop/front").authz.verdict == "denied"
    assert view.edge(WEB, CATALOG).authz.verdict == "open"


def test_network_policy_is_asked_before_the_proxies(calling):
    spec = {"podSelector": {"matchLabels": {"app": "catalog"}}}
    calling.add("NetworkPolicy", "shop/isolated", spec, "networking.k8s.io/v1")
    policy(calling, "shop/catalog", [only()])
    authz = calling.view().edge(WEB, CATALOG).authz
    assert (authz.verdict, str(authz.decided_by)) == ("denied", "NetworkPolicy shop/isolated")


def test_what_network_policy_lets_through_is_not_open(calling):
    spec = {"podSelector": {}, "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}]}
    calling.add("NetworkPolicy", "shop/web-only", spec, "networking.k8s.io/v1")
    authz = calling.view().edge(WEB, CATALOG).authz
    assert (authz.verdict, str(authz.decided_by)) == ("allowed", "NetworkPolicy shop/web-only")
