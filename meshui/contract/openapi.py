"""How the shapes that clients see get into the OpenAPI document: exactly as they are encoded.

Answers are msgspec structs; their JSON Schema (2020-12, as OpenAPI 3.1 wants it) goes into the components, each
attribute with the docstring written below it. Answers always carry every field, so every field is `required`.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, get_args

import msgspec
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from meshui.contract.failures import Problem
from meshui.contract.messages import ClientMessage, ServerMessage
from meshui.contract.weights import ConflictProblem

_F = TypeVar("_F", bound=Callable[..., Any])
_TEMPLATE = "#/components/schemas/{name}"
_shapes: set[Any] = {Problem, ClientMessage, ServerMessage}
_PROBLEMS = {
    400: "The input is not valid; `fields` says where.",
    401: "Nobody is signed in.",
    403: "The role, or the cluster's RBAC, does not allow it.",
    404: "There is no such thing; `context` names it.",
    409: "Somebody changed it in the meantime.",
    413: "The body is above 1 MiB.",
    415: "The body is not JSON.",
    422: "Validation found an error that blocks the change.",
    429: "Too many failed attempts, or too many who ask for the past at once.",
    503: "A source does not answer, or there is no snapshot yet.",
}


def describe(
    operation: str,
    summary: str,
    *,
    answer: Any,
    status: int = 200,
    query: type[serializers.Serializer[Any]] | None = None,
    body: type[serializers.Serializer[Any]] | None = None,
    problems: Iterable[int] = (),
    headers: Iterable[OpenApiParameter] = (),
    unchanged: bool = False,
    media_types: Iterable[str] = (),
    tag: str = "mesh",
) -> Callable[[_F], _F]:
    """Describes one method of a view: what it takes and each way it answers. 401 is always among them. `media_types`:
    of an answer that is a text file."""
    problems = {401, *problems, *([400, 413, 415] if body else []), *([400] if query else [])}
    responses: dict[Any, Any]
    if media_types:
        responses = {(status, media_type): OpenApiTypes.STR for media_type in media_types}
    elif answer is None:
        responses = {status: OpenApiResponse(description="Done; nothing to say.")}
    else:
        responses = {status: OpenApiResponse(_schema(answer), description=_first_line(answer) or summary)}
    if unchanged:
        responses[304] = OpenApiResponse(description="It is still what the ETag given stands for.")
    for code in sorted(problems):
        shape = ConflictProblem if code == 409 else Problem
        responses[code] = OpenApiResponse(_schema(shape), description=_PROBLEMS[code])
    parameters: list[Any] = [*([query] if query else []), *headers]
    return extend_schema(
        operation_id=operation, summary=summary, parameters=parameters, request=body, responses=responses, tags=[tag]
    )


def _schema(shape: Any) -> dict[str, Any]:
    _shapes.add(shape)
    (schema,), _ = msgspec.json.schema_components((shape,), ref_template=_TEMPLATE)
    return schema


def _first_line(shape: Any) -> str:
    return (inspect.getdoc(shape) or "").partition("\n\n")[0].replace("\n", " ") if inspect.isclass(shape) else ""


def add_shapes(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's post-processing hook: puts every struct of an answer or message into the components."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    for name, schema in components(_shapes).items():
        if name in schemas:
            raise ValueError(f"two shapes are called {name}: a serializer and a struct")
        schemas[name] = schema
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result


def components(shapes: Iterable[Any], ref_template: str = _TEMPLATE) -> dict[str, Any]:
    """The JSON Schemas of all structs and enums among the shapes and what they are made of, by name."""
    ordered = sorted(shapes, key=repr)
    _, found = msgspec.json.schema_components(ordered, ref_template=ref_template)
    inputs = {kind.__name__ for kind in get_args(ClientMessage)}
    for kind in _structs(ordered):
        schema = found[kind.__name__]
        if kind.__name__ not in inputs and "properties" in schema:
            schema["required"] = list(schema["properties"])
            for field in schema["properties"].values():
                field.pop("default", None)
        for name, text in attribute_docs(kind).items():
            if name in schema.get("properties", {}):
                schema["properties"][name]["description"] = text
        for field in msgspec.inspect.type_info(kind).fields:  # type: ignore[attr-defined]  # of a struct, always
            if _is_time(field.type):
                _mark_time(schema["properties"][field.encode_name])
    for schema in found.values():
        schema.pop("title", None)
        if "description" in schema:
            # Python releases differ in how they keep a docstring's indentation.
            schema["description"] = " ".join(schema["description"].split())
    return found


def _is_time(info: Any) -> bool:
    members = info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)
    return any(isinstance(getattr(one, "item_type", one), msgspec.inspect.DateTimeType) for one in members)


def _mark_time(schema: dict[str, Any]) -> None:
    """msgspec leaves the format out where a time may lack its zone; ours never do."""
    for one in schema.get("anyOf", [schema]):
        target = one.get("items", one) if isinstance(one.get("items"), dict) else one
        if target.get("type") == "string":
            target["format"] = "date-time"


def _structs(shapes: Iterable[Any]) -> set[type[msgspec.Struct]]:
    """Every struct class that the shapes mention, at any depth."""
    found: set[type[msgspec.Struct]] = set()
    todo: list[Any] = [msgspec.inspect.type_info(shape) for shape in shapes]
    while todo:
        info = todo.pop()
        if isinstance(info, msgspec.inspect.StructType):
            if info.cls in found:
                continue
            found.add(info.cls)
            todo += [field.type for field in info.fields]
        elif isinstance(info, msgspec.inspect.UnionType):
            todo += info.types
        elif isinstance(info, msgspec.inspect.DictType):
            todo.append(info.value_type)
        elif isinstance(info, msgspec.inspect.TupleType):
            todo += info.item_types
        elif hasattr(info, "item_type"):
            todo.append(info.item_type)
    return found


def attribute_docs(kind: type) -> dict[str, str]:
    """The text written below each attribute of a class and its bases."""
    docs: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.split(".")[0] != "meshui":
            continue
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        body = definition.body if isinstance(definition, ast.ClassDef) else []
        for statement, following in itertools.pairwise(body):
            if (
                isinstance(statement, ast.AnnAssign)
                and isinstance(statement.target, ast.Name)
                and isinstance(following, ast.Expr)
                and isinstance(following.value, ast.Constant)
                and isinstance(following.value.value, str)
            ):
                docs[statement.target.id] = inspect.cleandoc(following.value.value).replace("\n", " ")
    return docs


class _Bearer(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "meshui.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "An API token."}


class _Session(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "meshui.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "meshui_session",
            "description": "The browser's session, from POST /api/v1/session. Writes also need the header X-CSRFToken.",
        }
