"""Namespaces that stay open to plain text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from meshui.domain.findings.model import ObjectFinding, Surroundings
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mtls.overlay import called_plane
from meshui.domain.mtls.posture import lets_in_since

LONG = timedelta(days=30)
"""Longer than a migration to STRICT takes."""


def long_permissive(around: Surroundings) -> Iterator[ObjectFinding]:
    """PERMISSIVE is for moving in: a namespace that stays so lets anybody in without an identity."""
    inventory = around.inventory
    namespaces = {
        key[0]
        for key, workload in inventory.workloads.items()
        if called_plane(workload) != "none" and not workload.is_gateway
    }
    for namespace in sorted(namespaces):
        wide = around.servers.of_namespace(namespace)
        if wide.mode == "STRICT" or namespace == around.root:
            continue
        since = _time(lets_in_since(inventory, namespace, wide.decided_by))
        age = around.now - since if since is not None else timedelta(0)
        if age > LONG:
            message = f"{namespace} has let plain text in for {age.days} days ({wide.said()})."
            step = f"See the STRICT plan of {namespace}: who would break, and the steps."
            own = wide.decided_by if wide.level == "namespace" else None
            ref = own or ObjectRef("Namespace", "", namespace)
            yield ObjectFinding("warning", "long_permissive", ref, "$.spec.mtls.mode" if own else "$", message, step)


def _time(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
