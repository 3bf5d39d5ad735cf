"""CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy, layers 3 to 7.

Sources: docs.cilium.io security/policy (modes, layer 3, 4, 7, deny) and cilium/cilium pkg/policy/api. An endpoint
denies by default in a direction once a policy with rules for it selects it, unless enableDefaultDeny is false. A deny
rule beats every allow rule; allow rules are united; a rule with neither peers nor ports allows nobody. Where a rule
that matches by peer and port has HTTP rules, other requests are answered 403, even without default deny.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Literal

import msgspec

from meshui.domain.authz.match import Text, Truth, every, some
from meshui.domain.authz.network.selectors import LabelSelector, Objects, called_by, in_block, own_port
from meshui.domain.authz.reach import Call, Layer
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.workloads import Workload

_NAMESPACE = "io.kubernetes.pod.namespace"
_NAMESPACE_LABELS = "io.cilium.k8s.namespace.labels."
_PREFIXES = ("k8s:", "any:")
_CLUSTER_ENTITIES = frozenset({"all", "cluster"})
_WORLD_ENTITIES = frozenset({"all", "world"})
_LONGEST_REGEX = 300
_NESTED = re.compile(r"\([^()]*[+*}][^()]*\)[+*{]")

Direction = Literal["ingress", "egress"]


class CidrSet(msgspec.Struct, frozen=True):
    cidr: str = ""
    except_: tuple[str, ...] = msgspec.field(default=(), name="except")


class PortProtocol(msgspec.Struct, frozen=True, rename="camel"):
    port: str | int = "0"
    end_port: int = 0
    protocol: str = "ANY"


class HeaderMatch(msgspec.Struct, frozen=True):
    name: str = ""
    value: str = ""
    mismatch: str = ""


class HttpRule(msgspec.Struct, frozen=True, rename="camel"):
    path: str = ""
    method: str = ""
    host: str = ""
    headers: tuple[str, ...] = ()
    header_matches: tuple[HeaderMatch, ...] = ()


class L7Rules(msgspec.Struct, frozen=True):
    http: tuple[HttpRule, ...] | None = None
    dns: tuple[dict[str, Any], ...] | None = None
    kafka: tuple[dict[str, Any], ...] | None = None


class PortRule(msgspec.Struct, frozen=True, rename="camel"):
    ports: tuple[PortProtocol, ...] = ()
    rules: L7Rules | None = None
    server_names: tuple[str, ...] = ()


class Authentication(msgspec.Struct, frozen=True):
    mode: str = ""


class CiliumRule(msgspec.Struct, frozen=True, rename="camel"):
    """A rule of either direction; `None` peers are not asked for, empty ones are nobody."""

    from_endpoints: tuple[LabelSelector, ...] | None = None
    from_entities: tuple[str, ...] | None = None
    from_cidr: tuple[str, ...] | None = msgspec.field(default=None, name="fromCIDR")
    from_cidr_set: tuple[CidrSet, ...] | None = msgspec.field(default=None, name="fromCIDRSet")
    from_nodes: tuple[LabelSelector, ...] | None = None
    from_groups: tuple[dict[str, Any], ...] | None = None
    to_endpoints: tuple[LabelSelector, ...] | None = None
    to_entities: tuple[str, ...] | None = None
    to_cidr: tuple[str, ...] | None = msgspec.field(default=None, name="toCIDR")
    to_cidr_set: tuple[CidrSet, ...] | None = msgspec.field(default=None, name="toCIDRSet")
    to_services: tuple[dict[str, Any], ...] | None = None
    to_fqdns: tuple[dict[str, Any], ...] | None = msgspec.field(default=None, name="toFQDNs")
    to_nodes: tuple[LabelSelector, ...] | None = None
    to_groups: tuple[dict[str, Any], ...] | None = None
    to_ports: tuple[PortRule, ...] = ()
    icmps: tuple[dict[str, Any], ...] = ()
    authentication: Authentication | None = None


class DefaultDeny(msgspec.Struct, frozen=True):
    ingress: bool | None = None
    egress: bool | None = None


class CiliumSpec(msgspec.Struct, frozen=True, rename="camel"):
    endpoint_selector: LabelSelector | None = None
    ingress: tuple[CiliumRule, ...] = ()
    ingress_deny: tuple[CiliumRule, ...] = ()
    egress: tuple[CiliumRule, ...] = ()
    egress_deny: tuple[CiliumRule, ...] = ()
    enable_default_deny: DefaultDeny = DefaultDeny()

    def rules(self, direction: Direction) -> tuple[CiliumRule, ...]:
        return self.ingress if direction == "ingress" else self.egress

    def denials(self, direction: Direction) -> tuple[CiliumRule, ...]:
        return self.ingress_deny if direction == "ingress" else self.egress_deny

    def denies_by_default(self, direction: Direction) -> bool:
        said = self.enable_default_deny.ingress if direction == "ingress" else self.enable_default_deny.egress
        return bool(self.rules(direction) or self.denials(direction)) if said is None else said


class _Match(msgspec.Struct, frozen=True):
    """`reached`: by peer and port; `truth`: by layer 7 too. `asks_http`: layer 7 was asked."""

    ref: ObjectRef
    number: int
    reached: Truth
    truth: Truth
    asks_http: bool
    authenticated: bool


class CiliumPolicies:
    """Both directions of a call, as layers. Nothing where no Cilium policy selects either side."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._policies = [
            *objects.specs("CiliumNetworkPolicy", CiliumSpec),
            *objects.specs("CiliumClusterwideNetworkPolicy", CiliumSpec),
        ]

    def __call__(self, call: Call) -> Iterator[Layer]:
        if not self._policies:
            return
        if call.caller is not None:
            yield from self._layer(call, call.caller, call.called, "egress")
        yield from self._layer(call, call.called, call.caller, "ingress")

    def _layer(self, call: Call, subject: Workload, other: Workload | None, direction: Direction) -> Iterator[Layer]:
        labels = self._labels(subject)
        holding = [
            (ref, spec)
            for ref, spec in self._policies
            if spec.endpoint_selector is not None
            and ref.namespace in ("", subject.namespace)
            and _plain(spec.endpoint_selector).selects(labels)
        ]
        if not holding:
            return
        where = f"{direction} of {subject.name}"

        def told(verdict: Literal["allowed", "denied", "partly"], match: _Match | None, reason: str) -> Layer:
            return Layer(
                layer="network",
                where=where,
                verdict=verdict,
                object=match.ref if match else None,
                rule=match.number if match else None,
                reason=reason,
            )

        denials = self._matches(call, other, holding, direction, deny=True)
        if hit := next((one for one in denials if one.truth == Truth.YES), None):
            yield told("denied", hit, f"{direction}Deny rule {hit.number + 1} of {hit.ref} denies it.")
            return
        allowing = self._matches(call, other, holding, direction, deny=False)
        best = max(allowing, key=lambda one: (one.truth, not one.authenticated), default=None)
        by_default = [ref for ref, spec in holding if spec.denies_by_default(direction)]
        unsure = next((one for one in denials if one.truth == Truth.MAYBE), None)
        if best is None or best.truth == Truth.NO:
            http = next((one for one in allowing if one.asks_http and one.reached == Truth.YES), None)
            if http is not None:
                yield told(
                    "denied", http, f"{direction} rule {http.number + 1} of {http.ref} allows other requests only."
                )
            elif by_default:
                only = by_default[0] if len(by_default) == 1 else None
                who = str(only) if only else f"{len(by_default)} Cilium policies"
                reason = f"{who} den{'ies' if only else 'y'} by default, and no {direction} rule allows it."
                yield Layer(layer="network", where=where, verdict="denied", object=only, reason=reason)
            return
        if best.truth == Truth.MAYBE or unsure is not None or best.authenticated:
            match = best if best.truth == Truth.MAYBE or unsure is None else unsure
            why = (
                "needs mutual authentication by the agents first" if best.authenticated else "depends on what is asked"
            )
            yield told("partly", match, f"{direction} rule {match.number + 1} of {match.ref}: it {why}.")
            return
        yield told("allowed", best, f"{direction} rule {best.number + 1} of {best.ref} allows it.")

    def _matches(
        self,
        call: Call,
        other: Workload | None,
        holding: Sequence[tuple[ObjectRef, CiliumSpec]],
        direction: Direction,
        *,
        deny: bool,
    ) -> list[_Match]:
        found = []
        for ref, spec in holding:
            for number, rule in enumerate(spec.denials(direction) if deny else spec.rules(direction)):
                peers = self._peers(call, ref.namespace, rule, other, direction)
                asked = bool(rule.to_ports or rule.icmps)
                if peers is None and not asked:
                    continue  # a rule that selects nobody
                ports, http, asks_http = _ports(rule, call, asked)
                reached = every((Truth.YES if peers is None else peers, ports))
                authenticated = rule.authentication is not None and rule.authentication.mode in (
                    "required",
                    "test-always-fail",
                )
                found.append(_Match(ref, number, reached, every((reached, http)), asks_http, authenticated))
        return found

    def _peers(
        self, call: Call, namespace: str, rule: CiliumRule, other: Workload | None, direction: Direction
    ) -> Truth | None:
        """Whether the other side is among the rule's peers; None when it names none."""
        inward = direction == "ingress"
        endpoints = rule.from_endpoints if inward else rule.to_endpoints
        entities = rule.from_entities if inward else rule.to_entities
        cidrs = rule.from_cidr if inward else rule.to_cidr
        sets = rule.from_cidr_set if inward else rule.to_cidr_set
        unread = (rule.from_nodes, rule.from_groups) if inward else (rule.to_nodes, rule.to_groups, rule.to_services)
        fqdns = None if inward else rule.to_fqdns
        if all(one is None for one in (endpoints, entities, cidrs, sets, fqdns, *unread)):
            return None
        parts: list[Truth] = []
        if other is not None:
            labels = self._labels(other)
            parts += [Truth.YES for one in endpoints or () if self._selects(one, labels, namespace)]
            parts += [Truth.YES for one in entities or () if one in _CLUSTER_ENTITIES]
        else:
            parts += [Truth.YES for one in entities or () if one in _WORLD_ENTITIES]
            parts += [Truth.MAYBE for one in entities or () if one not in {*_WORLD_ENTITIES, "cluster", "none"}]
            # Only what is outside the cluster is known by its address.
            addresses = called_by(call, self._objects)
            parts += [in_block(addresses, one) for one in cidrs or ()]
            parts += [in_block(addresses, one.cidr, one.except_) for one in sets or ()]
        if not inward and rule.to_services:
            parts.append(_names_service(rule.to_services, call))
        return some(parts)

    def _selects(self, selector: LabelSelector, labels: dict[str, str], namespace: str) -> bool:
        plain = _plain(selector)
        in_all = not namespace or any(key == _NAMESPACE or key.startswith(_NAMESPACE_LABELS) for key in plain.keys)
        return plain.selects(labels) and (in_all or labels[_NAMESPACE] == namespace)

    def _labels(self, workload: Workload) -> dict[str, str]:
        of_namespace = self._objects.namespace_labels(workload.namespace)
        return {
            **workload.labels,
            **{f"{_NAMESPACE_LABELS}{key}": value for key, value in of_namespace.items()},
            _NAMESPACE: workload.namespace,
            "io.cilium.k8s.policy.serviceaccount": workload.service_account,
        }


