"""VirtualServices: hosts, subsets and gateways that aren't there, weights, rules that never match."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from meshui.domain.findings.model import ObjectFinding, Surroundings
from meshui.domain.mesh.hosts import host_matches, kubernetes_service
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.networking import Destination, HttpRouteBlock, RouteDestination, VirtualService
from meshui.domain.routing.lookup import applies_to_sidecars, subsets_of


def unknown_destination(around: Surroundings) -> Iterator[ObjectFinding]:
    """A route to a host or subset that is not there answers 503 (NC)."""
    for rule in around.inventory.virtual_services:
        for path, one in _destinations(rule):
            destination = one.destination
            if not destination.host:
                yield _finding(
                    "error", "no_host", rule, f"{path}.destination", "The destination has no host.", "Name it."
                )
                continue
            host = around.full(destination.host, rule.ref.namespace)
            if not around.is_known(host):
                yield _unknown_host(around, rule, destination, host, path)
            elif destination.subset:
                yield from _subset(around, rule, destination, host, path)


def _unknown_host(
    around: Surroundings, rule: VirtualService, destination: Destination, host: str, path: str
) -> ObjectFinding:
    name, _, namespace = destination.host.partition(".")
    if (namespace, name) in around.inventory.services:
        message = f"{destination.host!r} has a dot, so it is taken as a full name: nothing is called that."
        step = f"Write {name}.{namespace}.svc.{around.inventory.mesh.domain}."
    else:
        message = f"There is no service or ServiceEntry {host}: its requests fail (503, NC)."
        step = "Create it, or correct the host."
    return _finding("error", "unknown_host", rule, f"{path}.destination.host", message, step)


def _subset(
    around: Surroundings, rule: VirtualService, destination: Destination, host: str, path: str
) -> Iterator[ObjectFinding]:
    key = kubernetes_service(host)
    home = rule.ref.namespace
    found = around.destination_rules.of(host, client_namespace=home, service_namespace=key[0] if key else home)
    if destination.subset not in subsets_of(found):
        where = f"{found[0].ref} does not define" if found else f"No DestinationRule for {host} defines"
        message = f"{where} the subset {destination.subset}: its requests fail (503, NC)."
        step = "Define the subset, or correct its name."
        yield _finding("error", "unknown_subset", rule, f"{path}.destination.subset", message, step)


def unknown_gateway(around: Surroundings) -> Iterator[ObjectFinding]:
    """A gateway that is not there: the rule holds for nobody."""
    known = {one.ref for one in around.inventory.gateways}
    for rule in around.inventory.virtual_services:
        for index, name in enumerate(rule.spec.gateways):
            namespace, _, own = name.rpartition("/")
            if name != "mesh" and ObjectRef("Gateway", namespace or rule.ref.namespace, own) not in known:
                message = f"There is no Gateway {namespace or rule.ref.namespace}/{own}."
                step = "Write NAMESPACE/NAME for a Gateway of another namespace."
                yield _finding("error", "unknown_gateway", rule, f"$.spec.gateways[{index}]", message, step)


def unknown_own_host(around: Surroundings) -> Iterator[ObjectFinding]:
    """A VirtualService for sidecars whose host nobody calls."""
    for rule in around.inventory.virtual_services:
        if not applies_to_sidecars(rule):
            continue
        for index, host in enumerate(rule.spec.hosts):
            if not around.is_known(around.full(host, rule.ref.namespace)):
                message = f"{host} is no service or ServiceEntry of this cluster."
                step = "Callers reach it only if they ask for exactly this host; else correct the name."
                yield _finding("warning", "unknown_own_host", rule, f"$.spec.hosts[{index}]", message, step)


def weights(around: Surroundings) -> Iterator[ObjectFinding]:
    """Weights that don't add up to 100, or that leave nobody."""
    for rule in around.inventory.virtual_services:
        for path, route in _routes(rule):
            if len(route) < 2:
                continue
            total = sum(one.weight for one in route)
            if any(one.weight < 0 for one in route) or total == 0:
                yield _finding("error", "weights", rule, path, "No destination has a weight above 0.", "Give one 100.")
            elif total != 100:
                message = f"The weights total {total}; shares are taken of that, which is easily misread."
                yield _finding("warning", "weights", rule, path, message, "Let them total 100.")


def nothing_to_do(around: Surroundings) -> Iterator[ObjectFinding]:
    """An http rule without a route, redirect, answer or delegate."""
    for rule in around.inventory.virtual_services:
        for index, block in enumerate(rule.spec.http):
            does = block.route or block.redirect or block.direct_response or block.delegate
            if not does:
                message = "This rule has no route, redirect, directResponse or delegate."
                yield _finding("error", "no_route", rule, f"$.spec.http[{index}]", message, "Give it a route.")


