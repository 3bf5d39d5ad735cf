"""May this request be made? By the AuthorizationPolicies that hold for a workload.

Order (Istio AuthorizationPolicy reference): CUSTOM, then DENY (any match denies), then ALLOW (without any such policy:
allowed; any match allows; else denied). AUDIT and dry-run policies never decide.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from meshui.domain.authz.match import Truth, every, some
from meshui.domain.authz.request import Request
from meshui.domain.authz.rules import rule_matches
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.security import Action, AuthorizationPolicy


class Decision(msgspec.Struct, frozen=True):
    """`allowed` is MAYBE where it depends on what is not known of the request. `policy` decided (None: no policy did,
    or several together), by its rule `rule` where one rule did."""

    allowed: Truth
    policy: ObjectRef | None
    rule: int | None
    reason: str
    open: bool = False
    """No policy holds at all: everything is allowed by default."""


def decide(policies: Sequence[AuthorizationPolicy], request: Request) -> Decision:
    """The decision of the policies that hold for a workload on a request to it."""
    in_force = [policy for policy in policies if not policy.dry_run]
    if not in_force:
        reason = "Only dry-run policies select it." if policies else "No AuthorizationPolicy selects it."
        return Decision(Truth.YES, None, None, f"{reason} Without one everything is allowed.", open=True)
    custom = _matches(in_force, "CUSTOM", request)
    deny = _matches(in_force, "DENY", request)
    if hit := _best(deny, Truth.YES):
        return Decision(Truth.NO, hit[0].ref, hit[1], f"Denied by rule {hit[1] + 1} of {hit[0].ref}.")
    allow = _matches(in_force, "ALLOW", request)
    has_allow = any(policy.spec.action == "ALLOW" for policy in in_force)
    let_in = some(truth for _, _, truth in allow) if has_allow else Truth.YES
    if let_in == Truth.NO:
        only = [policy for policy in in_force if policy.spec.action == "ALLOW"]
        what = str(only[0].ref) if len(only) == 1 else f"any of {len(only)} ALLOW policies"
        return Decision(Truth.NO, only[0].ref if len(only) == 1 else None, None, f"No rule of {what} allows it.")
    may_deny = every((some(truth for _, _, truth in deny).negated, some(truth for _, _, truth in custom).negated))
    if hit := _best(deny, Truth.MAYBE):
        reason = f"Rule {hit[1] + 1} of {hit[0].ref} denies some, by what is asked."
        return Decision(Truth.MAYBE, hit[0].ref, hit[1], reason)
    if may_deny != Truth.YES and (hit := _best(custom, Truth.YES) or _best(custom, Truth.MAYBE)):
        provider = hit[0].spec.provider.get("name", "without a name")
        reason = f"{hit[0].ref} leaves it to the external authorizer {provider}."
        return Decision(Truth.MAYBE, hit[0].ref, hit[1], reason)
    if not has_allow:
        return Decision(Truth.YES, None, None, "No DENY rule matches, and there is no ALLOW policy.")
    if hit := _best(allow, Truth.YES):
        return Decision(Truth.YES, hit[0].ref, hit[1], f"Allowed by rule {hit[1] + 1} of {hit[0].ref}.")
    hit = _best(allow, Truth.MAYBE)
    assert hit is not None
    return Decision(
        Truth.MAYBE, hit[0].ref, hit[1], f"Rule {hit[1] + 1} of {hit[0].ref} allows some, by what is asked."
    )


_Match = tuple[AuthorizationPolicy, int, Truth]


def _matches(policies: Sequence[AuthorizationPolicy], action: Action, request: Request) -> list[_Match]:
    return [
        (policy, number, rule_matches(rule, request, namespace=policy.ref.namespace, action=action))
        for policy in policies
        if policy.spec.action == action
        for number, rule in enumerate(policy.spec.rules)
    ]


def _best(matches: list[_Match], wanted: Truth) -> tuple[AuthorizationPolicy, int] | None:
    return next(((policy, number) for policy, number, truth in matches if truth == wanted), None)
