"""A running Kubernetes API for the tests of a worker, each test in a namespace of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
import yaml
from kubernetes import client

ADMIN, VIEWER = "demo-admin", "demo-viewer"
HISTORY = 400
"""Events that the server under test remembers."""
SEED = """
apiVersion: v1
kind: Namespace
metadata: {name: seeded, creationTimestamp: 2026-01-05T08:00:00Z}
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: web-1, namespace: seeded, uid: 5f3c1d1e-9c5a-4d57-9a53-5f9e63a0a001, labels: {app: web, version: v1}}
  spec:
    nodeName: demo
    containers:
    - {name: web, image: "shop/web:v1", ports: [{name: http, containerPort: 8080}]}
    - {name: istio-proxy, image: proxy}
  status: {phase: Running, podIP: 127.0.0.1}
- apiVersion: v1
  kind: Pod
  metadata: {name: far-1, namespace: seeded, labels: {app: far}}
  spec: {containers: [{name: far, image: far}]}
  status: {phase: Pending, podIP: 10.1.2.3}
- apiVersion: networking.istio.io/v1
  kind: VirtualService
  metadata: {name: catalog, namespace: seeded}
  spec:
    hosts: [catalog]
    http:
    - route:
      - {destination: {host: catalog, subset: v1}, weight: 90}
      - {destination: {host: catalog, subset: v2}, weight: 10}
"""


@dataclass(frozen=True)
class Api:
    """The server under test, asked with plain HTTP."""

    url: str
    state: Path

    def call(self, method: str, path: str, token: str = ADMIN, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} | options.pop("headers", {})
        return requests.request(method, self.url + path, headers=headers, timeout=20, **options)

    def get(self, path: str, **options: Any) -> Any:
        answer = self.call("GET", path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def client(self, token: str = ADMIN) -> client.ApiClient:
        """The official client over TLS, as a kubeconfig would set it up."""
        configuration = client.Configuration(
            host=self.url.replace("http://", "https://"),
            api_key={"BearerToken": token},
            api_key_prefix={"BearerToken": "Bearer"},
        )
        configuration.ssl_ca_cert = str(self.state / "kubernetes" / "ca.crt")
        return client.ApiClient(configuration)


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    state = tmp_path_factory.mktemp("kube")
    (state / "seed" / "deep").mkdir(parents=True)
    (state / "seed" / "deep" / "objects.yaml").write_text(SEED)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "meshui.demo.kube", "--port", str(port), "--seed", str(state / "seed")]
    command += ["--history", str(HISTORY), "--bookmark-seconds", "0.3"]
    log = (state / "server.log").open("wb")
    environment = os.environ | {"MESHUI_STATE": str(state)}
    process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    running = Api(f"http://127.0.0.1:{port}", state)
    deadline = time.monotonic() + 20
    while True:
        try:
            if requests.get(running.url + "/readyz", timeout=1).ok:
                break
        except requests.ConnectionError:
            assert process.poll() is None, (state / "server.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
    yield running
    process.send_signal(signal.SIGTERM)
    process.wait(10)
    log.close()


@pytest.fixture
def namespace(api: Api) -> Iterator[str]:
    name = f"test-{uuid4().hex[:8]}"
    assert api.call("POST", "/api/v1/namespaces", json={"metadata": {"name": name}}).status_code == 201
    yield name
    assert api.call("DELETE", f"/api/v1/namespaces/{name}").status_code == 200


@pytest.fixture
def kubeconfig(api: Api, namespace: str, tmp_path: Path) -> Path:
    """With a context a role, in the test's namespace."""
    cluster = {
        "server": api.url.replace("http://", "https://"),
        "certificate-authority": str(api.state / "kubernetes" / "ca.crt"),
    }
    roles = ("admin", "operator", "viewer", "meshui")
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "demo", "cluster": cluster}],
        "users": [{"name": role, "user": {"token": f"demo-{role}"}} for role in roles],
        "contexts": [
            {"name": role, "context": {"cluster": "demo", "user": role, "namespace": namespace}} for role in roles
        ],
        "current-context": "admin",
    }
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(document))
    return path


def virtual_service(name: str, *weights: int) -> dict[str, Any]:
    """A VirtualService that splits traffic between v1, v2, ..."""
    route = [
        {"destination": {"host": name, "subset": f"v{number}"}, "weight": weight}
        for number, weight in enumerate(weights, 1)
    ]
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": name},
        "spec": {"hosts": [name], "http": [{"route": route}]},
    }


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
