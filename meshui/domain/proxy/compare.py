"""Two proxies beside each other, or one at two moments: what only one has, and what they have differently."""

from __future__ import annotations

import json
from typing import Literal

import msgspec

from meshui.domain.proxy.dump import Kind, Resource
from meshui.domain.proxy.routes import route_configs
from meshui.domain.proxy.view import ProxyView

Difference = Literal["only_left", "only_right", "different"]
LONGEST = 60_000
"""Characters of a resource that are shown."""


class ResourceDifference(msgspec.Struct, frozen=True):
    """A resource that differs; `left` and `right` are it as JSON text, "" where it is not."""

    kind: Kind
    name: str
    difference: Difference
    left: str
    right: str


class ProxyComparison(msgspec.Struct, frozen=True):
    """`same` counts what is equal on both sides, versions and times apart."""

    left: str
    right: str
    differences: tuple[ResourceDifference, ...]
    same: int


def compare(left: ProxyView, right: ProxyView, *, left_name: str, right_name: str, most: int = 500) -> ProxyComparison:
    """What differs, by kind and name. Endpoints count only as far as they are configured."""
    differences: list[ResourceDifference] = []
    same = 0
    kinds: tuple[Kind, ...] = ("listener", "route", "cluster", "endpoint", "secret")
    for kind in kinds:
        ours, theirs = _of(left, kind), _of(right, kind)
        for name in sorted(ours.keys() | theirs.keys()):
            one, other = ours.get(name), theirs.get(name)
            if one is not None and other is not None and one.config == other.config:
                same += 1
                continue
            what: Difference = "different" if one and other else "only_left" if one else "only_right"
            differences.append(ResourceDifference(kind, name, what, _text(one), _text(other)))
    return ProxyComparison(left_name, right_name, tuple(differences[:most]), same)


def _of(view: ProxyView, kind: Kind) -> dict[str, Resource]:
    found = route_configs(view.dump) if kind == "route" else view.dump.of(kind)
    return {one.name: one for one in found if one.state != "draining"}


def _text(resource: Resource | None) -> str:
    if resource is None:
        return ""
    return json.dumps(resource.config, indent=2, sort_keys=True)[:LONGEST]
