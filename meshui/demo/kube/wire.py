"""Reading requests and writing answers: bodies, parameters, options, continue tokens."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson
import yaml
from starlette.requests import Request
from starlette.responses import Response

from meshui.demo.kube import protobuf
from meshui.demo.kube.errors import Cause, StatusError, bad_request, too_large, unsupported_media_type
from meshui.demo.kube.objects import Options
from meshui.demo.kube.schema import Object

MOST_BYTES = 3 * 1024 * 1024
"""Of a request's body, as etcd allows."""
MOST_YAML_DEPTH = 200
_TRUE = ("true", "1", "")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as JSON can say it: timestamps stay text."""


_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for letter, resolvers in _Loader.yaml_implicit_resolvers.items()
}


def load_yaml(text: str) -> Iterator[Any]:
    """The documents of a YAML text. Raises yaml.YAMLError."""
    yield from yaml.load_all(text, _Loader)


def answer(body: Object, status: int = 200, warnings: list[str] | None = None) -> Response:
    response = Response(orjson.dumps(body), status, media_type="application/json")
    for warning in warnings or ():
        response.headers.append("Warning", "299 - " + json.dumps(warning))
    return response


def refusal(error: StatusError) -> Response:
    response = answer(error.body(), error.code)
    if error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def read_body(request: Request) -> bytes:
    """Raises a 413 as soon as the body is longer than allowed."""
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > MOST_BYTES:
            raise too_large()
        pieces.append(piece)
    return b"".join(pieces)


def media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def decode(request: Request, body: bytes) -> Any:
    match media_type(request):
        case "application/json" | "" | "*/*":
            return parse_json(body)
        case "application/yaml":
            return parse_yaml(body)
        case protobuf.MEDIA_TYPE:
            return protobuf.decode(body)
        case _:
            raise unsupported_media_type(("application/json", "application/yaml", protobuf.MEDIA_TYPE))


def parse_json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"couldn't get version/kind; json parse error: {error}") from error


def parse_yaml(body: bytes) -> Any:
    """YAML as JSON can say it: a date stays text. Raises a 400 for what isn't, or is made to exhaust the parser."""
    with suppress(orjson.JSONDecodeError):
        return orjson.loads(body)
    try:
        _check_yaml(body)
        return yaml.load(body, _Loader)
    except yaml.YAMLError as error:
        raise bad_request(f"error converting YAML to JSON: {error}") from error


def _check_yaml(body: bytes) -> None:
    """The parser recurses in C, without a limit of its own, and aliases can stand for more than memory holds."""
    depth = 0
    for event in yaml.parse(body, _Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_YAML_DEPTH:
            raise bad_request("error converting YAML to JSON: the object is nested too deeply")
        if isinstance(event, yaml.AliasEvent):
            raise bad_request("error converting YAML to JSON: aliases aren't accepted")


def mapping(value: Any) -> Object:
    if not isinstance(value, dict):
        raise bad_request("the body is not an object")
    return value


def flag(request: Request, name: str) -> bool:
    return name in request.query_params and request.query_params[name].lower() in _TRUE


def integer(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    if text is None or text == "":
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise bad_request(f"{name}: {text!r} is not a whole number from 0")
    return int(text)


def version_of(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise bad_request(f"resourceVersion: Invalid value: {text!r}: must be a whole number")
    return int(text)


def bad_option(kind: str, field: str, message: str) -> StatusError:
    cause = Cause(field, "FieldValueInvalid", message)
    return StatusError(422, "Invalid", f'{kind}.meta.k8s.io "" is invalid: {cause}', causes=(cause,))


def write_options(request: Request, verb: str) -> Options:
    """A write's options, named after the meta/v1 kind that would refuse them."""
    query, kind = request.query_params, f"{verb.capitalize()}Options"
    dry_run = query.getlist("dryRun")
    if any(value != "All" for value in dry_run):
        raise bad_option(kind, "dryRun", f'Unsupported value: "{dry_run[0]}": supported values: "All"')
    validation = query.get("fieldValidation") or "Warn"
    if validation not in ("Strict", "Warn", "Ignore"):
        message = f'Unsupported value: "{validation}": supported values: "Ignore", "Strict", "Warn"'
        raise bad_option(kind, "fieldValidation", message)
    manager = query.get("fieldManager") or request.headers.get("user-agent", "").partition("/")[0] or "unknown"
    if len(manager) > 128:
        raise bad_option(kind, "fieldManager", "Too long: may not be more than 128 bytes")
    return Options(manager, bool(dry_run), validation, flag(request, "force"))


def write_continue(version: int, key: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([version, *key])).decode().rstrip("=")


def read_continue(token: str) -> tuple[int, tuple[str, str]]:
    try:
        version, namespace, name = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(version), (str(namespace), str(name))
    except (binascii.Error, ValueError, TypeError) as error:
        raise bad_request("continue key is not valid") from error
