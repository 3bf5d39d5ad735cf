"""Why a request is allowed or denied, in words: the deciding rule's own, and the rules that nearly matched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from meshui.domain.authz.authentication import authenticate
from meshui.domain.authz.checks import MAYBE, NO, Check, Place
from meshui.domain.authz.decide import Decision, Policies
from meshui.domain.authz.request import Asked, Request
from meshui.domain.authz.rules import Entry, ReadyRule, ready_rules
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.security import AuthorizationPolicy

NEAR = 2
"""A rule nearly matches when not more than so many of its fields do not."""
MOST_MISSES = 8


class RuleStory(msgspec.Struct, frozen=True):
    """A rule and what came of it."""

    policy: ObjectRef
    action: str
    rule: int
    outcome: Literal["matches", "may match", "nearly", "no", "skipped"]
    words: str
    """What it asks, as far as it decided: "the path /admin is none of /stock/*"."""
    missed: tuple[str, ...] = ()
    """The fields that do not match."""


class Why(msgspec.Struct, frozen=True):
    """A decision with its reasons. `steps` go through the order in which Istio asks; `near` are the rules that
    nearly matched, nearest first; `shadows` what dry-run and AUDIT policies would say."""

    decision: Decision
    steps: tuple[str, ...]
    deciding: RuleStory | None
    near: tuple[RuleStory, ...]
    shadows: tuple[str, ...]


def why(policies: Policies, request: Request) -> Why:
    """The decision on the request, and everything that led to it."""
    decision = policies.decide(request)
    asked = policies.asked(request)
    stories = [story for one in policies.in_force for story in _stories(one, asked, policies.place)]
    deciding = next(
        (one for one in stories if (one.policy, one.rule) == (decision.policy, decision.rule)),
        None,
    )
    near = sorted((one for one in stories if one.outcome in ("nearly", "skipped")), key=lambda one: len(one.missed))
    return Why(
        decision=decision,
        steps=tuple(_steps(policies, request, stories)),
        deciding=deciding,
        near=tuple(one for one in near if one is not deciding)[:MOST_MISSES],
        shadows=tuple(_shadows(policies, request, asked)),
    )


def _stories(policy: AuthorizationPolicy, asked: Asked, place: Place) -> Iterator[RuleStory]:
    for rule in ready_rules(policy, place):
        yield story(rule, asked)


def story(rule: ReadyRule, asked: Asked) -> RuleStory:
    """What the rule makes of the request."""
    if rule.skipped is not None:
        return RuleStory(rule.policy, rule.action, rule.number, "skipped", f"{rule.skipped}.")
    chosen = [
        *(_closest(rule.sources, asked) if rule.sources else ()),
        *(_closest(rule.operations, asked) if rule.operations else ()),
        *rule.conditions,
    ]
    missed = [check for check in chosen if check.test(asked) == NO]
    unsure = [check for check in chosen if check.test(asked) == MAYBE]
    if missed:
        near = len(missed) <= NEAR and len(missed) < max(len(chosen), 1)
        words = "; ".join(_words(check, asked) for check in missed)
        fields = tuple(check.field for check in missed)
        return RuleStory(rule.policy, rule.action, rule.number, "nearly" if near else "no", words, fields)
    if unsure:
        words = "it depends on " + ", ".join(dict.fromkeys(_noun(check) for check in unsure))
        return RuleStory(rule.policy, rule.action, rule.number, "may match", words)
    words = "; ".join(_words(check, asked) for check in chosen) or "it asks for nothing, so it matches everything"
    return RuleStory(rule.policy, rule.action, rule.number, "matches", words)


def _closest(entries: Sequence[Entry], asked: Asked) -> Entry:
    """The entry that misses least; among those the one that is most sure."""

    def misses(entry: Entry) -> tuple[int, int]:
        found = [check.test(asked) for check in entry]
        return found.count(NO), found.count(MAYBE)

    return min(entries, key=misses)


def _steps(policies: Policies, request: Request, stories: Sequence[RuleStory]) -> Iterator[str]:
    if policies.authentications:
        checked = authenticate(policies.authentications, request)
        if (refusal := checked.refusal) is not None:
            yield f"Token: {refusal.object} refuses it ({refusal.status}), for {refusal.reason}."
            return
        unknown = isinstance(checked.claims, msgspec.UnsetType)
        yield f"Token: {'not known' if unknown else 'none' if checked.claims is None else 'accepted'}."
    for action in ("CUSTOM", "DENY", "ALLOW"):
        its = [one for one in policies.in_force if one.spec.action == action]
        if not its:
            nothing = {
                "CUSTOM": "no policy",
                "DENY": "no policy",
                "ALLOW": "no policy, so what is not denied is allowed",
            }
            yield f"{action}: {nothing[action]}."
            continue
        found = [one for one in stories if one.action == action]
        hits = [one for one in found if one.outcome == "matches"]
        maybe = [one for one in found if one.outcome == "may match"]
        count = f"{len(its)} {'policy' if len(its) == 1 else 'policies'}"
        if hits:
            yield f"{action}: rule {hits[0].rule + 1} of {hits[0].policy} matches."
        elif maybe:
            yield f"{action}: rule {maybe[0].rule + 1} of {maybe[0].policy} may match: {maybe[0].words}."
        elif action == "ALLOW":
            yield f"ALLOW: {count}, no rule matches, so it is denied."
        else:
            yield f"{action}: {count}, no rule matches."


def _shadows(policies: Policies, request: Request, asked: Asked) -> Iterator[str]:
    dry = tuple(one for one in policies.policies if one.dry_run)
    for policy in (*dry, *(one for one in policies.in_force if one.spec.action == "AUDIT")):
        hit = next((one for one in _stories(policy, asked, policies.place) if one.outcome == "matches"), None)
        if policy.spec.action == "AUDIT":
            if hit:
                yield f"Rule {hit.rule + 1} of {policy.ref} has it audited."
        elif policies.place == "ztunnel":
            yield f"{policy.ref} is a dry run, which ztunnel rejects."
        elif policy.spec.action == "ALLOW":
            said = "would allow it" if hit else "would not allow it"
            yield f"{policy.ref} is a dry run: it {said}."
        elif hit:
            yield f"{policy.ref} is a dry run: its rule {hit.rule + 1} would have denied it."


_NOUNS = {
    "principals": "principal",
    "requestPrincipals": "request principal",
    "namespaces": "caller's namespace",
    "serviceAccounts": "service account",
    "trustDomains": "trust domain",
    "ipBlocks": "caller's address",
    "remoteIpBlocks": "original address",
    "hosts": "host",
    "methods": "method",
    "paths": "path",
    "ports": "port",
    "source.ip": "caller's address",
    "remote.ip": "original address",
    "source.namespace": "caller's namespace",
    "source.principal": "principal",
    "source.serviceAccount": "service account",
    "source.trustDomain": "trust domain",
    "request.auth.principal": "request principal",
    "destination.ip": "destination address",
    "destination.port": "port",
    "connection.sni": "server name",
}
_ATTRIBUTES = {
    "principal": "principal",
    "request principal": "request_principal",
    "caller's namespace": "namespace",
    "service account": "service_account",
    "trust domain": "trust_domain",
    "caller's address": "source_ip",
    "original address": "remote_ip",
    "host": "host",
    "method": "method",
    "path": "path",
    "port": "port",
    "destination address": "destination_ip",
    "server name": "sni",
}
_MOST_VALUES = 4


def _noun(check: Check) -> str:
    positive = check.field[3].lower() + check.field[4:] if check.section != "when" and check.negated else check.field
    return f"the {_NOUNS.get(positive, positive)}"


def _words(check: Check, asked: Asked) -> str:
    noun, actual = _noun(check), _actual(check, asked)
    listed = ", ".join(check.values[:_MOST_VALUES])
    if len(check.values) > _MOST_VALUES:
        listed += f" and {len(check.values) - _MOST_VALUES} more"
    what = f"{noun} {actual}" if actual else f"{noun} (there is none)"
    if check.test(asked) == NO:
        return f"{what} is one of the excluded {listed}" if check.negated else f"{what} is not {listed}"
    return f"{what} is not one of {listed}" if check.negated else f"{what} is {listed}"


def _actual(check: Check, asked: Asked) -> str:
    noun = _noun(check).removeprefix("the ")
    if noun in _ATTRIBUTES:
        value = getattr(asked, _ATTRIBUTES[noun])
        return value if isinstance(value, str) else ""
    if noun.startswith("request.headers["):
        value = asked.header(noun.removeprefix("request.headers[").removesuffix("]").lower())
        return value if isinstance(value, str) else ""
    paths = {"request.auth.audiences": ("aud",), "request.auth.presenter": ("azp",)}
    path = paths.get(noun) or tuple(noun.removeprefix("request.auth.claims[").removesuffix("]").split("]["))
    found = asked.claim(path)
    return "" if isinstance(found, msgspec.UnsetType) else ", ".join(found)
