"""Callers that a destination could not name but whose certificate it saw.

A sidecar learns its peer's workload by metadata exchange, which not every connection carries (TCP often does not); the
SPIFFE identity is there all the same, and the inventory knows which workload runs as it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from meshui.domain.graph.mesh import NONE
from meshui.domain.graph.nodes import NodeIndex
from meshui.domain.graph.traffic import Traffic
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.names import parse_identity
from meshui.domain.telemetry.rows import SOURCE, UNKNOWN


def named_callers(
    traffic: Traffic, strings: Sequence[str], inventory: Inventory, index: NodeIndex, unknown_sources: frozenset[int]
) -> Traffic:
    """The traffic with such callers named: by the only workload that runs as the identity, or by one of several that
    itself reports calling there. Other callers stay unknown."""
    unnamed = np.isin(traffic.source, list(unknown_sources)) & (traffic.source_principal != 0)
    if not unnamed.any():
        return traffic
    reported = traffic.reporter == SOURCE
    told = set(zip(traffic.source[reported].tolist(), traffic.destination[reported].tolist(), strict=True))
    told |= {
        (source, -2 - service)
        for source, service in zip(traffic.source[reported].tolist(), traffic.service[reported].tolist(), strict=True)
        if service != NONE
    }
    columns = np.stack((traffic.source_principal, traffic.service, traffic.destination))[:, unnamed]
    different, which = np.unique(columns, axis=1, return_inverse=True)
    chosen = []
    for principal, service, destination in different.T.tolist():
        keys = _running_as(strings[principal], inventory)
        candidates = [index.workload(inventory.cluster, *key) for key in keys]
        telling = [one for one in candidates if (one, destination) in told or (one, -2 - service) in told]
        chosen.append(telling[0] if telling else candidates[0] if len(candidates) == 1 else NONE)
    named = np.array(chosen, dtype=np.int32)[which.ravel()]
    source = traffic.source.copy()
    source[unnamed] = np.where(named == NONE, source[unnamed], named)
    return msgspec.structs.replace(traffic, source=source)


def _running_as(principal: str, inventory: Inventory) -> tuple[Key, ...]:
    identity = parse_identity(principal) if principal != UNKNOWN else None
    if identity is None:
        return ()
    return inventory.identity_workloads.get((identity.namespace, identity.service_account), ())
