"""The control plane as a process beside the demo's Kubernetes API, without Envoys."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from meshui.demo import layout
from meshui.demo.shop import seed
from tests.conftest import free_port, network

TOKEN = {"authorization": "Bearer demo-admin"}
CATALOG = "/apis/networking.istio.io/v1/namespaces/shop/virtualservices/catalog"
RULE = "/apis/networking.istio.io/v1/namespaces/shop/destinationrules/catalog"
NETWORK = network(61) + int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0)


def until(condition: Callable[[], Any], seconds: float = 10) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return found


class Place:
    """A Kubernetes API with the shop's objects and a control plane on it."""

    def __init__(self, state: Path) -> None:
        environment = {
            "MESHUI_STATE": str(state),
            "MESHUI_DEMO_NETWORK": str(NETWORK),
            "MESHUI_DEMO_KUBERNETES_PORT": str(free_port()),
            "MESHUI_DEMO_CERTIFICATE_SECONDS": "6",
        }
        self.state = state
        self.layout = layout.load(environment)
        self._environment = os.environ | environment
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        seed.write(self.layout, state / "seed")

    def start(self, name: str, *arguments: str) -> None:
        with (self.state / f"{name}.log").open("ab") as log:
            command = [sys.executable, "-m", f"meshui.demo.{name}", *arguments]
            self._processes[name] = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)

    def stop(self, name: str) -> None:
        process = self._processes.pop(name)
        process.terminate()
        process.wait(10)

    def stop_all(self) -> None:
        for name in list(self._processes):
            self.stop(name)

    def start_kube(self) -> None:
        self.start("kube", "--seed", str(self.state / "seed"))
        until(lambda: self.answers(f"{self.layout.kubernetes_url}/version", headers=TOKEN))

    def start_control_plane(self) -> None:
        self.start("controlplane")
        until(lambda: self.answers(self.debug("/ready")))

    @staticmethod
    def answers(url: str, **more: Any) -> bool:
        try:
            return requests.get(url, timeout=2, **more).status_code == 200
        except requests.ConnectionError:
            return False

    def debug(self, path: str) -> str:
        return f"http://{self.layout.istiod_address}:{layout.CONTROL_PLANE_DEBUG_PORT}{path}"

    def get(self, path: str) -> Any:
        return requests.get(self.layout.kubernetes_url + path, headers=TOKEN, timeout=5).json()

    def patch(self, path: str, body: dict[str, Any]) -> None:
        headers = TOKEN | {"content-type": "application/merge-patch+json"}
        answer = requests.patch(self.layout.kubernetes_url + path, json=body, headers=headers, timeout=5)
        assert answer.status_code == 200, answer.text

    def file(self, workload: str, name: str) -> Path:
        pod = next(pod for pod in self.layout.pods if pod.workload == workload)
        return self.state / "envoy" / pod.key / f"{name}.json"

    def weights(self) -> list[int]:
        routes = json.loads(self.file("web", "rds.outbound").read_text())["resources"][0]
        host = next(host for host in routes["virtual_hosts"] if host["name"].startswith("catalog."))
        return [cluster["weight"] for cluster in host["routes"][0]["route"]["weighted_clusters"]["clusters"]]

    def shift(self, one: int, other: int, subset: str = "v2") -> None:
        http = self.get(CATALOG)["spec"]["http"]
        http[0]["route"][0]["weight"], http[0]["route"][1]["weight"] = one, other
        http[0]["route"][1]["destination"]["subset"] = subset
        self.patch(CATALOG, {"spec": {"http": http}})

    def condition(self) -> dict[str, str]:
        conditions = (self.get(CATALOG).get("status") or {}).get("conditions") or []
        return next((item for item in conditions if item["type"] == "Reconciled"), {})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("state"))
    try:
        place.start_kube()
        place.start_control_plane()
        yield place
    finally:
        place.stop_all()


def test_every_proxy_has_its_files(place: Place) -> None:
    for pod in place.layout.pods:
        names = {path.name for path in (place.state / "envoy" / pod.key).glob("*.json")}
        assert ({"lds.json", "cds.json", "sds.default.json"} <= names) is pod.has_proxy
    assert place.file("web", "sds.default").stat().st_mode & 0o777 == 0o600
    assert (place.state / "ca" / "root-key.pem").stat().st_mode & 0o777 == 0o600


def test_a_change_replaces_only_what_it_touches(place: Place) -> None:
    untouched = [place.file("web", "cds"), place.file("web", "lds"), place.file("ingressgateway", "rds.http.8080")]
    before = [path.stat().st_ino for path in untouched]
    place.shift(30, 70)
    until(lambda: place.weights() == [30, 70], seconds=2)
    assert [path.stat().st_ino for path in untouched] == before
    assert place.condition() == {}, "a good object's status is left alone"


def test_an_object_that_cannot_be_applied_is_reported_and_changes_nothing(place: Place) -> None:
    place.shift(60, 40)
    until(lambda: place.weights() == [60, 40])
    place.shift(50, 50, subset="v9")
    condition = until(place.condition)
    assert condition["status"] == "False"
    assert "v9" in condition["message"]
    assert place.weights() == [60, 40]
    events = place.get("/api/v1/namespaces/shop/events")["items"]
    told = [event for event in events if event["involvedObject"]["name"] == "catalog"]
    assert [(event["type"], event["reason"]) for event in told] == [("Warning", "ConfigRejected")]
    assert place.answers(place.debug("/ready"))

    place.shift(20, 80)
    until(lambda: place.weights() == [20, 80])
    until(lambda: place.condition().get("status") == "True")


def test_the_last_good_version_survives_a_restart(place: Place) -> None:
    place.shift(55, 45)
    until(lambda: place.weights() == [55, 45])
    place.shift(10, 90, subset="v9")
    until(lambda: place.condition().get("status") == "False")
    place.stop("controlplane")
    place.start_control_plane()
    assert place.weights() == [55, 45]
    place.shift(55, 45)
    until(lambda: place.condition().get("status") == "True")


def test_certificates_are_renewed_at_half_of_their_life(place: Place) -> None:
    path = place.file("web", "sds.default")
    before = path.read_text()
    until(lambda: path.read_text() != before, seconds=6)


def test_it_goes_on_without_the_api_and_catches_up(place: Place) -> None:
    place.stop("kube")
    time.sleep(0.3)
    assert place.answers(place.debug("/ready"))
    place.start_kube()
    place.shift(35, 65)
    until(lambda: place.weights() == [35, 65])


def test_the_debug_server_tells_of_proxies_and_pushes(place: Place) -> None:
    synced = requests.get(place.debug("/debug/syncz?namespace=payments"), timeout=5).json()
    assert {entry["proxy"].split(".")[1] for entry in synced} == {"payments"}
    assert all(entry["cluster_sent"] and not entry["cluster_acked"] for entry in synced), "no Envoy is there to ack"
    metrics = requests.get(place.debug("/metrics"), timeout=5).text
    assert re.search(r"^pilot_xds_pushes [1-9]", metrics, re.MULTILINE)
