"""Weights of a service's versions: which object carries them, what they are, and the smallest change to new ones."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from meshui.domain.changes.ownership import owner_of
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.hosts import kubernetes_service
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.networking import DestinationRule, GatewayRoute, VirtualService
from meshui.domain.mesh.objects import Manifest
from meshui.domain.mesh.workloads import Service
from meshui.domain.routing import http_route, virtual_service
from meshui.domain.routing.findings import Finding, validate
from meshui.domain.routing.lookup import DestinationRuleIndex, subsets_of
from meshui.domain.routing.split import Split, SplitDestination, SplitRoute

__all__ = ["Finding", "Split", "check_weights", "read_split", "set_weights", "split_of", "validate"]

_TOTAL = 100


def split_of(inventory: Inventory, namespace: str, name: str) -> Split | None:
    """The split of a service of the inventory. Raises Failure(NOT_FOUND) when there is no such service."""
    service = inventory.services.get((namespace, name))
    if service is None:
        raise Failure(
            Code.NOT_FOUND,
            f"There is no service {namespace}/{name}.",
            next_step="Check the namespace and the name in the list of services.",
            context={"cluster": inventory.cluster, "object": f"Service {namespace}/{name}"},
        )
    return read_split(
        service, inventory.virtual_services, inventory.destination_rules, inventory.routes, inventory=inventory
    )


def read_split(
    service: Service,
    virtual_services: Sequence[VirtualService],
    destination_rules: Sequence[DestinationRule],
    http_routes: Sequence[GatewayRoute],
    *,
    inventory: Inventory,
) -> Split | None:
    """Which object divides the service's traffic, and how; None when nothing does. Destinations carry the workloads
    that their subset's labels select, and those' pods."""
    split = virtual_service.read(service, virtual_services, inventory.mesh)
    split = split or http_route.read(service, http_routes, inventory.mesh.domain)
    if split is None:
        return None
    metas = {one.ref: one.meta for one in virtual_services} | {one.ref: one.meta for one in http_routes}
    meta = metas.get(split.object)
    owner = owner_of(meta) if meta else None
    ids = Counter(one.id for one in split.destinations)
    routes = tuple(
        msgspec.structs.replace(
            route,
            destinations=tuple(
                _completed(one, route, split, inventory, destination_rules, ambiguous=ids[one.id] > 1)
                for one in route.destinations
            ),
        )
        for route in split.routes
    )
    return msgspec.structs.replace(
        split,
        routes=routes,
        managed_by=owner.name if owner else None,
        editable=not (owner and owner.exclusive),
    )


def check_weights(split: Split, weights: Mapping[str, Any]) -> dict[str, int]:
    """The weights as they may be set: whole numbers from 0 to 100 for destinations of the split, all or none of a
    route, 100 in total per route (Gateway API: not all 0). Raises Failure(INVALID) with `fields` as `weights.ID`."""
    fields: dict[str, str] = {}
    known = {one.id for one in split.destinations}
    for name, weight in weights.items():
        if name not in known:
            fields[f"weights.{name}"] = f"There is no such destination; there are: {', '.join(sorted(known))}."
        elif isinstance(weight, bool) or not isinstance(weight, int):
            fields[f"weights.{name}"] = "A weight is a whole number."
        elif not 0 <= weight <= _TOTAL:
            fields[f"weights.{name}"] = f"A weight is between 0 and {_TOTAL}."
    if not weights:
        fields["weights"] = "Give a weight for each destination."
    if not fields:
        for route in split.routes:
            fields |= _route_problems(split, route, weights)
    if fields:
        raise Failure(
            Code.INVALID,
            "The weights can't be set: " + " ".join(dict.fromkeys(fields.values())),
            next_step=f"Give whole numbers that total {_TOTAL} for each route.",
            context={"object": str(split.object)},
            fields=fields,
        )
    return dict(weights)


def set_weights(manifest: Manifest, split: Split, weights: Mapping[str, int]) -> Manifest:
    """A copy of the manifest with the weights in it. Nothing else is touched, unknown fields neither; a weight that
    stays as it is stays as it is written. Raises Failure(INVALID) as check_weights does, and Failure(CONFLICT) when
    the manifest no longer has the destinations of the split."""
    weights = check_weights(split, weights)
    changed = copy.deepcopy(manifest)
    for route in split.routes:
        for destination in route.destinations:
            weight = weights.get(destination.id)
            if weight is None or weight == destination.weight:
                continue
            entry = _entry(changed, split, route, destination)
            entry["weight"] = weight
    return changed


def _route_problems(split: Split, route: SplitRoute, weights: Mapping[str, int]) -> dict[str, str]:
    ids = [destination.id for destination in route.destinations]
    given = [name for name in ids if name in weights]
    if not given:
        return {}
    if missing := [name for name in ids if name not in weights]:
        return {f"weights.{name}": f"The weight of {name} is missing." for name in missing}
    total = sum(weights[name] for name in ids)
    if split.kind == "VirtualService" and total != _TOTAL:
        return {"weights": f"The weights of {route.name} total {total}, not {_TOTAL}."}
    if total == 0:
        return {"weights": f"The weights of {route.name} are all 0."}
    return {}


def _entry(manifest: Manifest, split: Split, route: SplitRoute, destination: SplitDestination) -> dict[str, Any]:
    """The destination's entry in the manifest, checked to be the one that was read."""
    blocks, entries = ("http", "route") if split.kind == "VirtualService" else ("rules", "backendRefs")
    try:
        entry = manifest["spec"][blocks][route.index][entries][destination.index]
        if split.kind == "VirtualService":
            target = entry["destination"]
            same = (target.get("subset") or None) == destination.subset
        else:
            same = entry["name"] == destination.label
    except (KeyError, IndexError, TypeError, AttributeError):
        same = False
    if not same:
        raise Failure(
            Code.CONFLICT,
            f"{split.object} no longer has the destination {destination.label} where it was.",
            next_step="Read the weights again: somebody changed the object.",
            context={"object": str(split.object)},
        )
    assert isinstance(entry, dict)
    return entry


def _completed(
    destination: SplitDestination,
    route: SplitRoute,
    split: Split,
    inventory: Inventory,
    destination_rules: Sequence[DestinationRule],
    *,
    ambiguous: bool,
) -> SplitDestination:
    workloads = _workloads(destination, split, inventory, destination_rules)
    known = [inventory.workloads[key] for key in workloads]
    return msgspec.structs.replace(
        destination,
        id=f"{route.index}.{destination.index}/{destination.id}" if ambiguous else destination.id,
        workloads=workloads,
        pods_ready=sum(one.pods_ready for one in known) if known else None,
        pods_total=sum(one.pods_total for one in known) if known else None,
    )


def _workloads(
    destination: SplitDestination,
    split: Split,
    inventory: Inventory,
    destination_rules: Sequence[DestinationRule],
) -> tuple[Key, ...]:
    key = kubernetes_service(destination.host)
    behind = inventory.service_workloads.get(key, ()) if key else ()
    if key is None or destination.subset is None:
        return behind
    index = DestinationRuleIndex(destination_rules, inventory.mesh)
    rules = index.of(destination.host, client_namespace=split.object.namespace, service_namespace=key[0])
    subset = subsets_of(rules).get(destination.subset)
    if subset is None:
        return ()
    return tuple(one for one in behind if subset.labels.items() <= inventory.workloads[one].labels.items())
