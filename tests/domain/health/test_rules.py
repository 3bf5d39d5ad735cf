"""Whose limits an object is judged by: annotations, the rules of the health file, the defaults."""

from __future__ import annotations

import pytest

from meshui.domain.graph.model import ViewSpec
from meshui.domain.graph.project import project
from meshui.domain.health.limits import DEFAULTS, limits
from meshui.domain.health.rules import ANNOTATION, HealthRule, HealthRules
from tests.domain.conftest import View

WEB, CATALOG = "workload:demo/shop/web", "service:demo/shop/catalog"
V1 = "workload:demo/shop/catalog-v1"
ENDS = ("shop/web", "shop/catalog", "shop/catalog-v1")


def rules(text, **rule):
    return HealthRules((HealthRule(limits(text, "health file"), **rule),))


def view(mesh, health=None, **spec):
    return View(project(mesh.snapshot(health=health or HealthRules()), ViewSpec(**spec)))


@pytest.fixture
def failing(shop):
    return shop.calls(*ENDS, 97).calls(*ENDS, 3, code="503")


def annotated(mesh, kind, name, text):
    for manifest in mesh.manifests:
        if manifest["kind"] == kind and manifest["metadata"]["name"].startswith(name):
            manifest["metadata"].setdefault("annotations", {})[ANNOTATION] = text
    return mesh


def test_the_first_rule_for_an_object_decides_and_the_defaults_come_last():
    health = HealthRules(
        (
            HealthRule(limits("404 never"), "shop", "workload", "web-*"),
            HealthRule(limits("4xx failing 5%"), "sh?p"),
            HealthRule(limits("503 never"), "stock"),
        )
    )
    assert health.policy("shop", "workload", "web-1") == (*limits("404 never"), *limits("4xx failing 5%"), *DEFAULTS)
    assert health.policy("shop", "service", "web-1") == (*limits("4xx failing 5%"), *DEFAULTS)
    assert health.policy("shop", None, "") == (*limits("4xx failing 5%"), *DEFAULTS)
    assert health.policy("other", "workload", "web-1") == DEFAULTS


def test_a_rule_moves_the_threshold_and_the_reason_names_it(failing):
    health = view(failing, rules("503 degraded 5% failing 10%", namespace="shop")).edge(WEB, CATALOG).health
    assert (health.state, health.reason) == ("healthy", "3% of 100 req/s are 503, not above 5% (health file)")
    health = view(failing, rules("503 failing 2%", namespace="shop")).edge(WEB, CATALOG).health
    assert (health.state, health.reason) == ("failing", "3% of 100 req/s are 503, above 2% (health file)")


def test_what_never_counts_is_said_to(failing):
    health = view(failing, rules("503 never")).edge(WEB, CATALOG).health
    assert (health.state, health.reason) == ("healthy", "3% of 100 req/s are 503, which never count (health file)")


def test_a_response_counts_for_one_limit_only(shop):
    shop.calls(*ENDS, 70).calls(*ENDS, 20, code="404").calls(*ENDS, 10, code="429")
    health = view(shop, rules("404 never; 4xx degraded 5% failing 15%")).edge(WEB, CATALOG).health
    assert (health.state, health.reason) == ("degraded", "10% of 100 req/s are 429, above 5% (health file)")


def test_a_limit_of_a_protocol_is_about_the_share_of_its_requests(shop):
    shop.calls(*ENDS, 90).calls(*ENDS, 9, protocol="grpc", grpc="0").calls(*ENDS, 1, protocol="grpc", grpc="14")
    assert view(shop).node(V1).health.reason == "1% of 100 req/s are gRPC UNAVAILABLE, not above 1%"
    health = view(shop, rules("grpc errors failing 5%")).node(V1).health
    assert (health.state, health.reason) == (
        "failing",
        "10% of 10 gRPC req/s are gRPC UNAVAILABLE, above 5% (health file)",
    )


def test_an_object_can_be_judged_by_what_it_asks_of_others(failing):
    found = view(failing, rules("outbound errors degraded 2%", kind="workload", name="web"))
    assert found.node(WEB).health.state == "degraded"
    assert found.node(WEB).health.reason == "of its own calls 3% of 100 req/s are 503, above 2% (health file)"
    assert view(failing).node(WEB).health.state == "healthy"
    strict = rules("outbound errors failing 2%", kind="workload", name="web")
    assert view(failing, strict).edge(WEB, CATALOG).health.state == "failing"
    assert view(failing).edge(WEB, CATALOG).health.state == "degraded"


def test_annotations_come_before_the_file_and_the_objects_before_the_namespaces(failing):
    file = rules("503 failing 1%")
    failing.add("Namespace", "/shop", {}, "v1")
    annotated(failing, "Namespace", "shop", "503 degraded 2%")
    of = "annotation of Namespace shop"
    assert view(failing, file).node(CATALOG).health.reason == f"3% of 100 req/s are 503, above 2% ({of})"
    annotated(failing, "Service", "catalog", "503 never")
    found = view(failing, file)
    assert found.node(CATALOG).health.reason.endswith("which never count (annotation of Service shop/catalog)")
    assert found.node(V1).health.reason.endswith("which never count (annotation of Service shop/catalog)")
    annotated(failing, "Pod", "catalog-v1", "503 failing 2%")
    assert view(failing, file).node(V1).health.reason.endswith("(annotation of Deployment shop/catalog-v1)")


@pytest.mark.parametrize("kind", ["Service", "Pod"])
def test_an_annotation_that_makes_no_sense_is_told_and_not_used(failing, kind):
    node = view(annotated(failing, kind, "catalog", "503 faling 5%")).node(CATALOG if kind == "Service" else V1)
    assert node.health.reason == "3% of 100 req/s are 503, above 1%"
    (badge,) = [badge for badge in node.badges if badge.name == "bad_annotation"]
    assert badge.reason.endswith("is not used: 'faling' means nothing here; did you mean failing?")


def test_an_app_has_the_limits_that_its_workloads_share_else_its_namespaces(failing):
    failing.add("Namespace", "/shop", {}, "v1")
    annotated(failing, "Namespace", "shop", "503 failing 90%")
    annotated(failing, "Pod", "catalog-v1", "503 never")
    app = "app:demo/shop/catalog"
    assert view(failing, kind="app").node(app).health.reason.endswith("not above 90% (annotation of Namespace shop)")
    annotated(failing, "Pod", "catalog-v2", "503 never")
    assert view(failing, kind="app").node(app).health.reason.endswith("not above 90% (annotation of Namespace shop)")
    namespace = view(failing, kind="namespace").node("namespace:demo/shop").health
    assert namespace.reason.endswith("(annotation of Namespace shop)")


def test_a_state_by_a_rule_is_kept_until_it_is_clearly_left(shop):
    health = rules("503 failing 10%")
    before = shop.calls(*ENDS, 88).calls(*ENDS, 12, code="503").snapshot(health=health)
    shop.samples.clear()
    shop.calls(*ENDS, 91).calls(*ENDS, 9, code="503")
    after = project(shop.snapshot(health=health, previous=before), ViewSpec(service_nodes=False))
    (edge,) = after.edges
    assert edge.health.reason == (
        "9% of 100 req/s are 503, was above 10% and has not yet fallen clearly below (health file)"
    )
    assert edge.health.state == "failing"