def _plain(selector: LabelSelector) -> LabelSelector:
    """Without the sources that Cilium writes before keys."""
    return LabelSelector(
        match_labels={_key(key): value for key, value in selector.match_labels.items()},
        match_expressions=tuple(msgspec.structs.replace(one, key=_key(one.key)) for one in selector.match_expressions),
    )


def _key(key: str) -> str:
    return next((key.removeprefix(prefix) for prefix in _PREFIXES if key.startswith(prefix)), key)


def _names_service(services: Sequence[dict[str, Any]], call: Call) -> Truth:
    for one in services:
        named = one.get("k8sService") or {}
        if call.service is not None and (named.get("namespace"), named.get("serviceName")) == (
            call.service.namespace,
            call.service.name,
        ):
            return Truth.YES
        if "k8sServiceSelector" in one:
            return Truth.MAYBE
    return Truth.NO


def _ports(rule: CiliumRule, call: Call, asked: bool) -> tuple[Truth, Truth, bool]:
    """(whether a port of the rule is called, whether its HTTP rules match, whether there are any)."""
    if not asked:
        return Truth.YES, Truth.YES, False
    port = own_port(call)
    reached, matched, asks = Truth.NO, Truth.NO, False
    for one in rule.to_ports:
        here = some(_port(wanted, call.called, port) for wanted in one.ports) if one.ports else Truth.YES
        if here == Truth.NO:
            continue
        reached = max(reached, here)
        http = one.rules.http if one.rules is not None else None
        asks = asks or http is not None
        matched = max(matched, Truth.YES if http is None else some(_http(wanted, call) for wanted in http))
    return reached, matched, asks


