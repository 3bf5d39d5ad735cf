"""What can be asked of the live graph."""

from __future__ import annotations

from typing import Any, get_args

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from meshui.contract.fields import QueryInput, Text, YesNo
from meshui.domain.graph.export import FORMATS
from meshui.domain.graph.find import MOST_CHARACTERS, FindError, parse
from meshui.domain.graph.find_expression import Expression
from meshui.domain.graph.model import Boxing, ViewKind, ViewSpec

_VIEWS: tuple[ViewKind, ...] = get_args(ViewKind)
_BOXES: tuple[Boxing, ...] = get_args(Boxing)


@extend_schema_field(str)
class Names(serializers.Field[tuple[str, ...], str, str, str]):
    """Names separated by commas; `known`: those there are."""

    allow_blank = True
    """So that Django REST framework takes an empty text for what it is, not for none."""

    def __init__(self, *, known: tuple[str, ...] = (), **options: Any) -> None:
        super().__init__(**options)
        self._known = known

    def to_internal_value(self, data: str) -> tuple[str, ...]:
        text = Text(max_length=8000, allow_blank=True).run_validation(data)
        names = tuple(name for part in text.split(",") if (name := part.strip()))
        if self._known and (odd := [name for name in names if name not in self._known]):
            raise serializers.ValidationError(f"There is no {odd[0][:100]!r} among {', '.join(self._known)}.")
        return names

    def to_representation(self, value: Any) -> str:
        return ",".join(value)


class ViewQuery(QueryInput):
    """Which view of the graph."""

    view = serializers.ChoiceField(choices=_VIEWS, default="workload", help_text="What a node stands for.")
    service_nodes = YesNo(default=True, help_text="Services as nodes between workloads or apps.")
    namespaces = Names(default=(), help_text="Only these and their neighbours, separated by commas; none: all.")
    workloads = Names(
        default=(), help_text="Also these workloads or services, as NAMESPACE/NAME, and their neighbours."
    )
    idle = YesNo(default=False, help_text="Also nodes without traffic.")
    idle_edges = YesNo(default=False, help_text="Also edges that carried something in the last hour, but don't now.")
    box_by = Names(default=("namespace",), known=_BOXES, help_text="Boxes by cluster, namespace, app; empty: none.")
    expanded = Names(default=(), help_text="Namespaces of the namespace view that are shown with their workloads.")
    window = serializers.IntegerField(
        required=False, min_value=1, max_value=604_800, help_text="Seconds; one of the cluster's windows."
    )

    def spec(self) -> ViewSpec:
        """The view, of valid input."""
        given: dict[str, Any] = self.validated_data
        return ViewSpec(
            kind=given["view"],
            service_nodes=given["service_nodes"],
            namespaces=given["namespaces"],
            workloads=given["workloads"],
            idle=given["idle"],
            idle_edges=given["idle_edges"],
            box_by=given["box_by"],
            expanded=given["expanded"],
        )


class GraphQuery(ViewQuery):
    """Which view of the graph, and when."""

    at = serializers.DateTimeField(
        required=False, help_text="As it was then (ISO 8601, such as 2026-11-24T12:00:00Z); none: as it is now."
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


class _Span(QueryInput):
    """`from` and `to`: names that Python keeps for itself, so that they can't be attributes."""

    def get_fields(self) -> dict[str, Any]:
        told = {"from": self.begins, "to": "Where it ends; none: now."}
        required = self.begins_required
        moments = {
            name: serializers.DateTimeField(required=required and name == "from", help_text=text)
            for name, text in told.items()
        }
        return {**moments, **super().get_fields()}

    begins = "Where it begins; none: an hour before the end."
    begins_required = False


class MomentsQuery(_Span):
    """Which stretch of the past, in how large steps."""

    step = serializers.IntegerField(
        required=False, min_value=1, max_value=86_400, help_text="Seconds; none: 120 steps or fewer."
    )
    window = serializers.IntegerField(
        required=False, min_value=1, max_value=604_800, help_text="Seconds; one of the cluster's windows."
    )


class CompareQuery(_Span, ViewQuery):
    """Which two moments of which view."""

    begins = "The earlier moment, which the other is compared with."
    begins_required = True
    download = YesNo(default=False, help_text="Answer with a file to save.")
