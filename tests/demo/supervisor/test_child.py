import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from meshui.demo.supervisor.child import Child, ChildError, Ready, Spec
from meshui.demo.supervisor.probes import file_says, never


def spec(tmp_path: Path, script: str, ready: Ready = never, **options: float) -> Spec:
    log = tmp_path / "child.log"
    return Spec("helper", (sys.executable, "-c", script), log, ready, "nothing works", **options)  # type: ignore[arg-type]


SLEEP = "print('up', flush=True); import time; time.sleep(60)"


def alive(pid: int) -> bool:
    """Also false for one that ended and was not waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_child_is_ready_when_its_log_says_so(tmp_path: Path) -> None:
    child = Child(
        spec(
            tmp_path,
            "print('open', flush=True); import time; time.sleep(60)",
            file_says(tmp_path / "child.log", "open"),
        )
    )
    child.start()
    try:
        await child.until_ready()
        assert child.running
    finally:
        await child.stop()
    assert not child.running


async def test_a_child_that_dies_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    child = Child(spec(tmp_path, "print('no such disk'); raise SystemExit(3)"))
    child.start()

    with pytest.raises(ChildError, match=r"(?s)helper ended with exit code 3.*no such disk"):
        await child.until_ready()


async def test_a_child_that_takes_too_long_is_named(tmp_path: Path) -> None:
    child = Child(spec(tmp_path, "import time; time.sleep(60)", seconds=0.2))
    child.start()
    try:
        with pytest.raises(ChildError, match="helper was not ready within 0 s"):
            await child.until_ready()
    finally:
        await child.stop()


async def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    child = Child(Spec("helper", ("/no/such/program",), tmp_path / "log", never, ""))

    with pytest.raises(ChildError, match="helper can't be started"):
        child.start()


async def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    child = Child(spec(tmp_path, script, file_says(tmp_path / "child.log", "up")))
    child.start()
    await child.until_ready()

    await child.stop(grace=0.3)

    assert child.exit_reason == "signal SIGKILL"


async def test_a_paused_child_is_stopped_too(tmp_path: Path) -> None:
    child = Child(spec(tmp_path, SLEEP, file_says(tmp_path / "child.log", "up")))
    child.start()
    await child.until_ready()
    assert child.pid is not None
    os.kill(child.pid, signal.SIGSTOP)

    await child.stop(grace=3)

    assert child.exit_reason == "signal SIGTERM"


async def test_what_a_child_started_goes_with_it(tmp_path: Path) -> None:
    script = "import subprocess, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    child = Child(spec(tmp_path, script, file_says(tmp_path / "child.log", "\n")))
    child.start()
    await child.until_ready()
    grandchild = int((tmp_path / "child.log").read_text())

    await child.stop(grace=1)
    await asyncio.sleep(0.1)

    assert not alive(grandchild)


async def test_a_task_that_fails_is_named(tmp_path: Path) -> None:
    child = Child(spec(tmp_path, "raise SystemExit('no table')"))
    child.start()

    with pytest.raises(ChildError, match=r"(?s)helper failed \(exit code 1\).*no table"):
        await child.until_done(10)


def test_no_child_outlives_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    script = f"""
import sys, time
from pathlib import Path
from meshui.demo.supervisor.child import Child, Spec
from meshui.demo.supervisor.probes import never
child = Child(Spec("sleeper", ("sleep", "60"), Path({str(tmp_path / "log")!r}), never, ""))
child.start()
print(child.pid, flush=True)
time.sleep(60)
"""
    supervisor = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    pid = int(supervisor.stdout.readline())
    assert alive(pid)

    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()

    deadline = time.monotonic() + 3
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(pid)
