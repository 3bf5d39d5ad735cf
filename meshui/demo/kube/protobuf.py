"""Kubernetes' protobuf, read into the JSON it stands for: what typed Go clients, some of `kubectl` too, send.

The envelope is described at https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding; the fields
of the built-in kinds are in `schemas/protobuf.json`. Answers are JSON, which such clients accept as well.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from meshui.demo.kube.errors import bad_request
from meshui.demo.kube.schema import Object, document

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_INLINE = frozenset({"volumeSource", "localObjectReference", "handler", "ingressRuleValue", "ephemeralContainerCommon"})
"""Messages whose fields JSON shows among their parent's."""
_LISTS = frozenset({"ExtraValue", "Verbs"})
"""Messages that are one list in JSON."""


def decode(body: bytes) -> Object:
    """The object of an enveloped message. Raises a 400 for bytes that aren't one or a kind that isn't known."""
    if not body.startswith(_MAGIC):
        raise bad_request("the provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    try:
        envelope = dict(_fields(memoryview(body)[len(_MAGIC) :]))
        typed = {number: bytes(value).decode() for number, value in _fields(envelope[1])}
        api_version, kind = typed.get(1, ""), typed.get(2, "")
        name = document("protobuf")["kinds"].get(f"{api_version}/{kind}")
        if name is None:
            raise bad_request(f"no kind {kind!r} is registered for version {api_version!r} in protobuf")
        content: Object = _message(name, envelope.get(2, memoryview(b"")))
        return {"apiVersion": api_version, "kind": kind} | content
    except (IndexError, KeyError, TypeError, ValueError, RecursionError, struct.error) as error:
        raise bad_request(f"the protobuf message can't be decoded: {error}") from error


def _message(name: str, data: memoryview) -> Any:
    """A message as its JSON. Empty texts and messages without content are what Go leaves out."""
    if (special := _special(name, data)) is not None:
        return special
    described = document("protobuf")["messages"][name]
    found: Object = {}
    for number, raw in _fields(data):
        if str(number) not in described:
            continue
        field, type_, label = described[str(number)]
        if label == "map":
            entry = dict(_fields(raw))
            found.setdefault(field, {})[bytes(entry.get(1, b"")).decode()] = _value(type_, entry.get(2, b""))
        elif label == "repeated":
            found.setdefault(field, []).append(_value(type_, raw))
        elif field in _INLINE and "." in type_:
            found |= _message(type_, raw)
        elif isinstance(raw, int) or len(raw):
            found[field] = _value(type_, raw)
    if name.rpartition(".")[2] in _LISTS:
        return found.get("items", [])
    return found


def _special(name: str, data: memoryview) -> Any:
    """Messages whose JSON isn't an object."""
    match name.removeprefix("k8s.io.apimachinery.pkg."):
        case "api.resource.Quantity":
            return bytes(dict(_fields(data)).get(1, b"")).decode()
        case "util.intstr.IntOrString":
            fields = dict(_fields(data))
            return bytes(fields.get(3, b"")).decode() if fields.get(1) else _signed(fields.get(2, 0))
        case "apis.meta.v1.Time" | "apis.meta.v1.MicroTime":
            fields = dict(_fields(data))
            moment = datetime.fromtimestamp(_signed(fields.get(1, 0)), UTC)
            if name.endswith("MicroTime"):
                moment = moment.replace(microsecond=fields.get(2, 0) // 1000)
                return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        case "apis.meta.v1.FieldsV1" | "runtime.RawExtension":
            return json.loads(bytes(dict(_fields(data)).get(1, b"")) or b"{}")
    return None


def _value(type_: str, raw: Any) -> Any:
    match type_:
        case "string":
            return bytes(raw).decode()
        case "bytes":
            return base64.b64encode(raw).decode()
        case "bool":
            return bool(raw)
        case "double":
            return struct.unpack("<d", raw)[0]
        case "int32" | "int64" | "uint32" | "uint64":
            return _signed(raw)
        case _:
            return _message(type_, memoryview(raw))


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _fields(data: memoryview) -> Iterator[tuple[int, Any]]:
    """Field numbers with their wire values: int, or the bytes of anything longer. Raises ValueError where it is cut."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        wire_type = tag & 7
        if wire_type == _VARINT:
            value, position = _varint(data, position)
            yield tag >> 3, value
            continue
        if wire_type == _LENGTH:
            length, position = _varint(data, position)
        elif wire_type in (_FIXED64, _FIXED32):
            length = 8 if wire_type == _FIXED64 else 4
        else:
            raise ValueError(f"unknown wire type {wire_type}")
        if position + length > len(data):
            raise ValueError("unexpected end of data")
        yield tag >> 3, data[position : position + length]
        position += length


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, position
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")
