"""docker-compose.yml holds to the compose specification and runs the code, commands and settings that are here."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from meshui import env

REPOSITORY = Path(__file__).resolve().parents[1]
COMPOSE = REPOSITORY / "docker-compose.yml"
OURS = ("web", "worker", "beat", "migrate")


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    return yaml.safe_load(COMPOSE.read_text())["services"]


def check(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_file_holds_to_the_compose_specification() -> None:
    found = check(COMPOSE)
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_check_would_find_a_wrong_file(tmp_path: Path) -> None:
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(COMPOSE.read_text().replace("condition: service_healthy", "condition: when_it_likes"))
    assert check(broken).returncode != 0


def test_every_part_of_the_issue_is_there(services: dict[str, dict[str, Any]]) -> None:
    assert {"web", "worker", "beat", "redis", "postgres", "prometheus", "mesh"} <= set(services)


def test_web_worker_and_beat_run_with_the_same_settings(services: dict[str, dict[str, Any]]) -> None:
    assert len({str(sorted(services[name]["environment"].items())) for name in OURS}) == 1
    assert len({services[name]["image"] for name in (*OURS, "mesh")}) == 1


def test_meshui_accepts_the_environment_as_it_is_written(services: dict[str, dict[str, Any]]) -> None:
    written = services["web"]["environment"]
    filled = {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) for name, value in written.items()}
    understood = env.read(filled)
    assert understood.demo
    assert understood.cluster == "demo"
    assert understood.envoy_admin == "pod-ip"
    assert understood.database_url.startswith("postgres://")


def test_no_variable_is_set_that_nothing_reads(services: dict[str, dict[str, Any]]) -> None:
    source = "".join(path.read_text() for path in (REPOSITORY / "meshui").rglob("*.py"))
    unread = [name for name in services["web"]["environment"] if f'"{name}"' not in source]
    assert not unread


def test_who_depends_on_whom_exists(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        for needed in service.get("depends_on", {}):
            assert needed in services, name
        mode = service.get("network_mode", "")
        assert not mode.startswith("service:") or mode.removeprefix("service:") in services, name


def test_nothing_is_published_beyond_loopback(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
