"""Signing in, and who one is."""

from __future__ import annotations

from typing import Literal

import msgspec

from meshui.contract.fields import Text, WholeInput

RoleName = Literal["viewer", "operator", "admin"]


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in, if anybody."""

    signed_in: bool
    username: str | None
    role: RoleName | None
    can_edit: bool
    """Whether edit controls make sense; the API refuses the others in any case."""
    csrf_token: str
    """To be sent as the header X-CSRFToken with every POST, PUT, PATCH and DELETE of this session."""
    demo: bool
    """The server runs the embedded demo mesh."""


class SignIn(WholeInput):
    """A name and its password."""

    username = Text(max_length=150)
    password = Text(max_length=1024, trim_whitespace=False)
