import copy
from typing import Any, NamedTuple

import pytest

from meshui.adapters.kubernetes.client import KubernetesClient, KubernetesOptions
from meshui.adapters.kubernetes.config import KubernetesConfig
from meshui.adapters.kubernetes.discover import Discovery
from meshui.adapters.kubernetes.inventory import KubernetesInventory
from meshui.adapters.store.redis import RedisStore
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.names import ObjectRef
from meshui.services import change_weights, write_object
from meshui.services.poll_inventory import poll_inventory
from meshui.services.poll_telemetry import poll_telemetry
from meshui.services.publish_snapshot import publish_snapshot
from tests.conftest import KubernetesApi
from tests.services.conftest import NOON, Events, Metrics

CATALOG = ObjectRef("VirtualService", "shop", "catalog")


class Person(NamedTuple):
    kubernetes_user: str
    kubernetes_groups: tuple[str, ...]


OPERATOR = Person("operator", ("meshui:operators",))
VIEWER = Person("viewer", ("meshui:viewers",))


class Mesh(NamedTuple):
    config: KubernetesConfig
    store: RedisStore
    cluster: str

    def preview(self, weights: dict[str, Any], version: str | None = None, **more: Any) -> write_object.Preview:
        actor = more.pop("actor", OPERATOR)
        return change_weights.preview(
            self, self.store, actor, self.cluster, "shop", "catalog", weights, version, **more
        )

    def apply(self, weights: dict[str, Any], version: str | None = None, **more: Any) -> write_object.Applied:
        actor = more.pop("actor", OPERATOR)
        return change_weights.apply(self, self.store, actor, self.cluster, "shop", "catalog", weights, version, **more)

    def weights(self) -> list[int]:
        return [one["weight"] for one in self.read()["spec"]["http"][0]["route"]]

    def read(self) -> dict[str, Any]:
        return self.config.get(CATALOG, acting_as=OPERATOR)

    def write(self, manifest: dict[str, Any]) -> None:
        self.config.replace(manifest, acting_as=OPERATOR, dry_run=False)


@pytest.fixture
def mesh(kubernetes_api: KubernetesApi, store: RedisStore, cluster: str) -> Mesh:
    client = KubernetesClient(KubernetesOptions(str(kubernetes_api.kubeconfig), "meshui"))
    discovery = Discovery(client)
    poll_inventory(KubernetesInventory(client, discovery), store, cluster, NOON, 1)
    return Mesh(KubernetesConfig(client, discovery), store, cluster)


def test_a_preview_shows_everything_and_changes_nothing(mesh: Mesh) -> None:
    poll_telemetry(Metrics(rate=9.0), mesh.store, mesh.cluster, 15, NOON)
    publish_snapshot(mesh.store, Events(), mesh.cluster, 15)
    plan = mesh.preview({"v1": 50, "v2": 50}, window_seconds=15)
    assert plan.object == CATALOG
    assert plan.resource_version == mesh.read()["metadata"]["resourceVersion"]
    assert plan.sentences == ("v1: 90% -> 50%", "v2: 10% -> 50%")
    assert "-      weight: 90" in plan.diff_yaml
    assert "+      weight: 50" in plan.diff_yaml
    assert "resourceVersion" not in plan.after_yaml
    assert plan.dry_run.ok
    assert not plan.blocked_by
    assert any("9" in sentence for sentence in plan.effect)
    assert mesh.weights() == [90, 10]


def test_applied_weights_are_there_and_nothing_else_has_changed(mesh: Mesh) -> None:
    before = mesh.read()
    done = mesh.apply({"v1": 50, "v2": 50}, before["metadata"]["resourceVersion"], reason="try v2")
    assert mesh.weights() == [50, 50]
    assert done.before == before
    assert done.resource_version == mesh.read()["metadata"]["resourceVersion"]
    expected = copy.deepcopy(before["spec"])
    for one in expected["http"][0]["route"]:
        one["weight"] = 50
    assert mesh.read()["spec"] == expected


def test_an_undo_takes_back_the_change(mesh: Mesh) -> None:
    done = mesh.apply({"v1": 50, "v2": 50})
    write_object.undo(mesh, OPERATOR, done.before, done.after)
    assert mesh.weights() == [90, 10]
    with pytest.raises(Failure, match="already as it was"):
        write_object.undo(mesh, OPERATOR, done.before, done.after)


def test_an_undo_keeps_what_others_changed_since(mesh: Mesh) -> None:
    done = mesh.apply({"v1": 50, "v2": 50})
    current = mesh.read()
    current["spec"]["http"][0]["timeout"] = "7s"
    mesh.write(current)
    write_object.undo(mesh, OPERATOR, done.before, done.after)
    assert mesh.weights() == [90, 10]
    assert mesh.read()["spec"]["http"][0]["timeout"] == "7s"


