"""Every way in which a request can fail, turned into the one shape of errors."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions

from meshui.api.answers import answer_problem
from meshui.api.body import too_large
from meshui.contract.failures import Problem, problem_of
from meshui.contract.weights import conflict_of
from meshui.domain.failures import Code, Failure

log = logging.getLogger(__name__)

_SIGN_IN = "Sign in, or send a valid token as `Authorization: Bearer …`."


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """DRF's exception handler. What nobody expected is logged with its trace and told without it."""
    match error:
        case Failure(code=Code.CONFLICT):
            response = answer_problem(conflict_of(error))
        case Failure():
            response = answer_problem(problem_of(error))
        case exceptions.ValidationError():
            response = answer_problem(_invalid(error))
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            message = "This needs a signed-in user." if isinstance(error, exceptions.NotAuthenticated) else _text(error)
            response = answer_problem(Problem(code=Code.NOT_SIGNED_IN, message=message, next_step=_SIGN_IN))
            response.headers["WWW-Authenticate"] = 'Bearer realm="meshui"'
        case exceptions.PermissionDenied() | PermissionDenied():
            response = answer_problem(_forbidden(error))
        case exceptions.NotFound() | Http404():
            response = answer_problem(Problem(code=Code.NOT_FOUND, message="There is nothing at this address."))
        case exceptions.Throttled():
            response = _throttled(error)
        case RequestDataTooBig():
            response = _too_large()
        case exceptions.APIException():
            response = answer_problem(_other(error), error.status_code)
        case SuspiciousOperation():
            message = f"The request can't be understood: {error}."
            response = answer_problem(Problem(code=Code.INVALID, message=message))
        case DatabaseError():
            log.exception("database failed at %s", _path(context))
            response = answer_problem(
                Problem(
                    code=Code.SOURCE_UNAVAILABLE,
                    message="MeshUI's own database does not answer.",
                    next_step="Try again in a moment.",
                    context={"source": "database"},
                )
            )
        case _:
            log.exception("unexpected failure at %s", _path(context))
            response = answer_problem(_internal())
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return answer_problem(
        Problem(code=Code.NOT_FOUND, message="There is nothing at this address.", context={"path": request.path[:200]})
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: a host that isn't ours, a malformed request, a body above the limit."""
    if isinstance(exception, RequestDataTooBig):
        return _too_large()
    return answer_problem(
        Problem(code=Code.INVALID, message="The request can't be understood or its host is not ours.")
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return answer_problem(_forbidden(exception))


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500."""
    return answer_problem(_internal())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF middleware refused the request."""
    return answer_problem(_forbidden(PermissionDenied(f"CSRF Failed: {reason}")))


def _invalid(error: exceptions.ValidationError) -> Problem:
    fields = dict(_flat(error.detail, ""))
    general = fields.pop("", None)
    if general is None:
        named = ", ".join(sorted(fields)[:5])
        general = f"The input is not valid: see {named}."
    return Problem(code=Code.INVALID, message=general, fields=fields, next_step="Correct the input and send it again.")


def _flat(detail: Any, path: str) -> list[tuple[str, str]]:
    """DRF's nested errors by path: `weights.v1`. Errors of the whole input have the path ""."""
    if isinstance(detail, dict):
        found: list[tuple[str, str]] = []
        for key, value in detail.items():
            name = "" if key == "non_field_errors" else str(key)[:200]
            found += _flat(value, ".".join(part for part in (path, name) if part))
        return found
    if isinstance(detail, list):
        texts = [str(item) for item in detail if not isinstance(item, dict | list)]
        nested = [pair for item in detail if isinstance(item, dict | list) for pair in _flat(item, path)]
        return ([(path, " ".join(texts))] if texts else []) + nested
    return [(path, str(detail))]


def _forbidden(error: Exception) -> Problem:
    text = _text(error) if isinstance(error, exceptions.APIException) else str(error)
    if text.startswith("CSRF"):
        return Problem(
            code=Code.FORBIDDEN,
            message=f"The request did not prove that it comes from MeshUI's own page ({text}).",
            next_step="Read `csrf_token` from GET /api/v1/session and send it as the header X-CSRFToken.",
        )
    return Problem(
        code=Code.FORBIDDEN,
        message=text or "You may not do this.",
        next_step="Ask an operator, or an admin to change your role.",
    )


def _other(error: exceptions.APIException) -> Problem:
    if isinstance(error, exceptions.ParseError):
        return Problem(code=Code.INVALID, message=_text(error), next_step="Send a JSON object.")
    if isinstance(error, exceptions.UnsupportedMediaType):
        return Problem(code=Code.UNSUPPORTED, message=_text(error), next_step="Send `Content-Type: application/json`.")
    if error.status_code < 500:
        return Problem(code=Code.UNSUPPORTED, message=_text(error))
    return _internal()


def _throttled(error: exceptions.Throttled) -> HttpResponse:
    seconds = int(getattr(error, "wait", None) or 60)
    response = answer_problem(
        Problem(
            code=Code.THROTTLED,
            message="There were too many failed attempts.",
            next_step=f"Wait {seconds} seconds, then try again.",
        )
    )
    response.headers["Retry-After"] = str(seconds)
    return response


def _too_large() -> HttpResponse:
    from django.conf import settings

    return answer_problem(too_large(settings.DATA_UPLOAD_MAX_MEMORY_SIZE))


def _internal() -> Problem:
    return Problem(
        code=Code.INTERNAL,
        message="Something went wrong in MeshUI itself.",
        next_step="The trace is in the log of the web process.",
    )


def _text(error: exceptions.APIException) -> str:
    return str(error.detail) if isinstance(error.detail, str) else " ".join(text for _, text in _flat(error.detail, ""))


def _path(context: dict[str, Any]) -> str:
    request = context.get("request")
    return request.path if request is not None else "?"
