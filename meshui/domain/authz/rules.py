"""The rules of an AuthorizationPolicy, made ready to be asked often.

Rules (Istio AuthorizationPolicy reference): `from`, `to` and `when` AND; the entries of each OR; the fields of a source
or an operation AND; the values of a field OR. What a place does not know of a request:
- an Envoy on a TCP port skips an ALLOW rule that asks anything of HTTP, and asks a DENY rule's other fields only, so
  that it denies more;
- ztunnel does so too, but an entry of a DENY rule that has no other field never matches, so that it may deny nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from meshui.domain.authz.checks import (
    NO,
    YES,
    Check,
    Place,
    Unusable,
    condition_checks,
    is_lost,
    operation_checks,
    source_checks,
)
from meshui.domain.authz.request import Asked
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.security import Action, AuthorizationPolicy, Rule

Entry = tuple[Check, ...]


class ReadyRule:
    """A rule at one place. `skipped` says why it is not in force there, or is None."""

    __slots__ = (
        "_flat",
        "action",
        "conditions",
        "number",
        "operations",
        "policy",
        "provider",
        "skipped",
        "sources",
        "what",
        "who",
    )

    def __init__(self, policy: ObjectRef, action: Action, provider: str, number: int, rule: Rule, place: Place) -> None:
        namespace = policy.namespace
        self.policy, self.action, self.provider, self.number = policy, action, provider, number
        self.skipped: str | None = None
        self.sources: tuple[Entry, ...] = tuple(
            tuple(source_checks(entry.source, namespace, place)) for entry in rule.from_
        )
        self.operations: tuple[Entry, ...] = tuple(tuple(operation_checks(entry.operation, place)) for entry in rule.to)
        self.conditions: Entry = ()
        try:
            self.conditions = tuple(check for one in rule.when for check in condition_checks(one, namespace, place))
        except Unusable as why:
            self.skipped = str(why)
        if place != "http" and self.skipped is None:
            self._without_http(action == "ALLOW", place)
        self.who = _exact_sources(rule, namespace)
        """Principals, namespaces and service accounts one of which the caller must be; None: anybody may match."""
        self.what = _exact_methods(rule) if place == "http" else None
        """Methods one of which the request must have; None: any may match."""
        self._flat: tuple[Callable[[Asked], int], ...] | None = None
        if len(self.sources) < 2 and len(self.operations) < 2:
            sections = (*self.operations, *self.sources, self.conditions)
            self._flat = tuple(check.test for section in sections for check in section)

    def matches(self, asked: Asked) -> int:
        """NO, MAYBE or YES."""
        if self.skipped is not None:
            return NO
        truth = YES
        if self._flat is not None:
            for test in self._flat:
                found = test(asked)
                if found < truth:
                    if found == NO:
                        return NO
                    truth = found
            return truth
        for check in self.conditions:
            found = check.test(asked)
            if found < truth:
                if found == NO:
                    return NO
                truth = found
        if self.sources:
            found = best_entry(self.sources, asked)
            if found < truth:
                if found == NO:
                    return NO
                truth = found
        if self.operations:
            found = best_entry(self.operations, asked)
            if found < truth:
                truth = found
        return truth

    def _without_http(self, allows: bool, place: Place) -> None:
        checks = [*self.conditions, *(check for entry in (*self.sources, *self.operations) for check in entry)]
        lost = sorted({check.field for check in checks if is_lost(check)})
        if not lost:
            return
        where = "ztunnel does not know" if place == "ztunnel" else "a TCP port has no"
        if allows:
            self.skipped = f"{where} {', '.join(lost)}, so that this rule allows nothing there"
        elif place == "ztunnel":
            empty = [
                section
                for section, entries in (("from", self.sources), ("to", self.operations))
                if entries and not any(_kept(entry) for entry in entries)
            ]
            if empty or any(is_lost(check) for check in self.conditions):
                self.skipped = f"{where} {', '.join(lost)}, and nothing else is left to ask, so that it denies nothing"
            self.sources = tuple(kept for entry in self.sources if (kept := _kept(entry)))
            self.operations = tuple(kept for entry in self.operations if (kept := _kept(entry)))


def best_entry(entries: tuple[Entry, ...], asked: Asked) -> int:
    """The truth of the entry that matches best."""
    best = NO
    for entry in entries:
        truth = YES
        for check in entry:
            found = check.test(asked)
            if found < truth:
                truth = found
                if found == NO:
                    break
        if truth > best:
            if truth == YES:
                return YES
            best = truth
    return best


def ready_rules(policy: AuthorizationPolicy, place: Place) -> tuple[ReadyRule, ...]:
    """The rules of the policy at the place, made once however many workloads they hold for."""
    return _ready(policy.ref, policy.spec.action, policy.spec.provider.get("name", ""), policy.spec.rules, place)


@lru_cache(maxsize=8192)
def _ready(
    policy: ObjectRef, action: Action, provider: str, rules: tuple[Rule, ...], place: Place
) -> tuple[ReadyRule, ...]:
    return tuple(ReadyRule(policy, action, provider, number, rule, place) for number, rule in enumerate(rules))


def _kept(entry: Entry) -> Entry:
    return tuple(check for check in entry if not is_lost(check))


def _exact_sources(rule: Rule, namespace: str) -> frozenset[str] | None:
    found: set[str] = set()
    for entry in rule.from_:
        exact = next((values for values in _named(entry.source, namespace) if values), None)
        if exact is None:
            return None
        found.update(exact)
    return frozenset(found) or None


def _exact_methods(rule: Rule) -> frozenset[str] | None:
    found: set[str] = set()
    for entry in rule.to:
        methods = entry.operation.methods
        if not methods or any("*" in method for method in methods):
            return None
        found.update(methods)
    return frozenset(found) or None


def _named(source: object, namespace: str) -> Iterator[list[str]]:
    """What each of a source's fields names, where it names without stars."""
    for field in ("principals", "namespaces", "service_accounts"):
        values: tuple[str, ...] = getattr(source, field)
        if any("*" in value for value in values):
            continue
        if field == "service_accounts":
            values = tuple(value if "/" in value else f"{namespace}/{value}" for value in values)
        yield [f"{field}:{value}" for value in values]
