"""PeerAuthentication and AuthorizationPolicy: what they miss, ignore, or deny by mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator

from meshui.domain.findings.model import ObjectFinding, Severity, Surroundings
from meshui.domain.mesh.inventory import Key
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.security import AuthorizationPolicy, RequestAuthentication, Source
from meshui.domain.mtls.overlay import called_plane
from meshui.domain.mtls.posture import ports_of

_IDENTITY_FIELDS = ("principals", "namespaces", "service_accounts", "trust_domains")
_CONDITIONS = re.compile(
    r"^(request\.headers\[.+\]|source\.(ip|namespace|principal|serviceAccount|trustDomain)|remote\.ip"
    r"|request\.auth\.(principal|audiences|presenter|claims\[.+\])|destination\.(ip|port)|connection\.sni"
    r"|experimental\.envoy\.filters\..+)$"
)


def selects_nothing(around: Surroundings) -> Iterator[ObjectFinding]:
    """A selector that no workload meets: the object holds for nobody."""
    for ref in around.inventory.config:
        links = around.links.of(ref)
        if links.scope == "selector" and not links.workloads and ref.kind not in _MAY_SELECT_NOTHING:
            message = "Its selector selects no workload: it holds for nobody."
            step = "Compare the labels with the pods' own; services' labels don't count."
            path = _SELECTORS.get(ref.kind, "$.spec.selector")
            yield ObjectFinding("warning", "selects_nothing", ref, path, message, step)


_MAY_SELECT_NOTHING = frozenset({"Gateway.gateway.networking.k8s.io", "ServiceEntry"})
_SELECTORS = {
    "Sidecar": "$.spec.workloadSelector",
    "EnvoyFilter": "$.spec.workloadSelector",
    "NetworkPolicy": "$.spec.podSelector",
    "Server": "$.spec.podSelector",
    "CiliumNetworkPolicy": "$.spec.endpointSelector",
}


def ports_without_selector(around: Surroundings) -> Iterator[ObjectFinding]:
    """Ports belong to workloads: without a selector, portLevelMtls is ignored."""
    for policy in around.inventory.peer_authentications:
        selects = policy.spec.selector is not None and policy.spec.selector.match_labels
        if policy.spec.port_level_mtls and not selects:
            message = "portLevelMtls needs a selector, for ports belong to workloads: it is ignored."
            step = "Give the policy a selector, or set the mode for all ports."
            yield ObjectFinding("error", "ports_ignored", policy.ref, "$.spec.portLevelMtls", message, step)


def not_a_workload_port(around: Surroundings) -> Iterator[ObjectFinding]:
    """portLevelMtls counts the workload's ports, not the service's."""
    inventory = around.inventory
    for policy in around.inventory.peer_authentications:
        selected = around.links.of(policy.ref).workloads
        ports = {port for key in selected for port in ports_of(inventory, inventory.workloads[key])}
        if not ports:
            continue
        fronts = {
            port.port
            for key in selected
            for service in inventory.workload_services.get(key, ())
            for port in inventory.services[service].ports
        }
        for name in policy.spec.port_level_mtls:
            number = int(name)
            if number in ports:
                continue
            known = ", ".join(map(str, sorted(ports)[:6]))
            if number in fronts:
                message = f"{number} is the service's port; the workload listens on {known}: this mode holds nowhere."
            else:
                message = f"No selected workload is known to listen on {number} (but on {known})."
            severity: Severity = "warning" if number in fronts else "info"
            path = f"$.spec.portLevelMtls.{name}"
            step = "Name the container's port (the service's targetPort)."
            yield ObjectFinding(severity, "not_a_workload_port", policy.ref, path, message, step)


def selector_in_root(around: Surroundings) -> Iterator[ObjectFinding]:
    """In the root namespace a PeerAuthentication with a selector is ignored."""
    for policy in around.inventory.peer_authentications:
        if policy.ref.namespace == around.root and policy.spec.selector and policy.spec.selector.match_labels:
            message = "In the mesh's root namespace a policy with a selector is ignored."
            step = "Put it into the workload's namespace, or remove the selector for the whole mesh."
            yield ObjectFinding("error", "selector_in_root", policy.ref, "$.spec.selector", message, step)


def ignored_duplicate(around: Surroundings) -> Iterator[ObjectFinding]:
    """Of several policies at one level only the oldest counts."""
    wide: dict[str, ObjectRef] = {}
    selecting: dict[Key, ObjectRef] = {}
    for policy in around.inventory.peer_authentications:
        if policy.spec.selector is None or not policy.spec.selector.match_labels:
            older = wide.setdefault(policy.ref.namespace, policy.ref)
        else:
            keys = around.links.of(policy.ref).workloads
            taken = [selecting[key] for key in keys if key in selecting]
            for key in keys:
                selecting.setdefault(key, policy.ref)
            older = taken[0] if keys and len(taken) == len(keys) else policy.ref
        if older != policy.ref:
            message = f"{older} is older and holds at the same level: this one is ignored."
            yield ObjectFinding("error", "ignored_duplicate", policy.ref, "$.spec", message, "Merge the two into one.")


def disable_in_ambient(around: Surroundings) -> Iterator[ObjectFinding]:
    """ztunnel does not know DISABLE."""
    inventory = around.inventory
    for policy in around.inventory.peer_authentications:
        modes = [policy.spec.mtls.mode, *(one.mode for one in policy.spec.port_level_mtls.values())]
        if "DISABLE" not in modes:
            continue
        keys = around.links.of(policy.ref).workloads
        ambient = [key for key in keys if called_plane(inventory.workloads[key]) == "ambient"]
        if ambient:
            message = f"{ambient[0][0]}/{ambient[0][1]} is in ambient mode, where DISABLE is not supported."
            step = "PERMISSIVE is the least that holds there."
            yield ObjectFinding("warning", "disable_in_ambient", policy.ref, "$.spec.mtls.mode", message, step)


def denies_all(around: Surroundings) -> Iterator[ObjectFinding]:
    """An ALLOW policy without rules never matches, so that all it holds for deny everything."""
    for policy in around.inventory.authorization_policies:
        if policy.spec.action == "ALLOW" and not policy.spec.rules:
            many = len(around.links.of(policy.ref).workloads)
            message = (
                f"An ALLOW policy without rules allows nothing: {many} workload{'s' if many != 1 else ''} deny every "
                "call that no other policy allows."
            )
            step = "Meant as default deny: fine. Meant as allow all: write `rules: [{}]`."
            yield ObjectFinding("info", "denies_all", policy.ref, "$.spec", message, step)
        if policy.spec.action == "DENY" and not policy.spec.rules:
            message = "A DENY policy without rules denies nothing."
            yield ObjectFinding(
                "warning", "does_nothing", policy.ref, "$.spec", message, "Give it a rule: `rules: [{}]`."
            )


def identity_without_mtls(around: Surroundings) -> Iterator[ObjectFinding]:
    """A caller in plain text has no identity: rules by principal or namespace never match it, and `not` ones always
    do."""
    inventory = around.inventory
    for policy in around.inventory.authorization_policies:
        found = _identity_rule(policy)
        if found is None:
            continue
        index, number, negated = found
        for key in around.links.of(policy.ref).workloads:
            workload = inventory.workloads[key]
            server = around.servers.of(workload, None)
            if server.mode == "STRICT" or called_plane(workload) == "none":
                continue
            what = "matches every plain-text caller" if negated else "never matches a plain-text caller"
            severity: Severity = "warning" if negated or policy.spec.action == "DENY" else "info"
            message = f"It asks who calls, but {key[0]}/{key[1]} takes plain text too ({server.said()}): it {what}."
            path = f"$.spec.rules[{index}].from[{number}].source"
            step = "Make the workload STRICT, so that every caller has an identity."
            yield ObjectFinding(severity, "identity_without_mtls", policy.ref, path, message, step)
            break


def _identity_rule(policy: AuthorizationPolicy) -> tuple[int, int, bool] | None:
    for index, rule in enumerate(policy.spec.rules):
        for number, entry in enumerate(rule.from_):
            negated = any(getattr(entry.source, f"not_{field}") for field in _IDENTITY_FIELDS)
            if negated or any(getattr(entry.source, field) for field in _IDENTITY_FIELDS):
                return index, number, negated
    return None


def unknown_caller(around: Surroundings) -> Iterator[ObjectFinding]:
    """Principals and namespaces that nobody has."""
    inventory = around.inventory
    domain = inventory.mesh.trust_domain
    for policy in around.inventory.authorization_policies:
        for index, rule in enumerate(policy.spec.rules):
            for number, entry in enumerate(rule.from_):
                path = f"$.spec.rules[{index}].from[{number}].source"
                for field, position, message in _unknown_names(around, entry.source, domain):
                    step = "Correct the name, or remove it."
                    place = f"{path}.{field}[{position}]"
                    yield ObjectFinding("warning", "unknown_caller", policy.ref, place, message, step)


def _unknown_names(around: Surroundings, source: Source, domain: str) -> Iterator[tuple[str, int, str]]:
    inventory = around.inventory
    for position, name in enumerate(source.namespaces):
        if "*" not in name and inventory.namespaces and name not in inventory.namespaces:
            yield "namespaces", position, f"There is no namespace {name}."
    for position, principal in enumerate(source.principals):
        if principal.startswith("spiffe://"):
            yield "principals", position, f"{principal} must be written without spiffe://: like this it never matches."
            continue
        parts = principal.split("/")
        if "*" in principal or len(parts) != 5 or parts[0] not in (domain, "cluster.local"):
            continue
        if (parts[2], parts[4]) not in inventory.identity_workloads:
            yield "principals", position, f"No workload runs as {principal}."


def unknown_condition(around: Surroundings) -> Iterator[ObjectFinding]:
    """istiod skips a rule with a condition that it does not know."""
    for policy in around.inventory.authorization_policies:
        for index, rule in enumerate(policy.spec.rules):
            for number, condition in enumerate(rule.when):
                if not _CONDITIONS.match(condition.key):
                    message = f"There is no condition {condition.key[:100]!r}: istiod skips the whole rule."
                    path = f"$.spec.rules[{index}].when[{number}].key"
                    yield ObjectFinding("error", "unknown_condition", policy.ref, path, message, "Correct the key.")


def http_rule_on_tcp(around: Surroundings) -> Iterator[ObjectFinding]:
    """On TCP ports HTTP fields can't be met: an ALLOW rule with them is dropped, a DENY rule denies more."""
    inventory = around.inventory
    for policy in around.inventory.authorization_policies:
        index = _http_rule(policy)
        keys = around.links.of(policy.ref).workloads
        if index is None or not keys or policy.targets:
            continue
        ports = [
            http for key in keys for _, http, fronts in ports_of(inventory, inventory.workloads[key]).values() if fronts
        ]
        if ports and not any(ports):
            effect = (
                "it is dropped" if policy.spec.action == "ALLOW" else "its HTTP fields are passed over: it denies more"
            )
            message = (
                f"All that it selects listens for TCP, where a rule with hosts, methods or paths can't match: {effect}."
            )
            step = "Use ports and principals, or declare the service's port as HTTP."
            yield ObjectFinding("warning", "http_rule_on_tcp", policy.ref, f"$.spec.rules[{index}]", message, step)


