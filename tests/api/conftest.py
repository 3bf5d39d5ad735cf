"""The API over a real store with a snapshot in it, and a cluster that is kept in memory."""

import copy
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
import redis
from django.test import Client

from meshui import wiring
from meshui.adapters.store.redis import RedisStore, StoreOptions
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.objects import Manifest, ref_of
from meshui.domain.proxy.reading import Certificate
from meshui.records import tokens
from meshui.records.users import Role, User
from meshui.services.poll_inventory import poll_inventory
from meshui.services.poll_telemetry import poll_telemetry
from meshui.services.ports import Actor
from meshui.services.publish_snapshot import publish_snapshot
from tests.services.conftest import Events, Inventory, Metrics

VIRTUAL_SERVICE = ObjectRef("VirtualService", "shop", "catalog")


def deployment_pod(app: str, version: str) -> Manifest:
    labels = {"app": app, "version": version}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{app}-{version}", "namespace": "shop", "labels": labels},
        "spec": {"containers": [{"name": "app"}, {"name": "istio-proxy"}], "serviceAccountName": app},
        "status": {"phase": "Running", "podIP": "127.0.0.1", "conditions": [{"type": "Ready", "status": "True"}]},
    }


def service(name: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "name": "http", "targetPort": 8080}]},
    }


def virtual_service() -> Manifest:
    routes = [{"destination": {"host": "catalog", "subset": name}, "weight": weight} for name, weight in WEIGHTS]
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "catalog", "namespace": "shop", "resourceVersion": "7"},
        "spec": {"hosts": ["catalog"], "http": [{"name": "split", "route": routes}]},
    }


def destination_rule() -> Manifest:
    subsets = [{"name": name, "labels": {"version": name}} for name, _ in WEIGHTS]
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "catalog", "namespace": "shop", "resourceVersion": "3"},
        "spec": {"host": "catalog", "subsets": subsets},
    }


WEIGHTS = (("v1", 90), ("v2", 10))


class Config:
    """A ConfigSource in memory that checks resource versions and remembers whom it was asked as."""

    def __init__(self) -> None:
        self.objects = {ref_of(one): one for one in (virtual_service(), destination_rule())}
        self.actors: list[tuple[str, tuple[str, ...]]] = []
        self.failure: Failure | None = None
        self.writes = 0

    def get(self, ref: ObjectRef, *, acting_as: Actor) -> Manifest:
        self.actors.append((acting_as.kubernetes_user, acting_as.kubernetes_groups))
        if self.failure is not None:
            raise self.failure
        if ref not in self.objects:
            raise Failure(Code.NOT_FOUND, f"There is no {ref}.")
        return copy.deepcopy(self.objects[ref])

    def replace(self, manifest: Manifest, *, acting_as: Actor, dry_run: bool) -> Manifest:
        ref = ref_of(manifest)
        current = self.get(ref, acting_as=acting_as)["metadata"]["resourceVersion"]
        if manifest["metadata"]["resourceVersion"] != current:
            raise Failure(Code.CONFLICT, f"{ref} was changed")
        changed = copy.deepcopy(manifest)
        if not dry_run:
            self.writes += 1
            changed["metadata"]["resourceVersion"] = str(int(current) + 1)
            self.objects[ref] = changed
        return changed

    def certificate(self, namespace: str, name: str, *, acting_as: Actor) -> Certificate | None:
        self.get(ObjectRef("Secret", namespace, name), acting_as=acting_as)
        now = datetime.now(UTC)
        return Certificate(
            False, "", "5", ("shop.example",), now - timedelta(days=80), now + timedelta(days=10), "CN=CA"
        )

    def weights(self) -> list[int]:
        routes = self.objects[VIRTUAL_SERVICE]["spec"]["http"][0]["route"]
        return [route["weight"] for route in routes]

    def edit(self, *weights: int) -> None:
        """Somebody else changes the weights."""
        found = self.objects[VIRTUAL_SERVICE]
        for route, weight in zip(found["spec"]["http"][0]["route"], weights, strict=True):
            route["weight"] = weight
        found["metadata"]["resourceVersion"] = str(int(found["metadata"]["resourceVersion"]) + 1)


class Told(Events):
    """Remembers also the changes that were announced."""

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[Mapping[str, Any]] = []

    def changed(self, cluster: str, change: Mapping[str, Any]) -> None:
        self.changes.append(change)


class Mesh(NamedTuple):
    store: RedisStore
    config: Config
    events: Told
    publish: Callable[..., None]
    metrics: Metrics
    """What a request that asks Prometheus gets."""
    inventory: Inventory


class Runtime(NamedTuple):
    name: str
    config: Config
    metrics: Metrics


@pytest.fixture
def empty_store(valkey: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisStore]:
    """A store in which there is nothing yet."""
    url = valkey.rsplit("/", 1)[0] + "/5"
    with redis.Redis.from_url(url) as server:
        server.flushdb()
    store = RedisStore(StoreOptions(url=url))
    monkeypatch.setattr(wiring, "store", lambda: store)
    yield store
    store.close()


@pytest.fixture
def mesh(empty_store: RedisStore, monkeypatch: pytest.MonkeyPatch, db: None) -> Mesh:
    """The cluster `demo`, with a shop of web and catalog (v1 90, v2 10) and a published snapshot."""
    config, events, metrics = Config(), Told(), Metrics()
    monkeypatch.setattr(wiring, "cluster_runtime", lambda name: Runtime(name, config, metrics))
    monkeypatch.setattr(wiring, "events", lambda: events)
    inventory = Inventory(
        namespaces=({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},),
        services=(service("web"), service("catalog")),
        pods=(deployment_pod("web", "v1"), deployment_pod("catalog", "v1"), deployment_pod("catalog", "v2")),
        virtualservices=(virtual_service(),),
        destinationrules=(destination_rule(),),
    )

    def publish(rate: float = 9.0) -> None:
        now = datetime.now(UTC)
        poll_inventory(inventory, empty_store, "demo", now, 1)
        poll_telemetry(Metrics(rate), empty_store, "demo", 15, now)
        publish_snapshot(empty_store, events, "demo", 15)

    publish()
    return Mesh(empty_store, config, events, publish, metrics, inventory)


def make_user(username: str, role: Role) -> User:
    return User.objects.create_user(username, password=f"{username}-password", role=role, kubernetes_groups=["people"])


@pytest.fixture
def operator(db: None) -> User:
    return make_user("olga", Role.OPERATOR)


@pytest.fixture
def viewer(db: None) -> User:
    return make_user("vera", Role.VIEWER)


def bearer(user: User) -> Client:
    """A client that sends a token of the user's."""
    return Client(headers={"authorization": f"Bearer {tokens.issue(user, 'test')}"})


@pytest.fixture
def as_operator(operator: User) -> Client:
    return bearer(operator)


@pytest.fixture
def as_viewer(viewer: User) -> Client:
    return bearer(viewer)
