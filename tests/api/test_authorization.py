"""Questions about authorization over REST."""

from typing import Any

import pytest
from django.test import Client

from tests.api.conftest import Mesh

BASE = "/api/v1/clusters/demo/authorization"
DENY = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: catalog, namespace: shop}
spec: {selector: {matchLabels: {app: catalog}}}
"""


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"{BASE}/{path}", body, content_type="application/json")


def test_a_viewer_may_ask_whether_a_call_gets_through(as_viewer: Client, mesh: Mesh) -> None:
    answer = post(as_viewer, "explain", {"caller": "shop/web-v1", "service": "shop/catalog", "method": "GET"})
    assert answer.status_code == 200, answer.content
    reaches = answer.json()["reaches"]
    assert {one["workload"] for one in reaches} == {"shop/catalog-v1", "shop/catalog-v2"}
    assert {one["verdict"] for one in reaches} == {"open"}
    assert [one["layer"] for one in reaches[0]["layers"]] == ["mtls", "sidecar"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "service"),
        ({"service": "catalog"}, "service"),
        ({"service": "shop/none"}, "service"),
        ({"service": "shop/catalog", "workload": "shop/web"}, "service"),
        ({"service": "shop/catalog", "caller": "shop/nobody"}, "caller"),
        ({"service": "shop/catalog", "port": 81}, "port"),
        ({"service": "shop/catalog", "path": "stock"}, "path"),
        ({"service": "shop/catalog", "token": {"claims": 3}}, "token"),
        ({"service": "shop/catalog", "methods": "GET"}, "methods"),
    ],
)
def test_a_question_that_makes_no_sense_names_its_field(
    as_viewer: Client, mesh: Mesh, body: dict[str, Any], field: str
) -> None:
    answer = post(as_viewer, "explain", body)
    assert answer.status_code == 400
    assert any(name.startswith(field) for name in answer.json()["fields"]), answer.json()


def test_the_matrix_shows_policy_beside_traffic(as_viewer: Client, mesh: Mesh) -> None:
    found = as_viewer.get(f"{BASE}/matrix").json()
    assert [row["id"] for row in found["matrix"]["rows"]] == ["shop", "outside the mesh"]
    cells = {(cell["row"], cell["column"]): cell for cell in found["matrix"]["cells"]}
    assert cells[0, 0]["verdict"] == "open"
    assert found["traffic"]["hours"] == 0
    assert as_viewer.get(f"{BASE}/matrix", {"callers": "nowhere"}).status_code == 400
    assert as_viewer.get(f"{BASE}/matrix", {"service": "shop/catalog"}).json()["matrix"]["columns"][0]["id"] == "GET"


def test_the_matrix_is_exported(as_viewer: Client, mesh: Mesh) -> None:
    answer = as_viewer.get(f"{BASE}/matrix.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.content.decode().startswith("caller,called,verdict")


def test_a_policy_is_tried_on_the_traffic_of_hours(
    as_viewer: Client, mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = mesh.metrics.query
    monkeypatch.setattr(mesh.metrics, "query", lambda promql, at: answered(promql, at).replace(b'"c"', b'"demo"'))
    answer = post(as_viewer, "what-if", {"yaml": DENY, "hours": 24})
    assert answer.status_code == 200, answer.content
    assert [(one["source"], one["turn"]) for one in answer.json()["result"]["changed"]] == [("shop/web", "denied")]
    assert answer.json()["traffic"]["seconds"] == 86400
    asked = [promql for promql, _ in mesh.metrics.asked]
    assert any("[86400s]" in promql for promql in asked)
    assert not any("duration" in promql for promql in asked)


def test_without_hours_it_is_tried_on_the_traffic_of_now(as_viewer: Client, mesh: Mesh) -> None:
    delete = [{"kind": "AuthorizationPolicy", "namespace": "shop", "name": "none"}]
    answer = post(as_viewer, "what-if", {"yaml": DENY, "delete": delete}).json()
    assert answer["traffic"]["seconds"] == 15
    assert [problem["path"] for problem in answer["result"]["problems"]] == ["$.metadata.name"]


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        ("a: [", "line 1"),
        ("- a", "an object"),
        ("kind: AuthorizationPolicy\nmetadata: {name: a}", "namespace"),
        ("a: &x [1]\nb: *x", "aliases"),
        ("", "nothing to try"),
        ("metadata: {}", "kind"),
    ],
)
def test_what_is_no_policy_is_refused(as_viewer: Client, mesh: Mesh, yaml: str, said: str) -> None:
    answer = post(as_viewer, "what-if", {"yaml": yaml})
    assert answer.status_code == 400
    assert said in answer.json()["fields"]["yaml"]


def test_the_least_that_traffic_needs_is_suggested_as_yaml(as_viewer: Client, mesh: Mesh) -> None:
    found = as_viewer.get(f"{BASE}/suggest", {"namespace": "shop"}).json()
    assert "kind: AuthorizationPolicy" in found["yaml"]
    assert found["policies"][-1]["name"] == "allow-nothing"
    assert any("methods" in limit for limit in found["limits"])
    assert as_viewer.get(f"{BASE}/suggest", {"namespace": "none"}).status_code == 400
