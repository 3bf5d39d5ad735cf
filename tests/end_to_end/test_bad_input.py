"""Whatever is sent to any endpoint, the answer is a 4xx in plain words, never a 500, and nothing is written."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import yaml

from .conftest import Demo

WEIGHTS = "/clusters/demo/services/shop/catalog/weights"
JSON = {"Content-Type": "application/json"}
BODIES: dict[str, bytes] = {
    "no JSON at all": b"\xff\xfe not json",
    "half a document": b'{"weights": {"a":',
    "a list": b"[1, 2, 3]",
    "a text": b'"weights"',
    "null": b"null",
    "an empty object": b"{}",
    "deep nesting": b"[" * 20_000,
    "a NUL": b'{"reason": "\\u0000", "username": "\\u0000", "password": "\\u0000"}',
}


def resource_version(demo: Demo) -> str:
    return demo.api(WEIGHTS).json()["resource_version"]


def destinations(demo: Demo) -> list[str]:
    routes = demo.api(WEIGHTS).json()["routes"]
    return [destination["id"] for route in routes for destination in route["destinations"]]


def endpoints(demo: Demo) -> Iterator[tuple[str, str]]:
    """Every method and path of the API, with things in its path that don't exist."""
    schema = yaml.safe_load(requests.get(f"{demo.url}/api/schema", timeout=20).text)
    for path, operations in schema["paths"].items():
        for method in operations:
            if method in ("get", "post", "put", "patch", "delete"):
                yield method.upper(), path


def fill(path: str, value: str) -> str:
    return "".join(value if index % 2 else part for index, part in enumerate(path.replace("}", "{").split("{")))


def assert_told_plainly(answer: requests.Response, what: str) -> None:
    assert 400 <= answer.status_code < 500, f"{what}: {answer.status_code} {answer.text[:500]}"
    problem = answer.json()
    assert problem["code"], what
    assert len(problem["message"]) > 10, what
    assert "Traceback" not in answer.text, what


def test_an_unknown_thing_in_any_path_is_a_404_that_says_so(demo: Demo) -> None:
    seen = 0
    for (method, path), value in itertools.product(endpoints(demo), ("no-such-thing", "%00", "..%2f..", "ü" * 300)):
        if "{" not in path:
            continue
        answer = demo.api(fill(path, value).removeprefix("/api/v1"), method=method, json={})
        assert_told_plainly(answer, f"{method} {path} with {value[:20]}")
        seen += 1
    assert seen > 20


@pytest.mark.parametrize("what", BODIES)
def test_a_malformed_body_is_refused_by_every_endpoint_that_writes(demo: Demo, what: str) -> None:
    before = resource_version(demo)
    targets = [WEIGHTS + "/preview", WEIGHTS + "/apply", "/session"]
    for target in targets:
        answer = demo.api(target, method="POST", data=BODIES[what], headers=JSON)
        assert_told_plainly(answer, f"{what} to {target}")
    assert resource_version(demo) == before


def test_bad_query_parameters_name_their_field(demo: Demo) -> None:
    for name, value in {
        "window": "soon",
        "view": "sideways",
        "service_nodes": "perhaps",
        "idle": "17",
        "namespaces": "no-such-namespace",
    }.items():
        answer = demo.api("/clusters/demo/graph", params={name: value})
        assert_told_plainly(answer, f"{name}={value}")
        assert name in answer.json()["fields"], answer.text


@pytest.mark.parametrize(
    "first",
    [101, -1, 1.5, "fifty", "", None, True, [50], {"a": 1}, 10**30],
    ids=lambda value: json.dumps(value)[:12],
)
@pytest.mark.parametrize("step", ["preview", "apply"])
def test_a_weight_that_is_none_is_refused_with_its_field(demo: Demo, step: str, first: Any) -> None:
    before = resource_version(demo)
    one, two = destinations(demo)
    body = {"resource_version": before, "weights": {one: first, two: 50}, "reason": "a test"}
    answer = demo.api(f"{WEIGHTS}/{step}", method="POST", json=body)
    assert_told_plainly(answer, f"weight {first!r}")
    assert any(name.startswith("weights") for name in answer.json()["fields"]), answer.text
    assert resource_version(demo) == before


@pytest.mark.parametrize("weights", [{}, {"nobody": 100}, {"0": 50}], ids=["none", "unknown", "one"])
def test_weights_for_other_versions_than_the_routes_are_refused(demo: Demo, weights: dict[str, int]) -> None:
    before = resource_version(demo)
    body = {"resource_version": before, "weights": weights, "reason": "a test"}
    answer = demo.api(f"{WEIGHTS}/apply", method="POST", json=body)
    assert_told_plainly(answer, str(weights))
    assert resource_version(demo) == before


def test_a_body_of_ten_megabytes_is_refused_everywhere(demo: Demo) -> None:
    before = resource_version(demo)
    huge = b'{"reason": "' + b"x" * 10_000_000 + b'"}'
    for target in (WEIGHTS + "/preview", WEIGHTS + "/apply", "/session"):
        answer = demo.api(target, method="POST", data=huge, headers=JSON)
        assert answer.status_code == 413, answer.text[:300]
        assert_told_plainly(answer, target)
    assert resource_version(demo) == before


def test_without_signing_in_nothing_is_shown(demo: Demo) -> None:
    for path in ("/clusters", "/clusters/demo/graph", WEIGHTS, "/clusters/demo/changes", "/audit"):
        answer = requests.get(f"{demo.url}/api/v1{path}", timeout=20)
        assert answer.status_code == 401, path
        assert_told_plainly(answer, path)