def _port(one: PortProtocol, called: Workload, port: int | None) -> Truth:
    if one.protocol.upper() not in ("TCP", "ANY"):
        return Truth.NO
    text = str(one.port)
    number = int(text) if text.isdigit() else called.ports.get(text)
    if number == 0:
        return Truth.YES
    if port is None:
        return Truth.MAYBE
    return Truth.YES if number is not None and number <= port <= (one.end_port or number) else Truth.NO


def _http(rule: HttpRule, call: Call) -> Truth:
    request = call.request
    parts = [_regex(rule.path, request.path), _regex(rule.method, request.method), _regex(rule.host, request.host)]
    for header in rule.headers:
        name, _, value = header.partition(" ")
        parts.append(_header(name.rstrip(":"), value.strip(), call))
    parts += [_header(one.name, one.value, call) for one in rule.header_matches if not one.mismatch]
    return every(parts)


def _header(name: str, value: str, call: Call) -> Truth:
    headers = call.request.headers
    if isinstance(headers, msgspec.UnsetType):
        return Truth.MAYBE
    actual = headers.get(name.lower())
    return Truth.YES if actual is not None and value in ("", actual) else Truth.NO


def _regex(expression: str, actual: Text) -> Truth:
    if not expression:
        return Truth.YES
    if not isinstance(actual, str):
        return Truth.MAYBE
    compiled = _compiled(expression)
    if compiled is None:
        return Truth.MAYBE
    return Truth.YES if compiled.fullmatch(actual.partition("?")[0]) else Truth.NO


@lru_cache(maxsize=1024)
def _compiled(expression: str) -> re.Pattern[str] | None:
    """None for what Python's engine can't read, or might take for ever to match (Envoy's RE2 does not)."""
    if len(expression) > _LONGEST_REGEX or _NESTED.search(expression):
        return None
    try:
        return re.compile(expression)
    except (re.error, RecursionError, OverflowError):
        return None
