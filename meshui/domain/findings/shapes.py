"""Objects that are not what their kind says, that say more than it knows, or that leave the paved road."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from meshui.domain.findings.model import ObjectFinding, Surroundings
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.security import Operation, Source
from meshui.domain.policies.catalogue import OFF_ROAD
from meshui.domain.policies.selecting import at, mapping, sequence, text

LARGE = 256 * 1024
"""Bytes of JSON; etcd takes 1.5 MB, and each proxy that it concerns gets it."""
LONGEST_REGEX = 1000
MOST_REPEATS = 1000
"""What RE2 takes, nested counts multiplied."""

_FIELDS: dict[str, str] = {
    "PeerAuthentication": "selector mtls portLevelMtls",
    "AuthorizationPolicy": "selector targetRef targetRefs rules action provider",
    "RequestAuthentication": "selector targetRef targetRefs jwtRules",
    "VirtualService": "hosts gateways http tls tcp exportTo",
    "DestinationRule": "host trafficPolicy subsets exportTo workloadSelector",
    "Sidecar": "workloadSelector ingress egress inboundConnectionPool outboundTrafficPolicy",
    "Gateway": "servers selector",
    "ServiceEntry": ("hosts addresses ports location resolution endpoints workloadSelector exportTo subjectAltNames"),
}
_HTTP = (
    "name match route redirect directResponse rewrite timeout retries fault mirror mirrors mirrorPercentage "
    "mirrorPercent corsPolicy headers delegate websocketUpgrade"
)
_HTTP_FIELDS = frozenset(_HTTP.split())


def malformed(around: Surroundings) -> Iterator[ObjectFinding]:
    """The shape is not its kind's: the object is not in force."""
    for problem in around.inventory.problems:
        yield ObjectFinding(
            problem.severity,
            "malformed",
            problem.object,
            problem.path,
            f"It is not what its kind says: {problem.message}. It is not in force.",
            "Correct the field; `kubectl explain` names its type.",
        )


def unknown_field(around: Surroundings) -> Iterator[ObjectFinding]:
    """A field that the kind does not have does nothing."""
    for ref, manifest in around.inventory.config.items():
        known = _FIELDS.get(ref.kind)
        if known is None:
            continue
        spec = mapping(manifest.get("spec"))
        yield from _unknown(ref, spec, frozenset(known.split()), "$.spec")
        if ref.kind == "VirtualService":
            for index, block in enumerate(sequence(spec.get("http"))):
                yield from _unknown(ref, mapping(block), _HTTP_FIELDS, f"$.spec.http[{index}]")
        if ref.kind == "AuthorizationPolicy":
            for index, rule in enumerate(sequence(spec.get("rules"))):
                path = f"$.spec.rules[{index}]"
                yield from _unknown(ref, mapping(rule), frozenset({"from", "to", "when"}), path)
                for holder, inner, fields in (("from", "source", _SOURCE), ("to", "operation", _OPERATION)):
                    for number, entry in enumerate(sequence(mapping(rule).get(holder))):
                        place = f"{path}.{holder}[{number}].{inner}"
                        yield from _unknown(ref, mapping(at(entry, inner)), fields, place)


_SOURCE = frozenset(field.encode_name for field in msgspec.structs.fields(Source))
_OPERATION = frozenset(field.encode_name for field in msgspec.structs.fields(Operation))


def _unknown(ref: ObjectRef, value: dict[str, Any], known: frozenset[str], path: str) -> Iterator[ObjectFinding]:
    for name in sorted(str(key) for key in value.keys() - known)[:20]:
        message = f"{ref.kind.partition('.')[0]} has no field {name[:100]!r} here: it does nothing."
        yield ObjectFinding("warning", "unknown_field", ref, f"{path}.{name}", message, "Check its spelling and place.")


def off_the_paved_road(around: Surroundings) -> Iterator[ObjectFinding]:
    """EnvoyFilter, WasmPlugin and raw Envoy configuration."""
    for ref, manifest in around.inventory.config.items():
        if why := OFF_ROAD.get(ref.kind):
            yield ObjectFinding(
                "info", "off_paved_road", ref, "$.kind", why, "Where an API of the mesh does the same, use that."
            )
            everywhere = ref.namespace == around.root and not at(manifest, "spec", "workloadSelector", "labels")
            if ref.kind == "EnvoyFilter" and everywhere and not at(manifest, "spec", "targetRefs"):
                message = "It patches every proxy of the mesh: a mistake in it is everywhere at once."
                yield ObjectFinding(
                    "warning", "patches_everything", ref, "$.spec", message, "Give it a workloadSelector."
                )


