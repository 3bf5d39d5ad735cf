"""What counts as degraded and as failing, in words: `503 degraded 1% failing 5%`, `404 never`, `outbound errors
failing 20%`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final, Literal

import msgspec

from meshui.domain.telemetry.responses import CLIENT_ERROR, ERROR, GRPC_STATUSES, NO_RESPONSE, Outcome

Direction = Literal["inbound", "outbound"]
LimitedProtocol = Literal["http", "grpc", "tcp"]

ERRORS: Final = "errors"
CLIENT_ERRORS: Final = "client_errors"
_NO_RESPONSE: Final = "no_response"
_CODE: Final = re.compile(r"[1-5]xx|[1-5]\d\d")
_SHARE: Final = re.compile(r"(\d{1,3}(?:\.\d+)?)%")
_DIRECTIONS: Final[dict[str, Direction]] = {"inbound": "inbound", "outbound": "outbound"}
_PROTOCOLS: Final[dict[str, LimitedProtocol]] = {"http": "http", "grpc": "grpc", "tcp": "tcp"}
_STATUSES: Final = {name.lower(): str(number) for number, name in enumerate(GRPC_STATUSES)}
_WORDS: Final = (
    *(ERRORS, CLIENT_ERRORS, _NO_RESPONSE, "degraded", "failing", "never"),
    *_DIRECTIONS,
    *_PROTOCOLS,
    *_STATUSES,
)


class BadLimit(ValueError):  # noqa: N818 - what is wrong with a text that somebody wrote
    """Says what is wrong with the text of a limit."""


class Limit(msgspec.Struct, frozen=True):
    """Responses, and the shares of all requests of that protocol (None: of any but TCP) above which they count. None
    and None: they never count. `origin` says who set it; empty: nobody, it is the default."""

    responses: tuple[str, ...]
    protocol: LimitedProtocol | None = None
    direction: Direction = "inbound"
    degraded: float | None = None
    failing: float | None = None
    origin: str = ""

    def covers(self, protocol: str, code: str, grpc_code: str, outcome: Outcome) -> bool:
        """Whether it is about such a response."""
        if protocol != self.protocol and (self.protocol is not None or protocol == "tcp"):
            return False
        return any(_is(word, protocol, code, grpc_code, outcome) for word in self.responses)


def limits(text: str, origin: str = "") -> tuple[Limit, ...]:
    """The limits that a text says, parted by semicolons or lines. Raises BadLimit."""
    found = [limit for part in re.split(r"[;\n]", text) if part.strip() for limit in _limits(part.split(), origin)]
    if not found:
        raise BadLimit("It says nothing. Write a limit, such as: 5xx degraded 1% failing 5%")
    return tuple(found)


def _limits(words: list[str], origin: str) -> Iterable[Limit]:
    responses: list[str] = []
    shares: dict[str, float] = {}
    protocol: LimitedProtocol | None = None
    direction: Direction = "inbound"
    never = False
    rest = [word.strip(",").lower() for word in words]
    while rest:
        word = rest.pop(0)
        if word in ("degraded", "failing"):
            shares[word] = _share(word, rest.pop(0) if rest else "")
        elif word == "never":
            never = True
        elif word in _DIRECTIONS:
            direction = _DIRECTIONS[word]
        elif word in _PROTOCOLS:
            protocol = _PROTOCOLS[word]
        elif word in (ERRORS, CLIENT_ERRORS, _NO_RESPONSE) or word in _STATUSES or _CODE.fullmatch(word):
            responses.append(word)
        else:
            near = get_close_matches(word, _WORDS, n=1)
            hint = f"did you mean {near[0]}?" if near else "write codes, such as 503 or 5xx, errors or client_errors."
            raise BadLimit(f"{word[:40]!r} means nothing here; {hint}")
    said = " ".join(words)[:80]
    if not responses:
        raise BadLimit(f"{said!r} does not say which responses it is about, such as 503, 5xx or errors.")
    if never == bool(shares):
        raise BadLimit(f"{said!r} must say either never, or from which share on: degraded 1% failing 5%.")
    if protocol == "tcp" and responses != [ERRORS]:
        raise BadLimit(f"{said!r} is about TCP, which has no codes: write tcp errors.")
    degraded, failing = shares.get("degraded"), shares.get("failing")
    if degraded is not None and failing is not None and degraded > failing:
        raise BadLimit(f"{said!r} would be failing before it is degraded.")
    yield Limit(tuple(responses), protocol, direction, degraded, failing, origin)
    if protocol is None and ERRORS in responses:
        yield Limit((ERRORS,), "tcp", direction, degraded, failing, origin)


def _share(of: str, text: str) -> float:
    match = _SHARE.fullmatch(text)
    if match is None or float(match[1]) > 100:
        raise BadLimit(f"After {of} comes a share from 0% to 100%, not {text[:40]!r}.")
    return float(match[1]) / 100


def _is(word: str, protocol: str, code: str, grpc_code: str, outcome: Outcome) -> bool:
    match word:
        case "errors":
            return outcome == ERROR
        case "client_errors":
            return outcome == CLIENT_ERROR
        case "no_response":
            return code == NO_RESPONSE
    if word in _STATUSES:
        return protocol == "grpc" and grpc_code == _STATUSES[word]
    return len(code) == 3 and (code == word or (word.endswith("xx") and code[0] == word[0]))


DEFAULTS: Final = limits("errors degraded 1% failing 5%; client_errors degraded 10% failing 20%")
