"""Find and hide: expressions over the nodes and edges of a view, such as `errors > 5% and not namespace = shop`."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Final, Literal

import msgspec

from meshui.domain.graph.find_expression import (
    FLAGS,
    KINDS,
    OPERATORS,
    ORDER,
    TEXT,
    AllOf,
    AnyOf,
    Comparison,
    Expression,
    Flag,
    Not,
)
from meshui.domain.graph.model import GraphView

__all__ = ["Expression", "FindError", "Matched", "find", "hidden", "parse"]

MOST_CHARACTERS: Final = 2000
DEEPEST: Final = 50

_TOKEN = re.compile(
    r'(?P<mark>[()])|(?P<operator>[!<>]=|[=<>])|"(?P<text>(?:[^"\\]|\\.)*)"|(?P<word>[^\s()"=!<>]+)', re.S
)
_NUMBER = re.compile(r"([+-]?[0-9]+(?:\.[0-9]+)?)(%|ms|s)?", re.I)
_EXPONENTS: Final[dict[str, dict[str, str]]] = {
    "rate": {"": ""},
    "share": {"": "e-2", "%": "e-2"},
    "duration": {"": "", "ms": "", "s": "e3"},
    "code": {"": ""},
}
"""The units of each kind of number, as powers of ten of the attribute's own unit."""
_WANTED: Final = {
    "rate": "a number, such as 10",
    "share": "a share, such as 5%",
    "duration": "a duration, such as 200ms or 1.5s",
    "code": "a number, such as 503",
}


