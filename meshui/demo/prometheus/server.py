"""How the demo's Prometheus is started."""

from __future__ import annotations

from pathlib import Path

from meshui.demo.layout import HOST, Layout
from meshui.demo.prometheus.binary import Binary

RETENTION = "6h"
RETENTION_SIZE = "256MB"


def command(binary: Binary, config: Path, layout: Layout) -> list[str]:
    """The command line; it keeps its data in the state folder."""
    line = [
        str(binary.path),
        f"--config.file={config}",
        f"--storage.tsdb.path={layout.state / 'prometheus'}",
        f"--storage.tsdb.retention.time={RETENTION}",
        f"--storage.tsdb.retention.size={RETENTION_SIZE}",
        f"--web.listen-address={HOST}:{layout.prometheus_port}",
        "--web.enable-lifecycle",
        "--log.level=warn",
    ]
    return [*line, f"--web.local-assets={binary.assets}/"] if binary.assets else line
