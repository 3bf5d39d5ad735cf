from typing import Any

import pytest
from django.test import Client

from meshui.records.changes import Change
from tests.api.conftest import VIRTUAL_SERVICE, Mesh

ROUTES = "/api/v1/clusters/demo/services/shop/catalog/routes"
FAULT = {"abort": {"percent": 50, "status": 503}}


def send(client: Client, step: str, settings: dict[str, Any], **more: Any) -> Any:
    body = {"resource_version": "7", "route": 0, "settings": settings} | more
    return client.post(f"{ROUTES}/{step}", body, content_type="application/json")


def block(mesh: Mesh) -> dict[str, Any]:
    found: dict[str, Any] = mesh.config.objects[VIRTUAL_SERVICE]["spec"]["http"][0]
    return found


def test_the_routes_are_shown_with_what_flows_and_how_retries_multiply(as_viewer: Client, mesh: Mesh) -> None:
    shown = as_viewer.get(ROUTES).json()
    assert shown["object"]["kind"] == "VirtualService"
    assert (shown["resource_version"], shown["editable"], shown["rate"]) == ("7", False, 9.0)
    (route,) = shown["routes"]
    assert route["name"] == "split"
    assert route["settings"]["timeout_ms"] is None
    assert shown["chain"] == [{"caller": "web", "service": "catalog", "attempts": 3}]


def test_a_preview_tells_and_writes_nothing(as_operator: Client, mesh: Mesh) -> None:
    preview = send(as_operator, "preview", FAULT).json()
    assert preview["dry_run"]["ok"] is True
    assert "About 4.5 req/s would get 503 without reaching it." in preview["effect"]
    assert "+" in preview["diff_yaml"]
    assert mesh.config.writes == 0


def test_a_fault_is_applied_for_a_while_and_recorded(as_operator: Client, mesh: Mesh) -> None:
    answer = send(as_operator, "apply", FAULT, reason="a drill", expires_seconds=60)
    assert answer.status_code == 200
    assert block(mesh)["fault"] == {"abort": {"percentage": {"value": 50}, "httpStatus": 503}}
    change = Change.objects.get()
    assert (change.kind, change.reason) == ("route", "a drill")
    assert change.expires_at is not None
    assert 55 < (change.expires_at - change.created_at).total_seconds() <= 61
    shown = as_operator.get(f"/api/v1/changes/{change.pk}").json()["change"]
    assert shown["expires_at"] is not None


def test_a_mirror_to_nowhere_is_blocked(as_operator: Client, mesh: Mesh) -> None:
    answer = send(as_operator, "apply", {"mirror": {"host": "nobody", "percent": 5}})
    assert answer.status_code == 422
    assert mesh.config.writes == 0


def test_an_old_reading_is_a_conflict(as_operator: Client, mesh: Mesh) -> None:
    mesh.config.edit(80, 20)
    answer = send(as_operator, "apply", FAULT)
    assert answer.status_code == 409
    assert "weight: 80" in answer.json()["current_yaml"]
    assert "fault" not in block(mesh)


def test_a_viewer_can_not_change_a_route(as_viewer: Client, mesh: Mesh) -> None:
    assert send(as_viewer, "apply", FAULT).status_code == 403
    assert send(as_viewer, "preview", FAULT).status_code == 403
    assert mesh.config.writes == 0


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"timeout_ms": "3"}, "settings.timeout_ms"),
        ({"timeout_ms": -1}, "settings.timeout_ms"),
        ({"abort": {"percent": 101, "status": 503}}, "settings.abort.percent"),
        ({"abort": {"percent": True, "status": 503}}, "settings.abort.percent"),
        ({"abort": {"percent": 1}}, "settings.abort.status"),
        ({"retries": {"attempts": 1, "retry_on": ["nonsense"]}}, "settings.retries.retry_on"),
        ({"unknown": 1}, "settings.unknown"),
    ],
)
def test_bad_settings_name_their_field(as_operator: Client, mesh: Mesh, settings: Any, field: str) -> None:
    answer = send(as_operator, "apply", settings)
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["fields"]
    assert mesh.config.writes == 0


def test_a_route_that_is_not_there_names_those_that_are(as_operator: Client, mesh: Mesh) -> None:
    answer = send(as_operator, "preview", FAULT, route=1)
    assert answer.json()["fields"] == {"route": "This must be from 0 to 0."}


def test_a_service_without_a_virtual_service_has_no_routes_to_change(as_viewer: Client, mesh: Mesh) -> None:
    answer = as_viewer.get(ROUTES.replace("catalog", "web"))
    assert answer.status_code == 404
    assert "No VirtualService" in answer.json()["message"]