def _http_rule(policy: AuthorizationPolicy) -> int | None:
    for index, rule in enumerate(policy.spec.rules):
        for entry in rule.to:
            one = entry.operation
            if one.hosts or one.methods or one.paths or one.not_hosts or one.not_methods or one.not_paths:
                return index
    return None


def unknown_target(around: Surroundings) -> Iterator[ObjectFinding]:
    """targetRefs to what isn't there."""
    inventory = around.inventory
    policies: list[AuthorizationPolicy | RequestAuthentication] = [*inventory.authorization_policies]
    for policy in (*policies, *inventory.request_authentications):
        targets = policy.spec.target_refs or ((policy.spec.target_ref,) if policy.spec.target_ref else ())
        for index, target in enumerate(targets):
            key = (policy.ref.namespace, target.name)
            refs = [ObjectRef(f"{target.kind}{suffix}", *key) for suffix in ("", ".gateway.networking.k8s.io")]
            known = (
                key in inventory.services if target.kind == "Service" else any(ref in inventory.config for ref in refs)
            )
            if not known and target.kind != "GatewayClass":
                message = f"There is no {target.kind} {key[0]}/{key[1]}: the policy holds for nobody."
                path = f"$.spec.targetRefs[{index}]"
                step = "targetRefs name objects of the policy's own namespace."
                yield ObjectFinding("error", "unknown_target", policy.ref, path, message, step)
