"""Where a proxy's files are, and how they are replaced while it watches them."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

Resource = dict[str, Any]
"""One message of Envoy's API in its JSON form."""


def proxy_directory(state: Path, namespace: str, pod: str) -> Path:
    """`<state>/envoy/<namespace>.<pod>`: bootstrap and dynamic configuration of one proxy."""
    return state / "envoy" / f"{namespace}.{pod}"


def log_directory(state: Path, namespace: str, pod: str) -> Path:
    """Where the pod's containers log, a file each: `istio-proxy.log` is the sidecar's."""
    return state / "logs" / namespace / pod


def write_atomically(path: Path, text: str, *, secret: bool = False) -> None:
    """Replaces the file by a rename, which is what Envoy watches for; readable by the owner only when `secret`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        os.chmod(temporary, 0o600 if secret else 0o644)
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def discovery_response(version: str, resources: list[Resource]) -> str:
    """What Envoy reads from a file: a DiscoveryResponse as JSON."""
    return json.dumps({"version_info": version, "resources": resources}, separators=(",", ":"))
