"""Guarded shifts on the demo's Kubernetes API and a real Valkey. Metrics are given, so that time can be."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest

from meshui.adapters.kubernetes.client import KubernetesClient, KubernetesOptions
from meshui.adapters.kubernetes.config import KubernetesConfig
from meshui.adapters.kubernetes.discover import Discovery
from meshui.adapters.kubernetes.inventory import KubernetesInventory
from meshui.adapters.store.redis import RedisStore
from meshui.domain.changes.shift.plan import Guard, Standing
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.names import ObjectRef
from meshui.records.audit import AuditEntry
from meshui.records.changes import Change, State
from meshui.records.shifts import GuardedShift
from meshui.records.users import Role, User
from meshui.services import change_weights, guard_shift
from meshui.services.poll_inventory import poll_inventory
from meshui.services.poll_telemetry import poll_telemetry
from meshui.services.publish_snapshot import publish_snapshot
from tests.conftest import KubernetesApi
from tests.services.conftest import NOON, Events, Metrics

pytestmark = pytest.mark.django_db
CATALOG = ObjectRef("VirtualService", "shop", "catalog")


class Versions(Metrics):
    """Metrics of v1 and v2, 10 requests per second together."""

    def __init__(self) -> None:
        super().__init__()
        self.failing = {"v1": 0.0, "v2": 0.0}
        self.share = {"v1": 0.8, "v2": 0.2}

    def query(self, promql: str, at: datetime) -> bytes:
        body = json.loads(super().query(promql, at))
        if "istio_request_duration_milliseconds_bucket" in promql:
            return self._durations(promql, at)
        samples = []
        for sample in body["data"]["result"]:
            for version, share in self.share.items():
                for code, part in (("200", 1 - self.failing[version]), ("503", self.failing[version])):
                    labels = sample["metric"] | {"destination_workload": f"catalog-{version}", "response_code": code}
                    samples.append({"metric": labels, "value": [at.timestamp(), str(10 * share * part)]})
        body["data"]["result"] = samples
        return json.dumps(body).encode()

    def _durations(self, promql: str, at: datetime) -> bytes:
        """All requests take 10 to 50 ms."""
        body = json.loads(super().query("istio_requests_total", at))
        samples = []
        for sample in body["data"]["result"]:
            for version, share in self.share.items():
                for bound, part in (("10", 0.0), ("50", 1.0), ("+Inf", 1.0)):
                    labels = sample["metric"] | {"destination_workload": f"catalog-{version}", "le": bound}
                    value = "1" if "count by (le)" in promql else str(10 * share * part)
                    samples.append({"metric": labels, "value": [at.timestamp(), value]})
        body["data"]["result"] = samples
        return json.dumps(body).encode()


class Mesh(NamedTuple):
    config: KubernetesConfig
    store: RedisStore
    cluster: str
    metrics: Versions
    author: User

    @property
    def sources(self) -> guard_shift.Sources:
        return guard_shift.Sources(runtime=self, store=self.store, events=Events(), window_seconds=15)

    def read(self) -> dict[str, Any]:
        return self.config.get(CATALOG, acting_as=ADMIN)

    def weights(self) -> list[int]:
        return [one.get("weight", 0) for one in self.read()["spec"]["http"][0]["route"]]

    def begin(self, **more: Any) -> GuardedShift:
        split, _, _ = change_weights.live_split(self, self.store, ADMIN, self.cluster, "shop", "catalog")
        plan: dict[str, Any] = {
            "candidate": "v2",
            "baseline": "v1",
            "steps": (20, 60, 100),
            "pause_seconds": 30,
            "patience_seconds": 60,
            "guard": Guard(minimum_requests=20),
            "reason": "new catalog",
            "resource_version": split.resource_version,
            "address": "127.0.0.1",
            "now": NOON,
        }
        return guard_shift.begin(
            self.sources, more.pop("author", self.author), self.cluster, "shop", "catalog", **(plan | more)
        )

    def look(self, shift: GuardedShift, seconds: float) -> Standing:
        """Telemetry of that moment, and a look at it."""
        now = NOON + timedelta(seconds=seconds)
        poll_telemetry(self.metrics, self.store, self.cluster, 15, now)
        publish_snapshot(self.store, Events(), self.cluster, 15, lambda: now)
        guard_shift.look(self.sources, shift, now)
        shift.refresh_from_db()
        return guard_shift.standing_of(shift)

    def act(self, shift: GuardedShift, verb: str, seconds: float = 1, by: User | None = None) -> None:
        guard_shift.act(self.sources, shift, verb, by or self.author, "127.0.0.1", NOON + timedelta(seconds=seconds))


class Person(NamedTuple):
    kubernetes_user: str
    kubernetes_groups: tuple[str, ...]


ADMIN = Person("operator", ("meshui:operators",))


@pytest.fixture
def mesh(kubernetes_api: KubernetesApi, store: RedisStore, cluster: str) -> Iterator[Mesh]:
    client = KubernetesClient(KubernetesOptions(str(kubernetes_api.kubeconfig), "meshui"))
    discovery = Discovery(client)
    poll_inventory(KubernetesInventory(client, discovery), store, cluster, NOON, 1)
    author = User.objects.create_user("operator", role=Role.OPERATOR, kubernetes_groups=["meshui:operators"])
    return Mesh(KubernetesConfig(client, discovery), store, cluster, Versions(), author)


def test_a_healthy_version_reaches_everything_unaided(mesh: Mesh) -> None:
    shift = mesh.begin()
    assert mesh.weights() == [80, 20]
    seen = []
    for seconds in range(5, 200, 5):
        standing = mesh.look(shift, seconds)
        if not seen or seen[-1] != mesh.weights():
            seen.append(mesh.weights())
        if not shift.active:
            break
    assert seen == [[80, 20], [40, 60], [0, 100]]
    assert standing.phase == "promoted"
    assert "p95 is 48 ms, against 48 ms of the baseline" in standing.history[1].text
    assert shift.ended_at is not None
    assert [change.kind for change in Change.objects.filter(cluster=mesh.cluster)] == ["shift"] * 3
    assert all(change.state == State.APPLIED for change in Change.objects.filter(cluster=mesh.cluster))
    assert AuditEntry.objects.filter(cluster=mesh.cluster, action="shift", outcome="done").count() == 3


def test_a_version_that_fails_a_fifth_is_rolled_back_in_the_first_step(mesh: Mesh) -> None:
    shift = mesh.begin(guard=Guard(minimum_requests=20, error_budget=30))
    mesh.metrics.failing["v2"] = 0.2
    for seconds in range(5, 200, 5):
        standing = mesh.look(shift, seconds)
        if not shift.active:
            break
    assert standing.phase == "rolled_back"
    assert standing.step == 0
    assert mesh.weights() == [90, 10]
    assert "rolled back in step 1 of 3: 20% of" in standing.reason
    assert standing.candidate.failed <= 30
    assert seconds <= 60


def test_a_version_that_fails_as_the_old_one_does_goes_on(mesh: Mesh) -> None:
    shift = mesh.begin()
    mesh.metrics.failing |= {"v1": 0.1, "v2": 0.1}
    for seconds in range(5, 200, 5):
        mesh.look(shift, seconds)
    assert shift.phase == "promoted"


def test_too_little_traffic_is_put_to_a_person(mesh: Mesh) -> None:
    shift = mesh.begin(guard=Guard(minimum_requests=1000))
    for seconds in range(5, 110, 5):
        standing = mesh.look(shift, seconds)
    assert standing.phase == "paused"
    assert "of the 1000 requests that a step needs" in standing.reason
    assert mesh.weights() == [80, 20]


def test_there_is_never_a_second_one_on_a_service(mesh: Mesh) -> None:
    mesh.begin()
    with pytest.raises(Failure) as failure:
        mesh.begin()
    assert failure.value.code is Code.CONFLICT
    assert GuardedShift.objects.filter(cluster=mesh.cluster).count() == 1


def test_somebody_elses_edit_stops_it_and_stays(mesh: Mesh) -> None:
    shift = mesh.begin()
    theirs = mesh.read()
    theirs["spec"]["http"][0]["timeout"] = "7s"
    mesh.config.replace(theirs, acting_as=ADMIN, dry_run=False)
    standing = mesh.look(shift, 5)
    assert standing.phase == "stopped"
    assert standing.reason == "stopped: somebody else changed VirtualService shop/catalog"
    assert mesh.weights() == [80, 20]
    assert mesh.read()["spec"]["http"][0]["timeout"] == "7s"


def test_notes_beside_the_spec_do_not_stop_it(mesh: Mesh) -> None:
    shift = mesh.begin()
    theirs = mesh.read()
    theirs["metadata"].setdefault("annotations", {})["team"] = "catalog"
    mesh.config.replace(theirs, acting_as=ADMIN, dry_run=False)
    assert mesh.look(shift, 5).phase == "running"
    mesh.act(shift, "abort")
    assert mesh.weights() == [90, 10]
    assert mesh.read()["metadata"]["annotations"]["team"] == "catalog"


def test_pause_resume_promote_and_abort(mesh: Mesh) -> None:
    shift = mesh.begin()
    mesh.act(shift, "pause", 5)
    for seconds in range(10, 100, 5):
        mesh.look(shift, seconds)
    assert (shift.phase, mesh.weights()) == ("paused", [80, 20])
    mesh.act(shift, "resume", 100)
    assert shift.phase == "running"
    mesh.act(shift, "promote", 101)
    assert (shift.phase, mesh.weights()) == ("promoted", [0, 100])
    with pytest.raises(Failure) as failure:
        mesh.act(shift, "abort", 102)
    assert failure.value.code is Code.CONFLICT


def test_a_worker_that_died_after_its_write_is_taken_for_done(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    shift = mesh.begin()
    mesh.look(shift, 16)
    keep = guard_shift._keep
    monkeypatch.setattr(guard_shift, "_keep", lambda *_: (_ for _ in ()).throw(SystemExit))
    with pytest.raises(SystemExit):
        mesh.look(shift, 31)
    monkeypatch.setattr(guard_shift, "_keep", keep)
    assert mesh.weights() == [40, 60]
    shift.refresh_from_db()
    assert guard_shift.standing_of(shift).step == 0
    standing = mesh.look(shift, 33)
    assert (standing.phase, standing.step) == ("running", 1)
    assert mesh.weights() == [40, 60]


def test_a_worker_that_died_before_its_write_does_it_again(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    shift = mesh.begin()
    mesh.look(shift, 16)
    monkeypatch.setattr(change_weights, "apply", lambda *_: (_ for _ in ()).throw(SystemExit))
    with pytest.raises(SystemExit):
        mesh.look(shift, 31)
    monkeypatch.undo()
    assert mesh.weights() == [80, 20]
    standing = mesh.look(shift, 33)
    assert (standing.step, mesh.weights()) == (1, [40, 60])


def test_who_may_not_write_can_not_begin_and_leaves_no_shift(mesh: Mesh) -> None:
    stranger = User.objects.create_user("stranger", role=Role.OPERATOR, kubernetes_groups=["meshui:viewers"])
    with pytest.raises(Failure) as failure:
        mesh.begin(author=stranger)
    assert failure.value.code is Code.FORBIDDEN
    assert mesh.weights() == [90, 10]
    assert not GuardedShift.objects.filter(cluster=mesh.cluster).exists()
    assert Change.objects.get(cluster=mesh.cluster).state == State.REFUSED


def test_an_author_who_is_gone_holds_it(mesh: Mesh) -> None:
    shift = mesh.begin()
    User.objects.filter(username="operator").update(is_active=False)
    assert mesh.look(shift, 5).reason == "paused: operator may not change traffic any more"
    assert len(mesh.look(shift, 10).history) == 2


def test_a_plan_from_an_old_reading_is_refused(mesh: Mesh) -> None:
    with pytest.raises(Failure) as failure:
        mesh.begin(resource_version="1")
    assert failure.value.code is Code.CONFLICT


def test_versions_that_share_no_route_are_named(mesh: Mesh) -> None:
    with pytest.raises(Failure) as failure:
        mesh.begin(candidate="v3")
    assert failure.value.fields == {"candidate": "There is no such destination; there are: v1, v2."}
