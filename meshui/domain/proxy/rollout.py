"""How far a change of a route has got: "applied by 11 of 12 proxies, the 12th rejects it because ..."."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.objects import Manifest
from meshui.domain.proxy.dump import Resource
from meshui.domain.proxy.propose import Proxied, expected_targets

ProxyProgress = Literal["applied", "waiting", "rejected", "unreachable", "not_concerned"]


class ProxyRollout(msgspec.Struct, frozen=True):
    """One proxy: whether its routes are what the object says."""

    pod: str
    workload: str
    state: ProxyProgress
    reason: str


class Rollout(msgspec.Struct, frozen=True):
    """All proxies that have a route of the object, and the sum in a sentence."""

    proxies: tuple[ProxyRollout, ...]
    applied: int
    concerned: int
    summary: str


def progress(
    pod: str, workload: str, routes: Sequence[Resource], manifest: Manifest, who: Proxied, inventory: Inventory
) -> ProxyRollout:
    """Whether the proxy's routes send where the VirtualService says."""
    found = expected_targets(routes, manifest, who, inventory)
    if found is None:
        return ProxyRollout(pod, workload, "not_concerned", "It has no route of it.")
    resource, expected, actual = found
    if expected == actual:
        version = f" (version {resource.version})" if resource.version else ""
        return ProxyRollout(pod, workload, "applied", f"Its routes are as the object says{version}.")
    if resource.error:
        return ProxyRollout(pod, workload, "rejected", resource.error)
    return ProxyRollout(pod, workload, "waiting", f"It still has {_said(actual)}, not {_said(expected)}.")


def rollout(found: Sequence[ProxyRollout]) -> Rollout:
    """The proxies together."""
    concerned = [one for one in found if one.state != "not_concerned"]
    applied = sum(one.state == "applied" for one in concerned)
    sentence = f"Applied by {applied} of {len(concerned)} proxies" if concerned else "No proxy has a route of it"
    for state, says in (("rejected", "rejects it because"), ("waiting", "waits:"), ("unreachable", "can't be asked:")):
        those = [one for one in concerned if one.state == state]
        if those:
            more = f" (and {len(those) - 1} more)" if len(those) > 1 else ""
            sentence += f"; {those[0].pod}{more} {says} {those[0].reason.rstrip('.')}"
    return Rollout(tuple(concerned), applied, len(concerned), f"{sentence}.")


def _said(targets: tuple[tuple[tuple[str, int], ...], ...]) -> str:
    return ", ".join(
        " / ".join(f"{name.split('|')[2] or name} {weight}" if name.count("|") == 3 else name for name, weight in one)
        for one in targets[:3]
    )
