"""What a person does in the browser, on the real running demo."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import Demo, sign_in, wait_until

WEB = "workload:demo/shop/web"
V1 = "workload:demo/shop/catalog-v1"
V2 = "workload:demo/shop/catalog-v2"
SHOP = ("ingressgateway", "web", "cart", "catalog-v1", "catalog-v2", "checkout", "payments", "fraud", "inventory")


def open_graph(page: Page, demo: Demo, username: str = "operator") -> None:
    sign_in(page, demo, username)
    expect(page.get_by_test_id("graph-map")).to_be_visible()


def edge(page: Page, destination: str) -> dict[str, float | str]:
    """An edge from the web front as the page shows it now."""
    shown = page.locator(f'[data-testid="graph-edge"][data-source="{WEB}"][data-destination="{destination}"]')
    return {
        "rate": float(shown.get_attribute("data-rate") or 0),
        "health": shown.get_attribute("data-health") or "",
    }


def weights(demo: Demo) -> dict[str, int]:
    """The split of catalog as the cluster has it."""
    routes = demo.api("/clusters/demo/services/shop/catalog/weights").json()["routes"]
    return {one["label"]: one["weight"] for one in routes[0]["destinations"]}


def set_split(page: Page, demo: Demo, first: int) -> None:
    """v1's weight through the form: preview, then apply."""
    page.goto(f"{demo.url}/services/shop/catalog/weights")
    page.get_by_label("Weight of v1 in percent").fill(str(first))
    page.get_by_label("Weight of v1 in percent").press("Tab")
    expect(page.get_by_label("Weight of v2 in percent")).to_have_value(f"{100 - first} %")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_test_id("preview")).to_be_visible()
    expect(page.get_by_test_id("dry-run")).to_have_attribute("data-ok", "true")
    page.get_by_role("button", name="Apply").click()


@pytest.fixture
def restored(demo: Demo) -> Iterator[None]:
    """Whatever a test does to the mesh is put right after it."""
    yield
    for fault in demo.api("/demo/faults").json():
        if fault["active_since"]:
            demo.fault(fault["name"], clear=True)


def test_the_graph_shows_the_shop(page: Page, demo: Demo) -> None:
    open_graph(page, demo)
    for name in SHOP:
        expect(page.locator(f'[data-testid="graph-node"][data-id$="/{name}"]')).to_have_count(1)
    expect(page.get_by_test_id("connection-state")).to_have_attribute("data-state", "live")


def test_the_first_meaningful_paint_is_under_two_seconds(page: Page, demo: Demo) -> None:
    open_graph(page, demo)
    took = []
    for _ in range(5):
        begun = time.monotonic()
        page.reload(wait_until="commit")
        page.locator('[data-testid="graph-map"][data-placed]').wait_for()
        took.append(time.monotonic() - begun)
    # The fastest is what the page itself needs; the others also wait for what else this machine is doing.
    assert min(took) < 2, f"the whole graph, drawn and in its place: {took}"


def test_a_split_set_in_the_form_is_what_the_traffic_does(page: Page, demo: Demo) -> None:
    open_graph(page, demo)
    wait_until(lambda: edge(page, V1)["rate"] > 5 * edge(page, V2)["rate"] > 0, seconds=30, what="about 90/10 at first")

    set_split(page, demo, 50)
    applied = time.monotonic()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.goto(f"{demo.url}/graph")
    expect(page.get_by_test_id("graph-map")).to_be_visible()

    def halves() -> bool:
        one, two = edge(page, V1)["rate"], edge(page, V2)["rate"]
        return 0.4 <= two / (one + two) <= 0.6

    wait_until(halves, seconds=30 - (time.monotonic() - applied), what="the live graph within 10 points of 50/50")
    by_version = {
        series["metric"]["destination_workload"]: float(series["value"][1])
        for series in demo.prometheus(
            'sum by (destination_workload) (rate(istio_requests_total{reporter="source",'
            'source_workload="web",destination_workload=~"catalog-.*"}[15s]))',
            str(time.time()),
        )
    }
    share = by_version["catalog-v2"] / sum(by_version.values())
    assert 0.4 <= share <= 0.6, "Prometheus, asked directly, agrees"

    page.goto(f"{demo.url}/changes")
    page.get_by_role("main").get_by_role("row").nth(1).get_by_role("link").first.click()
    page.get_by_role("button", name="Undo").click()
    wait_until(lambda: weights(demo) == {"v1": 90, "v2": 10}, seconds=10, what="90/10 again after undo")
    tried = [(entry["action"], entry["outcome"]) for entry in demo.api("/audit").json()["entries"]]
    assert {action for action, _ in tried} >= {"weights", "undo", "sign in"}, tried


