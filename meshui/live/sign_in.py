"""Who opens a socket: by the browser's session, or by a token."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.utils import timezone

from meshui.records import tokens
from meshui.records.users import User


class Credentials(msgspec.Struct, frozen=True):
    """What a socket came with. Kept while it is open, so that it can be asked again whether they still hold."""

    session_key: str | None
    token: str | None


def credentials(scope: Mapping[str, Any]) -> Credentials:
    """From the `Authorization` header or `?token=` (scripts), else from the session cookie (browsers)."""
    headers = _headers(scope)
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        token = query.get("token", [""])[0]
    if token:
        return Credentials(session_key=None, token=token.strip())
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        cookie = None
    return Credentials(session_key=cookie.value if cookie else None, token=None)


def same_origin(scope: Mapping[str, Any]) -> bool:
    """Whether the page that opens the socket is MeshUI's own. Browsers always send `Origin`; without it (a script) or
    with a token there is no session to be misused."""
    headers = _headers(scope)
    origin = headers.get("origin")
    if origin is None or credentials(scope).token:
        return True
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    try:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != ""
    except ValueError:
        return False


@database_sync_to_async  # type: ignore[untyped-decorator]
def user_of(given: Credentials) -> User | None:
    """The active user whom the credentials stand for now, else None."""
    if given.token:
        return tokens.user_of(given.token, timezone.now())
    if not given.session_key:
        return None
    engine = import_module(settings.SESSION_ENGINE)
    request: Any = _SessionHolder(engine.SessionStore(given.session_key))
    user = get_user(request)
    return user if isinstance(user, User) and user.is_active else None


class _SessionHolder:
    """As much of a request as Django needs to tell the session's user and that the password is the same."""

    def __init__(self, session: Any) -> None:
        self.session = session


def _headers(scope: Mapping[str, Any]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope.get("headers", ())}