def too_large(around: Surroundings) -> Iterator[ObjectFinding]:
    """An object so large that it slows down the control plane and every proxy that gets it."""
    for ref, manifest in around.inventory.config.items():
        size = len(msgspec.json.encode(manifest))
        if size > LARGE:
            message = f"It is {size // 1024} KiB of JSON; each proxy that it concerns gets all of it."
            yield ObjectFinding("warning", "too_large", ref, "$.spec", message, "Split it into several objects.")


def bad_regex(around: Surroundings) -> Iterator[ObjectFinding]:
    """A regular expression that Envoy (RE2) refuses, or that is too costly."""
    for ref, manifest in around.inventory.config.items():
        if ref.kind in ("VirtualService", "HTTPRoute", "GRPCRoute", "HTTPRoute.policy.linkerd.io"):
            for path, pattern in _regexes(mapping(manifest.get("spec")), "$.spec", 0):
                if problem := regex_problem(pattern):
                    message = f"The regular expression {problem}. Envoy refuses the whole route configuration."
                    yield ObjectFinding(
                        "error", "bad_regex", ref, path, message, "Envoy uses RE2: github.com/google/re2/wiki/Syntax."
                    )


def _regexes(value: Any, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > 12:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "regex" and isinstance(inner, str):
                yield f"{path}.regex", inner
            elif key == "type" and inner == "RegularExpression" and isinstance(value.get("value"), str):
                yield f"{path}.value", value["value"]
            else:
                yield from _regexes(inner, f"{path}.{key}", depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _regexes(inner, f"{path}[{index}]", depth + 1)


_REPEAT = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_GROUP = re.compile(r"\(\?(?:[=!>]|<[=!])")
_BACKWARD = re.compile(r"(?<!\\)(?:\\\\)*\\[1-9]")


def regex_problem(pattern: str) -> str | None:
    """Why RE2 would refuse the expression, in words; None when nothing is known against it. The expression is read,
    never run: one made to blow up harms nobody here."""
    if len(pattern) > LONGEST_REGEX:
        return f"has {len(pattern)} characters, more than {LONGEST_REGEX}"
    if _GROUP.search(pattern):
        return "looks ahead or behind, which RE2 can't"
    if _BACKWARD.search(pattern):
        return "refers back to a group, which RE2 can't"
    depth, counts, product = 0, [1], 1
    escaped = in_class = False
    for index, sign in enumerate(pattern):
        if escaped:
            escaped = False
        elif sign == "\\":
            escaped = True
        elif in_class:
            in_class = sign != "]"
        elif sign == "[":
            in_class = "]" in pattern[index + 1 :]
            if not in_class:
                return "has an open ["
        elif sign == "(":
            depth += 1
            counts.append(1)
        elif sign == ")":
            depth -= 1
            if depth < 0:
                return "closes a group that it never opened"
            inner = counts.pop()
            counts[-1] = max(counts[-1], inner)
            product = inner
        elif sign == "{" and (repeat := _REPEAT.match(pattern, index)):
            times = max(int(number) for number in repeat.groups() if number)
            before = product if pattern[index - 1] == ")" else 1
            if times * before > MOST_REPEATS:
                return f"repeats more than {MOST_REPEATS} times"
            counts[-1] = max(counts[-1], times * before)
    if depth:
        return "leaves a group open"
    return "ends with a lone backslash" if escaped else None


def refused_status(around: Surroundings) -> Iterator[ObjectFinding]:
    """The control plane itself says in the object's status that it is not in force."""
    for ref, manifest in around.inventory.config.items():
        for path, condition in _conditions(manifest):
            kind = text(condition.get("type"))
            if condition.get("status") == "False" and kind in _WANTED:
                said = text(condition.get("message")) or text(condition.get("reason")) or "no reason given"
                message = f"Its status says {kind}=False ({text(condition.get('reason'))}): {said}"
                yield ObjectFinding(
                    "error" if kind in ("Accepted", "ResolvedRefs", "Healthy") else "warning",
                    "not_accepted",
                    ref,
                    path,
                    message[:600],
                    "Correct what the message names; the controller looks again by itself.",
                )


_WANTED = frozenset(
    {"Accepted", "ResolvedRefs", "Programmed", "Ready", "Available", "Healthy", "Promoted", "Reconciled"}
)


def _conditions(manifest: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    status = mapping(manifest.get("status"))
    for index, one in enumerate(sequence(status.get("conditions"))):
        yield f"$.status.conditions[{index}]", mapping(one)
    for holder in ("parents", "ancestors", "listeners"):
        for number, parent in enumerate(sequence(status.get(holder))):
            for index, one in enumerate(sequence(mapping(parent).get("conditions"))):
                yield f"$.status.{holder}[{number}].conditions[{index}]", mapping(one)
