"""The one shape of errors, on REST and on the socket, and the table that turns failures into HTTP."""

from __future__ import annotations

import msgspec

from meshui.domain.failures import Code, Failure

STATUS: dict[Code, int] = {
    Code.INVALID: 400,
    Code.NOT_SIGNED_IN: 401,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.CONFLICT: 409,
    Code.TOO_LARGE: 413,
    Code.UNSUPPORTED: 415,
    Code.BLOCKED: 422,
    Code.THROTTLED: 429,
    Code.INTERNAL: 500,
    Code.NOT_READY: 503,
    Code.SOURCE_UNAVAILABLE: 503,
}
RETRY_AFTER_SECONDS: dict[Code, int] = {Code.NOT_READY: 2, Code.SOURCE_UNAVAILABLE: 5}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong: a code for programs, a sentence for people, what to do next, and where."""

    code: Code
    message: str
    next_step: str = ""
    context: dict[str, str] = {}
    """Names the cluster, source or object."""
    fields: dict[str, str] = {}
    """What is wrong with each part of the input, by its path."""


def problem_of(failure: Failure) -> Problem:
    """The failure as clients see it."""
    return Problem(
        code=failure.code,
        message=failure.message,
        next_step=failure.next_step,
        context=failure.context,
        fields=failure.fields,
    )
