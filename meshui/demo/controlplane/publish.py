"""Puts a proxy's configuration into force: files replaced only when their content changed, in an order in which no
route names a cluster that isn't there yet or no longer."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from meshui.demo.controlplane.ca import Certificate
from meshui.demo.controlplane.tls import SECRET
from meshui.demo.controlplane.translate import ProxyConfig
from meshui.demo.envoy.files import Resource, discovery_response, write_atomically

_SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
SETTLE_SECONDS = 0.05
"""Between writing clusters and the routes that use them: Envoy reads each file by itself."""


@dataclass(frozen=True)
class Sent:
    """One file as it was last written."""

    version: str
    at: datetime


@dataclass
class ProxyFiles:
    """The dynamic files of one proxy. `sent` maps a file's name (`lds`, `cds`, `rds.outbound`, `sds.default`) to
    what was written."""

    directory: Path
    sent: dict[str, Sent] = field(default_factory=dict)
    _clusters: dict[str, Resource] = field(default_factory=dict)

    async def publish(self, config: ProxyConfig) -> int:
        """Writes what changed, clusters that go away last. Returns how many files were replaced."""
        wanted: dict[str, Resource] = {cluster["name"]: cluster for cluster in config.clusters}
        kept = {name: cluster for name, cluster in self._clusters.items() if name not in wanted}
        added = any(name not in self._clusters for name in wanted)
        written = int(self._write("cds", [*wanted.values(), *kept.values()]))
        if written and added and "lds" in self.sent:
            await asyncio.sleep(SETTLE_SECONDS)
        for name, routes in config.routes.items():
            written += self._write(f"rds.{name}", [routes])
        written += self._write("lds", config.listeners)
        for gone in {name for name in self.sent if name.startswith("rds.")} - {f"rds.{name}" for name in config.routes}:
            del self.sent[gone]
            (self.directory / f"{gone}.json").unlink(missing_ok=True)
        if kept:
            await asyncio.sleep(SETTLE_SECONDS)
            written += self._write("cds", list(wanted.values()))
        self._clusters = wanted
        return written

    def publish_secret(self, certificate: Certificate, name: str = SECRET) -> None:
        """Writes a workload's certificate and key as the one secret of its file."""
        tls = {
            "certificate_chain": {"inline_string": certificate.chain},
            "private_key": {"inline_string": certificate.private_key},
        }
        self._write(f"sds.{name}", [{"@type": _SECRET, "name": name, "tls_certificate": tls}], secret=True)

    def _write(self, name: str, resources: list[Resource], *, secret: bool = False) -> bool:
        content = json.dumps(resources, sort_keys=True)
        digest = hashlib.sha256(content.encode()).hexdigest()[:12]
        previous = self.sent.get(name)
        if previous and previous.version.endswith(digest):
            return False
        now = datetime.now(UTC)
        version = f"{now:%Y-%m-%dT%H:%M:%S.%fZ}/{digest}"
        write_atomically(self.directory / f"{name}.json", discovery_response(version, resources), secret=secret)
        self.sent[name] = Sent(version, now)
        return True
