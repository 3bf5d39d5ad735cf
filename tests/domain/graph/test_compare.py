"""Two views of one graph."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshui.domain.graph.compare import MIRRORED, ComparedNumbers, ComparisonLimits, Difference, compare
from meshui.domain.graph.model import GraphView, ViewSpec
from meshui.domain.graph.project import project

WEB, V1, V2 = (f"workload:demo/shop/{name}" for name in ("web", "catalog-v1", "catalog-v2"))
TO_V1 = f"{WEB}>{V1}|http"
BUCKETS = ("10", "25", "50", "100", "250", "+Inf")


def plain(mesh, **more) -> GraphView:
    return mesh.view(kind="workload", service_nodes=False, **more).view


def shop(new_mesh, *calls: tuple[str, float, float], ready: int = 1) -> GraphView:
    """web calls each workload with so many requests a second, so many of which fail; over a minute."""
    mesh = new_mesh().workload("shop/web").service("shop/catalog")
    mesh.workload("shop/catalog-v1", app="catalog", ready=ready).workload("shop/catalog-v2", app="catalog")
    for name, fine, failed in calls:
        mesh.calls("shop/web", "shop/catalog", f"shop/{name}", fine)
        if failed:
            mesh.calls("shop/web", "shop/catalog", f"shop/{name}", failed, code="503", flags="UH")
    return plain(mesh)


def edges(before: GraphView, after: GraphView) -> dict[str, str]:
    """The differences of edges by kind and label, with their sentences."""
    found = compare(before, after).differences
    return {f"{one.kind}: {one.label}": one.reason for one in found if one.element == "edge"}


def test_a_call_that_was_not_made_before_is_new_and_one_not_made_any_more_is_gone(new_mesh):
    before, after = shop(new_mesh, ("catalog-v1", 10, 0)), shop(new_mesh, ("catalog-v2", 4, 1))
    assert edges(before, after) == {
        "gone: web → catalog-v1": "nothing any more, after 10 req/s (about 600 in 60 s)",
        "new: web → catalog-v2": "5 req/s where there was nothing before, 20% of which fail, mostly 503 (UH)",
    }
    found = {(one.element, one.id): one for one in compare(before, after).differences}
    assert found[("edge", TO_V1)] == Difference(
        element="edge",
        id=TO_V1,
        kind="gone",
        label="web → catalog-v1",
        reason="nothing any more, after 10 req/s (about 600 in 60 s)",
        before=ComparedNumbers(10.0, 0.0, None),
        after=None,
    )
    assert found[("node", V2)].kind == "new"


def test_a_handful_of_requests_is_neither_new_nor_gone(new_mesh):
    # 0.08 req/s are 4.8 in a minute: fewer than 5, which chance alone can hide.
    assert edges(shop(new_mesh), shop(new_mesh, ("catalog-v1", 0.08, 0))) == {}
    assert edges(shop(new_mesh, ("catalog-v1", 0.08, 0)), shop(new_mesh)) == {}
    assert list(edges(shop(new_mesh), shop(new_mesh, ("catalog-v1", 0.09, 0)))) == ["new: web → catalog-v1"]


def test_a_share_of_errors_that_rose_is_failing_and_one_that_fell_is_recovered(new_mesh):
    # 2% and 8% of 600: the pooled share is 5%, its error 1.26 points, so the 6 points are 4.8 of them.
    calm, rough = shop(new_mesh, ("catalog-v1", 9.8, 0.2)), shop(new_mesh, ("catalog-v1", 9.2, 0.8))
    assert edges(calm, rough) == {
        "failing: web → catalog-v1": "8% of 10 req/s fail, mostly 503 (UH); 2% before",
    }
    assert edges(rough, calm) == {
        "recovered: web → catalog-v1": "2% of 10 req/s fail; 8% before, mostly 503 (UH)",
    }


def test_a_share_that_chance_explains_is_no_difference(new_mesh):
    # 2% and 4% of 600: 2 points at an error of 0.98 are 2.04 of them, below 3.29.
    assert edges(shop(new_mesh, ("catalog-v1", 9.8, 0.2)), shop(new_mesh, ("catalog-v1", 9.6, 0.4))) == {}


def test_half_a_point_does_not_matter_however_sure_it_is(new_mesh):
    assert edges(shop(new_mesh, ("catalog-v1", 1000, 0)), shop(new_mesh, ("catalog-v1", 995, 5))) == {}
    assert list(edges(shop(new_mesh, ("catalog-v1", 1000, 0)), shop(new_mesh, ("catalog-v1", 985, 15)))) == [
        "failing: web → catalog-v1"
    ]


def test_two_failures_are_too_few(new_mesh):
    # Of 6 requests in a minute 2 fail: nothing can be said; of 12 all fail: it can.
    assert edges(shop(new_mesh, ("catalog-v1", 10, 0)), shop(new_mesh, ("catalog-v1", 9.96, 2 / 60))) == {}
    assert "failing: web → catalog-v1" in edges(
        shop(new_mesh, ("catalog-v1", 10, 0)), shop(new_mesh, ("catalog-v1", 0, 12 / 60))
    )


def timed(new_mesh, *cumulative: float) -> GraphView:
    """web calls v1 with requests that took no longer than BUCKETS, so many per second."""
    mesh = new_mesh().workload("shop/web").service("shop/catalog").workload("shop/catalog-v1", app="catalog")
    mesh.calls("shop/web", "shop/catalog", "shop/catalog-v1", cumulative[-1], by="source")
    mesh.took("shop/web", "shop/catalog", "shop/catalog-v1", dict(zip(BUCKETS, cumulative, strict=True)))
    return plain(mesh)


def test_an_edge_whose_p95_rose_is_slower(new_mesh):
    # p95 of 600: 9.5 of 10 are within 25 ms; then half of what is between 50 and 100 ms: 75 ms.
    quick, slow = timed(new_mesh, 5, 9.5, 10, 10, 10, 10), timed(new_mesh, 5, 6, 9, 10, 10, 10)
    assert edges(quick, slow) == {
        "slower: web → catalog-v1": "p95 rose from 25 ms to 75 ms, 3.0 times (over about 600 requests)"
    }
    assert edges(slow, quick) == {"faster: web → catalog-v1": "p95 fell from 75 ms to 25 ms (over about 600 requests)"}


def test_twenty_requests_say_nothing_of_p95(new_mesh):
    def scaled(*cumulative: float) -> GraphView:
        return timed(new_mesh, *(one / 30 for one in cumulative))

    assert edges(scaled(5, 9.5, 10, 10, 10, 10), scaled(5, 6, 9, 10, 10, 10)) == {}


def test_a_p95_within_its_own_error_is_not_slower(new_mesh):
    # 40 requests each, p95 25 and 43.75 ms. p90 and p99 are 23.3 and 87.5, then 31.25 and 80: over 0.09 that is 713 and
    # 542 ms per unit, times sqrt(0.95 x 0.05 / 40) errors of 24.6 and 18.7 ms, far above the 18.75 ms of difference.
    def few(*cumulative: float) -> GraphView:
        return timed(new_mesh, *(one / 15 for one in cumulative))

    before, after = few(5, 9.5, 9.6, 10, 10, 10), few(5, 8.75, 9.75, 10, 10, 10)
    assert before.edges[0].p95_ms == 25.0
    assert after.edges[0].p95_ms == 43.75
    assert edges(before, after) == {}
    columns = (5, 9.5, 9.6, 10, 10, 10), (5, 8.75, 9.75, 10, 10, 10)
    many = [timed(new_mesh, *(one * 20 for one in its)) for its in columns]
    assert list(edges(*many)) == ["slower: web → catalog-v1"]


def test_more_and_less_traffic_must_be_half_as_much_again(new_mesh):
    ten, fourteen, sixteen = (shop(new_mesh, ("catalog-v1", rate, 0)) for rate in (10, 14, 16))
    assert edges(ten, fourteen) == {}
    assert edges(ten, sixteen) == {"busier: web → catalog-v1": "16 req/s, 10 req/s before"}
    assert edges(sixteen, ten) == {"quieter: web → catalog-v1": "10 req/s, 16 req/s before"}
    # 20 against 36 requests: 16 apart, 7.5 the error of their sum: 2.1 of them.
    assert edges(shop(new_mesh, ("catalog-v1", 20 / 60, 0)), shop(new_mesh, ("catalog-v1", 36 / 60, 0))) == {}


def test_a_node_is_judged_by_its_calls_and_by_its_pods(new_mesh):
    before, after = shop(new_mesh, ("catalog-v1", 10, 0)), shop(new_mesh, ("catalog-v1", 5, 5), ready=0)
    found = {(one.id, one.kind): one.reason for one in compare(before, after).differences if one.element == "node"}
    assert found == {
        (V1, "failing"): "0 of 1 pods ready, 1 of 1 before; 50% of 10 req/s fail; 0% before",
        (WEB, "failing"): "50% of 10 req/s fail; 0% before",
    }


def test_a_workload_without_traffic_is_new_when_it_is_there(new_mesh):
    before = plain(new_mesh().workload("shop/web"), idle=True)
    after = plain(new_mesh().workload("shop/web").workload("shop/catalog-v1"), idle=True)
    assert [(one.id, one.kind) for one in compare(before, after).differences] == [(V1, "new")]
    assert [(one.id, one.kind) for one in compare(after, before).differences] == [(V1, "gone")]


def test_what_needs_attention_comes_first_and_the_busiest_before_others(new_mesh):
    before = shop(new_mesh, ("catalog-v1", 10, 0), ("catalog-v2", 50, 0))
    after = shop(new_mesh, ("catalog-v1", 5, 5), ("catalog-v2", 25, 25))
    assert [(one.element, one.kind, one.label) for one in compare(before, after).differences][:2] == [
        ("edge", "failing", "web → catalog-v2"),
        ("edge", "failing", "web → catalog-v1"),
    ]


def test_views_of_different_windows_are_refused(new_mesh):
    before, after = plain(new_mesh().workload("shop/web"), window=60), plain(new_mesh().workload("shop/web"), window=15)
    with pytest.raises(ValueError, match="different"):
        compare(before, after)


def test_the_limits_are_part_of_the_answer(new_mesh):
    before, after = shop(new_mesh, ("catalog-v1", 10, 0)), shop(new_mesh, ("catalog-v1", 16, 0))
    patient = ComparisonLimits(rate_ratio=2.0)
    assert compare(before, after, patient).differences == ()
    assert compare(before, after, patient).limits == patient


_rates = st.sampled_from([0.0, 0.02, 0.1, 1.0, 3.0, 10.0, 11.0, 100.0])
_calls = st.lists(st.tuples(st.sampled_from(["catalog-v1", "catalog-v2"]), _rates, _rates), max_size=4)


@settings(max_examples=40, deadline=None)
@given(calls=_calls, others=_calls, ready=st.integers(0, 1))
def test_two_views_differ_the_same_way_from_both_sides_and_one_not_from_itself(new_mesh, calls, others, ready):
    def view(its, pods: int) -> GraphView:
        mesh = new_mesh().workload("shop/web").service("shop/catalog")
        mesh.workload("shop/catalog-v1", app="catalog", ready=pods).workload("shop/catalog-v2", app="catalog")
        for name, rate, slow in its:
            mesh.calls("shop/web", "shop/catalog", f"shop/{name}", rate, by="source")
            mesh.calls("shop/web", "shop/catalog", f"shop/{name}", rate * slow / 100, code="500", by="source")
            buckets = dict(zip(BUCKETS, [rate / 2, rate, *[rate + slow] * 4], strict=True))
            mesh.took("shop/web", "shop/catalog", f"shop/{name}", buckets)
        return project(mesh.snapshot(), ViewSpec(service_nodes=False))

    before, after = view(calls, 1), view(others, ready)
    assert compare(before, before).differences == ()
    there = {(one.id, MIRRORED[one.kind], one.after, one.before) for one in compare(before, after).differences}
    back = {(one.id, one.kind, one.before, one.after) for one in compare(after, before).differences}
    assert there == back


def test_a_comparison_can_be_written_as_json(new_mesh):
    found = compare(shop(new_mesh, ("catalog-v1", 10, 0)), shop(new_mesh, ("catalog-v2", 10, 0)))
    assert msgspec.json.decode(msgspec.json.encode(found), type=type(found)) == found
