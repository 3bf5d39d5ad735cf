"""Who may do what: everyone signed in reads, operators and admins write. Refusals are audited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from rest_framework import exceptions
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from meshui.api.authentication import client_address
from meshui.domain.failures import Code
from meshui.records import audit
from meshui.records.users import User

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which reads the settings that name this module


def user_of(request: Request) -> User:
    """The signed-in user. Raises NotAuthenticated."""
    if isinstance(request.user, AnonymousUser) or not request.user.is_active:
        raise exceptions.NotAuthenticated
    return request.user


class ReadOrEdit(BasePermission):
    """Reading needs a signed-in user, writing one whose role can edit."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = user_of(request)
        return request.method in SAFE_METHODS or _editor(user, request, view)


class AnyRole(BasePermission):
    """Whoever is signed in: for questions that are too long for a URL."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return user_of(request) is not None


class EditorsOnly(BasePermission):
    """Reading too is for those who can edit."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return _editor(user_of(request), request, view)


def _editor(user: User, request: Request, view: APIView) -> bool:
    if user.can_edit:
        return True
    message = f"The role {user.role} may not do this."
    audit.record(
        user.username,
        f"{(request.method or '').lower()} {view.get_view_name().lower()}"[:50],
        audit.Outcome.REFUSED,
        cluster=str(view.kwargs.get("cluster", ""))[:63],
        code=Code.FORBIDDEN.value,
        message=f"{message} ({request.method} {request.path[:300]})",
        address=client_address(request),
    )
    raise exceptions.PermissionDenied(message)
