"""Signing in and out, and who one is."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpResponse
from django.middleware.csrf import get_token, rotate_token
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui.api import throttle
from meshui.api.answers import answer
from meshui.api.authentication import SessionAuthentication, client_address
from meshui.contract.openapi import describe
from meshui.contract.session import Session, SignIn
from meshui.domain.failures import Code, Failure
from meshui.records import audit
from meshui.records.users import User


def _session(request: Request, user: object) -> HttpResponse:
    who = user if isinstance(user, User) else None
    return answer(
        Session(
            signed_in=who is not None,
            username=who.username if who else None,
            role=who.role if who else None,  # type: ignore[arg-type]  # a column's text is one of Role
            can_edit=who.can_edit if who else False,
            csrf_token=get_token(request._request),
            demo=settings.MESHUI.demo,
        )
    )


class SessionView(APIView):
    """The session of the browser that asks."""

    permission_classes = [AllowAny]

    @describe("getSession", "Who is signed in", answer=Session, tag="session")
    def get(self, request: Request) -> HttpResponse:
        return _session(request, request.user)

    @describe("signIn", "Sign in", answer=Session, body=SignIn, problems=[403, 429], tag="session")
    def post(self, request: Request) -> HttpResponse:
        # Somebody else's page must not be able to sign a browser in, either.
        SessionAuthentication().enforce_csrf(request)
        given = SignIn(data=request.data)
        given.is_valid(raise_exception=True)
        username, address = given.validated_data["username"], client_address(request)
        throttle.check(username, address)
        user = authenticate(request._request, username=username, password=given.validated_data["password"])
        if user is None:
            throttle.failed(username, address)
            audit.record(username, "sign in", audit.Outcome.REFUSED, code=Code.NOT_SIGNED_IN.value, address=address)
            raise Failure(Code.NOT_SIGNED_IN, "The name or the password is wrong.", next_step="Try again.")
        throttle.succeeded(username, address)
        login(request._request, user)
        audit.record(user.get_username(), "sign in", audit.Outcome.DONE, address=address)
        return _session(request, user)

    @describe("signOut", "Sign out", answer=Session, problems=[403], tag="session")
    def delete(self, request: Request) -> HttpResponse:
        if isinstance(request.user, User):
            audit.record(request.user.username, "sign out", audit.Outcome.DONE, address=client_address(request))
        logout(request._request)
        rotate_token(request._request)
        return _session(request, None)
