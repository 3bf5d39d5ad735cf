"""Whatever is sent, the answer has the one shape of errors and is never a 500."""

import json
from typing import Any

import pytest
from django.test import Client

from tests.api.conftest import Mesh

WEIGHTS = "/api/v1/clusters/demo/services/shop/catalog/weights"


def assert_problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.content[:500]
    assert answer.headers["Content-Type"] == "application/json"
    problem = answer.json()
    assert set(problem) >= {"code", "message", "next_step", "context", "fields"}
    assert len(problem["message"]) > 10
    return problem


def test_an_unknown_address_of_the_api_is_a_404_in_our_shape(client: Client) -> None:
    for path in ("/api/nothing", "/api/v1/nothing", "/api/v1/changes/12x", "/static/nothing.js"):
        assert assert_problem(client.get(path), 404)["code"] == "not_found"


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe",
        b'{"a":',
        b"[1]",
        b'"text"',
        b"null",
        b"{}",
        b"[" * 20_000,
        b'{"a": NaN}',
        b'{"reason": "\\ud800"}',
        b"",
    ],
    ids=lambda body: repr(body[:12]),
)
@pytest.mark.parametrize("step", ["preview", "apply"])
def test_a_body_that_is_no_json_object_is_refused(as_operator: Client, mesh: Mesh, step: str, body: bytes) -> None:
    answer = as_operator.post(f"{WEIGHTS}/{step}", body, content_type="application/json")
    assert assert_problem(answer, 400)["code"] == "invalid"
    assert mesh.config.writes == 0


def test_a_body_that_is_too_large_is_a_413(as_operator: Client, mesh: Mesh) -> None:
    huge = json.dumps({"reason": "x" * 2_000_000})
    answer = as_operator.post(f"{WEIGHTS}/apply", huge, content_type="application/json")
    assert assert_problem(answer, 413)["code"] == "too_large"


def test_another_content_type_is_a_415(as_operator: Client, mesh: Mesh) -> None:
    answer = as_operator.post(f"{WEIGHTS}/apply", "a=b", content_type="application/x-www-form-urlencoded")
    assert assert_problem(answer, 415)["code"] == "unsupported"


def test_another_method_is_a_405(as_operator: Client, mesh: Mesh) -> None:
    assert assert_problem(as_operator.put("/api/v1/clusters"), 405)["code"] == "unsupported"


def test_unknown_things_are_named_in_the_context(as_operator: Client, mesh: Mesh) -> None:
    base = "/api/v1/clusters"
    for path, named in {
        f"{base}/nowhere/graph": "cluster",
        f"{base}/nowhere/services": "cluster",
        f"{base}/demo/services/shop/nobody": "service",
        f"{base}/demo/services/nowhere/catalog/weights": "service",
        f"{base}/demo/workloads/shop/nobody": "workload",
        f"{base}/demo/config/Secret/shop/token": "Secret",
        f"{base}/demo/services/shop/%00/weights": "service",
        "/api/v1/changes/99": "change",
    }.items():
        assert named in assert_problem(as_operator.get(path), 404)["context"], path


def test_a_number_beyond_the_database_is_no_500(as_operator: Client, mesh: Mesh) -> None:
    assert_problem(as_operator.get(f"/api/v1/changes/{10**30}"), 404)
    assert_problem(as_operator.get(f"/api/v1/audit?before={10**30}"), 400)
    assert_problem(as_operator.post(f"/api/v1/changes/{10**30}/undo", {}, content_type="application/json"), 404)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("window=soon", "window"),
        ("window=7", "window"),
        ("window=-1", "window"),
        ("view=sideways", "view"),
        ("service_nodes=perhaps", "service_nodes"),
        ("idle=17", "idle"),
        ("namespaces=nowhere", "namespaces"),
        ("namespaces=%00", "namespaces"),
        ("windw=15", "windw"),
        ("window=15&window=60", "window"),
    ],
)
def test_a_bad_query_names_its_parameter(as_operator: Client, mesh: Mesh, query: str, field: str) -> None:
    problem = assert_problem(as_operator.get(f"/api/v1/clusters/demo/graph?{query}"), 400)
    assert field in problem["fields"]


def test_a_wrong_token_is_a_401_that_says_so(client: Client, db: None) -> None:
    answer = client.get("/api/v1/clusters", headers={"authorization": "Bearer nothing"})
    assert "token" in assert_problem(answer, 401)["message"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_nothing_is_shown_to_strangers(client: Client, mesh: Mesh) -> None:
    base = "/api/v1/clusters/demo"
    for path in ("graph", "series?id=x", "namespaces", "services", "workloads", "config", "proxies", "changes"):
        assert_problem(client.get(f"{base}/{path}"), 401)
    assert_problem(client.get("/api/v1/audit"), 401)


def test_what_nobody_expected_is_told_without_its_trace(as_operator: Client, mesh: Mesh, monkeypatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("meshui.services.read_proxies.proxies", broken)
    answer = as_operator.get("/api/v1/clusters/demo/proxies")
    assert_problem(answer, 500)
    assert b"secret" not in answer.content


def test_a_host_that_is_not_ours_is_refused(client: Client) -> None:
    assert_problem(client.get("/api/v1/session", headers={"host": "evil.example"}), 400)
