"""What a find expression means: the attributes of nodes and edges, and how an expression is held against one.

A comparison with an attribute of several values (the flags of an edge, its codes, the namespaces of its ends) is true
when one value fits; `!=` is true when none is equal.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Final, Literal

import msgspec

from meshui.domain.graph.model import Edge, Node

Index = Mapping[str, Node]
"""The nodes of a view by id."""
Kind = Literal["text", "rate", "share", "duration", "code"]
Values = tuple[str | float, ...] | None
"""What an attribute is; None when that isn't known."""

ORDER: Final[dict[str, Callable[[float, float], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
TEXT: Final[dict[str, Callable[[str, str], bool]]] = {
    "contains": operator.contains,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
OPERATORS: Final = ("=", "!=", *ORDER, *TEXT)

KINDS: Final[dict[str, Kind]] = {
    **dict.fromkeys(("name", "namespace", "cluster", "app", "version", "kind", "health", "label"), "text"),
    **dict.fromkeys(("source", "destination", "protocol", "flag", "verdict", "reporter", "principal", "host"), "text"),
    **dict.fromkeys(("rate", "denied"), "rate"),
    **dict.fromkeys(("errors", "mtls"), "share"),
    **dict.fromkeys(("p50", "p90", "p95", "p99"), "duration"),
    "code": "code",
}
"""Every attribute, and what its values are."""
FLAGS: Final = (
    *("missing_proxy", "idle", "outside", "gateway", "waypoint", "virtual_service", "traffic_split"),
    *("fault_injection", "mirror", "circuit_breaker", "ejected"),
)
"""Every attribute that stands alone: `idle`, `outside` and the names of badges."""


class Expression(msgspec.Struct, frozen=True):
    """A parsed expression."""

    def matches(self, element: Node | Edge, index: Index) -> bool:
        raise NotImplementedError


class AllOf(Expression, frozen=True):
    parts: tuple[Expression, ...]

    def matches(self, element: Node | Edge, index: Index) -> bool:
        return all(part.matches(element, index) for part in self.parts)


class AnyOf(Expression, frozen=True):
    parts: tuple[Expression, ...]

    def matches(self, element: Node | Edge, index: Index) -> bool:
        return any(part.matches(element, index) for part in self.parts)


class Not(Expression, frozen=True):
    part: Expression

    def matches(self, element: Node | Edge, index: Index) -> bool:
        return not self.part.matches(element, index)


class Flag(Expression, frozen=True):
    """An attribute that stands alone."""

    name: str

    def matches(self, element: Node | Edge, index: Index) -> bool:
        if self.name == "idle":
            return element.health.state == "idle"
        if isinstance(element, Edge):
            return False
        if self.name == "outside":
            return element.outside
        return any(badge.name == self.name for badge in element.badges)


class Comparison(Expression, frozen=True):
    """`value` is in the attribute's own unit: shares are fractions of 1, durations milliseconds, texts casefolded."""

    attribute: str
    operator: str
    value: str | float

    def matches(self, element: Node | Edge, index: Index) -> bool:
        values = _values(element, self.attribute, index)
        if values is None:
            return False
        if self.operator == "!=":
            return not any(self._fits(value, "=") for value in values)
        return any(self._fits(value, self.operator) for value in values)

    def _fits(self, value: str | float, how: str) -> bool:
        if isinstance(self.value, str):
            text = str(value).casefold()
            return text == self.value if how == "=" else TEXT[how](text, self.value)
        try:
            number = float(value)
        except ValueError:
            return False
        return number == self.value if how == "=" else ORDER[how](number, self.value)


def _values(element: Node | Edge, attribute: str, index: Index) -> Values:
    """The element's values of an attribute; None as well when its type has no such attribute."""
    if isinstance(element, Node):
        of_node = _OF_NODE.get(attribute)
        return _known(of_node(element)) if of_node else None
    if attribute in _OF_ENDS:
        return _known(_OF_ENDS[attribute](index.get(element.source), index.get(element.destination)))
    of_edge = _OF_EDGE.get(attribute)
    return _known(of_edge(element)) if of_edge else None


def _known(value: Values | str | float) -> Values:
    return value if value is None or isinstance(value, tuple) else (value,)


def _flags(edge: Edge) -> Values:
    """No flag is known to be none, so that `flag != UH` is true of it."""
    return tuple(dict.fromkeys(flag for key in edge.flags for flag in (key, *key.split(","))))


_OF_NODE: Final[dict[str, Callable[[Node], Values | str | float]]] = {
    "name": lambda node: node.name,
    "namespace": lambda node: node.namespace,
    "cluster": lambda node: node.cluster,
    "app": lambda node: node.app,
    "version": lambda node: node.version,
    "kind": lambda node: node.kind,
    "health": lambda node: node.health.state,
    "rate": lambda node: node.inbound.rate,
    "errors": lambda node: node.inbound.error_share,
    "p95": lambda node: node.inbound.p95_ms,
    "label": lambda node: node.label,
}
_OF_ENDS: Final[dict[str, Callable[[Node | None, Node | None], Values | str | float]]] = {
    "source": lambda source, _: source.name if source else None,
    "destination": lambda _, destination: destination.name if destination else None,
    "namespace": lambda *ends: tuple(end.namespace for end in ends if end) or None,
}
_OF_EDGE: Final[dict[str, Callable[[Edge], Values | str | float]]] = {
    "protocol": lambda edge: edge.protocol,
    "rate": lambda edge: edge.rate,
    "errors": lambda edge: edge.error_share,
    "p50": lambda edge: edge.p50_ms,
    "p90": lambda edge: edge.p90_ms,
    "p95": lambda edge: edge.p95_ms,
    "p99": lambda edge: edge.p99_ms,
    "mtls": lambda edge: edge.mtls.observed_share,
    "flag": _flags,
    "code": lambda edge: tuple(code for code, rate in edge.codes.items() if rate > 0) or None,
    "verdict": lambda edge: edge.authz.verdict,
    "health": lambda edge: edge.health.state,
    "reporter": lambda edge: edge.reporter,
    "principal": lambda edge: edge.source_principals + edge.destination_principals or None,
    "host": lambda edge: edge.hosts or None,
    "denied": lambda edge: edge.authz.denied_rate,
}
