from typing import Any

import pytest
from django.test import Client

from meshui.domain.failures import Code, Failure
from meshui.records.audit import AuditEntry
from meshui.records.changes import Change
from tests.api.conftest import Mesh

WEIGHTS = "/api/v1/clusters/demo/services/shop/catalog/weights"


def post(client: Client, path: str, body: Any) -> Any:
    return client.post(path, body, content_type="application/json")


def change(client: Client, v1: Any, v2: Any, step: str = "apply", version: str = "7", **more: Any) -> Any:
    body = {"resource_version": version, "weights": {"v1": v1, "v2": v2}, **more}
    return post(client, f"{WEIGHTS}/{step}", body)


def outcomes() -> list[tuple[str, str]]:
    return [(entry.action, entry.outcome) for entry in AuditEntry.objects.order_by("id")]


def test_the_split_is_shown_with_what_flows_now(as_viewer: Client, mesh: Mesh) -> None:
    split = as_viewer.get(WEIGHTS).json()
    assert split["object"] == {"kind": "VirtualService", "namespace": "shop", "name": "catalog"}
    assert split["resource_version"] == "7"
    assert split["editable"] is False  # a viewer
    (route,) = split["routes"]
    assert [(one["id"], one["weight"], one["rate"]) for one in route["destinations"]] == [
        ("v1", 90, 9.0),
        ("v2", 10, 0),
    ]


def test_a_service_that_nothing_splits_has_no_weights(as_viewer: Client, mesh: Mesh) -> None:
    answer = as_viewer.get(WEIGHTS.replace("catalog", "web"))
    assert answer.status_code == 404
    assert "splits" in answer.json()["message"]


def test_a_preview_tells_everything_and_writes_nothing(as_operator: Client, mesh: Mesh) -> None:
    preview = change(as_operator, 50, 50, "preview").json()
    assert preview["dry_run"]["ok"] is True
    assert "+" in preview["diff_yaml"]
    assert preview["sentences"]
    assert any("9" in sentence for sentence in preview["effect"])
    assert mesh.config.writes == 0
    assert not Change.objects.exists()


def test_applying_changes_the_object_as_the_user_and_is_recorded(as_operator: Client, mesh: Mesh) -> None:
    answer = change(as_operator, 50, 50, reason="a canary").json()
    assert mesh.config.weights() == [50, 50]
    assert answer["resource_version"] == "8"
    assert set(mesh.config.actors) == {("olga", ("people",))}
    recorded = Change.objects.get(pk=answer["change_id"])
    assert (recorded.state, recorded.author, recorded.reason) == ("applied", "olga", "a canary")
    assert outcomes() == [("weights", "intended"), ("weights", "done")]
    assert mesh.events.changes[0]["change_id"] == answer["change_id"]


def test_the_intent_is_there_before_the_cluster_is_touched(as_operator: Client, mesh: Mesh, monkeypatch) -> None:
    seen = []
    real = mesh.config.replace

    def replace(*args: Any, **kwargs: Any) -> Any:
        seen.append(Change.objects.get().state)
        return real(*args, **kwargs)

    monkeypatch.setattr(mesh.config, "replace", replace)
    change(as_operator, 50, 50)
    assert set(seen) == {"intended"}


@pytest.mark.parametrize("step", ["preview", "apply"])
@pytest.mark.parametrize(
    "weight", [101, -1, 1.5, 50.0, "50", "fifty", "", None, True, [50], {"a": 1}, 10**30, 49], ids=repr
)
def test_a_weight_that_is_none_is_refused_with_its_field(
    as_operator: Client, mesh: Mesh, step: str, weight: Any
) -> None:
    answer = change(as_operator, weight, 50, step)
    assert answer.status_code == 400
    assert any(name.startswith("weights") for name in answer.json()["fields"])
    assert mesh.config.writes == 0


@pytest.mark.parametrize(
    "weights", [{}, {"v1": 100}, {"nobody": 100}, {"v1": 50, "v2": 50, "v3": 0}, [], "x", None], ids=repr
)
def test_weights_for_other_destinations_are_refused(as_operator: Client, mesh: Mesh, weights: Any) -> None:
    answer = post(as_operator, f"{WEIGHTS}/apply", {"resource_version": "7", "weights": weights})
    assert answer.status_code == 400
    assert any(name.startswith("weights") for name in answer.json()["fields"])
    assert mesh.config.writes == 0


