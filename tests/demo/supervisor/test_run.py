"""Starts that end at once: what the person at the keyboard is told, and the exit code."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from meshui.demo import layout as layouts

FIELDS = ("MESHUI_PORT", "MESHUI_DEMO_KUBERNETES_PORT", "MESHUI_DEMO_PROMETHEUS_PORT", "MESHUI_DEMO_VALKEY_PORT")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    holders = [socket.socket() for _ in range(5)]
    for holder in holders:
        holder.bind(("127.0.0.1", 0))
    numbers = [str(holder.getsockname()[1]) for holder in holders]
    for holder in holders:
        holder.close()
    ports = dict(zip((*FIELDS, "MESHUI_DEMO_CONTROL_PORT"), numbers, strict=True))
    return ports | {"MESHUI_STATE": str(tmp_path / "state"), "MESHUI_DEMO_NETWORK": "216"}


def up(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "meshui.demo", "up"]
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
    )


def left(state: str) -> list[str]:
    """Processes that belong to this state folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"MESHUI_STATE={state}".encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_text())
        except OSError:
            continue
    return found


def test_a_port_in_use_ends_the_start_and_is_named(environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(environment["MESHUI_PORT"])))
        taken.listen()
        answer = up(environment)

    assert answer.returncode == 1
    assert f"port {environment['MESHUI_PORT']} (web, MESHUI_PORT) is in use" in answer.stdout
    assert "Traceback" not in answer.stdout + answer.stderr


def test_a_bad_variable_ends_the_start_and_is_named(environment: dict[str, str]) -> None:
    answer = up(environment | {"MESHUI_DEMO_NETWORK": "256"})

    assert answer.returncode == 1
    assert "MESHUI_DEMO_NETWORK must be a whole number from 1 to 254" in answer.stderr


def test_a_second_start_in_the_same_folder_is_refused(environment: dict[str, str]) -> None:
    layout = layouts.load(environment)
    layout.state.mkdir(parents=True)
    holder = (
        f"import fcntl, time; f = open({str(layout.state / 'supervisor.pid')!r}, 'w'); "
        "fcntl.flock(f, fcntl.LOCK_EX); f.write('4711'); f.flush(); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        first.stdout.readline()
        answer = up(environment)
        first.kill()

    assert answer.returncode == 1
    assert "as process 4711" in answer.stdout


def test_a_part_that_fails_ends_the_start_with_its_log_and_leaves_nothing(environment: dict[str, str]) -> None:
    broken = Path(environment["MESHUI_STATE"]).parent / "envoy"
    broken.write_text("#!/bin/sh\necho 'not today'\nexit 3\n")
    broken.chmod(0o755)

    answer = up(environment | {"MESHUI_ENVOY": str(broken)})
    time.sleep(0.2)

    assert answer.returncode == 1
    assert "ended with exit code 3" in answer.stdout
    assert "not today" in answer.stdout
    assert left(environment["MESHUI_STATE"]) == []
