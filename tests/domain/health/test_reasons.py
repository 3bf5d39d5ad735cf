"""The sentence behind a state, as views carry it."""

from __future__ import annotations

import pytest

from meshui.domain.health.reasons import per_second, percent

WEB, CATALOG = "workload:demo/shop/web", "service:demo/shop/catalog"
V1, V2 = "workload:demo/shop/catalog-v1", "workload:demo/shop/catalog-v2"
ENDS = ("shop/web", "shop/catalog", "shop/catalog-v1")


def test_errors_name_code_flag_rate_and_threshold(shop):
    shop.calls(*ENDS, 38.868).calls(*ENDS, 2.132, code="503", flags="URX")
    health = shop.view().edge(WEB, CATALOG).health
    assert (health.state, health.reason) == ("failing", "5.2% of 41 req/s are 503 (URX), above 5%")


def test_several_errors_name_the_most_frequent(shop):
    shop.calls(*ENDS, 97).calls(*ENDS, 2, code="500").calls(*ENDS, 1, code="0", flags="DC")
    health = shop.view().edge(WEB, CATALOG).health
    assert (health.state, health.reason) == ("degraded", "3% of 100 req/s fail, mostly 500, above 1%")


def test_too_few_requests_do_not_decide(shop):
    shop.calls(*ENDS, 7 / 60).calls(*ENDS, 1 / 60, code="500")
    health = shop.view().edge(WEB, CATALOG).health
    assert health.state == "healthy"
    assert health.reason == "12.5% of 0.13 req/s are 500, too few to judge: 1 of about 8 in 60 s"


def test_errors_below_the_threshold_are_said(shop):
    shop.calls(*ENDS, 99.5).calls(*ENDS, 0.5, code="500")
    health = shop.view().edge(WEB, CATALOG).health
    assert (health.state, health.reason) == ("healthy", "0.5% of 100 req/s are 500, not above 1%")


def test_a_kept_state_says_that_it_is_kept(shop):
    shop.calls(*ENDS, 90).calls(*ENDS, 10, code="503")
    before = shop.snapshot()
    shop.samples.clear()
    shop.calls(*ENDS, 95.5).calls(*ENDS, 4.5, code="503")
    health = shop.view(previous=before).edge(WEB, CATALOG).health
    assert health.state == "failing"
    assert health.reason == "4.5% of 100 req/s are 503, was above 5% and has not yet fallen clearly below"
    assert shop.view().edge(WEB, CATALOG).health.state == "degraded"


def test_the_callers_own_errors_count_apart(shop):
    shop.calls(*ENDS, 70).calls(*ENDS, 30, code="403")
    health = shop.view().edge(WEB, CATALOG).health
    assert (health.state, health.reason) == ("failing", "30% of 100 req/s are 403, above 20%")


def test_grpc_errors_have_their_names(shop):
    shop.calls(*ENDS, 9, protocol="grpc", grpc="0").calls(*ENDS, 1, protocol="grpc", grpc="14")
    health = shop.view().edge(WEB, CATALOG, "grpc").health
    assert health.reason == "10% of 10 req/s are gRPC UNAVAILABLE, above 5%"


def test_tcp_is_judged_by_connections_that_failed(shop):
    shop.workload("shop/db").service("shop/db")
    shop.calls("shop/web", "shop/db", "shop/db", 9, protocol="tcp")
    shop.calls("shop/web", "shop/db", "unknown", 1, protocol="tcp", flags="UF", by="source")
    view = shop.view()
    reason = "10% of 10 conn/s are failed connections (UF), above 5%"
    assert view.edge(WEB, "service:demo/shop/db", "tcp").health.reason == reason
    assert view.node("service:demo/shop/db").health.state == "failing"
    assert view.node("workload:demo/shop/db").health.state == "healthy"


def test_a_node_is_judged_by_what_it_answers_not_by_what_it_calls(shop):
    shop.workload("edge/gate").calls("edge/gate", "shop/web", "shop/web", 10).calls(*ENDS, 10, code="500")
    view = shop.view()
    assert view.node(WEB).health.state == "healthy"
    assert view.node(V1).health.state == "failing"
    assert view.node(CATALOG).health.state == "failing"
    assert view.node("workload:demo/edge/gate").health.reason == "nobody calls it; it sends 10 req/s"


def test_a_gateway_that_nobody_calls_is_judged_by_what_it_passes_on(shop):
    shop.workload("edge/gate", labels={"istio": "ingressgateway"}).calls(
        "edge/gate", "shop/web", "shop/web", 10, code="503"
    )
    assert shop.view().node("workload:demo/edge/gate").health.state == "failing"


def test_pods_that_are_not_ready_make_a_workload_unwell(shop):
    shop.workload("shop/half", pods=2, ready=1).workload("shop/none", ready=0)
    view = shop.view(idle=True)
    half, none = (view.node(f"workload:demo/shop/{name}").health for name in ("half", "none"))
    assert (half.state, half.reason) == ("degraded", "1 of 2 pods ready")
    assert (none.state, none.reason) == ("failing", "0 of 1 pod ready")


def test_killed_pods_and_their_errors_are_both_said(new_mesh):
    mesh = new_mesh().workload("shop/web").workload("shop/catalog-v2", app="catalog", ready=0).service("shop/catalog")
    mesh.calls("shop/web", "shop/catalog", "shop/catalog-v2", 1, code="503", flags="UF", by="source")
    health = mesh.view().node(V2).health
    assert health.state == "failing"
    assert health.reason == "100% of 1 req/s are 503 (UF), above 5%; 0 of 1 pod ready"


def test_callers_outside_the_mesh_have_no_health(shop):
    shop.calls("unknown", "shop/catalog", "shop/catalog-v1", 1, by="destination")
    assert shop.view().node("unknown:demo").health.state == "unknown"


@pytest.mark.parametrize(
    ("share", "said"), [(0, "0%"), (1, "100%"), (0.052, "5.2%"), (0.05, "5%"), (0.0004, "0.04%"), (0.9999, "100%")]
)
def test_shares_for_people(share: float, said: str):
    assert percent(share) == said


@pytest.mark.parametrize(
    ("rate", "said"), [(41.0, "41 req/s"), (0.125, "0.12 req/s"), (1234.5, "1234 req/s"), (6.1, "6.1 req/s")]
)
def test_rates_for_people(rate: float, said: str):
    assert per_second(rate) == said
