"""The configuration that a change would make, before it is made: a proxy's routes with another version of a
VirtualService."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from meshui.domain.mesh.hosts import full_host
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.objects import Manifest
from meshui.domain.proxy.dump import Resource
from meshui.domain.proxy.objects import object_of
from meshui.domain.proxy.routing.action import targets
from meshui.domain.proxy.translate import Translator
from meshui.domain.proxy.values import Raw, record, records, text, texts, whole
from meshui.domain.proxy.view import ProxyView

Rule = tuple[int, int, Raw, Raw]
"""(number of the rule, number of its match, rule, match)."""


class Proxied(msgspec.Struct, frozen=True):
    """Whose routes they are, which decides what rules apply: `gateways` of a gateway pod as NAMESPACE/NAME, none for a
    sidecar."""

    namespace: str
    labels: dict[str, str]
    gateways: tuple[str, ...] = ()


def proposed(
    view: ProxyView, before: Manifest, after: Manifest, who: Proxied, inventory: Inventory
) -> ProxyView | None:
    """The view with the VirtualService `after` in place of `before`; None when the proxy has no route of it: then the
    change does not concern it."""
    ref = _ref(after)
    changed: list[Resource] = []
    touched = False
    for resource in view.dump.of("route"):
        config = _config(resource.config, ref, before, after, who, inventory)
        touched = touched or config is not None
        changed.append(resource if config is None else msgspec.structs.replace(resource, config=config))
    if not touched:
        return None
    dump = msgspec.structs.replace(view.dump, resources={**view.dump.resources, "route": tuple(changed)})
    return ProxyView(view.pod, dump, view.live)


Targets = tuple[tuple[tuple[str, int], ...], ...]
"""For each route of the object in order: its clusters with their weights, those without any left out."""


def expected_targets(
    routes: Sequence[Resource], manifest: Manifest, who: Proxied, inventory: Inventory
) -> tuple[Resource, Targets, Targets] | None:
    """(the route configuration, where the object's routes there should send, where they do); None when the proxy has
    none of it. The first configuration that differs, else the first that has one."""
    ref = _ref(manifest)
    same = None
    for resource in routes:
        for host in records(resource.config, "virtual_hosts"):
            own = [one for one in records(host, "routes") if object_of(one) == ref]
            if not own:
                continue
            port = _port(text(host, "name"), who)
            translator = Translator(ref.namespace, port, inventory)
            wanted = [translator.destinations(rule) for _, _, rule, _ in _rules(manifest, who, ref.namespace, port)]
            expected = tuple(_weights(one) for one in wanted)
            actual = tuple(_weights(record(one, "route")) for one in own)
            if expected != actual:
                return resource, expected, actual
            same = same or (resource, expected, actual)
    return same


def _weights(action: Raw) -> tuple[tuple[str, int], ...]:
    found = targets(action)
    return tuple((one.cluster, 100 if one.weight is None else one.weight) for one in found if one.share > 0)


def _config(
    config: Raw, ref: ObjectRef, before: Manifest, after: Manifest, who: Proxied, inventory: Inventory
) -> Raw | None:
    hosts: list[Any] = []
    touched = False
    wanted = {full_host(one, ref.namespace, inventory.mesh.domain) for one in texts(after, "spec", "hosts")}
    for host in records(config, "virtual_hosts"):
        routes = records(host, "routes")
        own = [one for one in routes if object_of(one) == ref]
        takes = own or wanted & set(texts(host, "domains"))
        if not takes:
            hosts.append(host)
            continue
        touched = True
        others = [one for one in routes if object_of(one) not in (ref, None)] if own else []
        made = _routes(host, own, ref, before, after, who, inventory)
        hosts.append({**host, "routes": [*made, *others]})
    return {**config, "virtual_hosts": hosts} if touched else None


def _routes(
    host: Raw, own: list[Raw], ref: ObjectRef, before: Manifest, after: Manifest, who: Proxied, inventory: Inventory
) -> list[Raw]:
    port = _port(text(host, "name"), who)
    translator = Translator(ref.namespace, port, inventory)
    old = list(_rules(before, who, ref.namespace, port))
    # Where each rule has its route, a rule whose destinations alone differ keeps the rest of it.
    known: Mapping[tuple[int, int], tuple[Raw, Raw, Raw]] = {}
    if len(old) == len(own):
        known = {(number, place): (rule, match, own[at]) for at, (number, place, rule, match) in enumerate(old)}
    config = f"/apis/networking.istio.io/v1/namespaces/{ref.namespace}/virtual-service/{ref.name}"
    metadata: Raw = {"filter_metadata": {"istio": {"config": config}}}
    found: list[Raw] = []
    for number, place, rule, match in _rules(after, who, ref.namespace, port):
        was = known.get((number, place))
        if was is not None and was[1] == match and _without(was[0]) == _without(rule):
            action = {key: one for key, one in record(was[2], "route").items() if key not in _CLUSTERS}
            found.append(
                {**was[2], "route": {**action, **translator.destinations(rule)}} if rule.get("route") else was[2]
            )
        else:
            found.append(translator.route(rule, match, metadata))
    return found


_CLUSTERS = ("cluster", "weighted_clusters", "cluster_header")


def _without(rule: Raw) -> Raw:
    return {key: one for key, one in rule.items() if key != "route"}


def _rules(manifest: Manifest, who: Proxied, namespace: str, port: int) -> Iterator[Rule]:
    """The rules that give this proxy a route, in order; those behind one that takes everything never get a request."""
    for number, rule in enumerate(records(manifest, "spec", "http")):
        for place, match in enumerate(records(rule, "match") or [{}]):
            if _applies(match, who, namespace, port):
                yield number, place, rule, match
                if not set(match) - {"name", "gateways", "port", "sourceLabels", "sourceNamespace"}:
                    return


def _applies(match: Raw, who: Proxied, namespace: str, port: int) -> bool:
    chosen = [one if "/" in one or one == "mesh" else f"{namespace}/{one}" for one in texts(match, "gateways")]
    if chosen and not set(chosen) & set(who.gateways or ("mesh",)):
        return False
    if who.gateways:
        return True
    wanted = record(match, "sourceLabels")
    return (
        whole(match, "port") in (None, port)
        and text(match, "sourceNamespace") in ("", who.namespace)
        and all(who.labels.get(key) == value for key, value in wanted.items())
    )


def _port(name: str, who: Proxied) -> int:
    port = name.rpartition(":")[2]
    return int(port) if port.isdigit() and not who.gateways else 80


def _ref(manifest: Manifest) -> ObjectRef:
    return ObjectRef(
        text(manifest, "kind"), text(manifest, "metadata", "namespace"), text(manifest, "metadata", "name")
    )
