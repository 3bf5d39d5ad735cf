"""Writes reach a real Kubernetes API as the user who asked, and its RBAC has the last word."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from django.test import Client

from meshui import wiring
from meshui.adapters.store.redis import RedisStore
from meshui.records.changes import Change
from meshui.records.clusters import keep_cluster_of
from meshui.records.users import Role, User
from meshui.services.poll_inventory import poll_inventory
from tests.api.conftest import Told, bearer
from tests.conftest import KubernetesApi

WEIGHTS = "/api/v1/clusters/demo/services/shop/catalog/weights"


@pytest.fixture
def cluster(
    kubernetes_api: KubernetesApi, empty_store: RedisStore, settings: Any, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    """The demo's Kubernetes API with the shop's objects, reached as the environment says."""
    settings.MESHUI = msgspec.structs.replace(
        settings.MESHUI, kubeconfig=str(kubernetes_api.kubeconfig), kube_context="meshui"
    )
    keep_cluster_of(settings.MESHUI)
    monkeypatch.setattr(wiring, "events", lambda: Told())
    poll_inventory(wiring.cluster_runtime("demo").inventory, empty_store, "demo", datetime.now(UTC), 1)


def person(name: str, kubernetes_user: str, group: str) -> Client:
    user = User.objects.create_user(
        name, role=Role.OPERATOR, kubernetes_user=kubernetes_user, kubernetes_groups=[group]
    )
    return bearer(user)


def weights(client: Client) -> tuple[str, list[int]]:
    split = client.get(WEIGHTS).json()
    return split["resource_version"], [one["weight"] for one in split["routes"][0]["destinations"]]


def apply(client: Client, version: str) -> Any:
    body = {"resource_version": version, "weights": {"v1": 50, "v2": 50}, "reason": "a canary"}
    return client.post(f"{WEIGHTS}/apply", body, content_type="application/json")


def test_an_operator_moves_weights_and_takes_it_back(cluster: None) -> None:
    operator = person("olga", "operator", "meshui:operators")
    version, before = weights(operator)
    applied = apply(operator, version)
    assert applied.status_code == 200, applied.content
    assert weights(operator) == (applied.json()["resource_version"], [50, 50])
    assert apply(operator, version).status_code == 409
    number = applied.json()["change_id"]
    undone = operator.post(f"/api/v1/changes/{number}/undo", {}, content_type="application/json")
    assert undone.status_code == 200, undone.content
    assert weights(operator)[1] == before


def test_whom_the_cluster_does_not_let_write_is_told_so(cluster: None) -> None:
    stranger = person("otto", "viewer", "meshui:viewers")
    version, before = weights(stranger)
    refused = apply(stranger, version)
    assert refused.status_code == 403
    assert refused.json()["code"] == "forbidden"
    assert weights(stranger)[1] == before
    assert Change.objects.get().state == "refused"
    body = {"resource_version": version, "weights": {"v1": 50, "v2": 50}}
    preview = stranger.post(f"{WEIGHTS}/preview", body, content_type="application/json").json()
    assert preview["dry_run"]["ok"] is False
