"""What is wrong inside an AuthorizationPolicy or RequestAuthentication that has its kind's shape.

Rules: istiod's validation of these kinds (istio/istio pkg/config/validation and pkg/config/security). The API server
may have let them in where the webhook was off; such a value matches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meshui.domain.authz.match import is_template, network_of
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.objects import Problem
from meshui.domain.mesh.security import AuthorizationPolicy, Operation, RequestAuthentication, Source

MOST_TARGETS = 16
_ADDRESS_KEYS = ("source.ip", "remote.ip", "destination.ip")


def policy_findings(policy: AuthorizationPolicy) -> Iterator[Problem]:
    """Each with the JSON path of the value."""
    ref, spec = policy.ref, policy.spec
    if len(policy.targets) > MOST_TARGETS:
        yield _warning(
            ref, f"There are {len(policy.targets)} targetRefs; at most {MOST_TARGETS} are taken.", "$.spec.targetRefs"
        )
    if spec.action == "CUSTOM" and not spec.provider.get("name"):
        yield _warning(ref, "CUSTOM needs provider.name: without one it is not in force.", "$.spec.provider")
    if spec.action in ("DENY", "AUDIT", "CUSTOM") and not spec.rules:
        yield _warning(ref, f"{spec.action} without rules matches nothing, so it does nothing.", "$.spec.rules")
    for number, rule in enumerate(spec.rules):
        where = f"$.spec.rules[{number}]"
        for index, entry in enumerate(rule.from_):
            yield from _source(ref, entry.source, f"{where}.from[{index}].source")
        for index, to in enumerate(rule.to):
            yield from _operation(ref, to.operation, f"{where}.to[{index}].operation")
        for index, condition in enumerate(rule.when):
            path = f"{where}.when[{index}]"
            if not condition.values and not condition.not_values:
                yield _warning(ref, f"{condition.key!r} has neither values nor notValues, so it asks nothing.", path)
            if condition.key in _ADDRESS_KEYS:
                yield from _blocks(ref, (*condition.values, *condition.not_values), path)


def authentication_findings(one: RequestAuthentication) -> Iterator[Problem]:
    """Each with the JSON path of the value."""
    for number, rule in enumerate(one.spec.jwt_rules):
        where = f"$.spec.jwtRules[{number}]"
        if not rule.issuer:
            yield _warning(one.ref, "issuer is empty: no token is of it.", f"{where}.issuer")
        if rule.jwks and rule.jwks_uri:
            yield _warning(one.ref, "jwks and jwksUri exclude each other.", where)


def _source(ref: ObjectRef, source: Source, path: str) -> Iterator[Problem]:
    yield from _blocks(ref, (*source.ip_blocks, *source.not_ip_blocks), f"{path}.ipBlocks")
    yield from _blocks(ref, (*source.remote_ip_blocks, *source.not_remote_ip_blocks), f"{path}.remoteIpBlocks")
    for principal in (*source.principals, *source.not_principals):
        if principal.startswith("spiffe://"):
            yield _warning(ref, f"{principal!r} must be without spiffe://, or it matches nobody.", f"{path}.principals")
    for account in (*source.service_accounts, *source.not_service_accounts):
        if "*" in account or account.count("/") > 1 or not all(account.split("/")):
            yield _warning(ref, f"{account!r} is neither a name nor namespace/name.", f"{path}.serviceAccounts")


def _operation(ref: ObjectRef, operation: Operation, path: str) -> Iterator[Problem]:
    for port in (*operation.ports, *operation.not_ports):
        if not (port.isascii() and port.isdigit() and int(port[:6]) <= 65535):
            yield _warning(ref, f"{port!r} is not a port number.", f"{path}.ports")
    for pattern in (*operation.paths, *operation.not_paths):
        if is_template(pattern) and (why := _template_problem(pattern)):
            yield _warning(ref, f"{pattern!r} is not a path template: {why}.", f"{path}.paths")
    for method in (*operation.methods, *operation.not_methods):
        if method != method.upper():
            yield _warning(ref, f"{method!r}: methods are upper case, so it matches none.", f"{path}.methods")


def _template_problem(pattern: str) -> str | None:
    _, found, after = pattern.partition("{**}")
    if found and ("{*}" in after or "{**}" in after):
        return "{**} must be its last operator"
    if any(segment not in ("{*}", "{**}") and any(mark in segment for mark in "*{}") for segment in pattern.split("/")):
        return "an operator stands for a whole segment"
    return None


def _blocks(ref: ObjectRef, blocks: Iterable[str], path: str) -> Iterator[Problem]:
    for block in blocks:
        if network_of(block) is None:
            yield _warning(ref, f"{block!r} is neither an IP address nor a CIDR block, so it matches nothing.", path)


def _warning(ref: ObjectRef, message: str, path: str) -> Problem:
    return Problem(ref, message, path, "warning")
