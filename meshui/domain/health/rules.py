"""Which limits an object has: by its annotation, its namespace's, the rules of the health file, and the defaults."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final, Literal

import msgspec

from meshui.domain.health.limits import DEFAULTS, Limit
from meshui.domain.health.thresholds import DEFAULT, Thresholds

ANNOTATION: Final = "meshui.io/health"
MOST_LIMITS: Final = 16
"""Limits of one object before the defaults."""

Policy = tuple[Limit, ...]
"""The limits of an object; a response counts for the first that covers it."""


class HealthRule(msgspec.Struct, frozen=True):
    """Limits for the objects that it names by patterns (`*`, `?`); without a kind, for all in the namespace and for
    the namespace itself."""

    limits: Policy
    namespace: str = "*"
    kind: Literal["workload", "service"] | None = None
    name: str = "*"

    def is_for(self, namespace: str, kind: str | None, name: str) -> bool:
        """Whether the object is one of those."""
        if not fnmatchcase(namespace, self.namespace):
            return False
        return self.kind is None or (self.kind == kind and fnmatchcase(name, self.name))


class HealthRules(msgspec.Struct, frozen=True):
    """The health file. The first rule for an object that covers a response decides."""

    rules: tuple[HealthRule, ...] = ()
    thresholds: Thresholds = DEFAULT

    def policy(self, namespace: str, kind: str | None, name: str, own: Policy = ()) -> Policy:
        """The limits of an object. `own` are those of annotations."""
        found = list(own)
        for rule in self.rules:
            if rule.is_for(namespace, kind, name):
                found += rule.limits
        return (*dict.fromkeys(found[:MOST_LIMITS]), *DEFAULTS)


NO_RULES: Final = HealthRules()
