import itertools
import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from meshui.adapters.kubernetes.inventory import KindObjects
from meshui.adapters.store.redis import RedisStore, StoreOptions
from meshui.domain.failures import Code, Failure

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
_names = (f"services-{os.getpid()}-{number}" for number in itertools.count())


@pytest.fixture
def cluster() -> str:
    return next(_names)


@pytest.fixture
def store(valkey: str) -> Iterator[RedisStore]:
    store = RedisStore(StoreOptions(url=valkey))
    yield store
    store.close()


def down(message: str = "Prometheus at http://p refused the connection") -> Failure:
    return Failure(Code.SOURCE_UNAVAILABLE, message)


class Metrics:
    """A MetricsSource that answers as a Prometheus would which saw web call catalog."""

    def __init__(self, rate: float = 10.0) -> None:
        self.rate = rate
        self.dialects: tuple[str, ...] = ("istio",)
        self.failure: Failure | None = None
        self.asked: list[tuple[str, datetime]] = []

    def stream(self, promql: str, at: datetime) -> Iterator[bytes]:
        body = self.query(promql, at)
        yield from (body[start : start + 100] for start in range(0, len(body), 100))

    def query(self, promql: str, at: datetime) -> bytes:
        self.asked.append((promql, at))
        if self.failure is not None:
            raise self.failure
        result: list[Any] = []
        if "label_replace" in promql:
            result = [{"metric": {"dialect": name}, "value": [at.timestamp(), "1"]} for name in self.dialects]
        elif "istio_requests_total" in promql:
            labels = {
                "reporter": "source",
                "source_cluster": "c",
                "source_workload_namespace": "shop",
                "source_workload": "web",
                "destination_cluster": "c",
                "destination_service": "catalog.shop.svc.cluster.local",
                "destination_service_name": "catalog",
                "destination_service_namespace": "shop",
                "destination_workload_namespace": "shop",
                "destination_workload": "catalog-v1",
                "request_protocol": "http",
                "response_code": "200",
                "response_flags": "-",
                "connection_security_policy": "unknown",
            }
            result = [{"metric": labels, "value": [at.timestamp(), str(self.rate)]}]
        return json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode()


class Inventory:
    """An InventorySource of the objects it is given."""

    def __init__(self, **kinds: tuple[dict[str, Any], ...]) -> None:
        self.states = {f"v1/{plural}": KindObjects("1", objects) for plural, objects in kinds.items()}
        self.failure: Failure | None = None
        self.known: Mapping[str, Any] = {}

    def refresh(self, known: Mapping[str, Any], budget_seconds: float) -> dict[str, KindObjects]:
        self.known = known
        if self.failure is not None:
            raise self.failure
        unchanged = {
            key: KindObjects(state.resource_version, known[key].objects, state.error)
            for key, state in self.states.items()
            if key in known and known[key].objects == state.objects
        }
        return self.states | unchanged


class Events:
    """An Events that remembers."""

    def __init__(self) -> None:
        self.versions: list[tuple[str, int, int]] = []

    def published(self, cluster: str, window_seconds: int, version: int) -> None:
        self.versions.append((cluster, window_seconds, version))

    def changed(self, cluster: str, change: Mapping[str, Any]) -> None:
        return


def service(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80}]},
    }


def pod(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": name}},
        "spec": {"containers": [{"name": "app"}, {"name": "istio-proxy"}]},
        "status": {"phase": "Running", "podIP": "127.0.0.1", "conditions": [{"type": "Ready", "status": "True"}]},
    }
