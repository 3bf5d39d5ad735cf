"""The live graph as an answer, and quickly again for those who ask for it over and over.

Who was let in and understood a moment ago is not looked up and parsed once more: the body is there already, and asking
the database would take ten times as long as sending it.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Final, NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from rest_framework.request import Request

from meshui import wiring
from meshui.api.answers import JSON
from meshui.domain.failures import Failure
from meshui.domain.graph.model import ViewSpec
from meshui.domain.join import ALL
from meshui.services import read_graph

REMEMBERED_SECONDS = 5.0
"""How long somebody who signed out, or whose token was taken away, could still read what was asked for before."""
MOST_REMEMBERED = 2000
_ASKED: Final = "asked"
"""Where a response keeps what was asked."""
_View = Callable[..., HttpResponse]
_Key = tuple[str, str, str]
"""Authorization header, session, address."""


class Asked(NamedTuple):
    """Which live view."""

    cluster: str
    window_seconds: int
    spec: ViewSpec


def live_graph(request: HttpRequest | Request, asked: Asked) -> HttpResponse:
    """The view as it is now: compressed for who can read that, and not at all for who has it. Raises Failure."""
    cluster, window, spec = asked
    compressed = "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
    read = read_graph.current_view_gzip if compressed else read_graph.current_view_bytes
    members = wiring.members(cluster) if cluster == ALL else ()
    version, body = read(wiring.store(), cluster, spec, window, members)
    tag = etag(cluster, window, spec, f"{version}{' gzip' if compressed else ''}")
    response = unchanged(request, tag) or HttpResponse(body, content_type=JSON)
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Accept-Encoding"
    if compressed and response.status_code == 200:
        response.headers["Content-Encoding"] = "gzip"
    setattr(response, _ASKED, asked)
    return response


def etag(cluster: str, window: int, spec: ViewSpec, version: str) -> str:
    """The tag of a version of a view."""
    whole = f"{cluster}|{version}|{window}|{spec}"
    return f'"{hashlib.sha256(whole.encode()).hexdigest()[:32]}"'


def unchanged(request: HttpRequest | Request, tag: str) -> HttpResponse | None:
    """A 304 when the client has what the tag stands for."""
    given = [one.strip() for one in request.META.get("HTTP_IF_NONE_MATCH", "").split(",")]
    return HttpResponseNotModified() if tag in given else None


class _Recent:
    """What was asked a moment ago, by whom."""

    def __init__(self) -> None:
        self._asked: OrderedDict[_Key, tuple[float, Asked]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: _Key) -> Asked | None:
        with self._lock:
            until, asked = self._asked.get(key, (0.0, None))
        return asked if until > time.monotonic() else None

    def put(self, key: _Key, asked: Asked) -> None:
        with self._lock:
            self._asked[key] = time.monotonic() + REMEMBERED_SECONDS, asked
            self._asked.move_to_end(key)
            while len(self._asked) > MOST_REMEMBERED:
                self._asked.popitem(last=False)


_recent = _Recent()


def again(view: _View) -> _View:
    """The view, which answers by `live_graph`, without its checks for who has just passed them in the same words."""

    @wraps(view)
    def answered(request: HttpRequest, cluster: str) -> HttpResponse:
        key = _key(request)
        asked = _recent.get(key) if key else None
        if asked is not None:
            # Whatever is wrong, the view itself says it best.
            with suppress(Failure):
                return live_graph(request, asked)
        response = view(request, cluster=cluster)
        asked = getattr(response, _ASKED, None)
        if key and isinstance(asked, Asked):
            _recent.put(key, asked)
        return response

    return answered


def _key(request: HttpRequest) -> _Key | None:
    session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    token = request.META.get("HTTP_AUTHORIZATION", "")
    if request.method != "GET" or not (session or token):
        return None
    return token, session, request.get_full_path()
