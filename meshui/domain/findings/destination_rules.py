"""DestinationRules: subsets that select nothing or that nobody uses, rules that conflict, TLS that can't work."""

from __future__ import annotations

from collections.abc import Iterator

from meshui.domain.findings.model import ObjectFinding, Severity, Surroundings
from meshui.domain.mesh.hosts import kubernetes_service
from meshui.domain.mesh.inventory import Key
from meshui.domain.mesh.networking import DestinationRule


def unknown_host(around: Surroundings) -> Iterator[ObjectFinding]:
    """A rule for a host that nobody is."""
    for rule in around.inventory.destination_rules:
        host = around.full(rule.spec.host, rule.ref.namespace)
        if not host:
            yield _finding("error", "no_host", rule, "$.spec", "It has no host.", "Name the service it is for.")
        elif not around.is_known(host):
            message = f"There is no service or ServiceEntry {host}: the rule does nothing."
            yield _finding("warning", "unknown_host", rule, "$.spec.host", message, "Correct the host.")


def empty_subset(around: Surroundings) -> Iterator[ObjectFinding]:
    """A subset whose labels no workload of the service has: requests to it answer 503 (UH)."""
    inventory = around.inventory
    for rule, key in _services(around):
        behind = inventory.service_workloads.get(key, ())
        for index, subset in enumerate(rule.spec.subsets):
            if not any(subset.labels.items() <= inventory.workloads[one].labels.items() for one in behind):
                labels = ", ".join(f"{name}={value}" for name, value in subset.labels.items())
                message = f"Subset {subset.name} ({labels}) selects no workload of {key[0]}/{key[1]} (503, UH)."
                path = f"$.spec.subsets[{index}].labels"
                yield _finding("warning", "empty_subset", rule, path, message, "Correct the labels, or remove it.")


def unused_subset(around: Surroundings) -> Iterator[ObjectFinding]:
    """A subset that no route sends to: its settings hold for nobody."""
    used: set[tuple[str, str]] = set()
    for one in around.inventory.virtual_services:
        routes = [block.route for block in one.spec.http]
        routes += [block.route for block in (*one.spec.tcp, *one.spec.tls)]
        for route in routes:
            for to in route:
                used.add((around.full(to.destination.host, one.ref.namespace), to.destination.subset))
    for rule in around.inventory.destination_rules:
        host = around.full(rule.spec.host, rule.ref.namespace)
        for index, subset in enumerate(rule.spec.subsets):
            if (host, subset.name) not in used and "*" not in host:
                message = f"No VirtualService sends to subset {subset.name}: what it says holds for nobody."
                step = "Route to it, or remove it."
                yield _finding("info", "unused_subset", rule, f"$.spec.subsets[{index}]", message, step)


def conflicting(around: Surroundings) -> Iterator[ObjectFinding]:
    """Of rules of one namespace for one host only the first top-level policy and the first subset of a name count."""
    first_policy: dict[tuple[str, str], DestinationRule] = {}
    first_subset: dict[tuple[str, str, str], DestinationRule] = {}
    for rule in around.inventory.destination_rules:
        if rule.spec.workload_selector is not None:
            continue
        place = (rule.ref.namespace, around.full(rule.spec.host, rule.ref.namespace))
        if rule.spec.traffic_policy is not None:
            older = first_policy.setdefault(place, rule)
            if older is not rule:
                message = f"{older.ref} is older and for the same host: this trafficPolicy is ignored."
                step = "Merge the two rules into one."
                yield _finding("warning", "conflicting_rule", rule, "$.spec.trafficPolicy", message, step)
        for index, subset in enumerate(rule.spec.subsets):
            older = first_subset.setdefault((*place, subset.name), rule)
            if older is not rule:
                message = f"Subset {subset.name} is defined by {older.ref} already, which counts."
                path = f"$.spec.subsets[{index}].name"
                yield _finding("warning", "duplicate_subset", rule, path, message, "Give it another name, or merge.")


def far_from_its_service(around: Surroundings) -> Iterator[ObjectFinding]:
    """Outside the namespaces of the service and of the mesh a rule holds only for callers of its own namespace."""
    for rule, key in _services(around):
        home = rule.ref.namespace
        if home not in (key[0], around.root) and not around.links.labels.everywhere(home):
            message = f"It holds for callers in {home} only, and no workload is there."
            step = f"Move it to {key[0]}, the service's namespace."
            yield _finding("warning", "never_used", rule, "$.metadata.namespace", message, step)


def port_settings_drop_tls(around: Surroundings) -> Iterator[ObjectFinding]:
    """A port's settings take the place of all that stands above them, also of what they leave out."""
    for rule in around.inventory.destination_rules:
        holders = [(rule.spec.traffic_policy, "$.spec.trafficPolicy")]
        holders += [
            (one.traffic_policy, f"$.spec.subsets[{i}].trafficPolicy") for i, one in enumerate(rule.spec.subsets)
        ]
        for policy, path in holders:
            if policy is None or policy.tls is None or policy.tls.mode == "ISTIO_MUTUAL":
                continue
            for index, own in enumerate(policy.port_level_settings):
                if own.tls is None and own.port is not None:
                    message = f"Port {own.port.number} has settings of its own without tls: no {policy.tls.mode} there."
                    step = "Repeat tls in the port's settings, if it is meant to hold."
                    place = f"{path}.portLevelSettings[{index}]"
                    yield _finding("warning", "port_drops_tls", rule, place, message, step)


def tls_refused(around: Surroundings) -> Iterator[ObjectFinding]:
    """Client TLS that the called side's mode can't take."""
    inventory = around.inventory
    for rule, key in _services(around):
        policy = rule.spec.traffic_policy
        mode = policy.tls.mode if policy is not None and policy.tls is not None else None
        if mode not in ("DISABLE", "ISTIO_MUTUAL"):
            continue
        for one in inventory.service_workloads.get(key, ()):
            workload = inventory.workloads[one]
            server = around.servers.of(workload, None)
            if mode == "DISABLE" and server.mode == "STRICT" and workload.has_proxy:
                message = f"Callers send plain text, but {one[0]}/{one[1]} takes {server.said()}: calls are refused."
            elif mode == "ISTIO_MUTUAL" and server.mode == "DISABLE" and workload.has_proxy:
                message = f"Callers use mutual TLS, but {one[0]}/{one[1]} takes none: {server.said()}."
            elif mode == "ISTIO_MUTUAL" and workload.has_proxy is False and not workload.ambient:
                message = f"Callers use mutual TLS, but {one[0]}/{one[1]} has no proxy: calls fail."
            else:
                continue
            step = "Remove tls: sidecars then choose by themselves (auto mTLS)."
            yield _finding("error", "tls_refused", rule, "$.spec.trafficPolicy.tls", message, step)
            break


def _services(around: Surroundings) -> Iterator[tuple[DestinationRule, Key]]:
    """The rules for one known Kubernetes service each."""
    for rule in around.inventory.destination_rules:
        key = kubernetes_service(around.full(rule.spec.host, rule.ref.namespace))
        if key is not None and key in around.inventory.services:
            yield rule, key


def _finding(severity: Severity, code: str, rule: DestinationRule, path: str, message: str, step: str) -> ObjectFinding:
    return ObjectFinding(severity, code, rule.ref, path, message, step)