class FindError(ValueError):
    """What is wrong with an expression, and where: an offset in characters."""

    def __init__(self, message: str, position: int, length: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.length = length


class Matched(msgspec.Struct, frozen=True):
    """The ids of what an expression found."""

    nodes: frozenset[str]
    edges: frozenset[str]


def find(view: GraphView, expression: Expression) -> Matched:
    """The nodes and edges of the view that the expression is true of."""
    index = {node.id: node for node in view.nodes}
    return Matched(
        nodes=frozenset(node.id for node in view.nodes if expression.matches(node, index)),
        edges=frozenset(edge.id for edge in view.edges if expression.matches(edge, index)),
    )


def hidden(view: GraphView, expression: Expression) -> GraphView:
    """The view without what the expression finds, without edges that lost an end and boxes that became empty."""
    found = find(view, expression)
    nodes = tuple(node for node in view.nodes if node.id not in found.nodes)
    edges = tuple(
        edge
        for edge in view.edges
        if edge.id not in found.edges and edge.source not in found.nodes and edge.destination not in found.nodes
    )
    parents = {box.id: box.parent for box in view.boxes}
    emptied = _used({node.box for node in view.nodes}, parents) - _used({node.box for node in nodes}, parents)
    boxes = tuple(box for box in view.boxes if box.id not in emptied)
    return msgspec.structs.replace(view, nodes=nodes, edges=edges, boxes=boxes)


def _used(boxes: set[str | None], parents: dict[str, str | None]) -> set[str]:
    """The boxes and all that they are in."""
    used: set[str] = set()
    for box in boxes:
        while box is not None and box not in used:
            used.add(box)
            box = parents.get(box)
    return used


def parse(text: str) -> Expression:
    """The expression that the text says; FindError when it says none."""
    if len(text) > MOST_CHARACTERS:
        raise FindError(
            f"An expression has at most {MOST_CHARACTERS:,} characters.", MOST_CHARACTERS, len(text) - MOST_CHARACTERS
        )
    return _Parser(_tokens(text)).whole()


class _Token(msgspec.Struct, frozen=True):
    kind: Literal["mark", "operator", "text", "word", "end"]
    text: str
    position: int
    length: int

    def says(self, *words: str) -> bool:
        return self.kind != "text" and self.text.lower() in words

    def shown(self) -> str:
        return f'"{self.text if len(self.text) <= 40 else self.text[:39] + "…"}"'

    def error(self, message: str) -> FindError:
        return FindError(message, self.position, self.length)


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while True:
        while position < len(text) and text[position].isspace():
            position += 1
        if position == len(text):
            return [*tokens, _Token("end", "", position, 0)]
        found = _TOKEN.match(text, position)
        if found is None and text[position] == '"':
            raise FindError("This quote is never closed.", position, len(text) - position)
        if found is None:
            raise FindError('An expression has no "!" on its own; write != or not.', position, 1)
        length = found.end() - position
        if (quoted := found["text"]) is not None:
            tokens.append(_Token("text", re.sub(r"\\(.)", r"\1", quoted, flags=re.S), position, length))
        elif found["word"] is not None:
            tokens.append(_Token("word", found["word"], position, length))
        else:
            tokens.append(_Token("mark" if found["mark"] else "operator", found[0], position, length))
        position = found.end()


class _Parser:
    """Reads by recursive descent: one method a level of the grammar."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    def whole(self) -> Expression:
        first = self._next
        if first.kind == "end":
            raise first.error("Write an expression, such as errors > 5%.")
        expression = self._any_of()
        rest = self._next
        if rest.says(")"):
            raise rest.error("This parenthesis closes none.")
        if rest.kind != "end":
            raise rest.error(f"Write and or or before {rest.shown()}.")
        return expression

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _take(self) -> _Token:
        token = self._next
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def _any_of(self) -> Expression:
        parts = [self._all_of()]
        while self._next.says("or"):
            self._take()
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all_of(self) -> Expression:
        parts = [self._term()]
        while self._next.says("and"):
            self._take()
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _term(self) -> Expression:
        if self._next.says("not"):
            part = self._nested(self._term)
            return part.part if isinstance(part, Not) else Not(part)
        if not self._next.says("("):
            return self._comparison()
        opening = self._next
        expression = self._nested(self._any_of)
        if self._next.kind == "end":
            raise opening.error("This parenthesis is never closed.")
        if not self._next.says(")"):
            raise self._next.error(f"Write and, or or a closing parenthesis before {self._next.shown()}.")
        self._take()
        return expression

    def _nested(self, read: Callable[[], Expression]) -> Expression:
        """What follows a `not` or an opening parenthesis, one level deeper."""
        opening = self._take()
        self._depth += 1
        if self._depth > DEEPEST:
            raise opening.error(f"An expression nests at most {DEEPEST} levels deep.")
        expression = read()
        self._depth -= 1
        return expression

    def _comparison(self) -> Expression:
        token = self._take()
        if token.kind == "end":
            raise token.error("Here the expression ends, where an attribute should follow.")
        if token.kind != "word" or token.says("and", "or"):
            raise token.error(f"Here should be an attribute, not {token.shown()}.")
        name, compared = token.text.lower(), self._next.says(*OPERATORS)
        if name in FLAGS:
            if compared:
                raise self._next.error(f"{name} stands alone: it is compared with nothing.")
            return Flag(name)
        if name not in KINDS:
            raise token.error(_unknown(token))
        if not compared:
            raise self._next.error(f"Write an operator after {name}, one of {' '.join(OPERATORS)}.")
        how, value = self._take(), self._take()
        if value.kind not in ("word", "text") or value.says("and", "or", "not"):
            raise value.error(f"Write a value after {how.text}; a word such as and is a value in quotes.")
        return _compared(name, how, value)


def _unknown(token: _Token) -> str:
    near = get_close_matches(token.text.lower(), (*KINDS, *FLAGS), n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join((*KINDS, *FLAGS))}."
    return f"There is no attribute {token.shown()}; {hint}"


def _compared(name: str, how: _Token, value: _Token) -> Comparison:
    """The comparison, with the value in the attribute's own unit."""
    kind, by = KINDS[name], how.text.lower()
    if kind == "text" and by in ORDER:
        raise how.error(f"{name} is a text: it is compared with =, !=, contains, startswith or endswith.")
    if kind not in ("text", "code") and by in TEXT:
        raise how.error(f"{name} is a number: it is compared with =, !=, >, >=, < or <=.")
    if kind == "text" or by in TEXT:
        return Comparison(name, by, value.text.casefold())
    number = _NUMBER.fullmatch(value.text) if value.kind == "word" or kind == "code" else None
    exponent = _EXPONENTS[kind].get((number[2] or "").lower()) if number else None
    if number is None or exponent is None:
        raise value.error(f"{name} is compared with {_WANTED[kind]}, not {value.shown()}.")
    return Comparison(name, by, float(number[1] + exponent))
