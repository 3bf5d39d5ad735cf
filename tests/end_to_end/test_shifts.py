"""Guarded shifts on the real demo: through the form, watched in the browser, decided by real traffic."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from .conftest import Demo, processes_of, sign_in, wait_until


def weights(demo: Demo) -> dict[str, int]:
    routes = demo.api("/clusters/demo/services/shop/catalog/weights").json()["routes"]
    return {one["label"]: one["weight"] for one in routes[0]["destinations"]}


def measured_share(demo: Demo) -> float:
    """The share of requests to catalog that v2 answered over the last 15 s, by the live graph."""
    edges = demo.graph(window=15, service_nodes="false")["edges"]
    rates = {
        one["destination"].rpartition("/")[2]: one["rate"] for one in edges if "/shop/catalog-" in one["destination"]
    }
    return rates.get("catalog-v2", 0.0) / sum(rates.values())


def start(page: Page, demo: Demo, steps: str) -> None:
    sign_in(page, demo, "operator")
    expect(page.get_by_test_id("graph-map")).to_be_visible()
    page.goto(f"{demo.url}/services/shop/catalog/weights")
    page.get_by_role("link", name="Shift gradually").click()
    page.get_by_label("Steps").fill(steps)
    page.get_by_label("Watch each step").fill("5")
    page.get_by_label("Requests that a step needs").fill("30")
    page.get_by_label("p95 against the old version").fill("20")
    page.get_by_role("button", name="Start the shift").click()
    expect(page.get_by_test_id("standing")).to_be_visible()


@pytest.fixture
def restored(demo: Demo) -> Iterator[None]:
    """Whatever a test does to the mesh is put right after it."""
    yield
    demo.fault("flaky-catalog-v2", clear=True)
    current = demo.api("/clusters/demo/services/shop/catalog/weights").json()
    wanted = {"resource_version": current["resource_version"], "weights": {"v1": 90, "v2": 10}}
    demo.api("/clusters/demo/services/shop/catalog/weights/apply", method="POST", json=wanted)


@pytest.mark.usefixtures("restored")
def test_a_healthy_version_reaches_everything_unaided(page: Page, demo: Demo) -> None:
    start(page, demo, "50, 100")
    expect(page.get_by_test_id("standing")).to_contain_text("Promoted", timeout=90_000)
    assert weights(demo) == {"v1": 0, "v2": 100}
    wait_until(lambda: measured_share(demo) > 0.99, seconds=40, what="all requests go to v2")


@pytest.mark.usefixtures("restored")
def test_a_failing_version_is_rolled_back_though_the_worker_dies(page: Page, demo: Demo) -> None:
    demo.fault("flaky-catalog-v2")
    start(page, demo, "50, 100")
    workers = [pid for pid, line in processes_of(demo.state).items() if "celery" in line and " worker" in line]
    assert workers
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    expect(page.get_by_test_id("standing")).to_contain_text("rolled back in step 1 of 2", timeout=90_000)
    assert weights(demo) == {"v1": 90, "v2": 10}
    (shift,) = [one for one in demo.api("/clusters/demo/shifts").json() if one["phase"] == "rolled_back"]
    detail = demo.api(f"/shifts/{shift['id']}").json()
    assert detail["budget_spent"] <= detail["guard"]["error_budget"]
    wait_until(lambda: measured_share(demo) < 0.25, seconds=40, what="requests go to v1 again")
