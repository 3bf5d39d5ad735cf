"""What can be asked of the live graph."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from meshui.contract.fields import QueryInput, Text, YesNo
from meshui.domain.graph.export import FORMATS
from meshui.domain.graph.find import MOST_CHARACTERS, FindError, parse
from meshui.domain.graph.find_expression import Expression
from meshui.domain.graph.model import ViewSpec

_VIEWS = ("workload", "service", "namespace")


class GraphQuery(QueryInput):
    """Which view of the graph."""

    view = serializers.ChoiceField(choices=_VIEWS, default="workload", help_text="What a node stands for.")
    service_nodes = YesNo(default=True, help_text="Show services as nodes between workloads.")
    namespaces = Text(
        required=False, default="", max_length=8000, allow_blank=True, help_text="Separated by commas; none: all."
    )
    idle = YesNo(default=False, help_text="Also nodes without traffic.")
    window = serializers.IntegerField(
        required=False, min_value=1, max_value=604_800, help_text="Seconds; one of the cluster's windows."
    )

    def spec(self) -> ViewSpec:
        """The view, of valid input."""
        given: dict[str, Any] = self.validated_data
        names = {name for part in given["namespaces"].split(",") if (name := part.strip())}
        return ViewSpec(
            kind=given["view"],
            service_nodes=given["service_nodes"],
            namespaces=tuple(sorted(names)),
            idle=given["idle"],
        )


@extend_schema_field(str)
class FindText(serializers.Field[Expression, str, str, str]):
    """An expression of the find language; its value is the parsed expression."""

    def to_internal_value(self, data: str) -> Expression:
        try:
            return parse(Text(max_length=MOST_CHARACTERS).run_validation(data))
        except FindError as problem:
            raise serializers.ValidationError(f"{problem.message} (at character {problem.position + 1})") from problem

    def to_representation(self, value: Any) -> str:
        return str(value)


class ShownQuery(GraphQuery):
    """Which view, and what of it is left out."""

    hide = FindText(required=False, help_text="Left out is what this finds: `health = healthy and rate < 1`.")


class FindQuery(GraphQuery):
    """What to look for in which view."""

    expression = FindText(help_text="Such as `errors > 5% or flag = UH`.")


class SeriesQuery(GraphQuery):
    """Which node or edge of which view, and how far back."""

    id = Text(max_length=2000, help_text="Of a node or an edge of the view.")
    last = serializers.IntegerField(default=120, min_value=1, max_value=500, help_text="How many snapshots at most.")


class ExportQuery(ShownQuery):
    """Which view, and for which program."""

    to = serializers.ChoiceField(choices=tuple(FORMATS), help_text="GraphML, DOT (Graphviz) or JSON.")
