"""The graph of past moments over REST."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from tests.api.conftest import Mesh
from tests.services.conftest import down

GRAPH = "/api/v1/clusters/demo/graph"
PLAIN = {"service_nodes": "false"}


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


def test_a_moment_that_was_published_is_shown_as_it_was(as_viewer: Client, mesh: Mesh) -> None:
    then = datetime.now(UTC).isoformat()
    mesh.publish(20.0)
    past = as_viewer.get(GRAPH, {**PLAIN, "at": then}).json()
    assert [round(edge["rate"]) for edge in past["edges"]] == [9]
    assert past["past"]["origin"] == "ring"
    live = as_viewer.get(GRAPH, PLAIN).json()
    assert [round(edge["rate"]) for edge in live["edges"]] == [20]
    assert live["past"] is None
    assert mesh.metrics.asked == []


def test_a_moment_before_the_ring_is_computed_and_says_so(as_viewer: Client, mesh: Mesh) -> None:
    mesh.metrics.rate = 3.0
    answer = as_viewer.get(GRAPH, {**PLAIN, "at": ago(hours=2)})
    view = answer.json()
    assert [edge["rate"] for edge in view["edges"]] == [3.0]
    assert view["past"]["origin"] == "prometheus"
    assert view["past"]["configuration_as_of"]
    again = as_viewer.get(GRAPH, {**PLAIN, "at": view["evaluated_at"]}, headers={"if-none-match": answer["ETag"]})
    assert again.status_code == 304


def test_find_hide_export_and_series_look_at_the_past_too(as_viewer: Client, mesh: Mesh) -> None:
    then = datetime.now(UTC).isoformat()
    mesh.publish(20.0)
    asked = {**PLAIN, "at": then}
    edge = as_viewer.get(GRAPH, asked).json()["edges"][0]["id"]
    for expression, found in (("rate < 10", [edge]), ("rate > 10", [])):
        assert as_viewer.get(f"{GRAPH}/find", {**asked, "expression": expression}).json()["edges"] == found
    assert as_viewer.get(GRAPH, {**asked, "hide": "rate < 10"}).json()["edges"] == []
    file = as_viewer.get(f"{GRAPH}/export", {**asked, "to": "json"})
    assert [round(one["rate"]) for one in file.json()["edges"]] == [9]
    series = as_viewer.get("/api/v1/clusters/demo/series", {**asked, "id": edge}).json()
    assert [round(rate) for rate in series["rate"]] == [9]


@pytest.mark.parametrize(
    ("at", "wrong"),
    [
        ("yesterday", "wrong format"),
        ("2026-13-01T00:00:00Z", "wrong format"),
        ("0001-01-01T00:00:00Z", "more than 7 days ago"),
        ("9999-12-31T23:59:59Z", "in the future"),
    ],
)
def test_a_moment_that_can_not_be_shown_names_its_field(as_viewer: Client, mesh: Mesh, at: str, wrong: str) -> None:
    for path, field, others in (
        ("", "at", {}),
        ("/find", "at", {"expression": "rate > 1"}),
        ("/export", "at", {"to": "json"}),
        ("/moments", "to", {}),
        ("/compare", "from", {}),
        ("/compare", "to", {"from": ago(minutes=1)}),
    ):
        answer = as_viewer.get(GRAPH + path, {**others, field: at})
        assert answer.status_code == 400, (path, field)
        assert wrong in answer.json()["fields"][field], (path, field)
    assert mesh.metrics.asked == []


def test_where_nothing_is_known_it_is_not_found_and_without_prometheus_unavailable(
    as_viewer: Client, mesh: Mesh
) -> None:
    mesh.metrics.dialects = ()
    nothing = as_viewer.get(GRAPH, {"at": ago(hours=3)})
    assert (nothing.status_code, nothing.json()["code"]) == (404, "not_found")
    assert nothing.json()["next_step"]
    mesh.metrics.failure = down()
    failed = as_viewer.get(GRAPH, {"at": ago(hours=4)})
    assert (failed.status_code, failed.json()["code"]) == (503, "source_unavailable")


def test_a_film_may_begin_before_anything_can_be_shown(as_viewer: Client, mesh: Mesh) -> None:
    film = as_viewer.get(f"{GRAPH}/moments", {"from": ago(days=30)}).json()
    assert datetime.fromisoformat(film["first"]) > datetime.now(UTC) - timedelta(days=7)
    assert datetime.fromisoformat(film["last"]) > datetime.now(UTC) - timedelta(days=1)
    wrong = as_viewer.get(f"{GRAPH}/moments", {"from": ago(minutes=-5)})
    assert wrong.json()["fields"].keys() == {"to"}


def test_a_film_has_its_moments(as_viewer: Client, mesh: Mesh) -> None:
    mesh.metrics.failure = down()
    film = as_viewer.get(f"{GRAPH}/moments", {"from": ago(seconds=120), "step": "10"}).json()
    assert film["step_seconds"] == 10
    assert film["moments"][0]["origin"] == "prometheus"
    assert film["problem"]
    assert as_viewer.get(f"{GRAPH}/moments", {"from": ago(hours=12), "step": "1"}).json()["fields"].keys() == {"step"}


def test_two_moments_are_compared(as_viewer: Client, mesh: Mesh) -> None:
    then = datetime.now(UTC).isoformat()
    mesh.publish(90.0)
    answer = as_viewer.get(f"{GRAPH}/compare", {**PLAIN, "from": then})
    found = answer.json()
    edges = {(one["kind"], one["label"], one["reason"]) for one in found["differences"] if one["element"] == "edge"}
    assert edges == {("busier", "web \u2192 catalog-v1", "90 req/s, 9 req/s before")}
    assert found["before"]["past"]["origin"] == "ring"
    assert found["after"]["past"] is None
    assert as_viewer.get(f"{GRAPH}/compare", {**PLAIN, "from": then, "to": then}).json()["differences"] == []


def test_a_comparison_can_be_saved(as_viewer: Client, mesh: Mesh) -> None:
    asked = {"from": datetime.now(UTC).isoformat(), "download": "true"}
    file = as_viewer.get(f"{GRAPH}/compare", asked)
    assert file.headers["Content-Disposition"].startswith('attachment; filename="demo-')
    assert file.json()["cluster"] == "demo"
    assert as_viewer.get(f"{GRAPH}/compare").json()["fields"].keys() == {"from"}
