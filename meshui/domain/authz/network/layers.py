"""All that judges a call besides Istio, in the order in which a connection meets it."""

from __future__ import annotations

from meshui.domain.authz.network.cilium import CiliumPolicies
from meshui.domain.authz.network.kubernetes import NetworkPolicies
from meshui.domain.authz.network.linkerd import PROXY, LinkerdPolicies
from meshui.domain.authz.network.selectors import Objects
from meshui.domain.authz.reach import NetworkLayers
from meshui.domain.mesh.inventory import Inventory


def network_layers(inventory: Inventory) -> tuple[NetworkLayers, ...]:
    """NetworkPolicy, then Cilium's, then Linkerd's proxy; only those of which the inventory has anything."""
    kinds = {ref.kind for ref in inventory.config}
    objects = Objects(inventory)
    found: list[NetworkLayers] = []
    if "NetworkPolicy" in kinds:
        found.append(NetworkPolicies(objects))
    if kinds & {"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"}:
        found.append(CiliumPolicies(objects))
    if any(PROXY in pod.containers for pod in inventory.pods):
        found.append(LinkerdPolicies(objects))
    return tuple(found)
