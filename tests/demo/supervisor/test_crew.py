import asyncio
import io
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meshui.demo.supervisor import crew as crews
from meshui.demo.supervisor.child import ChildError, Spec
from meshui.demo.supervisor.crew import Crew
from meshui.demo.supervisor.probes import file_says, never
from meshui.demo.supervisor.progress import Progress


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crews, "FIRST_BACKOFF_SECONDS", 0.05)
    monkeypatch.setattr(crews, "WATCH_SECONDS", 0.02)


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
async def crew(output: io.StringIO) -> AsyncIterator[Crew]:
    crew = Crew(Progress(output))
    watching = asyncio.create_task(crew.watch())
    yield crew
    watching.cancel()
    await crew.stop()


def spec(tmp_path: Path, name: str = "sleeper") -> Spec:
    log = tmp_path / f"{name}.log"
    script = "import time; print('up', flush=True); time.sleep(60)"
    return Spec(name, (sys.executable, "-c", script), log, file_says(log, "up"), "nobody sleeps")


def state_of(crew: Crew, name: str = "sleeper") -> tuple[str, int]:
    process = next(one for one in crew.status()["processes"] if one["name"] == name)
    return process["state"], process["restarts"]


async def until(crew: Crew, wanted: tuple[str, int]) -> None:
    async with asyncio.timeout(10):
        while state_of(crew) != wanted:  # noqa: ASYNC110 - another process is waited for
            await asyncio.sleep(0.02)


async def test_a_child_that_dies_is_told_of_and_comes_back(crew: Crew, tmp_path: Path, output: io.StringIO) -> None:
    await crew.start(spec(tmp_path))
    os.kill(crew.status()["processes"][0]["pid"], signal.SIGKILL)

    await until(crew, ("running", 1))
    await asyncio.sleep(0.3)

    text = output.getvalue()
    assert "sleeper died (signal SIGKILL); until it is back: nobody sleeps" in text
    assert "    up" in text
    assert "sleeper is back" in text


async def test_a_child_that_is_held_stays_down_until_released(crew: Crew, tmp_path: Path) -> None:
    await crew.start(spec(tmp_path))

    await crew.hold("sleeper")
    await asyncio.sleep(0.3)
    assert state_of(crew) == ("stopped on purpose", 0)

    await crew.release("sleeper")
    assert state_of(crew) == ("running", 0)


async def test_releasing_what_was_not_held_changes_nothing(crew: Crew, tmp_path: Path) -> None:
    await crew.start(spec(tmp_path))
    pid = crew.status()["processes"][0]["pid"]

    await crew.release("sleeper")

    assert crew.status()["processes"][0]["pid"] == pid


async def test_an_unknown_name_is_a_key_error(crew: Crew) -> None:
    with pytest.raises(KeyError):
        await crew.hold("nobody")


async def test_memory_and_time_are_told(crew: Crew, tmp_path: Path) -> None:
    await crew.start(spec(tmp_path))

    status = crew.status()

    assert 1 < status["processes"][0]["memory_mib"] < 100
    assert status["memory_mib"] == status["processes"][0]["memory_mib"]


async def test_a_start_in_which_one_fails_raises(tmp_path: Path, output: io.StringIO) -> None:
    crew = Crew(Progress(output))
    broken = Spec("broken", (sys.executable, "-c", "raise SystemExit(2)"), tmp_path / "b.log", never, "")
    try:
        with pytest.raises(ChildError, match="broken ended with exit code 2"):
            await crew.start(spec(tmp_path), broken)
    finally:
        await crew.stop()
    assert state_of(crew) == ("stopped on purpose", 0)
