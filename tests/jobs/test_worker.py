"""A real worker with a real Valkey, Prometheus and Kubernetes API, each of which goes away and comes back."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from meshui.adapters.kubernetes.client import KubernetesClient, KubernetesOptions
from meshui.adapters.store.redis import RedisStore, StoreOptions
from meshui.domain.failures import Failure
from meshui.domain.graph.model import SourceState
from meshui.domain.snapshot import MeshSnapshot
from meshui.services import read_graph
from meshui.services.read_inventory import inventory
from tests.conftest import KubernetesApi, Server


class Running(NamedTuple):
    store: RedisStore
    log: Path

    def snapshot(self) -> MeshSnapshot:
        return read_graph.snapshot(self.store, "demo", 15)

    def source(self, name: str) -> SourceState:
        return next(source for source in self.snapshot().sources if source.name == name)

    def until(self, seconds: float, what: Callable[[], bool]) -> float:
        """The seconds until `what` holds; a store that is away does not end the wait."""
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            try:
                if what():
                    return time.monotonic() - started
            except Failure:
                pass
            time.sleep(0.05)
        raise AssertionError(f"not within {seconds} s; the worker said:\n{self.log.read_text()[-4000:]}")


@pytest.fixture
def worker(
    request: pytest.FixtureRequest,
    own_valkey: Server,
    prometheus: Server,
    kubernetes_api: KubernetesApi,
    tmp_path: Path,
) -> Iterator[Running]:
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "meshui.settings",
        "MESHUI_DEMO": "1",
        "MESHUI_STATE": str(tmp_path),
        "MESHUI_CLUSTER": "demo",
        "MESHUI_WINDOWS": "15s,1m",
        "MESHUI_POLL_TELEMETRY_SECONDS": "2",
        "MESHUI_POLL_INVENTORY_SECONDS": "2",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'meshui.sqlite3'}",
        "REDIS_URL": own_valkey.url,
        "KUBECONFIG": str(kubernetes_api.kubeconfig),
        "MESHUI_KUBE_CONTEXT": "meshui",
        "PROMETHEUS_URL": prometheus.url,
    }
    subprocess.run([sys.executable, "-m", "django", "migrate", "--verbosity", "0"], env=env, check=True, timeout=60)
    command = [sys.executable, "-m", "celery", "-A", "meshui.celery", "worker", "-B", "--loglevel", "INFO"]
    command += [
        "--pool",
        getattr(request, "param", "threads"),
        "--concurrency",
        "3",
        "--without-gossip",
        "--without-mingle",
    ]
    log = tmp_path / "worker.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=env, stdout=output, stderr=output)
    store = RedisStore(StoreOptions(url=own_valkey.url))
    yield Running(store, log)
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    store.close()


def test_everything_that_goes_away_is_told_and_recovers_by_itself(
    worker: Running, own_valkey: Server, prometheus: Server, kubernetes_api: KubernetesApi
) -> None:
    worker.until(30, lambda: worker.source("telemetry").state == "live" and worker.source("inventory").state == "live")

    # What kubectl changes is in a snapshot that was published within three seconds.
    admin = KubernetesClient(KubernetesOptions(str(kubernetes_api.kubeconfig), "admin"))
    before = worker.snapshot().version
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "fresh", "namespace": "shop"}}
    admin.request("POST", "/api/v1/namespaces/shop/services", body=service | {"spec": {"ports": [{"port": 80}]}})
    worker.until(
        3,
        lambda: ("shop", "fresh") in inventory(worker.store, "demo").services and worker.snapshot().version > before,
    )

    prometheus.stop()
    worker.until(40, lambda: worker.source("telemetry").state == "stale")
    told = worker.source("telemetry")
    assert told.error == f"Prometheus at {prometheus.url} refused the connection"
    assert told.stale_since is not None
    assert told.as_of is not None
    assert told.as_of < told.stale_since
    prometheus.start()
    worker.until(40, lambda: worker.source("telemetry").state == "live")

    kubernetes_api.stop()
    worker.until(40, lambda: worker.source("inventory").state == "stale")
    assert ("shop", "fresh") in inventory(worker.store, "demo").services
    kubernetes_api.start()
    worker.until(40, lambda: worker.source("inventory").state == "live")
    worker.until(40, lambda: ("shop", "fresh") not in inventory(worker.store, "demo").services)

    version = worker.snapshot().version
    own_valkey.stop()
    time.sleep(10)
    own_valkey.start()
    worker.until(40, lambda: worker.snapshot().version > version and worker.source("inventory").state == "live")
    worker.until(40, lambda: worker.source("telemetry").state == "live")


@pytest.mark.parametrize("worker", ["prefork"], indirect=True)
def test_forked_workers_recover_as_well(worker: Running, own_valkey: Server) -> None:
    worker.until(30, lambda: worker.source("telemetry").state == "live" and worker.source("inventory").state == "live")
    version = worker.snapshot().version
    own_valkey.stop()
    time.sleep(3)
    own_valkey.start()
    worker.until(40, lambda: worker.snapshot().version > version and worker.source("inventory").state == "live")
    worker.until(40, lambda: worker.source("telemetry").state == "live")
