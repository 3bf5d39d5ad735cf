"""Gateways, Gateway API routes, Sidecars, ServiceEntries, NetworkPolicies and rollouts: references that dangle."""

from __future__ import annotations

from collections.abc import Iterator

from meshui.domain.findings.model import ObjectFinding, Surroundings
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.networking import GatewayRoute
from meshui.domain.policies.selecting import at, mapping, sequence, text

_GATEWAY = "Gateway.gateway.networking.k8s.io"


def duplicate_server(around: Surroundings) -> Iterator[ObjectFinding]:
    """Two Gateways on one proxy, port and host: the oldest takes it."""
    taken: dict[tuple[tuple[tuple[str, str], ...], int, str], ObjectRef] = {}
    for gateway in around.inventory.gateways:
        selector = tuple(sorted(gateway.spec.selector.items()))
        for index, server in enumerate(gateway.spec.servers):
            number = server.port.get("number")
            for host in server.hosts:
                older = taken.setdefault(
                    (selector, number if isinstance(number, int) else 0, host.lower()), gateway.ref
                )
                if older != gateway.ref:
                    message = f"{older} serves {host} on port {number} of the same proxies already."
                    path = f"$.spec.servers[{index}]"
                    step = "Serve each host by one Gateway."
                    yield ObjectFinding("warning", "duplicate_server", gateway.ref, path, message, step)


def no_certificate(around: Surroundings) -> Iterator[ObjectFinding]:
    """A server that ends TLS without saying with which certificate."""
    for gateway in around.inventory.gateways:
        manifest = around.inventory.config.get(gateway.ref, {})
        for index, server in enumerate(map(mapping, sequence(at(manifest, "spec", "servers")))):
            tls, path = mapping(server.get("tls")), f"$.spec.servers[{index}]"
            protocol = text(at(server, "port", "protocol")).upper()
            mode = text(tls.get("mode"))
            if protocol == "HTTPS" and not tls:
                message = "Its protocol is HTTPS, but it has no tls: the listener is not made."
                yield ObjectFinding("error", "no_tls", gateway.ref, path, message, "Give it tls with a credentialName.")
            elif mode in ("SIMPLE", "MUTUAL") and not any(
                tls.get(name) for name in ("credentialName", "credentialNames", "serverCertificate", "tlsCertificates")
            ):
                message = f"tls.mode {mode} needs a certificate, and none is named."
                step = "Name a Secret: credentialName."
                yield ObjectFinding("error", "no_certificate", gateway.ref, f"{path}.tls", message, step)


def unknown_parent(around: Surroundings) -> Iterator[ObjectFinding]:
    """A route whose parent isn't there."""
    for route in around.inventory.routes:
        for index, parent in enumerate(route.spec.parent_refs):
            namespace = parent.namespace or route.ref.namespace
            if parent.kind == "Service":
                known = (namespace, parent.name) in around.inventory.services
            elif parent.kind == "Gateway":
                known = ObjectRef(_GATEWAY, namespace, parent.name) in around.inventory.config
            else:
                continue
            if not known:
                message = f"There is no {parent.kind} {namespace}/{parent.name}: the route is attached to nothing."
                step = "Correct the reference, or create the parent."
                yield ObjectFinding("error", "unknown_parent", route.ref, f"$.spec.parentRefs[{index}]", message, step)


def unknown_backend(around: Surroundings) -> Iterator[ObjectFinding]:
    """A backend that isn't there answers 500 for its share."""
    for route, path, namespace, name in _backends(around):
        if (namespace, name) not in around.inventory.services:
            message = f"There is no service {namespace}/{name}: its share of the requests is answered 500."
            yield ObjectFinding("error", "unknown_backend", route.ref, path, message, "Create it, or correct the name.")


def missing_grant(around: Surroundings) -> Iterator[ObjectFinding]:
    """A backend of another namespace needs a ReferenceGrant there."""
    grants = [one for ref, one in around.inventory.config.items() if ref.kind == "ReferenceGrant"]
    for route, path, namespace, name in _backends(around):
        home = route.ref.namespace
        if namespace == home or any(_grants(one, route, namespace, name) for one in grants):
            continue
        message = f"No ReferenceGrant in {namespace} lets a {route.ref.kind} of {home} use its service {name} (500)."
        step = f"Make a ReferenceGrant in {namespace} from {route.ref.kind} in {home} to Service."
        yield ObjectFinding("error", "missing_grant", route.ref, path, message, step)


def _grants(grant: dict[str, object], route: GatewayRoute, namespace: str, name: str) -> bool:
    if at(grant, "metadata", "namespace") != namespace:
        return False
    froms = [mapping(one) for one in sequence(at(grant, "spec", "from"))]
    tos = [mapping(one) for one in sequence(at(grant, "spec", "to"))]
    allowed = any(
        one.get("kind") == route.ref.kind.partition(".")[0] and one.get("namespace") == route.ref.namespace
        for one in froms
    )
    return allowed and any(one.get("kind") == "Service" and one.get("name") in (None, "", name) for one in tos)


def no_weight(around: Surroundings) -> Iterator[ObjectFinding]:
    """A rule all of whose backends have weight 0 answers 500."""
    for route in around.inventory.routes:
        for index, rule in enumerate(route.spec.rules):
            if rule.backend_refs and not any(one.weight > 0 for one in rule.backend_refs):
                message = "All its backends have weight 0: requests are answered 500."
                path = f"$.spec.rules[{index}].backendRefs"
                yield ObjectFinding("error", "weights", route.ref, path, message, "Give one a weight.")