def unknown_delegate(around: Surroundings) -> Iterator[ObjectFinding]:
    """A delegate that isn't there, or that has hosts of its own."""
    known = {one.ref: one for one in around.inventory.virtual_services}
    for rule in around.inventory.virtual_services:
        for index, block in enumerate(rule.spec.http):
            if block.delegate is None:
                continue
            ref = ObjectRef("VirtualService", block.delegate.namespace or rule.ref.namespace, block.delegate.name)
            path = f"$.spec.http[{index}].delegate"
            if ref not in known:
                message = f"There is no {ref} to delegate to."
                yield _finding("error", "unknown_delegate", rule, path, message, "Create it, or correct the name.")
            elif known[ref].spec.hosts:
                message = f"{ref} has hosts of its own, so nothing is delegated to it."
                yield _finding("error", "delegate_has_hosts", rule, path, message, "Empty its hosts.")


def shadowed_rule(around: Surroundings) -> Iterator[ObjectFinding]:
    """Rules are tried in order: behind one that matches everything, or that matches the same, none is reached."""
    for rule in around.inventory.virtual_services:
        seen: dict[bytes, int] = {}
        for index, block in enumerate(rule.spec.http):
            before = next((number for number in range(index) if _matches_all(rule.spec.http[number])), None)
            same = seen.setdefault(msgspec.json.encode(block.match, order="sorted"), index)
            if before is not None:
                message = f"It is never reached: rule {before} before it matches everything."
            elif same != index:
                message = f"It is never reached: rule {same} before it matches the same."
            else:
                continue
            step = "Put it first, or remove it."
            yield _finding("warning", "shadowed_rule", rule, f"$.spec.http[{index}]", message, step)
            if before is not None:
                break


def _matches_all(block: HttpRouteBlock) -> bool:
    def everything(match: dict[str, object]) -> bool:
        keys = match.keys() - {"name", "ignoreUriCase"}
        return not keys or (keys == {"uri"} and match["uri"] == {"prefix": "/"})

    return not block.match or any(everything(match) for match in block.match)


def duplicate_host(around: Surroundings) -> Iterator[ObjectFinding]:
    """On sidecars two VirtualServices for one host don't merge: the oldest takes it, the others do nothing."""
    for rule in around.inventory.virtual_services:
        if not applies_to_sidecars(rule):
            continue
        for index, host in enumerate(rule.spec.hosts):
            full = around.full(host, rule.ref.namespace)
            winner = around.virtual_services.of(full)[:1]
            exact = winner and full in {around.full(one, winner[0].ref.namespace) for one in winner[0].spec.hosts}
            if winner and exact and winner[0].ref != rule.ref:
                message = f"{winner[0].ref} is older and takes {host}: this object does nothing there."
                step = "Merge the two, or delegate from one to the other."
                yield _finding("error", "duplicate_host", rule, f"$.spec.hosts[{index}]", message, step)


def host_no_gateway_serves(around: Surroundings) -> Iterator[ObjectFinding]:
    """A host that none of the named Gateways listens for."""
    gateways = {one.ref: one for one in around.inventory.gateways}
    for rule in around.inventory.virtual_services:
        named = [
            gateways.get(ObjectRef("Gateway", name.rpartition("/")[0] or rule.ref.namespace, name.rpartition("/")[2]))
            for name in rule.spec.gateways
            if name != "mesh"
        ]
        served = [
            host.rpartition("/")[2].lower()
            for one in named
            if one
            for server in one.spec.servers
            for host in server.hosts
        ]
        if not named or None in named or "mesh" in rule.spec.gateways:
            continue
        for index, host in enumerate(rule.spec.hosts):
            if not any(host_matches(one, host) or host_matches(host, one) for one in served):
                message = f"No server of its gateways has the host {host}: nothing comes in for it."
                yield _finding(
                    "warning", "host_not_served", rule, f"$.spec.hosts[{index}]", message, "Add it to a server's hosts."
                )


def _routes(rule: VirtualService) -> Iterator[tuple[str, tuple[RouteDestination, ...]]]:
    for index, block in enumerate(rule.spec.http):
        yield f"$.spec.http[{index}].route", block.route
    for protocol, blocks in (("tcp", rule.spec.tcp), ("tls", rule.spec.tls)):
        for index, stream in enumerate(blocks):
            yield f"$.spec.{protocol}[{index}].route", stream.route


def _destinations(rule: VirtualService) -> Iterator[tuple[str, RouteDestination]]:
    for path, route in _routes(rule):
        for number, one in enumerate(route):
            yield f"{path}[{number}]", one


def _finding(severity: str, code: str, rule: VirtualService, path: str, message: str, step: str) -> ObjectFinding:
    return ObjectFinding(severity, code, rule.ref, path, message, step)  # type: ignore[arg-type]  # a literal, always
