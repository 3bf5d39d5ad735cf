"""What a service's routes do beside sending requests on, and changing it."""

from __future__ import annotations

from typing import Any

import msgspec
from rest_framework import serializers

from meshui.contract.fields import Number, Text, Whole, WholeInput
from meshui.domain.changes.route.checks import LONGEST_MS, MOST_ATTEMPTS, RETRY_ON
from meshui.domain.changes.route.effect import Hop
from meshui.domain.changes.route.settings import Abort, Delay, Mirror, Retries, Route, RouteSettings
from meshui.domain.mesh.names import ObjectRef

LONGEST_EXPIRY_SECONDS = 86_400


class ServiceRoutes(msgspec.Struct, frozen=True, kw_only=True):
    """A service's HTTP routes in the order in which they are tried."""

    object: ObjectRef
    """The VirtualService that carries them."""
    resource_version: str
    """Of the object as it was read; a change must name it."""
    editable: bool
    managed_by: str | None
    reason: str
    """Why this object is the one that decides."""
    routes: tuple[Route, ...]
    rate: float | None
    """Requests per second through the service now; None without telemetry."""
    chain: tuple[Hop, ...]
    """The calls above it along which one request can become the most: the last hop is the service's own."""
    retry_conditions: tuple[str, ...] = RETRY_ON


class RetriesInput(WholeInput):
    """None of `retry_on`: the mesh's own conditions."""

    attempts = Whole(min_value=0, max_value=MOST_ATTEMPTS, help_text="After the first one; 0: no retries.")
    per_try_timeout_ms = Whole(min_value=1, max_value=LONGEST_MS, allow_null=True, default=None)
    retry_on = serializers.ListField(child=Text(max_length=60), max_length=30, required=False, default=list)


class DelayInput(WholeInput):
    """A wait before some requests."""

    percent = Number(min_value=0.0, max_value=100.0)
    delay_ms = Whole(min_value=1, max_value=LONGEST_MS)


class AbortInput(WholeInput):
    """An answer instead of some requests."""

    percent = Number(min_value=0.0, max_value=100.0)
    status = Whole(min_value=200, max_value=599)


class MirrorInput(WholeInput):
    """A copy of some requests."""

    host = Text(max_length=253)
    percent = Number(min_value=0.0, max_value=100.0)
    subset = Text(max_length=253, allow_null=True, default=None)


class SettingsInput(WholeInput):
    """All settings of a route: what is left out or null is taken away."""

    timeout_ms = Whole(min_value=0, max_value=LONGEST_MS, allow_null=True, default=None)
    retries = RetriesInput(allow_null=True, default=None)
    delay = DelayInput(allow_null=True, default=None)
    abort = AbortInput(allow_null=True, default=None)
    mirror = MirrorInput(allow_null=True, default=None)


class PreviewRoute(WholeInput):
    """Which route is to have which settings."""

    resource_version = Text(max_length=100, help_text="Of the object as it was read.")
    route = Whole(min_value=0, max_value=10_000, help_text="Index of the route.")
    settings = SettingsInput()

    def wanted(self) -> RouteSettings:
        """The settings, of valid input."""
        given: dict[str, Any] = self.validated_data["settings"]
        return RouteSettings(
            timeout_ms=given["timeout_ms"],
            retries=_made(Retries, given["retries"], retry_on=tuple),
            delay=_made(Delay, given["delay"]),
            abort=_made(Abort, given["abort"]),
            mirror=_made(Mirror, given["mirror"]),
        )


class ApplyRoute(PreviewRoute):
    """As for a preview, with the reason, and how long it is to hold."""

    reason = Text(max_length=2000, required=False, allow_blank=True, default="", help_text="Why; kept in the history.")
    expires_seconds = Whole(
        min_value=10,
        max_value=LONGEST_EXPIRY_SECONDS,
        allow_null=True,
        default=None,
        help_text="After so long it is taken back by itself; null: it stays.",
    )


def _made(shape: Any, given: dict[str, Any] | None, **convert: Any) -> Any:
    if given is None:
        return None
    return shape(**{name: convert.get(name, lambda one: one)(value) for name, value in given.items()})
