"""What can go wrong, in one shape: a code, a sentence for a person, a next step and where it happened."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """Every failure a client can be told of; `contract.failures` maps each to its HTTP status."""

    INVALID = "invalid"
    NOT_FOUND = "not_found"
    NOT_SIGNED_IN = "not_signed_in"
    FORBIDDEN = "forbidden"
    CONFLICT = "conflict"
    BLOCKED = "blocked"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    NOT_READY = "not_ready"
    SOURCE_UNAVAILABLE = "source_unavailable"
    THROTTLED = "throttled"
    INTERNAL = "internal"


class Failure(Exception):  # noqa: N818 - a failure is an answer, not a programming error
    """An expected failure. `fields` maps a path in the input to what is wrong there; `context` names the cluster,
    source or object; `next_step` says what the reader can do."""

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        next_step: str = "",
        context: dict[str, str] | None = None,
        fields: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.next_step = next_step
        self.context = context or {}
        self.fields = fields or {}
