"""Whether the process is up, and whether it can do its work. Not part of the versioned API."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

from meshui import wiring
from meshui.api.answers import answer
from meshui.domain.failures import Failure


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return answer({"status": "up"})


def readyz(request: HttpRequest) -> HttpResponse:
    """The database and the snapshot store answer: 200, else 503 naming which does not."""
    parts = {"database": _database(), "store": _store()}
    ready = all(problem is None for problem in parts.values())
    told = {name: problem or "ready" for name, problem in parts.items()}
    return answer({"status": "ready" if ready else "not ready", **told}, 200 if ready else 503)


def _database() -> str | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM records_cluster LIMIT 1")
    except DatabaseError as problem:
        return f"the database does not answer, or is not migrated: {problem}"
    return None


def _store() -> str | None:
    try:
        wiring.store().get_part("-", "readiness")
    except Failure as problem:
        return problem.message
    return None