def test_an_undo_of_weights_that_somebody_moved_on_is_a_conflict(mesh: Mesh) -> None:
    done = mesh.apply({"v1": 50, "v2": 50})
    mesh.apply({"v1": 0, "v2": 100})
    with pytest.raises(Failure) as caught:
        write_object.undo(mesh, OPERATOR, done.before, done.after)
    assert caught.value.code is Code.CONFLICT
    assert "weight: 100" in caught.value.context["current_yaml"]
    assert caught.value.context["theirs"]
    assert mesh.weights() == [0, 100]


def test_a_change_from_an_old_version_is_a_conflict_that_shows_what_is_there_now(mesh: Mesh) -> None:
    read = mesh.read()["metadata"]["resourceVersion"]
    mesh.apply({"v1": 80, "v2": 20})
    with pytest.raises(Failure) as caught:
        mesh.apply({"v1": 50, "v2": 50}, read)
    assert caught.value.code is Code.CONFLICT
    assert "weight: 80" in caught.value.context["current_yaml"]
    assert caught.value.context["resource_version"] == mesh.read()["metadata"]["resourceVersion"]
    assert mesh.weights() == [80, 20]


def test_who_is_faster_between_read_and_write_wins_and_the_other_is_told_both_edits(mesh: Mesh) -> None:
    class Slow:
        def __init__(self, config: KubernetesConfig) -> None:
            self._config = config

        def get(self, ref: ObjectRef, *, acting_as: Any) -> dict[str, Any]:
            found = self._config.get(ref, acting_as=acting_as)
            if not raced:
                raced.append(True)
                faster = copy.deepcopy(found)
                faster["spec"]["http"][0]["route"][0]["weight"] = 70
                faster["spec"]["http"][0]["route"][1]["weight"] = 30
                mesh.write(faster)
            return found

        def replace(self, manifest: dict[str, Any], *, acting_as: Any, dry_run: bool) -> dict[str, Any]:
            return self._config.replace(manifest, acting_as=acting_as, dry_run=dry_run)

    raced: list[bool] = []
    slow = mesh._replace(config=Slow(mesh.config))
    with pytest.raises(Failure) as caught:
        slow.apply({"v1": 50, "v2": 50})
    assert caught.value.code is Code.CONFLICT
    assert "70" in caught.value.context["theirs"]
    assert "50" in caught.value.context["ours"]
    assert caught.value.context["conflicts"]
    assert mesh.weights() == [70, 30]


@pytest.mark.parametrize(
    "weights",
    [{}, {"v1": 101, "v2": 0}, {"v1": 50, "v2": 51}, {"v1": -1, "v2": 101}, {"v1": "50", "v2": 50}, {"v9": 100}],
)
def test_bad_weights_are_told_by_field_and_nothing_is_written(mesh: Mesh, weights: dict[str, Any]) -> None:
    with pytest.raises(Failure) as caught:
        mesh.apply(weights)
    assert caught.value.code is Code.INVALID
    assert caught.value.fields
    assert mesh.weights() == [90, 10]


def test_weights_that_are_there_already_are_no_change(mesh: Mesh) -> None:
    assert mesh.preview({"v1": 90, "v2": 10}).diff_yaml == ""
    with pytest.raises(Failure, match="already"):
        mesh.apply({"v1": 90, "v2": 10})


def test_a_viewer_sees_that_the_cluster_would_refuse_and_can_not_apply(mesh: Mesh) -> None:
    plan = mesh.preview({"v1": 50, "v2": 50}, actor=VIEWER)
    assert not plan.dry_run.ok
    assert plan.dry_run.code is Code.FORBIDDEN
    with pytest.raises(Failure) as caught:
        mesh.apply({"v1": 50, "v2": 50}, actor=VIEWER)
    assert caught.value.code is Code.FORBIDDEN
    assert mesh.weights() == [90, 10]


def test_weights_to_a_subset_that_does_not_exist_are_blocked(mesh: Mesh) -> None:
    current = mesh.read()
    current["spec"]["http"][0]["route"][1]["destination"]["subset"] = "v3"
    mesh.write(current)
    plan = mesh.preview({"v1": 50, "v3": 50})
    assert [finding.code for finding in plan.blocked_by] == ["unknown_subset"]
    with pytest.raises(Failure) as caught:
        mesh.apply({"v1": 50, "v3": 50})
    assert caught.value.code is Code.BLOCKED


def test_a_change_that_the_last_poll_has_not_seen_is_built_upon(mesh: Mesh) -> None:
    mesh.apply({"v1": 60, "v2": 40})
    split, _, _ = change_weights.live_split(mesh, mesh.store, OPERATOR, mesh.cluster, "shop", "catalog")
    assert [one.weight for one in split.destinations] == [60, 40]
    mesh.apply({"v1": 90, "v2": 10})
    assert mesh.weights() == [90, 10]


def test_a_service_without_a_split_is_not_found(mesh: Mesh) -> None:
    for name in ("web", "nowhere"):
        with pytest.raises(Failure) as caught:
            change_weights.preview(mesh, mesh.store, OPERATOR, mesh.cluster, "shop", name, {"v1": 100})
        assert caught.value.code is Code.NOT_FOUND