def _backends(around: Surroundings) -> Iterator[tuple[GatewayRoute, str, str, str]]:
    for route in around.inventory.routes:
        for index, rule in enumerate(route.spec.rules):
            for number, one in enumerate(rule.backend_refs):
                if one.kind == "Service":
                    path = f"$.spec.rules[{index}].backendRefs[{number}]"
                    yield route, path, one.namespace or route.ref.namespace, one.name


def unknown_gateway_class(around: Surroundings) -> Iterator[ObjectFinding]:
    """A Gateway of a class that nobody serves."""
    classes = {ref.name for ref in around.inventory.config if ref.kind == "GatewayClass"}
    for ref, manifest in around.inventory.config.items():
        name = text(at(manifest, "spec", "gatewayClassName"))
        if ref.kind == _GATEWAY and name and classes and name not in classes:
            message = f"There is no GatewayClass {name}: nobody programs this Gateway."
            step = "Correct the class, or install its controller."
            yield ObjectFinding("error", "unknown_gateway_class", ref, "$.spec.gatewayClassName", message, step)


def sidecar_hides(around: Surroundings) -> Iterator[ObjectFinding]:
    """Sidecars that import what isn't there, or not even their own namespace."""
    wide: dict[str, ObjectRef] = {}
    for sidecar in around.inventory.sidecars:
        home = sidecar.ref.namespace
        if not mapping(sidecar.spec.workload_selector):
            older = wide.setdefault(home, sidecar.ref)
            if older != sidecar.ref:
                message = f"{older} is older and for the whole namespace too: which one holds is not defined."
                yield ObjectFinding("error", "ignored_duplicate", sidecar.ref, "$.spec", message, "Keep one of them.")
        hosts = [(i, j, host) for i, one in enumerate(sidecar.spec.egress) for j, host in enumerate(one.hosts)]
        for i, j, host in hosts:
            namespace, _, name = host.partition("/")
            if namespace.startswith("~") or namespace in ("*", ".") or not name:
                continue
            if around.inventory.namespaces and namespace not in around.inventory.namespaces:
                message = f"There is no namespace {namespace}: the entry imports nothing."
                path = f"$.spec.egress[{i}].hosts[{j}]"
                yield ObjectFinding("warning", "unknown_import", sidecar.ref, path, message, "Correct the namespace.")
        imported = {host.partition("/")[0] for _, _, host in hosts}
        own = any(key[0] == home for key in around.inventory.services)
        if hosts and own and not imported & {"*", ".", home, "~"}:
            message = (
                f"It hides the services of its own namespace {home} from these proxies: calls there find no route."
            )
            step = "Add ./* to the egress hosts."
            yield ObjectFinding("warning", "hides_own_namespace", sidecar.ref, "$.spec.egress", message, step)


def shadows_service(around: Surroundings) -> Iterator[ObjectFinding]:
    """ServiceEntries for a host that somebody else has."""
    taken: dict[str, ObjectRef] = {}
    for entry in around.inventory.service_entries:
        for index, host in enumerate(entry.spec.hosts):
            path = f"$.spec.hosts[{index}]"
            if around.inventory.service_of_host(host) is not None:
                message = f"{host} is a Kubernetes service: two sets of endpoints for one name."
                step = "Use the service itself, or another host."
                yield ObjectFinding("warning", "shadows_service", entry.ref, path, message, step)
            older = taken.setdefault(host.lower(), entry.ref)
            if older != entry.ref:
                message = f"{older} has the host {host} too."
                yield ObjectFinding("warning", "duplicate_host", entry.ref, path, message, "Keep one of them.")


def blocks_hbone(around: Surroundings) -> Iterator[ObjectFinding]:
    """A NetworkPolicy on the application's ports alone keeps ztunnels out (HBONE is port 15008)."""
    inventory = around.inventory
    for ref, manifest in inventory.config.items():
        if ref.kind != "NetworkPolicy":
            continue
        ambient = [key for key in around.links.of(ref).workloads if inventory.workloads[key].ambient]
        for index, rule in enumerate(map(mapping, sequence(at(manifest, "spec", "ingress")))):
            ports = [mapping(one).get("port") for one in sequence(rule.get("ports"))]
            if ambient and ports and 15008 not in ports:
                message = (
                    f"The ambient {ambient[0][0]}/{ambient[0][1]} is reached by port 15008, which isn't let in here."
                )
                path = f"$.spec.ingress[{index}].ports"
                yield ObjectFinding("error", "blocks_hbone", ref, path, message, "Also allow TCP 15008.")


def unknown_rollout_parts(around: Surroundings) -> Iterator[ObjectFinding]:
    """Rollouts and Canaries that name services or workloads that aren't there."""
    inventory = around.inventory
    for ref, manifest in inventory.config.items():
        if ref.kind == "Rollout":
            for key in around.links.of(ref).services:
                if key not in inventory.services:
                    message = f"There is no service {key[0]}/{key[1]} to shift between."
                    yield ObjectFinding(
                        "error", "unknown_service", ref, "$.spec.strategy", message, "Create the service."
                    )
            for named in around.links.of(ref).objects:
                if named not in inventory.config:
                    message = f"There is no {named} whose weights it could set."
                    path = "$.spec.strategy.canary.trafficRouting"
                    yield ObjectFinding("error", "unknown_route", ref, path, message, "Create it, or correct the name.")
        elif ref.kind == "Canary":
            name = text(at(manifest, "spec", "targetRef", "name"))
            if name and not {(ref.namespace, name), (ref.namespace, f"{name}-primary")} & inventory.workloads.keys():
                message = f"There is no workload {ref.namespace}/{name} to roll out."
                yield ObjectFinding("error", "unknown_workload", ref, "$.spec.targetRef", message, "Correct the name.")
