"""The whole demo, really running, once for these tests: its own state, ports and pod addresses, so that a demo that
somebody has open beside it is left alone."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.conftest import network

REPOSITORY = Path(__file__).resolve().parents[2]
READY_SECONDS = 120
PATIENCE_MS = 20_000
"""How long an expectation may take to come true: the machine may be busy with other things."""
T = TypeVar("T")


@dataclass(frozen=True)
class Demo:
    """A running demo and the ways to ask it things."""

    url: str
    prometheus_url: str
    control_url: str
    token: str
    passwords: dict[str, str]
    environment: dict[str, str]
    state: Path

    def api(self, path: str, *, method: str = "GET", token: str | None = None, **arguments: Any) -> requests.Response:
        """A REST call with the demo's API token."""
        headers = {"Authorization": f"Bearer {token or self.token}"} | arguments.pop("headers", {})
        return requests.request(method, f"{self.url}/api/v1{path}", headers=headers, timeout=20, **arguments)

    def graph(self, **parameters: Any) -> dict[str, Any]:
        """The live graph of the demo's cluster."""
        answer = self.api("/clusters/demo/graph", params=parameters)
        answer.raise_for_status()
        return answer.json()

    def prometheus(self, promql: str, at: str | datetime) -> list[dict[str, Any]]:
        """Prometheus' own answer, asked directly."""
        moment = at if isinstance(at, str) else at.isoformat()
        answer = requests.get(
            f"{self.prometheus_url}/api/v1/query", params={"query": promql, "time": moment}, timeout=20
        )
        answer.raise_for_status()
        return answer.json()["data"]["result"]

    def fault(self, name: str, *, clear: bool = False) -> None:
        """Puts a fault into the mesh, or takes it back."""
        method = "DELETE" if clear else "POST"
        requests.request(method, f"{self.control_url}/faults/{name}", timeout=30).raise_for_status()


def wait_until(answer: Callable[[], T], *, seconds: float, what: str, every: float = 0.5) -> T:
    """The first truthy answer. Fails, saying the last one, when none comes in time."""
    deadline = time.monotonic() + seconds
    last: Any = None
    while time.monotonic() < deadline:
        try:
            if last := answer():
                return last
        except (AssertionError, requests.RequestException, KeyError, StopIteration) as problem:
            last = problem
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s: {what}; last seen: {last!r}")


def free_ports(number: int) -> list[int]:
    """Ports on loopback that nothing listens on now."""
    sockets = [socket.socket() for _ in range(number)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def processes_of(state: Path) -> dict[int, str]:
    """Processes whose environment says that they belong to the demo with this state folder."""
    mark = f"MESHUI_STATE={state}".encode()
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
    return found


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`python -m meshui.demo up`, ready; stopped by Ctrl-C's signal, after which no child may be left."""
    state = tmp_path_factory.mktemp("demo")
    names = ("", "DEMO_KUBERNETES_", "DEMO_PROMETHEUS_", "DEMO_VALKEY_", "DEMO_CONTROL_")
    ports = {f"MESHUI_{name}PORT": str(port) for name, port in zip(names, free_ports(len(names)), strict=True)}
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MESHUI_")},
        **ports,
        "MESHUI_STATE": str(state),
        "MESHUI_DEMO_NETWORK": str(network(43)),
    }
    log = state.parent / "demo.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "meshui.demo", "up"],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        ready = state / "ready.json"
        deadline = time.monotonic() + READY_SECONDS
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the demo did not get ready:\n{log.read_text()[-4000:]}")
            time.sleep(0.2)
        facts = json.loads(ready.read_text())
        yield Demo(
            url=facts["url"],
            prometheus_url=facts["prometheus_url"],
            control_url=facts["control_url"],
            token=facts["token"],
            passwords={user["username"]: user["password"] for user in facts["users"]},
            environment=environment | {"KUBECONFIG": facts["kubeconfig"]},
            state=state,
        )
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    left = processes_of(state)
    assert not left, f"the demo left processes behind: {left}"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("MESHUI_CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
        )
        yield chromium
        chromium.close()


def sign_in(page: Page, demo: Demo, username: str) -> None:
    """Through the form, as a person does."""
    page.goto(demo.url)
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password", exact=True).fill(demo.passwords[username])
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    fresh = browser.new_context(viewport={"width": 1600, "height": 1000})
    fresh.set_default_timeout(PATIENCE_MS)
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
