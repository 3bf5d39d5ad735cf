"""A real Prometheus that has scraped a generated mesh: promtool writes its blocks; the next run uses them again."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TextIO

from bench.mesh import SCRAPES, Mesh, families
from meshui.demo import layout
from meshui.demo.prometheus import binary
from tests.conftest import free_port

ASKED_AT = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
"""The instant that rates are asked for; the last sample of every series is of it."""
WINDOW_SECONDS = 60
_PER_SECOND_BEFORE = 3600
_FORMAT = 1
"""Raised with what is generated, so that blocks of before are not used."""


class Filled(NamedTuple):
    """A Prometheus' data. `series`: how many there are."""

    folder: Path
    series: int


def filled(of: Mesh) -> Filled:
    """The data of a mesh, from the cache or written now."""
    folder = layout.load().cache.absolute() / "bench" / f"{_FORMAT}-{len(of.services)}"
    count = folder / "series"
    if not count.exists():
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "data").mkdir(parents=True)
        exposition = folder / "exposition"
        with exposition.open("w") as out:
            series = _write(of, out)
        tool = [_program().with_name("promtool"), "tsdb", "create-blocks-from", "openmetrics", "--quiet"]
        subprocess.run([*tool, exposition, folder / "data"], check=True, timeout=560, stdout=subprocess.DEVNULL)
        exposition.unlink()
        count.write_text(str(series))
    return Filled(folder / "data", int(count.read_text()))


def _write(of: Mesh, out: TextIO) -> int:
    """The exposition; how many series it has."""
    times = [(ASKED_AT.timestamp() + before, before) for before in SCRAPES]
    series = 0
    for family in families(of):
        out.write(f"# TYPE {family.name} {family.type}\n")
        for suffix, labels, growth in family.series:
            series += 1
            start = f"{family.name}{suffix}{{{labels}}} "
            out.writelines(f"{start}{growth * (_PER_SECOND_BEFORE + before)} {at}\n" for at, before in times)
    out.write("# EOF\n")
    return series


@contextmanager
def serving(data: Path, log: Path) -> Iterator[str]:
    """The URL of a Prometheus with that data, on loopback; it scrapes nothing."""
    port = free_port()
    config = log.with_suffix(".yml")
    config.write_text("scrape_configs: []\n")
    command = [str(_program()), f"--config.file={config}", f"--storage.tsdb.path={data}", "--log.level=warn"]
    command += ["--storage.tsdb.retention.time=50y", f"--web.listen-address=127.0.0.1:{port}"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=os.environ | {"GOMAXPROCS": "2"})
    try:
        _wait(f"http://127.0.0.1:{port}/-/ready", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _program() -> Path:
    return binary.find(layout.load().cache, print).path


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"Prometheus does not get ready (exit code {process.poll()})")
