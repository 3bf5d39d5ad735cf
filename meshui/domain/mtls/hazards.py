"""What STRICT would break or leave open although no traffic shows it: probes, scrapes, ports past the proxy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.workloads import Workload
from meshui.domain.mtls.posture import ports_of
from meshui.domain.mtls.server import ServerModes

_AGENT_PORTS = (15020, 15021, 15090)
"""Where the sidecar itself answers: STRICT does not hold there."""


class StrictHazard(msgspec.Struct, frozen=True):
    """Something that STRICT would break or leave open although no traffic shows it. `breaks`: it certainly fails."""

    code: Literal["probe", "scrape", "outside_access", "excluded_port", "no_proxy", "stays_open"]
    namespace: str
    name: str
    breaks: bool
    message: str
    next_step: str


def without_proxy(key: Key) -> StrictHazard:
    """Nothing enforces STRICT at the workload."""
    return StrictHazard(
        "no_proxy",
        *key,
        breaks=False,
        message="It has no proxy: STRICT does nothing for it, and it keeps taking plain text.",
        next_step="Give it a proxy first (label the pod template sidecar.istio.io/inject: 'true').",
    )


def hazards_of(inventory: Inventory, after: ServerModes, key: Key, workload: Workload) -> Iterator[StrictHazard]:
    """Those of a workload under the modes of `after`."""
    ports = ports_of(inventory, workload)
    for port in ports:
        mode = after.of(workload, port)
        if mode.mode != "STRICT":
            yield StrictHazard(
                "stays_open",
                *key,
                breaks=False,
                message=f"Port {port} stays {mode.said()}.",
                next_step="Change that object too, or keep it as the exception it is.",
            )
    if workload.ambient and not workload.has_proxy:
        return
    annotations = workload.annotations
    excluded = {one.strip() for one in annotations.get("traffic.sidecar.istio.io/excludeInboundPorts", "").split(",")}
    for number in sorted(port for port in ports if str(port) in excluded):
        yield StrictHazard(
            "excluded_port",
            *key,
            breaks=False,
            message=f"Port {number} goes past the proxy (excludeInboundPorts): it stays plain text.",
            next_step="Take the port out of the annotation traffic.sidecar.istio.io/excludeInboundPorts.",
        )
    yield from _failing_probes(inventory, after, key, workload, excluded)
    scraped = annotations.get("prometheus.io/port", "")
    is_scraped = annotations.get("prometheus.io/scrape") == "true" and scraped.isdigit() and scraped not in excluded
    if is_scraped and int(scraped) not in _AGENT_PORTS and after.of(workload, int(scraped)).mode == "STRICT":
        yield StrictHazard(
            "scrape",
            *key,
            breaks=False,
            message=f"Prometheus scrapes port {scraped} in plain text (annotation prometheus.io/port).",
            next_step="Let the sidecar merge the application's metrics (port 15020), or make an exception for it.",
        )
    for service in inventory.workload_services.get(key, ()):
        kind = inventory.services[service].type
        if kind in ("NodePort", "LoadBalancer"):
            yield StrictHazard(
                "outside_access",
                *key,
                breaks=False,
                message=f"Service {service[0]}/{service[1]} is of type {kind}: who calls from outside uses plain text.",
                next_step="Let those calls come in through a gateway.",
            )


def _failing_probes(
    inventory: Inventory, after: ServerModes, key: Key, workload: Workload, excluded: set[str]
) -> Iterator[StrictHazard]:
    pods = inventory.pods_of(key)
    for probe in dict.fromkeys(probe for pod in pods for probe in pod.probes):
        port = probe.port if isinstance(probe.port, int) else workload.ports.get(probe.port)
        if port is None or port in _AGENT_PORTS or str(port) in excluded or probe.kind == "tcp":
            continue
        if after.of(workload, port).mode == "STRICT":
            yield StrictHazard(
                "probe",
                *key,
                breaks=True,
                message=f"The kubelet's {probe.purpose} probe asks port {port} by {probe.kind.upper()} in plain text: "
                "the injector has not led it to the sidecar.",
                next_step="Remove the annotation sidecar.istio.io/rewriteAppHTTPProbers: 'false' and restart the pods.",
            )
