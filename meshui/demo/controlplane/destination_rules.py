"""Which DestinationRule holds for a client and a service, and what its policies come to for a port and subset.

Lookup and merging follow Istio (pilot/pkg/model/push_context.go, destination_rule.go): the client's namespace, then the
service's, then the root namespace; the first with a match wins, rules of one host in it merge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meshui.demo.controlplane import names
from meshui.demo.controlplane.manifests import Key, Manifest, UnusableError, duration, key_of, number, spec_of
from meshui.demo.controlplane.world import Service, World
from meshui.demo.layout import ROOT_NAMESPACE

Policy = Mapping[str, Any]

_FIELDS = ("loadBalancer", "connectionPool", "outlierDetection", "tls")
_BALANCERS = {
    "UNSPECIFIED": "LEAST_REQUEST",
    "LEAST_REQUEST": "LEAST_REQUEST",
    "LEAST_CONN": "LEAST_REQUEST",
    "ROUND_ROBIN": "ROUND_ROBIN",
    "RANDOM": "RANDOM",
}
_TLS_MODES = ("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL")


@dataclass(frozen=True)
class Rule:
    """What holds for one client namespace and service."""

    keys: tuple[Key, ...] = ()
    policy: Policy = field(default_factory=dict)
    subsets: Mapping[str, tuple[Mapping[str, str], Policy]] = field(default_factory=dict)
    """Name -> labels and own policy."""

    def settings(self, port: int, subset: str = "") -> dict[str, Any]:
        """loadBalancer, connectionPool, outlierDetection and tls in force: the subset's override the rule's; in each,
        those of the port take the place of all, also of what they leave out."""
        merged: dict[str, Any] = {}
        own = self.subsets[subset][1] if subset else {}
        for policy in (self.policy, own):
            at_port = next((level for level in policy.get("portLevelSettings") or [] if _port_of(level) == port), None)
            source = policy if at_port is None else at_port
            if at_port is not None:
                merged = {}
            merged |= {name: source[name] for name in _FIELDS if source.get(name) is not None}
        return merged


NO_RULE = Rule()


def rule_for(world: World, client_namespace: str, service: Service) -> Rule:
    """The rule for a client in the namespace; NO_RULE when there is none."""
    for namespace in dict.fromkeys((client_namespace, service.namespace, ROOT_NAMESPACE)):
        found = _matching(world, namespace, client_namespace, service)
        if found:
            return _merge(found)
    return NO_RULE


def check(manifest: Manifest) -> None:
    """Raises UnusableError for values that no cluster can be made of."""
    spec = spec_of(manifest)
    if not spec.get("host"):
        raise UnusableError("spec.host: is missing")
    _check_policy(spec.get("trafficPolicy") or {}, "spec.trafficPolicy")
    for index, subset in enumerate(spec.get("subsets") or []):
        if not subset.get("name"):
            raise UnusableError(f"spec.subsets[{index}].name: is missing")
        _check_policy(subset.get("trafficPolicy") or {}, f"spec.subsets[{index}].trafficPolicy")


def balancer(settings: Policy, where: str = "loadBalancer") -> str:
    """Envoy's load balancing policy. Raises UnusableError."""
    chosen = settings.get("loadBalancer") or {}
    if chosen.get("consistentHash"):
        raise UnusableError(f"{where}.consistentHash: this control plane balances by simple policies only")
    simple = chosen.get("simple") or "UNSPECIFIED"
    if simple not in _BALANCERS:
        raise UnusableError(f"{where}.simple: {simple!r} is none of {', '.join(_BALANCERS)}")
    return _BALANCERS[simple]


def _check_policy(policy: Policy, where: str) -> None:
    levels = enumerate(policy.get("portLevelSettings") or [])
    for place, settings in ((where, policy), *((f"{where}.portLevelSettings[{i}]", level) for i, level in levels)):
        balancer(settings, f"{place}.loadBalancer")
        mode = (settings.get("tls") or {}).get("mode") or "DISABLE"
        if mode not in _TLS_MODES:
            raise UnusableError(f"{place}.tls.mode: {mode!r} is none of {', '.join(_TLS_MODES)}")
        outlier = settings.get("outlierDetection") or {}
        for name in ("interval", "baseEjectionTime"):
            if name in outlier:
                duration(outlier[name], f"{place}.outlierDetection.{name}")
        for name in ("maxEjectionPercent", "minHealthPercent"):
            if name in outlier:
                number(outlier[name], f"{place}.outlierDetection.{name}", 0, 100)
        for name in ("consecutive5xxErrors", "consecutiveGatewayErrors", "consecutiveLocalOriginFailures"):
            if name in outlier:
                number(outlier[name], f"{place}.outlierDetection.{name}")
        _check_pool(settings.get("connectionPool") or {}, f"{place}.connectionPool")


def _check_pool(pool: Policy, where: str) -> None:
    tcp, http = pool.get("tcp") or {}, pool.get("http") or {}
    for name in ("connectTimeout", "idleTimeout", "maxConnectionDuration"):
        if name in tcp:
            duration(tcp[name], f"{where}.tcp.{name}")
    if "maxConnections" in tcp:
        number(tcp["maxConnections"], f"{where}.tcp.maxConnections", 1)
    if "idleTimeout" in http:
        duration(http["idleTimeout"], f"{where}.http.idleTimeout")
    for name in ("http1MaxPendingRequests", "http2MaxRequests", "maxRequestsPerConnection", "maxRetries"):
        if name in http:
            number(http[name], f"{where}.http.{name}")


def _port_of(level: Policy) -> int | None:
    port = (level.get("port") or {}).get("number")
    return port if isinstance(port, int) else None


def _matching(world: World, namespace: str, client_namespace: str, service: Service) -> list[Manifest]:
    """The namespace's rules for the service's best-matching host that the client's namespace may use."""
    best: tuple[bool, int] | None = None
    found: list[Manifest] = []
    for manifest in world.kind("DestinationRule"):
        if manifest["metadata"].get("namespace") != namespace:
            continue
        if namespace != client_namespace and not exported(manifest, client_namespace):
            continue
        host = names.full_host(spec_of(manifest)["host"], namespace)
        if not names.host_matches(host, service.host):
            continue
        rank = (not host.startswith("*"), len(host))
        if best is None or rank > best:
            best, found = rank, [manifest]
        elif rank == best:
            found.append(manifest)
    return found


def exported(manifest: Manifest, namespace: str) -> bool:
    """Whether `exportTo` lets the namespace see the object; absent means everybody."""
    targets = spec_of(manifest).get("exportTo") or ["*"]
    own = manifest["metadata"].get("namespace")
    return any(target == "*" or target == namespace or (target == "." and own == namespace) for target in targets)


def _merge(manifests: list[Manifest]) -> Rule:
    subsets: dict[str, tuple[Mapping[str, str], Policy]] = {}
    for manifest in manifests:
        for subset in spec_of(manifest).get("subsets") or []:
            subsets.setdefault(subset["name"], (subset.get("labels") or {}, subset.get("trafficPolicy") or {}))
    policies = (spec_of(manifest).get("trafficPolicy") for manifest in manifests)
    return Rule(
        keys=tuple(key_of(manifest) for manifest in manifests),
        policy=next((policy for policy in policies if policy), {}),
        subsets=subsets,
    )