@pytest.mark.usefixtures("restored")
def test_a_killed_backend_turns_its_edge_unhealthy_and_back(page: Page, demo: Demo) -> None:
    open_graph(page, demo)
    wait_until(lambda: edge(page, V2)["health"] == "healthy", seconds=40, what="healthy at first")
    page.goto(f"{demo.url}/graph?selected={WEB}%3E{V2}%7Chttp")

    demo.fault("kill-catalog-v2")
    wait_until(lambda: edge(page, V2)["health"] in ("degraded", "failing"), seconds=20, what="the edge turns unhealthy")
    panel = page.get_by_test_id("side-panel")
    expect(panel.get_by_test_id("health-reason")).to_contain_text("%")
    expect(panel.get_by_test_id("health-reason")).to_contain_text("503")
    expect(panel.get_by_test_id("response-flag").first).to_be_visible()

    demo.fault("kill-catalog-v2", clear=True)
    wait_until(lambda: edge(page, V2)["health"] == "healthy", seconds=40, what="healthy again")


@pytest.mark.usefixtures("restored")
def test_the_page_survives_prometheus_and_says_so(page: Page, demo: Demo) -> None:
    open_graph(page, demo)
    nodes = page.get_by_test_id("graph-node").count()
    demo.fault("stop-prometheus")
    chip = page.get_by_test_id("connection-state")
    expect(chip).to_have_attribute("data-state", "stale", timeout=20_000)
    expect(chip).to_contain_text("Stale since")
    expect(page.get_by_test_id("source-telemetry")).to_contain_text("Prometheus")
    assert page.get_by_test_id("graph-node").count() == nodes, "the last graph stays"
    demo.fault("stop-prometheus", clear=True)
    expect(chip).to_have_attribute("data-state", "live", timeout=40_000)
    expect(page.get_by_test_id("source-telemetry")).to_have_count(0)


@pytest.mark.usefixtures("restored")
def test_ten_seconds_without_valkey_end_by_themselves(page: Page, demo: Demo) -> None:
    open_graph(page, demo)
    before = demo.graph()["version"]
    demo.fault("stop-valkey")
    time.sleep(10)
    demo.fault("stop-valkey", clear=True)
    wait_until(lambda: demo.graph()["version"] > before, seconds=40, what="a newer graph over REST")
    chip = page.get_by_test_id("connection-state")
    expect(chip).to_have_attribute("data-state", "live", timeout=30_000)
    wait_until(lambda: demo.graph()["edges"], seconds=20, what="edges")


def test_a_viewer_sees_no_edit_and_the_api_refuses(page: Page, demo: Demo) -> None:
    open_graph(page, demo, "viewer")
    page.goto(f"{demo.url}/graph?selected={V2}")
    expect(page.get_by_test_id("side-panel")).to_be_visible()
    expect(page.get_by_test_id("edit-weights")).to_have_count(0)
    page.goto(f"{demo.url}/services/shop/catalog/weights")
    expect(page.get_by_test_id("weighted-destination").first).to_be_visible()
    expect(page.get_by_role("button", name="Apply")).to_have_count(0)
    status = page.evaluate(
        """async () => {
          const session = await (await fetch('/api/v1/session')).json();
          const answer = await fetch('/api/v1/clusters/demo/services/shop/catalog/weights/apply', {
            method: 'POST',
            headers: {'Content-Type': 'application/json', 'X-CSRFToken': session.csrf_token},
            body: JSON.stringify({resource_version: '1', weights: {v1: 50, v2: 50}, reason: ''}),
          });
          return answer.status;
        }"""
    )
    assert status == 403


def test_the_overlays_show_encryption_and_authorization(page: Page, demo: Demo) -> None:
    open_graph(page, demo)
    edges = page.get_by_test_id("graph-edge")
    wait_until(
        lambda: any(
            share and float(share) > 0.99 for share in (item.get_attribute("data-mtls-share") for item in edges.all())
        ),
        seconds=20,
        what="an edge over mutual TLS",
    )
    verdicts = {item.get_attribute("data-verdict") for item in edges.all()}
    assert {"allowed", "partly"} <= verdicts
    for overlay in ("mTLS", "Authorization", "Health"):
        page.get_by_role("radiogroup", name="Overlay").get_by_text(overlay, exact=True).click()
        page.get_by_role("button", name="Legend").wait_for()


def test_the_view_can_be_taken_away_as_graphml(page: Page, demo: Demo) -> None:
    open_graph(page, demo)
    page.get_by_role("button", name="Export this view").click()
    with page.expect_download() as begun:
        page.get_by_role("menuitem", name="GraphML").click()
    text = begun.value.path().read_text()
    assert begun.value.suggested_filename.endswith(".graphml")
    assert f'source="{WEB}" target="{V1}"' in text


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_every_page_opens_without_an_error_in_the_console(browser: Browser, demo: Demo, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 1600, "height": 1000}, color_scheme=scheme)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    open_graph(page, demo)
    for path in (
        "graph",
        "services",
        "services/shop/catalog",
        "workloads",
        "config",
        "mtls",
        "mtls/shop",
        "mtls/shop/strict",
        "certificates",
        "changes",
        "demo",
    ):
        page.goto(f"{demo.url}/{path}")
        expect(page.get_by_role("main")).to_be_visible()
        expect(page.get_by_test_id("screen-failed")).to_have_count(0)
        page.wait_for_timeout(400)
    context.close()
    assert not problems
