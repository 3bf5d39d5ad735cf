"""How the demo's Prometheus is configured and started."""

from __future__ import annotations

from pathlib import Path

import yaml

from meshui.demo.envoy.prometheus import prometheus_config
from meshui.demo.layout import HOST, Layout
from meshui.demo.prometheus.binary import Binary

RETENTION = "6h"
RETENTION_SIZE = "256MB"


def write_config(layout: Layout) -> Path:
    """Writes the configuration that scrapes every proxy; where it is."""
    path = layout.state / "prometheus" / "prometheus.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    proxies = [(pod.namespace, pod.name, pod.ip) for pod in layout.pods if pod.has_proxy]
    path.write_text(yaml.safe_dump(prometheus_config(proxies), sort_keys=False))
    return path


def command(binary: Binary, config: Path, layout: Layout) -> list[str]:
    """The command line; it keeps its data in the state folder."""
    line = [
        str(binary.path),
        f"--config.file={config}",
        f"--storage.tsdb.path={layout.state / 'prometheus' / 'data'}",
        f"--storage.tsdb.retention.time={RETENTION}",
        f"--storage.tsdb.retention.size={RETENTION_SIZE}",
        f"--web.listen-address={HOST}:{layout.prometheus_port}",
        "--web.enable-lifecycle",
        "--log.level=warn",
    ]
    return [*line, f"--web.local-assets={binary.assets}/"] if binary.assets else line
