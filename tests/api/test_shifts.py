from typing import Any

import pytest
from django.test import Client

from meshui.records.audit import AuditEntry
from meshui.records.changes import Change
from tests.api.conftest import Mesh

SERVICE = "/api/v1/clusters/demo/services/shop/catalog"


def start(client: Client, **more: Any) -> Any:
    body = {"resource_version": "7", "candidate": "v2", "baseline": "v1", "steps": [25, 100], "reason": "new"} | more
    return client.post(f"{SERVICE}/shifts", body, content_type="application/json")


def act(client: Client, number: int, action: str) -> Any:
    return client.post(f"/api/v1/shifts/{number}", {"action": action}, content_type="application/json")


def test_a_shift_starts_as_the_user_and_says_where_it_stands(as_operator: Client, mesh: Mesh) -> None:
    answer = start(as_operator, guard={"error_increase": 0.02})
    assert answer.status_code == 201
    shift = answer.json()
    assert mesh.config.weights() == [75, 25]
    assert set(mesh.config.actors) == {("olga", ("people",))}
    assert shift["shift"]["phase"] == "running"
    assert shift["shift"]["weight"] == 25
    assert shift["shift"]["said"] == "started: v2 gets 25%"
    assert shift["guard"]["error_increase"] == 0.02
    assert shift["original"] == [10, 90]
    assert [line["text"] for line in shift["history"]] == ["started: v2 gets 25%"]
    recorded = Change.objects.get()
    assert (recorded.kind, recorded.author, recorded.wanted) == ("shift", "olga", {"v1": 75, "v2": 25})
    assert mesh.events.changes[0]["change_id"] == recorded.pk


def test_it_is_listed_and_shown_to_viewers_who_can_not_act(as_operator: Client, as_viewer: Client, mesh: Mesh) -> None:
    number = start(as_operator).json()["shift"]["id"]
    (listed,) = as_viewer.get("/api/v1/clusters/demo/shifts?service=shop/catalog").json()
    assert (listed["id"], listed["can_act"]) == (number, False)
    assert as_operator.get(f"/api/v1/shifts/{number}").json()["shift"]["can_act"] is True
    assert act(as_viewer, number, "abort").status_code == 403
    assert start(as_viewer).status_code == 403
    assert mesh.config.weights() == [75, 25]
    assert AuditEntry.objects.filter(actor="vera", outcome="refused").count() == 2


def test_aborting_puts_the_weights_back(as_operator: Client, mesh: Mesh) -> None:
    number = start(as_operator).json()["shift"]["id"]
    shift = act(as_operator, number, "abort").json()
    assert shift["shift"]["phase"] == "aborted"
    assert shift["shift"]["weight"] == 10
    assert mesh.config.weights() == [90, 10]
    assert act(as_operator, number, "abort").status_code == 409


def test_a_second_one_and_an_old_reading_are_conflicts(as_operator: Client, mesh: Mesh) -> None:
    assert start(as_operator, resource_version="6").status_code == 409
    start(as_operator)
    answer = start(as_operator, resource_version="8", steps=[50])
    assert answer.status_code == 409
    assert "being shifted already" in answer.json()["message"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"steps": []}, "steps"),
        ({"steps": [50, 20]}, "steps"),
        ({"steps": [101]}, "steps.0"),
        ({"steps": ["50"]}, "steps.0"),
        ({"candidate": "v3"}, "candidate"),
        ({"candidate": "v1"}, "candidate"),
        ({"pause_seconds": 1}, "pause_seconds"),
        ({"guard": {"error_increase": "1"}}, "guard.error_increase"),
        ({"guard": {"latency_times": 0.5}}, "guard.latency_times"),
        ({"guard": {"unknown": 1}}, "guard.unknown"),
        ({"extra": 1}, "extra"),
    ],
)
def test_bad_input_names_its_field(as_operator: Client, mesh: Mesh, more: dict[str, Any], field: str) -> None:
    answer = start(as_operator, **more)
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["fields"]
    assert mesh.config.writes == 0


def test_what_is_not_there_is_a_404(as_operator: Client, mesh: Mesh) -> None:
    assert as_operator.get("/api/v1/shifts/99").status_code == 404
    assert act(as_operator, 99, "pause").status_code == 404
    body = {"resource_version": "7", "candidate": "v2", "baseline": "v1", "steps": [50]}
    path = SERVICE.replace("catalog", "nothing") + "/shifts"
    assert as_operator.post(path, body, content_type="application/json").status_code == 404
