"""Whether a rule of an AuthorizationPolicy matches a request.

Rules: Istio AuthorizationPolicy reference. `from`, `to` and `when` AND; the entries of each OR; the fields of a source
or an operation AND; the values of a field OR. On a TCP port an ALLOW rule that asks for something of HTTP never
matches, and a DENY rule keeps only its other conditions, so that it denies more.
"""

from __future__ import annotations

import re

import msgspec

from meshui.domain.authz.match import (
    Text,
    Truth,
    address_matches,
    every,
    host_matches,
    path_matches,
    some,
    text_matches,
    values_match,
)
from meshui.domain.authz.request import Request
from meshui.domain.mesh.security import Action, Condition, Operation, Rule, Source

_HEADER = re.compile(r"^request\.headers\[([^\]]+)\]$")
_CLAIM = re.compile(r"^request\.auth\.claims\[(.+)\]$")
_HTTP_KEYS = ("request.headers", "request.auth")


def rule_matches(rule: Rule, request: Request, *, namespace: str, action: Action) -> Truth:
    """Whether the rule of a policy in `namespace` matches."""
    asked = Parts(namespace, request, action)
    return every(
        (
            some(asked.source(entry.source) for entry in rule.from_) if rule.from_ else Truth.YES,
            some(asked.operation(entry.operation) for entry in rule.to) if rule.to else Truth.YES,
            every(asked.condition(condition) for condition in rule.when),
        )
    )


class Parts:
    """The parts of a rule against one request."""

    def __init__(self, namespace: str, request: Request, action: Action) -> None:
        self._namespace = namespace
        self._request = request
        self._denies = action == "DENY"

    def source(self, source: Source) -> Truth:
        request = self._request
        return every(
            (
                values_match(source.principals, source.not_principals, request.principal, text_matches),
                values_match(source.namespaces, source.not_namespaces, request.namespace, text_matches),
                values_match(
                    self._accounts(source.service_accounts),
                    self._accounts(source.not_service_accounts),
                    request.service_account,
                    str.__eq__,
                ),
                values_match(source.trust_domains, source.not_trust_domains, request.trust_domain, text_matches),
                values_match(source.ip_blocks, source.not_ip_blocks, request.source_ip, address_matches),
                values_match(source.remote_ip_blocks, source.not_remote_ip_blocks, request.remote_ip, address_matches),
                self._http(
                    source.request_principals,
                    source.not_request_principals,
                    values_match(
                        source.request_principals,
                        source.not_request_principals,
                        request.request_principal,
                        text_matches,
                    ),
                ),
            )
        )

    def operation(self, operation: Operation) -> Truth:
        request = self._request
        hosts = values_match(operation.hosts, operation.not_hosts, request.host, host_matches)
        methods = values_match(operation.methods, operation.not_methods, request.method, text_matches)
        paths = values_match(operation.paths, operation.not_paths, request.path, path_matches)
        return every(
            (
                values_match(operation.ports, operation.not_ports, request.port, str.__eq__),
                self._http(operation.hosts, operation.not_hosts, hosts),
                self._http(operation.methods, operation.not_methods, methods),
                self._http(operation.paths, operation.not_paths, paths),
            )
        )

    def condition(self, condition: Condition) -> Truth:
        """A key that is not known makes istiod skip the rule: it never matches."""
        if condition.key.startswith(_HTTP_KEYS):
            return self._http(condition.values, condition.not_values, self._http_condition(condition))
        request = self._request
        texts: dict[str, Text] = {
            "source.namespace": request.namespace,
            "source.principal": request.principal,
            "source.serviceAccount": request.service_account,
            "source.trustDomain": request.trust_domain,
            "connection.sni": request.sni,
        }
        addresses: dict[str, Text] = {
            "source.ip": request.source_ip,
            "remote.ip": request.remote_ip,
            "destination.ip": request.destination_ip,
        }
        if condition.key in texts:
            return values_match(condition.values, condition.not_values, texts[condition.key], text_matches)
        if condition.key in addresses:
            return values_match(condition.values, condition.not_values, addresses[condition.key], address_matches)
        if condition.key == "destination.port":
            return values_match(condition.values, condition.not_values, request.port, str.__eq__)
        return Truth.MAYBE if condition.key.startswith("experimental.envoy.filters.") else Truth.NO

    def _http_condition(self, condition: Condition) -> Truth:
        request = self._request
        if match := _HEADER.match(condition.key):
            header: Text = msgspec.UNSET
            if not isinstance(request.headers, msgspec.UnsetType):
                header = request.headers.get(match[1].lower())
            return values_match(condition.values, condition.not_values, header, text_matches)
        if match := _CLAIM.match(condition.key):
            if isinstance(request.claims, msgspec.UnsetType):
                return Truth.MAYBE
            found = request.claims.get(match[1], ())
            hits = some(values_match(condition.values, (), claim, text_matches) for claim in found)
            misses = some(values_match(condition.not_values, (), claim, text_matches) for claim in found)
            positive = hits if condition.values else Truth.YES
            return every((positive, misses.negated if condition.not_values else Truth.YES))
        if condition.key == "request.auth.principal":
            return values_match(condition.values, condition.not_values, request.request_principal, text_matches)
        if condition.key in ("request.auth.audiences", "request.auth.presenter"):
            none = request.request_principal is None
            return values_match(condition.values, condition.not_values, None if none else msgspec.UNSET, text_matches)
        return Truth.NO

    def _http(self, values: tuple[str, ...], not_values: tuple[str, ...], matched: Truth) -> Truth:
        """What is of HTTP, on a TCP connection: an ALLOW rule is dropped, a DENY rule goes without."""
        if self._request.stream and (values or not_values):
            return Truth.YES if self._denies else Truth.NO
        return matched

    def _accounts(self, accounts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(one if "/" in one else f"{self._namespace}/{one}" for one in accounts)