def test_a_viewer_may_write_nothing_and_the_refusal_is_audited(as_viewer: Client, mesh: Mesh) -> None:
    for step in ("preview", "apply"):
        answer = change(as_viewer, 50, 50, step)
        assert answer.status_code == 403
        assert answer.json()["code"] == "forbidden"
    assert post(as_viewer, "/api/v1/changes/1/undo", {}).status_code == 403
    assert as_viewer.get("/api/v1/audit").status_code == 403
    assert {outcome for _, outcome in outcomes()} == {"refused"}
    assert mesh.config.writes == 0


def test_a_conflict_shows_the_object_as_it_is_now(as_operator: Client, mesh: Mesh) -> None:
    mesh.config.edit(80, 20)
    answer = change(as_operator, 50, 50)
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["current"]["resource_version"] == "8"
    assert [one["weight"] for one in problem["current"]["routes"][0]["destinations"]] == [80, 20]
    assert "weight: 80" in problem["current_yaml"]
    assert mesh.config.weights() == [80, 20]
    assert outcomes()[-1] == ("weights", "refused")
    assert Change.objects.get().state == "refused"


def test_what_the_cluster_refuses_is_told_and_recorded(as_operator: Client, mesh: Mesh, monkeypatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise Failure(Code.FORBIDDEN, "olga may not update virtualservices in shop")

    monkeypatch.setattr(mesh.config, "replace", refuse)
    answer = change(as_operator, 50, 50)
    assert answer.status_code == 403
    assert "olga" in answer.json()["message"]
    assert Change.objects.get().failure_code == "forbidden"


def test_an_unexpected_failure_leaves_no_change_without_outcome(as_operator: Client, mesh: Mesh, monkeypatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(mesh.config, "replace", broken)
    assert change(as_operator, 50, 50).status_code == 500
    assert Change.objects.get().state == "failed"
    assert outcomes()[-1] == ("weights", "failed")


def test_undo_puts_back_what_was_changed_once(as_operator: Client, mesh: Mesh) -> None:
    number = change(as_operator, 50, 50).json()["change_id"]
    answer = post(as_operator, f"/api/v1/changes/{number}/undo", {"reason": "errors"})
    assert answer.status_code == 200
    assert mesh.config.weights() == [90, 10]
    shown = as_operator.get(f"/api/v1/changes/{number}").json()
    assert shown["change"]["undone"] is True
    assert shown["change"]["can_undo"] is False
    assert post(as_operator, f"/api/v1/changes/{number}/undo", {}).status_code == 409
    assert outcomes()[-2:] == [("undo", "intended"), ("undo", "done")]


def test_undo_does_not_overwrite_what_somebody_else_did_since(as_operator: Client, mesh: Mesh) -> None:
    number = change(as_operator, 50, 50).json()["change_id"]
    mesh.config.edit(30, 70)
    answer = post(as_operator, f"/api/v1/changes/{number}/undo", {})
    assert answer.status_code == 409
    assert answer.json()["current_yaml"]
    assert mesh.config.weights() == [30, 70]
    assert as_operator.get(f"/api/v1/changes/{number}").json()["change"]["can_undo"] is True


def test_the_history_lists_changes_of_an_object(as_operator: Client, mesh: Mesh) -> None:
    number = change(as_operator, 50, 50).json()["change_id"]
    base = "/api/v1/clusters/demo/changes"
    (found,) = as_operator.get(base, {"object": "VirtualService/shop/catalog"}).json()
    assert (found["id"], found["state"], found["can_undo"]) == (number, "applied", True)
    assert as_operator.get(base, {"object": "VirtualService/shop/other"}).json() == []
    assert as_operator.get(base, {"object": "nonsense"}).status_code == 400
    detail = as_operator.get(f"/api/v1/changes/{number}").json()
    assert "-" in detail["diff_yaml"]
    assert detail["wanted"] == {"v1": 50, "v2": 50}


def test_the_audit_is_read_page_by_page(as_operator: Client, mesh: Mesh) -> None:
    change(as_operator, 50, 50)
    first = as_operator.get("/api/v1/audit?limit=1").json()
    assert first["entries"][0]["outcome"] == "done"
    second = as_operator.get(f"/api/v1/audit?limit=1&before={first['next_before']}").json()
    assert second["entries"][0]["outcome"] == "intended"
    assert second["next_before"] is None
