"""`up`: the whole demo from nothing to ready, then until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
from aiohttp import web as http_server

from meshui.demo.envoy.access_log import rotate
from meshui.demo.envoy.binary import NoEnvoyError
from meshui.demo.faults import api as control_api
from meshui.demo.faults.board import Board
from meshui.demo.faults.objects import KubernetesObjects
from meshui.demo.layout import HOST, REPOSITORY, Layout
from meshui.demo.prometheus import server
from meshui.demo.prometheus.binary import Binary, PrometheusUnavailableError, find
from meshui.demo.shop import seed
from meshui.demo.supervisor import kubeconfig, plan, ports, probes, watches
from meshui.demo.supervisor.child import Child, ChildError, Spec
from meshui.demo.supervisor.crew import Crew
from meshui.demo.supervisor.progress import Progress

LOG_EVERY_SECONDS = 15.0
TRAFFIC_SECONDS = 40.0
GRAPH_SECONDS = 60.0
TASK_SECONDS = 90.0
SERVING_WORKLOADS = 8
"""So many at least serve requests once every journey was made."""
EDGES = 10

_EXPECTED = (
    *(ChildError, NoEnvoyError, PrometheusUnavailableError, plan.NoValkeyError),
    *(ports.AddressTakenError, watches.TooFewWatchesError),
)


class NotReadyError(Exception):
    """The demo runs, but it doesn't show what it should."""


class AlreadyRunningError(Exception):
    """Another supervisor has this state folder."""


class Demo:
    """One run of the demo. `mesh_only` leaves MeshUI itself and Valkey out; `prometheus` says whether to run one."""

    def __init__(self, layout: Layout, progress: Progress, *, mesh_only: bool, prometheus: bool = True) -> None:
        self._layout = layout
        self._progress = progress
        self._mesh_only = mesh_only
        self._prometheus = prometheus
        self._crew = Crew(progress)
        self._board = Board(layout, self._crew, KubernetesObjects(layout.kubernetes_url))
        self._control: http_server.AppRunner | None = None

    async def start(self) -> dict[str, Any]:
        """Starts everything in order; what `ready.json` says. Raises what `_EXPECTED` lists, and NotReadyError."""
        layout, step = self._layout, self._progress.step
        ports.check(layout, self._unused_ports())
        watches.check(sum(pod.has_proxy for pod in layout.pods))
        binary = self._find_prometheus()
        self._clean()
        kubeconfig.write(layout)
        seed.write(layout, layout.state / "seed")
        await self._start_control()

        async def mesh() -> None:
            await self._step("Kubernetes API", plan.kubernetes_api(layout, layout.state / "seed"))
            await self._step("control plane", plan.control_plane(layout))
            proxies = [plan.envoy(layout, pod) for pod in layout.pods if pod.has_proxy]
            await self._step(f"{len(proxies)} Envoy proxies", *proxies)
            await self._step("the shop and its customers", plan.shop(layout))
            config = server.write_config(layout)
            if binary:
                await self._step("Prometheus", plan.prometheus(layout, binary, config))

        ready = self._facts()
        if self._mesh_only:
            await mesh()
        else:
            _, _, account = await _all(self._step("Valkey", plan.valkey(layout)), mesh(), self._prepare_database())
            ready |= account
            with step("MeshUI: web, worker, beat"):
                await self._crew.start(plan.web(layout), plan.worker(layout), plan.beat(layout))
        if binary:
            with step("first traffic in Prometheus"):
                await self._until(self._traffic_seen, TRAFFIC_SECONDS, "Prometheus shows no traffic of the mesh")
        if not self._mesh_only:
            with step("a live graph"):
                token = str(ready["token"])
                await self._until(lambda: self._graph_seen(token), GRAPH_SECONDS, "MeshUI shows no graph")
        file = layout.state / "ready.json"
        file.write_text(json.dumps(ready, indent=2))
        file.chmod(0o600)
        return ready

    async def keep(self) -> None:
        """Watches over the children and their logs until cancelled."""
        await _all(self._crew.watch(), self._bound_logs())

    async def stop(self) -> None:
        (self._layout.state / "ready.json").unlink(missing_ok=True)
        if self._control:
            await self._control.cleanup()
        await self._crew.stop()

    def _unused_ports(self) -> set[str]:
        unused = {"MESHUI_PORT", "MESHUI_DEMO_VALKEY_PORT"} if self._mesh_only else set()
        return unused if self._prometheus else unused | {"MESHUI_DEMO_PROMETHEUS_PORT"}

    def _find_prometheus(self) -> Binary | None:
        if not self._prometheus:
            return None
        with self._progress.step("Prometheus' binary"):
            return find(self._layout.cache, self._progress.say)

    async def _step(self, name: str, *specs: Spec) -> None:
        with self._progress.step(name):
            await self._crew.start(*specs)

    def _clean(self) -> None:
        """Each run begins with the same mesh: objects, proxies' files and metrics of the last one are gone."""
        (self._layout.state / "ready.json").unlink(missing_ok=True)
        for name in ("controlplane", "envoy", "logs", "prometheus", "seed"):
            shutil.rmtree(self._layout.state / name, ignore_errors=True)

    async def _start_control(self) -> None:
        application = control_api.build(self._board, self._crew.status)
        self._control = http_server.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._control.setup()
        await http_server.TCPSite(self._control, HOST, self._layout.control_port).start()

    async def _prepare_database(self) -> dict[str, Any]:
        """Migrates, and makes the demo's users; their passwords and the API token."""
        with self._progress.step("database"):
            await self._run_task("migrate", "migrate", "--no-input")
            answer = await self._run_task("demo users", "demo_users")
        account: dict[str, Any] = json.loads(answer.splitlines()[-1])
        return account

    async def _run_task(self, name: str, *arguments: str) -> str:
        """The output of a `manage.py` command. Raises ChildError when it fails."""
        log = plan.log_path(self._layout, name)
        task = Child(
            Spec(
                name=name,
                command=(sys.executable, str(REPOSITORY / "manage.py"), *arguments),
                log=log,
                ready=probes.never,
                without="",
                environment=plan.product_environment(self._layout),
            )
        )
        task.start()
        try:
            await task.until_done(TASK_SECONDS)
        finally:
            await task.stop()
        return log.read_text()

    def _facts(self) -> dict[str, Any]:
        layout = self._layout
        return {
            "pid": os.getpid(),
            "state": str(layout.state),
            "kubeconfig": str(layout.kubeconfig),
            "kubernetes_url": layout.kubernetes_url,
            "prometheus_url": layout.prometheus_url,
            "redis_url": f"{layout.redis_url}/0",
            "control_url": layout.control_url,
            "ingress_url": layout.ingress_url,
        } | ({} if self._mesh_only else {"url": layout.web_url})

    async def _until(self, seen: probes.Probe, seconds: float, otherwise: str) -> None:
        deadline = time.monotonic() + seconds
        while not await seen():
            if time.monotonic() > deadline:
                logs = self._layout.state / "logs" / "processes"
                raise NotReadyError(f"{otherwise} after {seconds:.0f} s; see {logs}")
            self._crew.check()
            await asyncio.sleep(0.25)

    async def _traffic_seen(self) -> bool:
        served = 'rate(istio_requests_total{reporter="destination"}[15s]) > 0'
        query = f"count(count by (destination_workload) ({served})) >= {SERVING_WORKLOADS}"
        document = await _get(f"{self._layout.prometheus_url}/api/v1/query", params={"query": query})
        return bool(document and document.get("data", {}).get("result"))

    async def _graph_seen(self, token: str) -> bool:
        document = await _get(f"{self._layout.web_url}/api/v1/clusters/demo/graph", token=token)
        return bool(document and len(document.get("edges", ())) >= EDGES)

    async def _bound_logs(self) -> None:
        while True:
            await asyncio.sleep(LOG_EVERY_SECONDS)
            for path in (self._layout.state / "logs").rglob("*.log"):
                rotate(path)


