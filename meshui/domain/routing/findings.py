"""What is wrong, or will be, with a split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from meshui.domain.mesh.hosts import kubernetes_service
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.routing.lookup import DestinationRuleIndex, subsets_of
from meshui.domain.routing.split import Split, SplitDestination

Severity = Literal["error", "warning", "info"]


class Finding(msgspec.Struct, frozen=True):
    """`error`: requests will fail; `warning`: they may; `info`: worth knowing. `path` is a JSON path in the object."""

    severity: Severity
    code: str
    message: str
    path: str = "$"


def validate(split: Split, weights: Mapping[str, int], inventory: Inventory) -> list[Finding]:
    """Findings on the split as it would be with `weights` (id -> weight; absent ids keep theirs)."""
    findings: list[Finding] = []
    for route in split.routes:
        for destination in route.destinations:
            weight = weights.get(destination.id, destination.weight)
            path = _path(split, route.index, destination.index)
            findings += _destination_findings(split, destination, weight, path, inventory)
        untouched = not any(destination.id in weights for destination in route.destinations)
        if split.kind == "VirtualService" and len(route.destinations) > 1 and route.total != 100 and untouched:
            message = f"The weights of {route.name} total {route.total}, not 100."
            findings.append(Finding("warning", "weights_total", message, _path(split, route.index, None)))
    if split.shadowed:
        others = ", ".join(str(ref) for ref in split.shadowed)
        message = f"{others} names the same host and is not in force: the oldest VirtualService takes a host."
        findings.append(Finding("warning", "duplicate_host", message, "$.spec.hosts"))
    if split.managed_by:
        message = f"{split.object} is managed by {split.managed_by}, which may put its own weights back."
        findings.append(Finding("warning", "managed_elsewhere", message, "$.metadata"))
    return findings


def _destination_findings(
    split: Split, destination: SplitDestination, weight: int, path: str, inventory: Inventory
) -> list[Finding]:
    key = kubernetes_service(destination.host)
    if (key is None or key not in inventory.services) and inventory.service_entry_of_host(destination.host) is None:
        severity: Severity = "error" if weight else "warning"
        return [
            Finding(severity, "unknown_host", f"There is no service {destination.host}.", f"{path}.destination.host")
        ]
    if destination.subset and split.kind == "VirtualService":
        home = split.object.namespace
        index = DestinationRuleIndex(inventory.destination_rules, inventory.mesh)
        rules = index.of(destination.host, client_namespace=home, service_namespace=key[0] if key else home)
        if destination.subset not in subsets_of(rules):
            where = str(rules[0].ref) if rules else f"any DestinationRule for {destination.host}"
            message = f"Subset {destination.subset} is not defined in {where}: its requests would fail (503, NC)."
            return [Finding("error" if weight else "warning", "unknown_subset", message, f"{path}.destination.subset")]
    if key is None:
        return []
    if not destination.workloads:
        message = f"{destination.label} selects no workload: its requests would fail (503, UH)."
        return [Finding("error" if weight else "warning", "no_workload", message, f"{path}.destination")]
    if weight and destination.pods_ready == 0:
        message = f"{destination.label} has no ready pod: its requests would fail (503, UH)."
        return [Finding("warning", "no_ready_pods", message, f"{path}.destination")]
    return []


def _path(split: Split, route: int, destination: int | None) -> str:
    list_of = "http[{}].route" if split.kind == "VirtualService" else "rules[{}].backendRefs"
    path = f"$.spec.{list_of.format(route)}"
    return path if destination is None else f"{path}[{destination}]"
