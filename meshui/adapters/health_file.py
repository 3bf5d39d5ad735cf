"""The health file: limits for errors by namespace, workload and service, in YAML. docs/health.md describes it."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal, NoReturn

import yaml

from meshui.domain.health.limits import BadLimit, Limit, limits
from meshui.domain.health.rules import MOST_LIMITS, HealthRule, HealthRules
from meshui.domain.health.thresholds import DEFAULT, Thresholds

MOST_BYTES: Final = 256 * 1024
MOST_RULES: Final = 500
_TOP: Final = ("rules", "keep", "minimum_failed")
_RULE: Final = ("namespace", "workload", "service", "limits")


class BadHealthFile(ValueError):  # noqa: N818 - what is wrong with a file that somebody wrote
    """Says what is wrong, and in which line."""


def read(path: Path) -> HealthRules:
    """The rules in the file. Raises BadHealthFile."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadHealthFile(f"it has more than {MOST_BYTES // 1024} KiB")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadHealthFile(f"it can't be read: {problem}") from None
    return parse(text)


def parse(text: str) -> HealthRules:
    """The rules that a text says. Raises BadHealthFile."""
    try:
        whole = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise BadHealthFile(f"line {line}: it is not YAML: {problem.problem}") from None
    if whole is None:
        return HealthRules()
    top = _mapping(whole, _TOP, "the file")
    rules = []
    if "rules" in top:
        items = _list(top["rules"], "rules")
        if len(items) > MOST_RULES:
            _bad(items[MOST_RULES], f"there are more than {MOST_RULES} rules")
        rules = [_rule(item) for item in items]
    thresholds = Thresholds(
        keep=_share(top["keep"], "keep") if "keep" in top else DEFAULT.keep,
        minimum_failed=(
            _count(top["minimum_failed"], "minimum_failed") if "minimum_failed" in top else DEFAULT.minimum_failed
        ),
    )
    return HealthRules(tuple(rules), thresholds)


def _rule(node: yaml.Node) -> HealthRule:
    fields = _mapping(node, _RULE, "a rule")
    if "workload" in fields and "service" in fields:
        _bad(fields["service"], "service: a rule is for workloads or for services, not for both")
    if "limits" not in fields:
        _bad(node, "limits: the rule has none")
    namespace = _text(fields["namespace"], "namespace") if "namespace" in fields else "*"
    kind: Literal["workload", "service"] | None = None
    name = "*"
    for one in ("workload", "service"):
        if one in fields:
            kind, name = "workload" if one == "workload" else "service", _text(fields[one], one)
    origin = ["health file"] + ([f"namespace {namespace}"] if "namespace" in fields else [])
    origin += [f"{kind} {name}"] if kind else []
    items = _list(fields["limits"], "limits")
    found = [limit for item in items for limit in _limits(item, ", ".join(origin))]
    if not found:
        _bad(fields["limits"], "limits: there is none")
    if len(found) > MOST_LIMITS:
        _bad(fields["limits"], f"limits: there are more than {MOST_LIMITS}")
    return HealthRule(tuple(found), namespace, kind, name)


def _limits(node: yaml.Node, origin: str) -> tuple[Limit, ...]:
    try:
        return limits(_text(node, "limits"), origin)
    except BadLimit as problem:
        _bad(node, f"limits: {problem}")


def _mapping(node: yaml.Node, known: tuple[str, ...], what: str) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        _bad(node, f"{what} must be a mapping of {', '.join(known)}")
    fields: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else "?"
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            _bad(key, f"{what} has no {name[:40]!r}; {hint}")
        if name in fields:
            _bad(key, f"{name} is given twice")
        fields[name] = value
    return fields


def _list(node: yaml.Node, field: str) -> list[yaml.Node]:
    if not isinstance(node, yaml.SequenceNode):
        _bad(node, f"{field} must be a list")
    return list(node.value)


def _text(node: yaml.Node, field: str) -> str:
    if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
        _bad(node, f"{field} must be a text")
    return str(node.value).strip()


def _share(node: yaml.Node, field: str) -> float:
    text = _text(node, field)
    try:
        share = float(text.removesuffix("%")) / 100
    except ValueError:
        share = -1.0
    if not text.endswith("%") or not 0 <= share <= 1:
        _bad(node, f"{field} must be a share from 0% to 100%, not {text[:40]!r}")
    return share


def _count(node: yaml.Node, field: str) -> float:
    text = _text(node, field)
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        _bad(node, f"{field} must be a whole number from 1 to 1000000, not {text[:40]!r}")
    return float(text)


def _bad(node: yaml.Node, what: str) -> NoReturn:
    raise BadHealthFile(f"line {node.start_mark.line + 1}: {what}")
