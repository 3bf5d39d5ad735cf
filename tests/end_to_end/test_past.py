"""Looking back on the real running demo: the graph before a fault, and what the fault changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from .conftest import Demo, wait_until
from .test_browser import V2, WEB, edge, open_graph, restored  # noqa: F401 - a fixture

EDGE = f"{WEB}>{V2}|http"


def healthy_for_a_while(demo: Demo) -> bool:
    """At each step of the last ten seconds, as the ring has it."""
    moments = [datetime.now(UTC) - timedelta(seconds=back) for back in (0, 5, 10)]
    views = [demo.graph(service_nodes="false", at=at.isoformat()) for at in moments]
    found = [one["health"]["state"] for view in views for one in view["edges"] if one["id"] == EDGE]
    return found == ["healthy"] * 3 and all(view["past"]["origin"] == "ring" for view in views)


@pytest.mark.usefixtures("restored")
def test_after_a_fault_one_can_scrub_back_and_compare(page: Page, demo: Demo) -> None:
    open_graph(page, demo)
    wait_until(lambda: healthy_for_a_while(demo), seconds=60, what="healthy at first, for longer than a step")
    before = demo.graph()["evaluated_at"]
    demo.fault("kill-catalog-v2")
    wait_until(lambda: edge(page, V2)["health"] == "failing", seconds=30, what="the edge fails")

    page.get_by_role("button", name="Replay the past").click()
    expect(page.get_by_test_id("replay-bar")).to_be_visible()
    page.get_by_role("combobox", name="Stretch of time").click()
    page.get_by_role("option", name="Over 5m").click()
    strip = page.get_by_test_id("replay-strip")

    def back() -> bool:
        strip.press("ArrowLeft")
        expect(page.get_by_test_id("past-banner")).not_to_contain_text("Loading")
        return edge(page, V2)["health"] == "healthy"

    wait_until(back, seconds=60, what="an earlier graph, in which the edge was healthy", every=0.2)
    expect(page.get_by_test_id("past-banner")).to_contain_text("Kept when it was published")
    assert "at=" in page.url, "a link shows the same moment"
    expect(page.get_by_test_id("connection-state")).to_have_count(0)
    assert demo.graph(service_nodes="false")["past"] is None, "the live graph goes on"
    page.get_by_test_id("replay-bar").get_by_role("button", name="Back to live").click()
    wait_until(lambda: edge(page, V2)["health"] == "failing", seconds=30, what="the present again")

    page.goto(f"{demo.url}/graph?compare={before.replace('+', '%2B')}")
    failing = page.locator(f'[data-testid="difference"][data-kind="failing"][data-id="{EDGE}"]')
    expect(failing).to_contain_text("fail, mostly 503", timeout=20_000)
    failing.click()
    expect(page.get_by_test_id("side-panel")).to_contain_text("catalog-v2")
    with page.expect_download() as begun:
        page.get_by_role("link", name="Save the comparison as JSON").click()
    assert EDGE in begun.value.path().read_text()
