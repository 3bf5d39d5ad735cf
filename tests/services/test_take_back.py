"""Changes with an expiry, on the demo's Kubernetes API and a real Valkey."""

from datetime import timedelta
from typing import Any

import pytest

from meshui.adapters.kubernetes.client import KubernetesClient, KubernetesOptions
from meshui.adapters.kubernetes.config import KubernetesConfig
from meshui.adapters.kubernetes.discover import Discovery
from meshui.adapters.store.redis import RedisStore
from meshui.domain.mesh.names import ObjectRef
from meshui.records import changes
from meshui.records.changes import Change, State
from meshui.records.users import Role, User
from meshui.services import take_back
from meshui.services.acting import actor_of
from tests.conftest import KubernetesApi
from tests.services.conftest import NOON, Events

pytestmark = pytest.mark.django_db
CATALOG = ObjectRef("VirtualService", "shop", "catalog")
FAULT = {"abort": {"percentage": {"value": 50}, "httpStatus": 503}}


class Mesh:
    def __init__(self, config: KubernetesConfig, store: RedisStore) -> None:
        self.config, self.store = config, store
        self.author = User.objects.create_user("ann", role=Role.OPERATOR, kubernetes_groups=["meshui:operators"])

    def read(self) -> dict[str, Any]:
        return self.config.get(CATALOG, acting_as=actor_of(self.author))

    def put(self, **fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        before = self.read()
        after = self.read()
        after["spec"]["http"][0] |= fields
        return before, self.config.replace(after, acting_as=actor_of(self.author), dry_run=False)

    def injected(self) -> Change:
        """A fault that holds until noon."""
        before, after = self.put(fault=FAULT)
        change = changes.intend(self.author, "demo", "route", expires_at=NOON)
        return changes.applied(change, CATALOG, before, after)

    def look(self, seconds: float) -> None:
        now = NOON + timedelta(seconds=seconds)
        for change in take_back.due(now):
            take_back.take_back(self, self.store, Events(), change, now)


@pytest.fixture
def mesh(kubernetes_api: KubernetesApi, store: RedisStore) -> Mesh:
    client = KubernetesClient(KubernetesOptions(str(kubernetes_api.kubeconfig), "meshui"))
    return Mesh(KubernetesConfig(client, Discovery(client)), store)


def test_a_fault_is_taken_back_when_its_time_is_over(mesh: Mesh) -> None:
    change = mesh.injected()
    mesh.look(-1)
    assert "fault" in mesh.read()["spec"]["http"][0]
    mesh.look(0)
    assert "fault" not in mesh.read()["spec"]["http"][0]
    undo = Change.objects.get(undoes=change)
    assert (undo.author, undo.kind, undo.state, undo.reason) == ("ann", "undo", State.APPLIED, "its time is over")
    mesh.look(60)
    assert Change.objects.count() == 2


def test_what_others_changed_since_stays(mesh: Mesh) -> None:
    mesh.injected()
    mesh.put(timeout="9s")
    mesh.look(0)
    block = mesh.read()["spec"]["http"][0]
    assert "fault" not in block
    assert block["timeout"] == "9s"


def test_a_fault_that_somebody_rewrote_is_left_to_people(mesh: Mesh) -> None:
    change = mesh.injected()
    mesh.put(fault={"abort": {"percentage": {"value": 1}, "httpStatus": 500}})
    mesh.look(0)
    assert mesh.read()["spec"]["http"][0]["fault"]["abort"]["httpStatus"] == 500
    assert Change.objects.get(undoes=change).state == State.REFUSED
    mesh.look(60)
    assert Change.objects.count() == 2


def test_an_undo_by_hand_is_enough(mesh: Mesh) -> None:
    change = mesh.injected()
    changes.applied(changes.intend(mesh.author, "demo", "undo", undoes=change), CATALOG, None, None)
    mesh.look(0)
    assert "fault" in mesh.read()["spec"]["http"][0]
