"""Route settings on the real demo: set in the form, seen in what the proxies answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from .conftest import Demo, sign_in, wait_until

ROUTES = "/clusters/demo/services/shop/catalog/routes"


def answered(demo: Demo) -> dict[str, float]:
    """Rates by code of what the web front gets from catalog, over the last 15 s."""
    codes: dict[str, float] = {}
    for edge in demo.graph(window=15, service_nodes="true")["edges"]:
        if edge["source"].endswith("/shop/web") and edge["destination"] == "service:demo/shop/catalog":
            for code, rate in edge["codes"].items():
                codes[code] = codes.get(code, 0.0) + rate
    return codes


def settings(demo: Demo) -> dict[str, object]:
    return demo.api(ROUTES).json()["routes"][0]["settings"]


@pytest.fixture
def restored(demo: Demo) -> Iterator[None]:
    """The route as it was before, whatever a test does to it."""
    before = settings(demo)
    yield
    current = demo.api(ROUTES).json()
    wanted = {"resource_version": current["resource_version"], "route": 0, "settings": before}
    demo.api(f"{ROUTES}/apply", method="POST", json=wanted)


def open_form(page: Page, demo: Demo) -> None:
    sign_in(page, demo, "operator")
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    page.goto(f"{demo.url}/services/shop/catalog")
    page.get_by_role("link", name="Timeouts, retries, faults").click()
    expect(page.get_by_test_id("amplification")).to_be_visible()


def apply(page: Page) -> None:
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_test_id("dry-run")).to_have_attribute("data-ok", "true")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_test_id("applied")).to_contain_text("Applied")


@pytest.mark.usefixtures("restored")
def test_an_injected_abort_is_what_callers_get_until_it_is_undone(page: Page, demo: Demo) -> None:
    open_form(page, demo)
    page.get_by_role("switch", name="Answer some requests with an error").check()
    page.get_by_label("Aborted share").fill("50")
    page.get_by_label("Status").fill("418")
    apply(page)
    wait_until(lambda: answered(demo).get("418", 0) > 1, seconds=40, what="a share of requests gets 418")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_test_id("applied")).to_contain_text("Undone")
    wait_until(lambda: answered(demo).get("418", 0) == 0, seconds=40, what="nobody gets 418 any more")


@pytest.mark.usefixtures("restored")
def test_a_timeout_set_in_the_form_ends_slow_requests(page: Page, demo: Demo) -> None:
    open_form(page, demo)
    page.get_by_label("Timeout", exact=True).fill("3")
    apply(page)
    wait_until(lambda: answered(demo).get("504", 0) > 1, seconds=40, what="requests are cut off with 504")


@pytest.mark.usefixtures("restored")
def test_a_fault_takes_itself_back(demo: Demo) -> None:
    current = demo.api(ROUTES).json()
    fault = {"abort": {"percent": 30, "status": 418}}
    wanted = {
        "resource_version": current["resource_version"],
        "route": 0,
        "settings": current["routes"][0]["settings"] | fault,
        "expires_seconds": 10,
    }
    demo.api(f"{ROUTES}/apply", method="POST", json=wanted).raise_for_status()
    assert settings(demo)["abort"] == {"percent": 30.0, "status": 418}
    wait_until(lambda: settings(demo)["abort"] is None, seconds=40, what="the fault is taken back")
    newest = demo.api("/clusters/demo/changes").json()[0]
    assert (newest["kind"], newest["reason"]) == ("undo", "its time is over")
