"""Samples into a real Prometheus by remote write: many cases in one server, each at a time of its own.

Format: Prometheus remote write 1.0 (`prompb.WriteRequest`), snappy-framed without compressing.
"""

from __future__ import annotations

import struct
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple


class Series(NamedTuple):
    """A counter or gauge. `samples`: (seconds of the epoch, value)."""

    labels: Mapping[str, str]
    samples: Sequence[tuple[float, float]]


class Native(NamedTuple):
    """A native histogram counter of schema 0 (bounds are powers of 2): `buckets` holds how many observations per second
    were in (2**(n-1), 2**n]; `samples`: (seconds of the epoch, seconds it had counted for)."""

    labels: Mapping[str, str]
    buckets: Mapping[int, int]
    samples: Sequence[tuple[float, int]]


def write(url: str, series: Iterable[Series | Native]) -> None:
    """Raises urllib.error.HTTPError with the server's reason when it refuses them."""
    body = _snappy(b"".join(_message(1, _time_series(one)) for one in series))
    headers = {
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    }
    with urllib.request.urlopen(urllib.request.Request(f"{url}/api/v1/write", body, headers), timeout=20):
        pass


def _time_series(one: Series | Native) -> bytes:
    labels = b"".join(
        _message(1, _message(1, name.encode()) + _message(2, value.encode()))
        for name, value in sorted(one.labels.items())
        if value
    )
    if isinstance(one, Native):
        return labels + b"".join(_message(4, _histogram(one, *sample)) for sample in one.samples)
    return labels + b"".join(
        _message(2, b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(int(at * 1000))) for at, value in one.samples
    )


def _histogram(one: Native, at: float, seconds: int) -> bytes:
    counts = {number: rate * seconds for number, rate in sorted(one.buckets.items())}
    spans, deltas, last, before = b"", b"", None, 0
    for number, count in counts.items():
        gap = number if last is None else number - last - 1
        spans += _message(11, b"\x08" + _varint(_zigzag(gap)) + b"\x10" + _varint(1))
        deltas += _varint(_zigzag(count - before))
        last, before = number, count
    total = sum(counts.values())
    return (
        (b"\x08" + _varint(total))
        + (b"\x19" + struct.pack("<d", float(total)))
        + (b"\x20" + _varint(_zigzag(0)))
        + (b"\x29" + struct.pack("<d", 1e-9))
        + (b"\x30" + _varint(0))
        + spans
        + _message(12, deltas)
        + (b"\x78" + _varint(int(at * 1000)))
    )


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def _varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def _snappy(data: bytes) -> bytes:
    chunks = [data[start : start + 65536] for start in range(0, len(data), 65536)]
    return _varint(len(data)) + b"".join(b"\xf4" + struct.pack("<H", len(one) - 1) + one for one in chunks)
