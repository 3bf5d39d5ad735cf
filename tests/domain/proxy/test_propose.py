"""What a change of a VirtualService makes of a proxy's routes, and how far it has got."""

from __future__ import annotations

from typing import Any

from meshui.domain.mesh.inventory import build_inventory
from meshui.domain.proxy.explain.explain import explain
from meshui.domain.proxy.explain.model import Question
from meshui.domain.proxy.propose import Proxied, proposed
from meshui.domain.proxy.rollout import ProxyRollout, progress, rollout
from meshui.domain.proxy.view import ProxyView, view_of
from tests.domain.proxy.dumps import V1, V2, Json, config_dump, encoded, route, split, virtual_host

HOST = "catalog.shop.svc.cluster.local"
WEB = Proxied("shop", {"app": "web"})
EMPTY = build_inventory([], "demo")


def to(v1: int, v2: int, **rule: Any) -> Json:
    def destination(subset: str, weight: int) -> Json:
        return {"destination": {"host": "catalog", "subset": subset, "port": {"number": 80}}, "weight": weight}

    return {"name": "split", "route": [destination("v1", v1), destination("v2", v2)], **rule}


def service(*rules: Json) -> Json:
    metadata = {"namespace": "shop", "name": "catalog"}
    return {"kind": "VirtualService", "metadata": metadata, "spec": {"hosts": ["catalog"], "http": list(rules)}}


def view(*routes: Json) -> ProxyView:
    host = virtual_host(*routes, name=f"{HOST}:80", domains=(HOST, "catalog"))
    return view_of("shop/web-1", encoded(config_dump(host)), None)


def shares(proxy: ProxyView, **headers: str) -> dict[str, float]:
    found = explain(proxy, Question("catalog", 80, headers=headers))
    return {one.cluster: one.share for one in found.branches}


def test_new_weights_change_the_chances_and_nothing_else() -> None:
    now = view(route("split", {"prefix": "/"}, {**split(90, 10), "timeout": "3s", "retry_policy": {"retry_on": "x"}}))
    would = proposed(now, service(to(90, 10)), service(to(20, 80)), WEB, EMPTY)
    assert would is not None
    assert shares(now) == {V1: 0.9, V2: 0.1}
    assert shares(would) == {V1: 0.2, V2: 0.8}
    assert (would.route_table[0].timeout_ms, would.route_table[0].retries) == (3000, now.route_table[0].retries)


def test_a_new_rule_before_takes_its_requests() -> None:
    now = view(route("split", {"prefix": "/"}, split(100, 0)))
    beta = to(0, 100, name="beta", match=[{"headers": {"x-beta": {"exact": "1"}}}], timeout="1m30s")
    would = proposed(now, service(to(100, 0)), service(beta, to(100, 0)), WEB, EMPTY)
    assert would is not None
    assert shares(would) == {V1: 1.0}
    assert shares(would, **{"x-beta": "1"}) == {V2: 1.0}
    assert would.route_table[0].timeout_ms == 90_000


def test_rules_for_other_callers_are_left_out() -> None:
    now = view(route("split", {"prefix": "/"}, split(100, 0)))
    others = to(0, 100, name="cart-only", match=[{"sourceLabels": {"app": "cart"}}])
    would = proposed(now, service(to(100, 0)), service(others, to(100, 0)), WEB, EMPTY)
    assert would is not None
    assert [one.name for one in would.route_table] == ["split"]


def test_redirects_faults_and_rewrites_are_made_too() -> None:
    now = view(route("split", {"prefix": "/"}, split(100, 0)))
    rules = (
        {"match": [{"uri": {"exact": "/old"}}], "redirect": {"uri": "/new", "redirectCode": 302}},
        {"match": [{"uri": {"prefix": "/x"}}], "rewrite": {"uri": "/y"}, **to(100, 0)},
        to(
            100,
            0,
            mirror={"host": "catalog", "subset": "v2"},
            fault={"abort": {"httpStatus": 503, "percentage": {"value": 10}}},
        ),
    )
    would = proposed(now, service(to(100, 0)), service(*rules), WEB, EMPTY)
    assert would is not None
    first, second, third = would.route_table
    assert (first.action, first.does) == ("redirect", "redirects to /new")
    assert second.rewrite == "the matched part becomes /y"
    assert (third.mirrors[0].cluster, third.fault) == (V2, "10% get 503")


def test_a_proxy_without_a_route_of_it_is_not_concerned() -> None:
    other = view_of("shop/web-1", encoded(config_dump(virtual_host(domains=("other",)))), None)
    assert proposed(other, service(to(1, 99)), service(to(2, 98)), WEB, EMPTY) is None


def test_a_change_that_half_of_the_proxies_have_says_so() -> None:
    wanted = service(to(20, 80))
    new = view(route("split", {"prefix": "/"}, split(20, 80))).dump.of("route")
    old = view(route("split", {"prefix": "/"}, split(90, 10))).dump.of("route")
    found = [
        progress("shop/web-1", "web", new, wanted, WEB, EMPTY),
        progress("shop/cart-1", "cart", old, wanted, WEB, EMPTY),
        progress("shop/idle-1", "idle", (), wanted, WEB, EMPTY),
        ProxyRollout("shop/bad-1", "bad", "rejected", "Unknown cluster x."),
    ]
    assert [one.state for one in found] == ["applied", "waiting", "not_concerned", "rejected"]
    assert found[1].reason == "It still has v1 90 / v2 10, not v1 20 / v2 80."
    assert rollout(found).summary == (
        "Applied by 1 of 3 proxies; shop/bad-1 rejects it because Unknown cluster x; "
        "shop/cart-1 waits: It still has v1 90 / v2 10, not v1 20 / v2 80."
    )
