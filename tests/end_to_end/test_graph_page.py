"""The graph page on the real running demo: finding and hiding, every view, neighbourhoods, the keyboard, files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import Demo, sign_in, wait_until

AXE = Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SVG = "{http://www.w3.org/2000/svg}"
WEB = "workload:demo/shop/web"


@pytest.fixture(scope="module")
def signed_in(browser: Browser, demo: Demo) -> Iterator[Page]:
    """A page of somebody who has signed in once for all of these tests."""
    context = browser.new_context(viewport={"width": 1600, "height": 1000}, accept_downloads=True)
    context.set_default_timeout(20_000)
    page = context.new_page()
    enter(page, demo)
    yield page
    context.close()


def enter(page: Page, demo: Demo) -> None:
    """Signs in, and waits for the page that this leads to."""
    sign_in(page, demo, "operator")
    expect(page.get_by_test_id("graph-map")).to_be_visible()


def open_graph(page: Page, demo: Demo, **parameters: str) -> None:
    """The page with this link, when everything has its place."""
    page.goto(f"{demo.url}/graph?{urlencode(parameters)}")
    page.locator('[data-testid="graph-map"][data-placed]').wait_for(timeout=60_000)


def nodes(page: Page) -> set[str]:
    """The names of the nodes in the picture, as its outline tells them."""
    texts = page.get_by_test_id("graph-node").evaluate_all("all => all.map(one => one.textContent)")
    return {text.split(",")[0] for text in texts}


def query(page: Page) -> dict[str, list[str]]:
    """What the link says."""
    return parse_qs(urlsplit(page.url).query)


def test_what_is_found_is_counted_as_the_server_counts_it(signed_in: Page, demo: Demo) -> None:
    page = signed_in
    open_graph(page, demo)
    page.keyboard.press("/")
    page.keyboard.type("namespace = shop and kind = workload")
    box = page.get_by_role("search")
    found = demo.api(
        "/clusters/demo/graph/find",
        params={"expression": "namespace = shop and kind = workload", "service_nodes": "false"},
    ).json()
    assert len(found["nodes"]) == 5
    expect(box).to_contain_text(f"{len(found['nodes'])} nodes")
    assert query(page)["find"] == ["namespace = shop and kind = workload"]

    page.keyboard.press("Enter")
    expect(page.get_by_test_id("side-panel")).to_be_visible()
    assert query(page)["selected"][0] in found["nodes"]


def test_a_mistake_is_said_where_it_is(signed_in: Page, demo: Demo) -> None:
    page = signed_in
    open_graph(page, demo)
    field = page.get_by_role("combobox", name="Find")
    field.fill("eror > 5 and idle")
    expect(page.get_by_role("search")).to_contain_text("did you mean errors?")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("search").locator("mark")).to_have_text("eror")


def test_values_of_the_view_complete_an_expression(signed_in: Page, demo: Demo) -> None:
    page = signed_in
    open_graph(page, demo)
    field = page.get_by_role("combobox", name="Hide")
    field.fill("namespace = ")
    listed = page.get_by_role("listbox", name="Completions: Hide")
    expect(listed.get_by_role("option", name=re.compile("^warehouse"))).to_be_visible()
    field.press_sequentially("war")
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("namespace = warehouse ")
    wait_until(lambda: "inventory" not in nodes(page), seconds=10, what="what is hidden is gone")
    assert "web" in nodes(page)
    field.press("Escape")
    field.press("Escape")
    wait_until(lambda: "inventory" in nodes(page), seconds=10, what="what was hidden is back")


@pytest.mark.parametrize(
    ("parameters", "there", "missing"),
    [
        ({"view": "versioned_app"}, {"catalog v1", "catalog v2"}, {"catalog-v1"}),
        ({"view": "app"}, {"web"}, {"catalog-v1"}),
        ({"view": "service"}, {"catalog"}, {"catalog-v1"}),
        ({"view": "namespace"}, {"shop", "payments"}, {"web"}),
        ({"view": "namespace", "expanded": "shop"}, {"web", "catalog-v1", "payments"}, {"shop"}),
        ({"services": "1", "box": "cluster,namespace,app"}, {"catalog", "catalog-v1"}, set()),
        ({"namespaces": "warehouse"}, {"inventory", "stockdb", "catalog-v1"}, {"web"}),
        ({"workloads": "shop/cart"}, {"cart", "web", "checkout"}, {"inventory"}),
        ({"layout": "organic"}, {"web"}, set()),
        ({"layout": "namespace"}, {"web"}, set()),
    ],
)
def test_a_link_opens_its_view(
    signed_in: Page, demo: Demo, parameters: dict[str, str], there: set[str], missing: set[str]
) -> None:
    open_graph(signed_in, demo, **parameters)
    wait_until(
        lambda: there <= nodes(signed_in) and not missing & nodes(signed_in),
        seconds=20,
        what=f"{there} without {missing}",
    )


def test_the_display_menu_writes_the_link(signed_in: Page, demo: Demo) -> None:
    page = signed_in
    open_graph(page, demo)
    page.get_by_role("button", name="Display").click()
    page.get_by_text("p95 latency", exact=True).click()
    page.get_by_text("Throughput", exact=True).click()
    page.get_by_text("Organic", exact=True).click()
    page.get_by_role("switch", name="Idle edges").click()
    page.keyboard.press("Escape")
    wait_until(
        lambda: (
            query(page) == {"label": ["rate,p95,throughput"], "layout": ["organic"], "idle_edges": ["1"]}
            and page.locator("[data-placed]").count() == 1
        ),
        seconds=15,
        what="all of it in the link",
    )


def test_a_double_click_shows_a_neighbourhood_and_escape_leaves_it(signed_in: Page, demo: Demo) -> None:
    page = signed_in
    open_graph(page, demo)
    everything = nodes(page)
    # Far too near for all of it to be in sight: what is found is brought to the middle.
    for _ in range(10):
        page.get_by_role("button", name="Zoom in (+)").click()
    box = page.get_by_test_id("graph-map").bounding_box()
    assert box
    field = page.get_by_role("combobox", name="Find")
    field.fill("name = ingressgateway")
    # Enter goes to the next match once the matches of what was typed are there; of one match to that one again.
    for _ in range(20):
        field.press("Enter")
        page.wait_for_timeout(500)
        if page.get_by_test_id("side-panel").count():
            break
    expect(page.get_by_test_id("side-panel")).to_be_visible()
    page.wait_for_timeout(1500)
    page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    note = page.get_by_test_id("focus")
    expect(note).to_contain_text("Around ingressgateway")
    wait_until(lambda: nodes(page) == {"ingressgateway", "web"}, seconds=10, what="only the neighbours")
    note.get_by_role("button", name="One hop more").click()
    wait_until(lambda: {"ingressgateway", "web", "cart"} <= nodes(page), seconds=10, what="the neighbours' neighbours")
    assert "stockdb" not in nodes(page)

    field.fill("")
    page.get_by_test_id("graph-map").focus()
    page.keyboard.press("Escape")
    wait_until(lambda: nodes(page) == everything, seconds=10, what="the whole again")


def test_a_namespace_expands_and_collapses(signed_in: Page, demo: Demo) -> None:
    page = signed_in
    open_graph(page, demo, view="namespace")
    page.get_by_test_id("graph-node").filter(has_text=re.compile("^shop,")).dispatch_event("click")
    page.get_by_test_id("side-panel").get_by_role("button", name="Expand").click()
    wait_until(lambda: {"web", "payments"} <= nodes(page), seconds=15, what="the shop's workloads")
    page.get_by_role("button", name="Collapse shop").click()
    wait_until(lambda: "shop" in nodes(page) and "web" not in nodes(page), seconds=15, what="one node again")


def test_the_arrow_keys_walk_over_nodes_and_edges(signed_in: Page, demo: Demo) -> None:
    page = signed_in
    open_graph(page, demo, selected="workload:demo/edge/ingressgateway")
    page.get_by_test_id("graph-map").focus()
    page.keyboard.press("Shift+ArrowRight")
    panel = page.get_by_test_id("side-panel")
    expect(panel.get_by_role("heading", level=2)).to_contain_text("ingressgateway")
    expect(panel.get_by_role("heading", level=2)).to_contain_text("web")
    page.keyboard.press("ArrowRight")
    expect(panel.get_by_role("heading", level=2)).to_have_text("web")
    assert query(page)["selected"] == [WEB]


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_picture_is_saved_as_vectors_with_its_legend(browser: Browser, demo: Demo, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 720}, color_scheme=scheme)
    page = context.new_page()
    enter(page, demo)
    open_graph(page, demo, hide="namespace = payments")
    page.get_by_role("button", name="Export this view").click()
    with page.expect_download() as begun:
        page.get_by_role("menuitem", name="SVG").click()
    assert begun.value.suggested_filename.endswith(".svg")
    root = ElementTree.fromstring(begun.value.path().read_text())
    words = {text.text for text in root.iter(f"{SVG}text")}
    assert {"web", "catalog-v1", "inventory", "shop", "Workload", "Healthy", "Mesh demo: workloads"} <= words
    assert "checkout" not in words
    assert any("hidden: namespace = payments" in (text or "") for text in words)
    assert not list(root.iter(f"{SVG}image"))
    ground = next(root.iter(f"{SVG}rect")).get("fill")
    assert ground == {"dark": "#0d1117", "light": "#f4f6f9"}[scheme]

    page.get_by_role("button", name="Export this view").click()
    with page.expect_download() as begun:
        page.get_by_role("menuitem", name="PNG").click()
    assert begun.value.path().read_bytes().startswith(b"\x89PNG")
    context.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_on_the_graph_page(browser: Browser, demo: Demo, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 720}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    enter(page, demo)
    open_graph(page, demo, selected=WEB, find="errors > 0 or p95 > 1ms")
    page.get_by_role("button", name="Legend").click()
    expect(page.get_by_test_id("red-charts")).to_be_visible()
    page.add_script_tag(path=str(AXE))
    violations = page.evaluate("async () => (await axe.run()).violations")
    told = [f"{one['id']}: {one['help']} {[node['html'][:160] for node in one['nodes'][:3]]}" for one in violations]
    context.close()
    assert not told, "\n".join(told)
