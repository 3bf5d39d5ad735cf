"""Who may call what, on the real running demo: its policies, its traffic, its browser pages."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import Demo, sign_in, wait_until

BASE = "/clusters/demo/authorization"
WEB, CATALOG = "workload:demo/shop/web", "workload:demo/shop/catalog-v1"
NOBODY: dict[str, Any] = {
    "apiVersion": "security.istio.io/v1",
    "kind": "AuthorizationPolicy",
    "metadata": {"name": "nobody", "namespace": "shop"},
    "spec": {"selector": {"matchLabels": {"app": "catalog"}}, "action": "ALLOW"},
}


def kubectl(demo: Demo, *arguments: str, text: str = "") -> None:
    command = ["kubectl", *arguments]
    done = subprocess.run(command, env=demo.environment, input=text, text=True, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr


def open_page(page: Page, demo: Demo, path: str) -> None:
    """As somebody who may only look."""
    sign_in(page, demo, "viewer")
    expect(page.get_by_role("link", name="Authorization", exact=True)).to_be_visible()
    page.goto(f"{demo.url}{path}")


@pytest.fixture
def without_nobody(demo: Demo) -> Iterator[None]:
    yield
    kubectl(demo, "-n", "shop", "delete", "authorizationpolicy", "nobody", "--ignore-not-found")


def verdict(demo: Demo) -> str:
    edges = demo.graph(view="workload", service_nodes="false")["edges"]
    found = [one for one in edges if one["source"] == WEB and one["destination"] == CATALOG]
    return found[0]["authz"]["verdict"] if found else ""


def test_an_edges_overlay_follows_a_policy_within_twenty_seconds(page: Page, demo: Demo, without_nobody: None) -> None:
    wait_until(lambda: verdict(demo) == "open", seconds=30, what="the edge is open")
    open_page(page, demo, "/graph?services=0&overlay=authz")
    edge = page.locator(f'[data-testid="graph-edge"][data-source="{WEB}"][data-destination="{CATALOG}"]')
    expect(edge).to_have_attribute("data-verdict", "open")
    kubectl(demo, "apply", "-f", "-", text=json.dumps(NOBODY))
    expect(edge).to_have_attribute("data-verdict", "denied", timeout=20_000)


def test_the_matrix_says_who_may_call_payments_and_why_not(page: Page, demo: Demo) -> None:
    open_page(page, demo, "/authorization?callers=shop&called=payments")
    cell = page.get_by_role("button", name="shop/web to payments/checkout: Denied")
    cell.click()
    expect(page.get_by_role("link", name="AuthorizationPolicy payments/checkout").first).to_be_visible()
    expect(page.get_by_role("button", name="shop/cart to payments/checkout: Allowed")).to_be_visible()
    page.get_by_role("link", name="May it call?").click()
    expect(page.get_by_test_id("reach")).to_contain_text("No rule of AuthorizationPolicy payments/checkout allows it")
    expect(page.get_by_test_id("near-misses").or_(page.get_by_text("How it was decided")).first).to_be_visible()


def test_a_near_miss_is_told(page: Page, demo: Demo) -> None:
    query = "caller=payments/payments&service=payments/fraud&method=GET&path=/score"
    open_page(page, demo, f"/authorization/call?{query}")
    expect(page.get_by_test_id("near-misses")).to_contain_text("the method GET is not POST")
    page.get_by_role("combobox", name="Method").fill("POST")
    page.get_by_label("Path", exact=True).press("Enter")
    expect(page.get_by_test_id("reach")).to_contain_text("Allowed by rule 1")


def test_a_policy_is_tried_before_it_is_applied(page: Page, demo: Demo) -> None:
    wait_until(lambda: verdict(demo) == "open", seconds=30, what="traffic is there")
    open_page(page, demo, "/authorization/what-if")
    page.get_by_label("Policies as they would be").fill(json.dumps(NOBODY))
    page.get_by_role("button", name="Try it on observed traffic").click()
    expect(page.get_by_test_id("what-if-result")).to_contain_text("newly denied")
    expect(page.get_by_role("row", name="shop/web").first).to_contain_text("newly denied")
    page.get_by_label("Policies as they would be").fill("kind: [")
    page.get_by_role("button", name="Try it on observed traffic").click()
    expect(page.get_by_test_id("problem")).to_contain_text("yaml")
    assert verdict(demo) == "open", "nothing was written"


def test_the_suggested_policies_deny_nothing_that_has_an_identity(page: Page, demo: Demo) -> None:
    wait_until(lambda: verdict(demo) == "open", seconds=30, what="traffic is there")
    open_page(page, demo, "/authorization/suggest?namespace=shop")
    yaml = page.get_by_label("YAML of catalog-callers")
    expect(yaml).to_contain_text("cluster.local/ns/shop/sa/web")
    expect(page.get_by_text("Metrics tell no methods")).to_be_visible()
    effect = demo.api(f"{BASE}/suggest", params={"namespace": "shop"}).json()["effect"]
    named = [one for one in effect["changed"] if not one["source"].startswith("unknown")]
    assert named == [], "whoever called may still call"