async def up(layout: Layout, *, mesh_only: bool, prometheus: bool, as_json: bool) -> int:
    """Runs the demo until SIGINT, SIGTERM or SIGHUP; the exit code."""
    progress = Progress(sys.stderr if as_json else sys.stdout)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    animation = asyncio.create_task(progress.animate())
    asked_to_stop = asyncio.create_task(stopped.wait())
    demo: Demo | None = None
    try:
        with _only_supervisor(layout):
            demo = Demo(layout, progress, mesh_only=mesh_only, prometheus=prometheus)
            try:
                start = asyncio.create_task(demo.start())
                await asyncio.wait((start, asked_to_stop), return_when=asyncio.FIRST_COMPLETED)
                if not start.done():
                    start.cancel()
                    await asyncio.gather(start, return_exceptions=True)
                    progress.say("stopped before it was ready")
                    return 130
                _announce(start.result(), progress, as_json)
                watching = asyncio.create_task(demo.keep())
                await asyncio.wait((watching, asked_to_stop), return_when=asyncio.FIRST_COMPLETED)
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
                progress.say("stopping …")
                return 0
            finally:
                await demo.stop()
    except (*_EXPECTED, NotReadyError, AlreadyRunningError) as problem:
        progress.warn(f"the demo can't run: {problem}")
        return 1
    finally:
        animation.cancel()
        asked_to_stop.cancel()
        await asyncio.gather(animation, asked_to_stop, return_exceptions=True)


def _announce(ready: dict[str, Any], progress: Progress, as_json: bool) -> None:
    if as_json:
        print(json.dumps(ready), flush=True)
        return
    seconds = f"{progress.elapsed:.0f} s"
    if "url" not in ready:
        progress.say(f"The mesh is ready ({seconds}): {ready['ingress_url']} · KUBECONFIG={ready['kubeconfig']}")
        return
    users = " or ".join(f"{user['username']} / {user['password']}" for user in ready["users"])
    progress.say(f"MeshUI is ready ({seconds}): {ready['url']} · sign in as {users} · API token {ready['token']}")


@contextlib.contextmanager
def _only_supervisor(layout: Layout) -> Iterator[None]:
    """Holds the state folder, its process id in `supervisor.pid`. Raises AlreadyRunningError."""
    layout.state.mkdir(parents=True, exist_ok=True)
    with (layout.state / "supervisor.pid").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunningError(
                f"it runs already in {layout.state}, as process {file.read().strip()}; "
                "`python -m meshui.demo down` stops it"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


async def _all(*coroutines: Any) -> list[Any]:
    """Their results; when one fails, the others are cancelled and the first failure is raised as it is."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _get(url: str, *, token: str = "", params: dict[str, str] | None = None) -> dict[str, Any] | None:
    """The JSON object that a GET answers; None when it fails or is none."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5), headers=headers) as session,
            session.get(url, params=params) as answer,
        ):
            document = await answer.json(content_type=None)
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError):
        return None
    return document if answer.status == 200 and isinstance(document, dict) else None
