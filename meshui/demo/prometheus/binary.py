"""Finds a Prometheus binary, or unpacks Debian's into the cache folder. Needs no root.

Debian's package is used because no wheel carries Prometheus; `dpkg -x` and not an installation, because that would
bring a system service and a dozen packages along.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "MESHUI_PROMETHEUS_BINARY"
UPDATE_SECONDS = 120
DOWNLOAD_SECONDS = 120
HELP_SECONDS = 10

Say = Callable[[str], None]


class PrometheusUnavailableError(Exception):
    """No Prometheus can be had; the message names the ways to give one."""


@dataclass(frozen=True)
class Binary:
    """A Prometheus to run. `assets`: the folder for --web.local-assets, which only Debian's build takes and needs."""

    path: Path
    assets: Path | None


def find(cache: Path, say: Say, environ: Mapping[str, str] | None = None) -> Binary:
    """The one that MESHUI_PROMETHEUS_BINARY names, that PATH has, that the cache has, or Debian's, fetched now.
    `say` is told of a download. Raises PrometheusUnavailableError."""
    environ = os.environ if environ is None else environ
    if given := environ.get(VARIABLE):
        if not os.access(given, os.X_OK) or Path(given).is_dir():
            raise PrometheusUnavailableError(f"{VARIABLE} is {given!r}, which is not a program")
        return _described(Path(given))
    if on_path := shutil.which("prometheus", path=environ.get("PATH")):
        return _described(Path(on_path))
    unpacked = cache.absolute() / "prometheus"
    with _locked(unpacked.with_suffix(".lock")):
        if not (unpacked / "usr/bin/prometheus").exists():
            say("fetching Debian's Prometheus package (19 MB, once)")
            _fetch(unpacked)
    return Binary(unpacked / "usr/bin/prometheus", unpacked / "usr/share/prometheus/web")


def _described(path: Path) -> Binary:
    assets = Path("/usr/share/prometheus/web")
    try:
        answer = subprocess.run([path, "--help"], capture_output=True, text=True, timeout=HELP_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        raise PrometheusUnavailableError(f"{path} can't be run: {error}") from error
    takes_assets = "--web.local-assets" in answer.stdout + answer.stderr
    return Binary(path, assets if takes_assets and assets.is_dir() else None)


def _fetch(target: Path) -> None:
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise _none_to_be_had("this machine has no apt-get to fetch Debian's package with")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="prometheus-") as folder:
        scratch = Path(folder)
        package = _download(scratch)
        unpacked = scratch / "unpacked"
        _run(["dpkg", "-x", str(package), str(unpacked)], scratch, DOWNLOAD_SECONDS)
        if not (unpacked / "usr/bin/prometheus").exists():
            raise _none_to_be_had(f"{package.name} holds no usr/bin/prometheus")
        unpacked.rename(target)


def _download(scratch: Path) -> Path:
    """The package by the machine's own package lists, else by fresh ones of our own: those of a new machine are empty
    or out of date, and only root may update them."""
    lists, archives = scratch / "lists", scratch / "archives"
    (lists / "partial").mkdir(parents=True)
    (archives / "partial").mkdir(parents=True)
    own = ["-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={archives}", "-o", "APT::Sandbox::User="]
    fetch = ["apt-get", "-o", "APT::Sandbox::User=", "download", "prometheus"]
    try:
        _run(fetch, scratch, DOWNLOAD_SECONDS)
    except PrometheusUnavailableError:
        _run(["apt-get", *own, "update"], scratch, UPDATE_SECONDS)
        _run([fetch[0], *own, *fetch[1:]], scratch, DOWNLOAD_SECONDS)
    packages = sorted(scratch.glob("prometheus_*.deb"))
    if not packages:
        raise _none_to_be_had("apt-get brought no package")
    return packages[0]


def _run(command: list[str], folder: Path, seconds: float) -> None:
    try:
        answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise _none_to_be_had(f"`{command[0]} {command[-1]}` took longer than {seconds:.0f} s") from error
    if answer.returncode:
        lines = (answer.stderr or answer.stdout).strip().splitlines()
        reason = lines[-1] if lines else f"exit code {answer.returncode}"
        raise _none_to_be_had(f"`{' '.join(command)}` failed: {reason}")


def _none_to_be_had(reason: str) -> PrometheusUnavailableError:
    return PrometheusUnavailableError(
        f"No Prometheus can be had: {reason}. Give one: install it so that `prometheus` is on PATH, "
        f"or set {VARIABLE} to a binary."
    )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Only one process fetches at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
