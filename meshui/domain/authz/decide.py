"""May this request be made? By the AuthorizationPolicies that hold for a workload.

Order (Istio AuthorizationPolicy reference): a token that RequestAuthentication refuses, then CUSTOM, then DENY (any
match denies), then ALLOW (without any such policy: allowed; any match allows; else denied). AUDIT and dry-run policies
never decide, nor does a dry-run ALLOW policy make anything denied by default.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from meshui.domain.authz.authentication import authenticate
from meshui.domain.authz.checks import MAYBE, NO, YES, Place
from meshui.domain.authz.match import Text, Truth
from meshui.domain.authz.request import Asked, Request
from meshui.domain.authz.rules import ReadyRule, ready_rules
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.security import Action, AuthorizationPolicy, RequestAuthentication


class Decision(msgspec.Struct, frozen=True):
    """`allowed` is MAYBE where it depends on what is not known of the request. `policy` decided (None: no policy did,
    or several together), by its rule `rule` where one rule did."""

    allowed: Truth
    policy: ObjectRef | None
    rule: int | None
    reason: str
    open: bool = False
    """No policy holds at all: everything is allowed by default."""


class Policies:
    """The policies that hold at one place, made ready. Deciding with many costs little: rules that name their callers
    are looked up by caller."""

    def __init__(
        self,
        policies: Sequence[AuthorizationPolicy],
        authentications: Sequence[RequestAuthentication] = (),
        place: Place = "http",
    ) -> None:
        self.policies = tuple(policies)
        self.authentications = tuple(authentications)
        self.place = place
        # ztunnel knows ALLOW and DENY only, and rejects dry-run policies.
        actions = ("ALLOW", "DENY") if place == "ztunnel" else ("ALLOW", "DENY", "CUSTOM", "AUDIT")
        self.in_force = tuple(one for one in policies if not one.dry_run and one.spec.action in actions)
        self._allowing = tuple(one for one in self.in_force if one.spec.action == "ALLOW")
        self._deny = _Rules(self.in_force, "DENY", place)
        self._custom = _Rules(self.in_force, "CUSTOM", place)
        self._allow = _Rules(self.in_force, "ALLOW", place)

    def asked(self, request: Request) -> Asked:
        """The request as rules look at it."""
        checked = authenticate(self.authentications, request)
        return Asked(request, checked.claims, checked.taken)

    def decide(self, request: Request) -> Decision:
        checked = authenticate(self.authentications, request)
        if (refusal := checked.refusal) is not None:
            reason = f"{refusal.object} refuses the token ({refusal.status}): {refusal.reason}."
            return Decision(Truth.NO, refusal.object, None, reason)
        if not self.in_force:
            return _OPEN_DRY if self.policies else _OPEN
        asked = Asked(request, checked.claims, checked.taken)
        denied = self._deny.best(asked)
        if denied.truth == YES and denied.rule is not None:
            policy = denied.rule.policy
            reason = f"Denied by rule {denied.rule.number + 1} of {policy}."
            return Decision(Truth.NO, policy, denied.rule.number, reason)
        allowed = self._allow.best(asked) if self._allowing else _ANYBODY
        if allowed.truth == NO:
            only = self._allowing[0] if len(self._allowing) == 1 else None
            what = str(only.ref) if only else f"any of {len(self._allowing)} ALLOW policies"
            return Decision(Truth.NO, only.ref if only else None, None, f"No rule of {what} allows it.")
        if denied.truth == MAYBE and denied.rule is not None:
            policy = denied.rule.policy
            reason = f"Rule {denied.rule.number + 1} of {policy} denies some, by what is asked."
            return Decision(Truth.MAYBE, policy, denied.rule.number, reason)
        custom = self._custom.best(asked)
        if custom.rule is not None:
            policy = custom.rule.policy
            provider = custom.rule.provider or "without a name"
            reason = f"{policy} leaves it to the external authorizer {provider}."
            return Decision(Truth.MAYBE, policy, custom.rule.number, reason)
        if allowed.rule is None:
            return _NOT_DENIED
        policy, number = allowed.rule.policy, allowed.rule.number
        if allowed.truth == YES:
            return Decision(Truth.YES, policy, number, f"Allowed by rule {number + 1} of {policy}.")
        return Decision(Truth.MAYBE, policy, number, f"Rule {number + 1} of {policy} allows some, by what is asked.")


def decide(
    policies: Sequence[AuthorizationPolicy],
    request: Request,
    authentications: Sequence[RequestAuthentication] = (),
) -> Decision:
    """The decision of the policies that hold for a workload on a request to it, at an Envoy."""
    return Policies(policies, authentications, "tcp" if request.stream else "http").decide(request)


_EVERYTHING = "Without one everything is allowed."
_OPEN = Decision(Truth.YES, None, None, f"No AuthorizationPolicy selects it. {_EVERYTHING}", open=True)
_OPEN_DRY = Decision(Truth.YES, None, None, f"Only policies that do not decide select it. {_EVERYTHING}", open=True)
_NOT_DENIED = Decision(Truth.YES, None, None, "No DENY rule matches, and there is no ALLOW policy.")


class _Hit(msgspec.Struct, frozen=True):
    """The best match among rules: `rule` is None where none may match."""

    truth: int
    rule: ReadyRule | None


_ANYBODY = _Hit(YES, None)
_NOBODY = _Hit(NO, None)


class _Rules:
    """The rules of one action. Which of them a caller with a method can match at all is found once."""

    def __init__(self, policies: Sequence[AuthorizationPolicy], action: Action, place: Place) -> None:
        self._all = tuple(rule for one in policies if one.spec.action == action for rule in ready_rules(one, place))
        self._named = any(rule.who is not None or rule.what is not None for rule in self._all)
        self._candidates: dict[tuple[Text, Text], tuple[ReadyRule, ...]] = {}

    def best(self, asked: Asked) -> _Hit:
        """The first that matches for sure, else the first that may."""
        maybe: ReadyRule | None = None
        for rule in self._all if not self._named else self._possible(asked):
            truth = rule.matches(asked)
            if truth:
                if truth == YES:
                    return _Hit(YES, rule)
                if maybe is None:
                    maybe = rule
        return _NOBODY if maybe is None else _Hit(MAYBE, maybe)

    def _possible(self, asked: Asked) -> tuple[ReadyRule, ...]:
        key = (asked.principal, asked.method)
        found = self._candidates.get(key)
        if found is None:
            if len(self._candidates) >= _MOST_CALLERS:
                self._candidates.clear()
            names = _names(asked)
            found = self._candidates[key] = tuple(
                rule
                for rule in self._all
                if (rule.who is None or names is None or rule.who & names)
                and (rule.what is None or isinstance(asked.method, msgspec.UnsetType) or asked.method in rule.what)
            )
        return found


_MOST_CALLERS = 4096


def _names(asked: Asked) -> frozenset[str] | None:
    """What rules may call the caller by; None where that is not known."""
    if isinstance(asked.identity, msgspec.UnsetType):
        return None
    if asked.identity is None:
        return frozenset()
    return frozenset(
        (
            f"principals:{asked.principal}",
            f"namespaces:{asked.namespace}",
            f"service_accounts:{asked.service_account}",
        )
    )
