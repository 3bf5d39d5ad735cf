"""One child process: started so that it can't outlive the supervisor, stopped for certain, its output in a log file."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

GRACE_SECONDS = 6.0
TAIL_LINES = 12
_LOOK_SECONDS = 0.03
_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)

Ready = Callable[[], Awaitable[bool]]


class ChildError(Exception):
    """A child that did not become ready; the message says why, with the end of its log."""


@dataclass(frozen=True)
class Spec:
    """What to run, when it counts as ready, and what is missing without it."""

    name: str
    command: tuple[str, ...]
    log: Path
    ready: Ready
    without: str
    environment: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 30.0
    """It must be ready by then."""


class Child:
    """A running or stopped process of one Spec."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.held = False
        """Stopped on purpose: not to be restarted."""
        self.restarts = 0
        self.started_at = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self.running and self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_reason(self) -> str:
        """How it ended: `exit code 3`, `signal SIGKILL`."""
        code = self._process.returncode if self._process else None
        if code is None:
            return "not started"
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def start(self) -> None:
        """Begins a new log; the last one stays beside it. Raises ChildError when the program can't be run."""
        supervisor = os.getpid()

        def die_with_supervisor() -> None:
            # Runs between fork and exec. The kernel kills the child when its parent dies, however that comes about.
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != supervisor:
                os._exit(1)

        self.spec.log.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            self.spec.log.replace(self.spec.log.with_name(f"{self.spec.log.name}.1"))
        self.started_at = time.monotonic()
        with self.spec.log.open("ab") as log:  # appending: it may be cut meanwhile
            try:
                self._process = subprocess.Popen(
                    self.spec.command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=os.environ | self.spec.environment,
                    start_new_session=True,
                    preexec_fn=die_with_supervisor,  # safe: the supervisor has no threads
                )
            except OSError as error:
                raise ChildError(f"{self.spec.name} can't be started: {error}") from error

    async def until_ready(self) -> None:
        """Raises ChildError when it exits first, or isn't ready in its time."""
        deadline = time.monotonic() + self.spec.seconds
        while True:
            if not self.running:
                raise ChildError(f"{self.spec.name} ended with {self.exit_reason}.{self.tail()}")
            if await self.spec.ready():
                return
            if time.monotonic() > deadline:
                raise ChildError(f"{self.spec.name} was not ready within {self.spec.seconds:.0f} s.{self.tail()}")
            await asyncio.sleep(0.05)

    async def until_done(self, seconds: float) -> None:
        """Raises ChildError when it fails, or takes longer."""
        await self._gone_within(seconds)
        if self.running:
            raise ChildError(f"{self.spec.name} took longer than {seconds:.0f} s.{self.tail()}")
        if self._process is None or self._process.returncode:
            raise ChildError(f"{self.spec.name} failed ({self.exit_reason}).{self.tail()}")

    async def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Asks it to end, then kills what is left of its process group."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            self._signal(signal.SIGTERM)
            self._signal(signal.SIGCONT)  # a paused process would not see the first
            await self._gone_within(grace)
        self._signal(signal.SIGKILL)
        process.wait()

    def tail(self) -> str:
        """The last lines of its log, ready to stand below a sentence; "" when there are none."""
        try:
            with self.spec.log.open("rb") as file:
                file.seek(max(0, self.spec.log.stat().st_size - 8192))
                lines = file.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        kept = [line[:400] for line in lines if line.strip()][-TAIL_LINES:]
        return "".join(f"\n    {line}" for line in (f"the end of {self.spec.log}:", *kept)) if kept else ""

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    async def _gone_within(self, seconds: float) -> None:
        for _ in range(int(seconds / _LOOK_SECONDS)):
            if not self.running:
                return
            await asyncio.sleep(_LOOK_SECONDS)
