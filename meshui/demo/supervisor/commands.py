"""What is said to a running demo from outside: `status`, `down`, `fault`."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from meshui.demo.layout import Layout

DOWN_SECONDS = 20.0
_ANSWER_SECONDS = 45.0


class NotRunningError(Exception):
    """No demo answers."""


def status(layout: Layout) -> int:
    """Prints each process with its state and memory; 1 while something is down or the start isn't over."""
    document = _request(layout, "GET", "/status")
    for process in document["processes"]:
        age = f"{process['seconds']:.0f} s" if process["seconds"] is not None else ""
        memory = f"{process['memory_mib']:.0f} MiB" if process["memory_mib"] is not None else ""
        restarts = f"restarted {process['restarts']}x" if process["restarts"] else ""
        columns = f"{process['name']:<52} {process['state']:<19} {process['pid'] or '':>7} {age:>8} {memory:>8}"
        print(f"{columns}  {restarts} {process['without']}".rstrip())
    print(f"together {document['memory_mib']:.0f} MiB")
    if not (layout.state / "ready.json").exists():
        print("not ready yet")
        return 1
    return int(any(process["state"] == "down" for process in document["processes"]))


def fault(layout: Layout, name: str, *, clear: bool) -> int:
    """Breaks something, puts it right again, or (without a name) lists or clears all faults."""
    if name:
        _show([_request(layout, "DELETE" if clear else "POST", f"/faults/{name}")])
    else:
        _show(_request(layout, "DELETE" if clear else "GET", "/faults")["faults"])
    return 0


def down(layout: Layout) -> int:
    """Stops the demo of this state folder; 0 also when none runs."""
    pid = _supervisor(layout)
    if pid is None:
        print("no demo runs")
        return 0
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + DOWN_SECONDS
    while _supervisor(layout) == pid:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)  # the kernel ends its children with it
            print(f"process {pid} did not stop in {DOWN_SECONDS:.0f} s and was killed")
            return 0
        time.sleep(0.1)
    print("stopped")
    return 0


def _show(faults: list[dict[str, Any]]) -> None:
    for one in faults:
        state = f"active since {one['active_since']}" if one["active_since"] else "-"
        print(f"{one['name']:<24} {state:<44} {one['description']}")


def _supervisor(layout: Layout) -> int | None:
    """The process id of the running supervisor."""
    try:
        pid = int((layout.state / "supervisor.pid").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if b"meshui.demo" in command else None


def _request(layout: Layout, method: str, path: str) -> dict[str, Any]:
    request = urllib.request.Request(layout.control_url + path, method=method)
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:
            document: dict[str, Any] = json.load(answer)
            return document
    except urllib.error.HTTPError as error:
        raise NotRunningError(_message(error)) from error
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise NotRunningError(f"no demo answers at {layout.control_url}; `make demo` starts one ({error})") from error


def _message(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["message"])
    except (ValueError, KeyError, TypeError):
        return str(error)
