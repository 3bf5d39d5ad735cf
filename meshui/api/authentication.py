"""Who is asking: a session of the browser (with CSRF check), or a bearer token of a script."""

from __future__ import annotations

from django.utils import timezone
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from meshui.records import tokens
from meshui.records.users import User


class SessionAuthentication(authentication.SessionAuthentication):
    """Django's session; unsafe methods need the CSRF token."""


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer <token>`. A wrong token is refused even where a session would do."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        user = tokens.user_of(token.strip(), timezone.now())
        if user is None:
            raise exceptions.AuthenticationFailed("The token is not valid, or it has expired.")
        return user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="meshui"'


def client_address(request: Request) -> str:
    """The peer's address, as the server (told by a trusted proxy) knows it."""
    return str(request.META.get("REMOTE_ADDR") or "")[:45]
