"""Answers: structs, encoded straight to bytes."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpResponse

from meshui.contract.failures import RETRY_AFTER_SECONDS, STATUS, Problem

JSON = "application/json"
_encoder = msgspec.json.Encoder()


def answer(shape: Any, status: int = 200) -> HttpResponse:
    """The shape (a struct, or a list of structs) as JSON."""
    return HttpResponse(_encoder.encode(shape), status=status, content_type=JSON)


def answer_problem(problem: Problem, status: int | None = None) -> HttpResponse:
    """The problem, with the status of its code unless another is given."""
    response = answer(problem, status or STATUS[problem.code])
    if problem.code in RETRY_AFTER_SECONDS:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS[problem.code])
    return response
