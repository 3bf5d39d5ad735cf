"""The proxies of the running demo, read and asked: every edge explained, a change followed, and all of it by hand."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from .conftest import Demo, wait_until
from .test_browser import open_graph, set_split, weights

CATALOG = "/clusters/demo/services/shop/catalog"


def proxies(demo: Demo) -> dict[str, dict[str, Any]]:
    """The proxies by workload, once all have been read."""
    expected = 14

    def read() -> list[dict[str, Any]] | None:
        found = demo.api("/clusters/demo/proxies").json()
        return found if len([one for one in found if not one["error"]]) >= expected else None

    return {one["workload"]: one for one in wait_until(read, seconds=90, what="all proxies are read")}


def explain(demo: Demo, **asked: Any) -> dict[str, Any]:
    answer = demo.api("/clusters/demo/explain", method="POST", json=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_every_edge_of_the_live_graph_is_explained(demo: Demo) -> None:
    edges = wait_until(lambda: demo.graph()["edges"], seconds=60, what="the graph has edges")
    assert len(edges) > 15
    for edge in edges:
        suggested = demo.api("/clusters/demo/explain/edge", params={"edge": edge["id"]})
        assert suggested.status_code == 200, (edge["id"], suggested.text)
        asked = suggested.json()
        found = explain(demo, **asked["source"], **asked["question"])["now"]
        steps = [*found["steps"], *(step for branch in found["branches"] for step in branch["steps"])]
        unknown = [step for step in steps if step["state"] == "unknown"]
        assert found["verdict"] not in ("unknown", "no_route", "no_cluster"), (edge["id"], found["summary"])
        assert not unknown, (edge["id"], unknown)
        if asked["destination"]:
            reached = [name for branch in found["branches"] for name in branch["workloads"]]
            assert asked["destination"] in reached, (edge["id"], reached)


def test_a_denied_call_names_the_policy_and_the_live_rate_of_each_answer(demo: Demo) -> None:
    asked = {"namespace": "payments", "workload": "payments", "host": "fraud.payments", "port": 80}

    def found() -> dict[str, Any] | None:
        now: dict[str, Any] = explain(demo, **asked)["now"]
        return now if any(one["code"] == "200" and one["rate"] > 0 for one in now["meanings"]) else None

    # Its callers may POST; nobody may GET.
    now = wait_until(found, seconds=60, what="the rates of the calls are known")
    denial = next(one for one in now["meanings"] if one["code"] == "403")
    assert (now["verdict"], denial["expected"], denial["object"]["kind"]) == ("denied", True, "AuthorizationPolicy")


def test_wrong_questions_name_their_field(demo: Demo) -> None:
    good = {"namespace": "shop", "workload": "web", "host": "catalog", "port": 80}
    for wrong, field in (
        ({"workload": "nobody"}, "workload"),
        ({"port": 0}, "port"),
        ({"path": "no slash"}, "path"),
        ({"method": "GE T"}, "method"),
        ({"headers": {"a b": "c"}}, "headers"),
        ({"more": 1}, "more"),
    ):
        answer = demo.api("/clusters/demo/explain", method="POST", json=good | wrong)
        assert 400 <= answer.status_code < 500, wrong
        assert field in answer.json()["fields"], (wrong, answer.text)


def test_a_proxys_pages_are_all_there_and_no_private_key(demo: Demo) -> None:
    base = f"/clusters/demo/proxies/shop/{proxies(demo)['web']['pod']}"
    detail = demo.api(base).json()
    assert detail["findings"] == []
    assert {one["type"]: one["state"] for one in detail["sync"]}["route"] == "synced"
    for section in ("listeners", "routes", "clusters", "endpoints", "secrets", "stats"):
        assert demo.api(f"{base}/{section}").json()["rows"], section
    (secret,) = demo.api(f"{base}/secrets").json()["rows"]
    assert secret["identities"] == ["spiffe://cluster.local/ns/shop/sa/web"]
    for section in ("bootstrap", "listeners", "secrets", "clusters_now", "certs", "server_info", "config_dump"):
        page = demo.api(f"{base}/raw", params={"section": section})
        assert page.status_code == 200, section
        assert "PRIVATE KEY" not in page.text
    assert demo.api("/clusters/demo/proxies/shop/nothing").status_code == 404


def test_a_log_level_is_an_audited_edit_of_operators_only(demo: Demo) -> None:
    path = f"/clusters/demo/proxies/shop/{proxies(demo)['cart']['pod']}/logging"
    change = {"logger": "http", "level": "info", "reason": "to see more"}
    levels = demo.api(path, method="POST", json=change).json()["levels"]
    assert levels["http"] == "info"
    assert demo.api(path).json()["levels"]["http"] == "info"
    assert demo.api(path, method="POST", json={**change, "level": "loud"}).status_code == 400
    entries = demo.api("/audit").json()["entries"]
    assert [one["outcome"] for one in entries if one["action"] == "proxy log level"][:2] == ["done", "intended"]
    demo.api(path, method="POST", json={"logger": "http", "level": "warning"})


def test_a_request_is_explained_before_and_after_a_weight_change(page: Page, demo: Demo) -> None:
    before = weights(demo)
    after = 100 - before["v1"] if before["v1"] != 50 else 30
    web = proxies(demo)["web"]["pod"]
    open_graph(page, demo)
    page.goto(f"{demo.url}/services/shop/catalog/weights")
    page.get_by_label("Weight of v1 in percent").fill(str(after))
    page.get_by_label("Weight of v1 in percent").press("Tab")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("link", name="Explain a request before and after").click()
    now = page.get_by_role("region", name="Now")
    then = page.get_by_role("region", name="With the change")
    expect(now.get_by_test_id("summary")).to_contain_text(f"{before['v1']}%: it reaches shop/catalog-v1")
    expect(then.get_by_test_id("summary")).to_contain_text(f"{after}%: it reaches shop/catalog-v1")
    try:
        set_split(page, demo, after)
        expect(page.get_by_test_id("rollout")).to_contain_text("Applied by 12 of 12 proxies", timeout=30_000)
        page.goto(f"{demo.url}/explain?from=shop/web&host=catalog&port=80")
        expect(page.get_by_test_id("summary")).to_contain_text(f"{after}%: it reaches shop/catalog-v1")
        # The route's step leads to the very route in the proxy's tables, and that to its cluster and endpoints.
        route = page.locator('[data-testid="step"][data-kind="route"]').first
        expect(route.get_by_role("link", name="VirtualService")).to_be_visible()
        page.goto(f"{demo.url}/proxies/shop/{web}?tab=routes&search=catalog")
        page.get_by_role("link", name="outbound|80|v2|catalog").first.click()
        page.get_by_role("link", name="1 of 1").click()
        expect(page.get_by_role("link", name="catalog-v2", exact=True)).to_be_visible()
        # What the change was can still be seen beside the configuration from before it.
        page.goto(f"{demo.url}/proxies/shop/{web}?tab=compare")
        page.get_by_placeholder("Choose a moment").click()
        page.get_by_role("option").last.click()
        expect(page.locator('[data-testid="difference"][data-kind="route"]')).to_be_visible()
    finally:
        set_split(page, demo, before["v1"])
        wait_until(lambda: weights(demo) == before, seconds=20, what="the weights are as before")


def test_an_edge_of_the_graph_offers_its_explanation(page: Page, demo: Demo) -> None:
    open_graph(page, demo, "viewer")
    page.goto(f"{demo.url}/proxies")
    expect(page.get_by_role("table", name="Proxies").get_by_text("synced").first).to_be_visible()
    edge = "workload:demo/shop/web>service:demo/shop/cart|http"
    page.goto(f"{demo.url}/graph?services=1&selected={edge}")
    link = page.get_by_role("link", name="Explain this request")
    expect(link).to_be_visible()
    page.goto(f"{demo.url}{link.get_attribute('href')}")
    expect(page.get_by_test_id("explanation")).to_have_attribute("data-verdict", "reaches")
    expect(page.get_by_test_id("branch")).to_contain_text("shop/cart")
