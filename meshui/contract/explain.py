"""What happens to a request: the question and the answer."""

from __future__ import annotations

from typing import Any

import msgspec
from rest_framework import serializers

from meshui.contract.fields import QueryInput, Text, Whole, WholeInput
from meshui.domain.proxy.explain.model import Question, RequestExplanation

MOST_HEADERS = 50


class ExplainedSource(msgspec.Struct, frozen=True, kw_only=True):
    """The workload that asks."""

    namespace: str
    workload: str


class SuggestedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that takes an edge of the graph."""

    source: ExplainedSource
    question: Question
    destination: str
    """NAMESPACE/NAME of the workload that the edge goes to; "" when it goes to a service."""
    why: str
    """Why this source or host, where it is not the edge's own."""


class ExplainedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What happens now, and what would happen with the change that was given."""

    source: ExplainedSource
    now: RequestExplanation
    after: RequestExplanation | None
    after_note: str
    """Why there is no `after`, where a change was given."""


class EdgeQuery(QueryInput):
    """Which edge."""

    edge = Text(max_length=1000, help_text="Id of an edge in the view of workloads with service nodes.")


class WeightsChange(WholeInput):
    """A change of a service's weights, as the form makes it."""

    namespace = Text(max_length=63, help_text="Of the service.")
    name = Text(max_length=253, help_text="Of the service.")
    weights = serializers.DictField(child=Whole(min_value=0, max_value=100), allow_empty=False, help_text="By id.")


class ExplainRequest(WholeInput):
    """Who asks for what, and, if wanted, with which change."""

    namespace = Text(max_length=63, help_text="Of the workload that asks.")
    workload = Text(max_length=253, help_text="The workload that asks.")
    host = Text(max_length=253, help_text="The authority: a host, with a port if the client writes one.")
    port = Whole(min_value=1, max_value=65535, help_text="The service's port; a gateway's own.")
    method = Text(required=False, default="GET", max_length=20, help_text="HTTP method.")
    path = Text(required=False, default="/", max_length=2000, help_text="Path, with its query.")
    headers = serializers.DictField(
        child=Text(allow_blank=True, max_length=1000), required=False, default=dict, help_text="By name."
    )
    protocol = serializers.ChoiceField(
        choices=["http", "tcp"], required=False, default="http", help_text="HTTP or TCP."
    )
    weights = WeightsChange(required=False, allow_null=True, default=None, help_text="Also as it would be with these.")
    manifest = serializers.DictField(
        required=False, allow_null=True, default=None, help_text="Also as it would be with this VirtualService."
    )

    def validate_method(self, method: str) -> str:
        """A token of letters."""
        if not method.isascii() or not method.isalpha():
            raise serializers.ValidationError("This must be a method such as GET.")
        return method.upper()

    def validate_path(self, path: str) -> str:
        """Without what no client could send."""
        if not path.startswith("/") or not path.isprintable() or " " in path:
            raise serializers.ValidationError('This must begin with "/" and have no spaces.')
        return path

    def validate_headers(self, headers: dict[str, Any]) -> dict[str, str]:
        """Not too many, of names that are ones."""
        if len(headers) > MOST_HEADERS:
            raise serializers.ValidationError(f"There are more than {MOST_HEADERS}.")
        for name in headers:
            if not name or len(name) > 100 or not name.replace("-", "").replace("_", "").isalnum():
                raise serializers.ValidationError(f"{name[:100]!r} is no name of a header.")
        return {name.lower(): str(value) for name, value in headers.items()}
