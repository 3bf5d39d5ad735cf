"""The single-page application's files, and its index for every path that is one of its client-side routes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from whitenoise.middleware import WhiteNoiseMiddleware

_NOT_BUILT = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>MeshUI</title>
<h1>The frontend is not built</h1>
<p>Run <code>npm run build</code> in <code>frontend</code> and start again.
The API is at <a href="/api/docs">/api/docs</a>.</p>
"""


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # WhiteNoise has no types
    """WhiteNoise, answering with the whole file: under ASGI, a file streamed from a sync iterator is read as a whole
    anyway, with a warning each time."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        content = b""
        if found.file is not None:
            with found.file as file:
                content = file.read()
        response = HttpResponse(content, status=int(found.status))
        del response.headers["Content-Type"]
        for name, value in found.headers:
            response.headers[name] = value
        return response


@require_safe
def single_page(request: HttpRequest) -> HttpResponse:
    """The application's index.html, which must be asked for anew each time: it names the hashed assets."""
    try:
        response = HttpResponse((settings.FRONTEND / "index.html").read_bytes())
    except OSError:
        response = HttpResponse(_NOT_BUILT, status=503)
    response.headers["Cache-Control"] = "no-cache"
    return response
