"""A small mesh of real Envoys: the control plane's pusher feeds them, the tests play applications and clients.

client (sidecar) ──▶ catalog v1, v2 (HTTP)   ingressgateway ──▶ catalog
                ├──▶ recs (gRPC)             client ──▶ egressgateway ──▶ bank (outside)
                └──▶ stockdb (TCP)
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import grpc
import pytest
from aiohttp import web

from meshui.demo import layout
from meshui.demo.controlplane.app import Pusher
from meshui.demo.controlplane.debug import State, application
from meshui.demo.envoy import prepare
from meshui.demo.envoy.access_log import log_path
from meshui.demo.supervisor import watches
from tests.conftest import network

Manifest = dict[str, Any]
Labels = dict[str, str]
T = TypeVar("T")

NETWORK = network(31) + int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0)
CATALOG = "catalog.shop.svc.cluster.local"
RECS = "recs.shop.svc.cluster.local"
STOCKDB = "stockdb.warehouse.svc.cluster.local"


def pod(namespace: str, name: str, number: int, protocol: str = "http", port: int = 8080, **more: Any) -> layout.Pod:
    app, _, version = name.partition("-")
    values = {"app": app, "version": version or "v1", "workload": name, "service_account": name}
    return layout.Pod(
        namespace=namespace,
        name=f"{name}-abc",
        ip=f"127.{NETWORK}.0.{number}",
        protocol=protocol,
        app_port=port,
        **(values | more),
    )


PODS = {
    "client": pod("shop", "client", 10),
    "catalog-v1": pod("shop", "catalog-v1", 11),
    "catalog-v2": pod("shop", "catalog-v2", 12),
    "recs": pod("shop", "recs", 13, "grpc", 9000),
    "stockdb": pod("warehouse", "stockdb", 14, "tcp", 6380),
    "ingressgateway": pod("edge", "ingressgateway", 15, gateway="ingress"),
    "egressgateway": pod("edge", "egressgateway", 16, gateway="egress"),
}
BANK = f"127.{NETWORK}.200.1"


def manifest(api: str, kind: str, namespace: str, name: str, **more: Any) -> Manifest:
    return {"apiVersion": api, "kind": kind, "metadata": {"namespace": namespace, "name": name}, **more}


def networking(kind: str, name: str, spec: Manifest, namespace: str = "shop") -> Manifest:
    return manifest("networking.istio.io/v1", kind, namespace, name, spec=spec)


def security(kind: str, name: str, spec: Manifest, namespace: str = "shop") -> Manifest:
    return manifest("security.istio.io/v1", kind, namespace, name, spec=spec)


def virtual_service(*rules: Manifest, host: str = CATALOG) -> Manifest:
    return networking("VirtualService", host.partition(".")[0], {"hosts": [host], "http": list(rules)})


def to(subset: str = "", weight: int | None = None, host: str = CATALOG) -> Manifest:
    destination = {"host": host} | ({"subset": subset} if subset else {})
    return {"destination": destination} | ({} if weight is None else {"weight": weight})


def subsets(**policy: Any) -> Manifest:
    versions = [{"name": name, "labels": {"version": name}} for name in ("v1", "v2")]
    return networking("DestinationRule", "catalog", {"host": CATALOG, "subsets": versions, **policy})


def _pod_manifest(pod: layout.Pod) -> Manifest:
    containers = [{"name": "istio-proxy"}]
    if not pod.gateway:
        port = {"name": pod.protocol, "containerPort": pod.app_port}
        containers.insert(0, {"name": pod.app, "ports": [port]})
    made = manifest("v1", "Pod", pod.namespace, pod.name)
    made["metadata"]["labels"] = pod.labels
    owner = {"kind": "ReplicaSet", "name": f"{pod.workload}-abc", "controller": True}
    made["metadata"]["ownerReferences"] = [owner]
    made["metadata"]["labels"]["pod-template-hash"] = "abc"
    made["spec"] = {"serviceAccountName": pod.service_account, "containers": containers}
    made["status"] = {"phase": "Running", "podIP": pod.ip, "conditions": [{"type": "Ready", "status": "True"}]}
    return made


def _service(namespace: str, name: str, port_name: str, port: int, target: int) -> Manifest:
    ports = [{"name": port_name, "port": port, "targetPort": target}]
    return manifest("v1", "Service", namespace, name, spec={"selector": {"app": name}, "ports": ports})


SERVICES = [
    _service("shop", "client", "http", 80, 8080),
    _service("shop", "catalog", "http", 80, 8080),
    _service("shop", "recs", "grpc", 9000, 9000),
    _service("warehouse", "stockdb", "tcp", 6379, 6380),
    _service("edge", "ingressgateway", "http", 80, 8080),
    _service("edge", "egressgateway", "https", 80, 8080),
]


@dataclass
class Answer:
    status: int
    headers: Labels
    text: str
    seconds: float


@dataclass
class Application:
    """An HTTP application that does what the request asks of it, and remembers requests."""

    name: str
    requests: list[web.Request] = field(default_factory=list)
    failures: int = 0
    """How many of the next requests to answer 503."""

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        await request.read()
        await asyncio.sleep(float(request.query.get("sleep", "0")))
        if self.failures > 0:
            self.failures -= 1
            return web.Response(status=503)
        return web.Response(status=int(request.query.get("status", "200")), text=self.name)


class Mesh:
    """The running mesh. Methods are synchronous; the applications run in a loop of another thread."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.applications = {name: Application(name) for name in (*PODS, "bank")}
        self.problems: dict[tuple[str, str, str], str] = {}
        self.pods = {name: _pod_manifest(pod) for name, pod in PODS.items()}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        self._thread.start()
        self.run(self._start())
        self.apply()
        self._await_watches()
        for pod in PODS.values():
            with (self.state / f"{pod.name}.err").open("wb") as errors:
                command = prepare(pod, self.state)
                # Tests want the new listeners at once; no request is in flight when they change something.
                command[command.index("--drain-time-s") + 1] = "0"
                self._processes.append(subprocess.Popen(command, stderr=errors))
        self.until_synced(seconds=20)

    @staticmethod
    def _await_watches(seconds: float = 60) -> None:
        """Waits for another mesh to be gone. Raises TooFewWatchesError."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return watches.check(len(PODS))
            except watches.TooFewWatchesError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(1)

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(10)
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def apply(self, *configs: Manifest) -> None:
        """Puts exactly these objects into force, and waits until every Envoy has them."""
        problems = self.run(self.pusher.push(self.pods.values(), SERVICES, configs))
        self.problems = dict(problems)
        if self._processes:
            self.until_synced()

    def until_synced(self, seconds: float = 8) -> None:
        deadline = time.monotonic() + seconds
        while late := [entry for entry in self.syncz() if not self._is_synced(entry)]:
            assert time.monotonic() < deadline, self._explain(late)
            time.sleep(0.02)
        self.until(lambda: not any(self._is_draining(name) for name in PODS))

    def _explain(self, late: list[dict[str, Any]]) -> str:
        errors = {path.name: path.read_text()[-1500:] for path in self.state.glob("*.err")}
        lines = [f"{entry['proxy']}: {entry}\n{errors.get(entry['proxy'].split('.')[0] + '.err')}" for entry in late]
        return "not in sync: " + "\n".join(lines)

    def _is_draining(self, name: str) -> bool:
        text = self.admin(name, "/stats?filter=draining")
        return any(not line.endswith(": 0") for line in text.splitlines())

    def syncz(self) -> list[dict[str, Any]]:
        url = f"http://127.{NETWORK}.0.2:15014/debug/syncz"

        async def get() -> list[dict[str, Any]]:
            async with self.session.get(url) as answer:
                found: list[dict[str, Any]] = await answer.json()
                return found

        return self.run(get())

    @staticmethod
    def _is_synced(entry: dict[str, Any]) -> bool:
        return all(entry[f"{kind}_sent"] == entry[f"{kind}_acked"] for kind in ("cluster", "listener", "route"))

    @staticmethod
    def until(condition: Callable[[], bool], seconds: float = 8) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.02)

    def call(
        self, path: str = "/", host: str = "catalog", source: str = "client", method: str = "GET", **headers: str
    ) -> Answer:
        """An HTTP call of an application through its sidecar."""
        url = f"http://{PODS[source].ip}:{layout.OUTBOUND_PORT}{path}"
        return self.run(self.get(url, method, {"host": host} | _dashed(headers)))

    def call_plain(self, path: str = "/", to: str = "catalog-v1", method: str = "GET", **headers: str) -> Answer:
        """A call of somebody without a sidecar. Raises aiohttp.ClientError when refused."""
        url = f"http://{PODS[to].ip}:{layout.INBOUND_PORT}{path}"
        return self.run(self.get(url, method, {"host": "catalog"} | _dashed(headers)))

    async def get(self, url: str, method: str = "GET", headers: Labels | None = None) -> Answer:
        started = time.monotonic()
        async with self.session.request(method, url, headers=headers or {}, allow_redirects=False) as answer:
            text = await answer.text()
            lowered = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(answer.status, lowered, text, time.monotonic() - started)

    def calls(self, count: int, path: str = "/") -> list[Answer]:
        """As many calls at once."""
        url = f"http://{PODS['client'].ip}:{layout.OUTBOUND_PORT}{path}"

        async def every() -> list[Answer]:
            return await asyncio.gather(*(self.get(url, headers={"host": "catalog"}) for _ in range(count)))

        return self.run(every())

    def call_tcp(self, line: bytes = b"hello\n") -> bytes:
        """What comes back through the client's sidecar from stockdb; nothing when it was refused."""
        with socket.create_connection((PODS["client"].ip, 6379), 5) as connection:
            try:
                connection.sendall(line)
                return connection.recv(100)
            except ConnectionError:
                return b""

    def call_grpc(self, host: str = f"{RECS}:9000") -> bytes:
        target = f"{PODS['client'].ip}:{layout.OUTBOUND_PORT}"
        with grpc.insecure_channel(target, options=[("grpc.default_authority", host)]) as channel:
            answer: bytes = channel.unary_unary("/shop.Recs/Get")(b"x", timeout=5)
            return answer

    def metrics(self, name: str, at: str, **wanted: str) -> list[tuple[Labels, float]]:
        """Series of a metric at a pod's Envoy that have the labels."""
        url = rf"http://{PODS[at].ip}:15000/stats/prometheus?filter=%5Eistio%5C."
        found = []
        for line in self.run(self.get(url)).text.splitlines():
            if match := re.fullmatch(rf"envoy_{name}\{{(.*)\}} (\S+)", line):
                labels = dict(re.findall(r'(\w+)="([^"]*)"', match[1]))
                if all(labels.get(key) == value for key, value in wanted.items()):
                    found.append((labels, float(match[2])))
        return found

    def total(self, name: str, at: str, **wanted: str) -> float:
        return sum(value for _, value in self.metrics(name, at, **wanted))

    def admin(self, at: str, path: str) -> str:
        return self.run(self.get(f"http://{PODS[at].ip}:15000{path}")).text

    def log(self, at: str) -> str:
        return log_path(self.state, PODS[at].namespace, PODS[at].name).read_text()

    async def _start(self) -> None:
        self.pusher = Pusher(self.state, timedelta(minutes=15))
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10), connector=_unpooled())
        self._runners = []
        for name, application_ in self.applications.items():
            ip = PODS[name].ip if name in PODS else BANK
            if name not in PODS or (PODS[name].protocol == "http" and not PODS[name].gateway):
                app = web.Application()
                app.router.add_route("*", "/{path:.*}", application_.handle)
                await self._serve(app, ip, 8080)
        await self._serve(
            application(State(ready=True, proxies=self.pusher.sent), self.session), f"127.{NETWORK}.0.2", 15014
        )
        self._tcp = await asyncio.start_server(_echo, PODS["stockdb"].ip, 6380)
        self._grpc = grpc.aio.server()
        handler = grpc.method_handlers_generic_handler(
            "shop.Recs", {"Get": grpc.unary_unary_rpc_method_handler(_reply)}
        )
        self._grpc.add_generic_rpc_handlers((handler,))
        self._grpc.add_insecure_port(f"{PODS['recs'].ip}:9000")
        await self._grpc.start()

    async def _serve(self, app: web.Application, ip: str, port: int) -> None:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, ip, port).start()
        self._runners.append(runner)

    async def _stop(self) -> None:
        await self.session.close()
        await self._grpc.stop(0)
        self._tcp.close()
        for runner in self._runners:
            await runner.cleanup()


def _unpooled() -> aiohttp.TCPConnector:
    return aiohttp.TCPConnector(limit=0, force_close=True)


def _dashed(headers: Labels) -> Labels:
    return {name.replace("_", "-"): value for name, value in headers.items()}


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
    writer.close()


async def _reply(request: bytes, context: grpc.aio.ServicerContext) -> bytes:
    return request


@pytest.fixture(scope="package")
def running_mesh() -> Iterator[Mesh]:
    with tempfile.TemporaryDirectory() as state:
        mesh = Mesh(Path(state))
        try:
            mesh.start()
            yield mesh
        finally:
            mesh.stop()


@pytest.fixture
def mesh(running_mesh: Mesh) -> Mesh:
    """The mesh without any Istio objects in force."""
    running_mesh.apply()
    for application_ in running_mesh.applications.values():
        application_.requests.clear()
        application_.failures = 0
    return running_mesh
