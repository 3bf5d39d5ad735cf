"""Policies, mutual TLS, the way to STRICT and certificates in the browser, on the real running demo."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from playwright.sync_api import Page, expect

from .conftest import Demo, sign_in, wait_until

BROKEN = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "VirtualService",
    "metadata": {"name": "broken", "namespace": "shop"},
    "spec": {"hosts": ["cart"], "http": [{"route": [{"destination": {"host": "nobody"}}]}]},
}
FILTER = {
    "apiVersion": "networking.istio.io/v1alpha3",
    "kind": "EnvoyFilter",
    "metadata": {"name": "patch", "namespace": "shop"},
    "spec": {"workloadSelector": {"labels": {"app": "web"}}, "configPatches": []},
}


def kubectl(demo: Demo, *arguments: str, given: Any = None) -> None:
    subprocess.run(
        ["kubectl", *arguments],
        input=json.dumps(given).encode() if given is not None else None,
        env=demo.environment,
        check=True,
        capture_output=True,
        timeout=30,
    )


@pytest.fixture
def applied(demo: Demo) -> Iterator[Any]:
    """Applies objects by kubectl, and deletes them after the test."""
    done: list[Any] = []

    def apply(manifest: Any) -> None:
        kubectl(demo, "apply", "-f", "-", given=manifest)
        done.append(manifest)

    yield apply
    for manifest in done:
        kubectl(demo, "delete", "--ignore-not-found", "-f", "-", given=manifest)


def open_page(page: Page, demo: Demo, path: str) -> None:
    sign_in(page, demo, "operator")
    expect(page.get_by_test_id("graph-map")).to_be_visible()
    page.goto(f"{demo.url}{path}")


def test_a_broken_object_is_found_listed_and_marked_at_its_line(page: Page, demo: Demo, applied: Any) -> None:
    applied(BROKEN)
    applied(FILTER)
    open_page(page, demo, "/config?found=error")
    row = page.get_by_role("row").filter(has_text="broken")
    expect(row).to_be_visible(timeout=60_000)
    expect(row).to_contain_text("error")
    expect(page.get_by_role("row").filter(has_text="catalog")).to_have_count(0)
    row.get_by_role("link", name="broken").click()
    note = page.get_by_test_id("yaml-note").filter(has_text="There is no service or ServiceEntry nobody.shop")
    expect(note).to_be_visible()
    line = int(note.get_attribute("data-line") or 0)
    shown = demo.api("/clusters/demo/config/VirtualService/shop/broken").json()["yaml"].splitlines()
    assert shown[line - 1].strip() == "host: nobody"
    page.goto(f"{demo.url}/config?search=patch")
    expect(page.get_by_role("row").filter(has_text="patch")).to_contain_text("off the paved road")
    page.goto(f"{demo.url}/config?view=findings&search=unknown_host")
    expect(page.get_by_role("row").filter(has_text="VirtualService shop/broken")).to_be_visible()


def test_an_object_names_the_workloads_that_it_holds_for(page: Page, demo: Demo) -> None:
    open_page(page, demo, "/config/AuthorizationPolicy/warehouse/inventory")
    expect(page.get_by_test_id("selected-workloads")).to_have_text("inventory")
    page.get_by_test_id("selected-workloads").get_by_role("link").click()
    expect(page.get_by_role("main")).to_contain_text("AuthorizationPolicy warehouse/inventory")
    expect(page.get_by_role("main")).to_contain_text("PeerAuthentication istio-system/default")


def test_the_way_to_strict_names_the_caller_that_would_break_and_follows_a_policy(
    page: Page, demo: Demo, applied: Any
) -> None:
    open_page(page, demo, "/mtls")
    warehouse = page.locator('tr[data-namespace="warehouse"]')
    expect(warehouse).to_contain_text("PERMISSIVE")
    expect(warehouse).to_contain_text("PeerAuthentication istio-system/default")
    expect(page.locator('tr[data-namespace="payments"]')).to_contain_text("STRICT")
    warehouse.get_by_role("link", name="Plan").click()
    verdict = page.get_by_test_id("strict-verdict")
    expect(verdict).to_have_attribute("data-status", "would_break", timeout=60_000)
    expect(page.get_by_role("main")).to_contain_text("warehouse/legacy-batch")
    kinds = [one.get_attribute("data-kind") for one in page.get_by_test_id("plan-step").all()]
    assert kinds.index("proxy") < kinds.index("strict") < kinds.index("verify"), kinds
    gate = demo.api("/clusters/demo/mtls/strict", params={"namespace": "warehouse"}).json()
    assert (gate["status"], gate["exit_code"]) == ("would_break", 1)
    safe = demo.api("/clusters/demo/mtls/strict", params={"namespace": "warehouse", "workload": "stockdb"}).json()
    assert (safe["status"], safe["exit_code"]) == ("safe", 0), safe["reason"]
    # What the gate calls safe is safe: the policy that it proposes is applied, and stockdb's callers go on.
    applied(yaml.safe_load(safe["policy_yaml"]))
    page.goto(f"{demo.url}/mtls/warehouse")
    stockdb = page.get_by_role("row").filter(has_text="stockdb").first
    expect(stockdb).to_contain_text("STRICT", timeout=60_000)
    expect(stockdb).to_contain_text("PeerAuthentication warehouse/stockdb")


def test_an_edge_is_explained_level_by_level_in_the_side_panel(page: Page, demo: Demo) -> None:
    edge = "workload:demo/payments/checkout%3Eworkload:demo/payments/payments%7Chttp"
    open_page(page, demo, f"/graph?selected={edge}")
    panel = page.get_by_test_id("side-panel")
    panel.get_by_role("button", name="Why, level by level").click()
    explanation = panel.get_by_test_id("mtls-explanation")
    expect(explanation).to_contain_text("The caller has a sidecar")
    expect(explanation).to_contain_text("PeerAuthentication payments/default")


def test_every_proxys_certificate_is_on_the_timeline(page: Page, demo: Demo) -> None:
    wait_until(
        lambda: len(demo.api("/clusters/demo/certificates").json()["leaves"]) >= 14,
        seconds=60,
        what="every proxy was read",
    )
    open_page(page, demo, "/certificates")
    rows = page.get_by_test_id("timeline-row")
    expect(rows.filter(has_text="shop/web")).to_have_count(1)
    found = demo.api("/clusters/demo/certificates").json()
    assert {one["matches"] for one in found["leaves"]} == {True}
    assert {one["life"]["state"] for one in found["leaves"]} == {"good"}
    assert {one["issuer"] for one in found["leaves"]} == {"CN=demo root CA,O=cluster.local"}
    assert len(found["roots"]) == 1
    assert found["findings"] == []
    web = page.get_by_role("row").filter(has_text="cluster.local/ns/shop/sa/web")
    expect(web.first).to_contain_text("good")
