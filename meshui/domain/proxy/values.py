"""Reads Envoy's JSON (protobuf's: snake_case, defaults left out, 64-bit numbers and wrappers as they come) without ever
raising: whatever is not of the expected type counts as absent."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

Raw = Mapping[str, Any]
NOTHING: Raw = {}
_DURATION = re.compile(r"(-?\d+)(?:\.(\d{1,9}))?s")
_DENOMINATORS = {"HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": 1_000_000}


def record(value: Any, *path: str) -> Raw:
    """The object at the path; empty when there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else NOTHING


def records(value: Any, *path: str) -> list[Raw]:
    """The objects of the list at the path."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def texts(value: Any, *path: str) -> tuple[str, ...]:
    """The texts of the list at the path."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def text(value: Any, *path: str) -> str:
    """The text at the path, else ""."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def number(value: Any, *path: str) -> float | None:
    """The number at the path: bare, as a text, or in a wrapper's `value`."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if value is None:
        return None
    if isinstance(value, dict):
        value = value.get("value", 0)
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def whole(value: Any, *path: str) -> int | None:
    """The same as a whole number."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if value is None or type(value) is int:
        return value
    found = number({"": value}, "")
    return None if found is None else int(found)


def flag(value: Any, *path: str, default: bool = False) -> bool:
    """The switch at the path: bare or in a wrapper; `default` when it is not there."""
    found = record(value, *path[:-1]).get(path[-1])
    if isinstance(found, dict):
        found = found.get("value", False)
    return found if isinstance(found, bool) else default


def seconds(value: Any, *path: str) -> float | None:
    """The duration at the path ("0.250s")."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return _seconds(value) if isinstance(value, str) else None


@lru_cache(1024)
def _seconds(written: str) -> float | None:
    return float(written[:-1]) if _DURATION.fullmatch(written) else None


def share(fraction: Raw) -> float:
    """A FractionalPercent as a fraction of 1: `numerator` over HUNDRED (the default), TEN_THOUSAND or MILLION."""
    numerator = number(fraction, "numerator") or 0.0
    denominator = fraction.get("denominator")
    return min(1.0, numerator / _DENOMINATORS.get(denominator if isinstance(denominator, str) else "", 100))


def moment(value: Any, *path: str) -> datetime | None:
    """The time at the path."""
    written = text(value, *path)
    if not written:
        return None
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def message(extension: Raw) -> tuple[str, Raw]:
    """(type name, fields) of an extension's `typed_config`: `HttpConnectionManager`. A TypedStruct stands for what it
    wraps; the `config` of releases before v1.21 has no type."""
    config = record(extension, "typed_config") or record(extension, "config")
    name = text(config, "@type")
    if name.endswith(".TypedStruct"):
        name, config = text(config, "type_url"), record(config, "value")
    return name.rpartition("/")[2].rpartition(".")[2], config


def address(value: Any) -> str:
    """An Address for people: `10.1.2.3:80`, a pipe's path, an internal listener's name."""
    if not isinstance(value, dict):
        return ""
    if socket := record(value, "socket_address"):
        host, port = text(socket, "address"), whole(socket, "port_value")
        where = f"[{host}]" if ":" in host else host
        return f"{where}:{text(socket, 'named_port') or 0}" if port is None else f"{where}:{port}"
    if pipe := record(value, "pipe"):
        return text(pipe, "path")
    internal = record(value, "envoy_internal_address")
    name = text(internal, "server_listener_name")
    endpoint = text(internal, "endpoint_id")
    return f"{name} ({endpoint})" if name and endpoint else name


def decode(body: bytes) -> Any:
    """The JSON document. Raises ValueError, saying what is wrong with it."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as problem:
        raise ValueError(str(problem)) from None
    except (RecursionError, UnicodeDecodeError) as problem:
        raise ValueError(f"it can't be read ({type(problem).__name__})") from None
