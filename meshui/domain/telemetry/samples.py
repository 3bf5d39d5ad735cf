"""A Prometheus instant-query answer, read as it arrives: neither the body nor an object per sample is kept.

Format: Prometheus HTTP API, "Instant queries": `{"status":"success","data":{"resultType":"vector","result":[{"metric":
{...},"value":[<unix time>,"<number>"]}]}}`. A native histogram has `"histogram":[<unix time>,{"count":...,"buckets":
[[<boundary rule>,"<lower>","<upper>","<count>"],...]}]` instead of `value` and is read as cumulative samples with
bounds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from meshui.domain.failures import Code, Failure
from meshui.domain.telemetry.rows import FloatColumn, IntColumn
from meshui.domain.telemetry.scan import Scanned, scan

LARGEST_WHOLE: Final = 64 * 1024 * 1024
"""Bytes of an answer that is not written as Prometheus writes it, and so must be held as a whole."""
_NONE_YET: Final = 5e-324
"""The smallest number above 0, which is added to nothing: a bound below which there is nothing is a bound still."""
_WORTH_SCANNING: Final = 16 * 1024
_HEAD: Final = re.compile(
    rb'\{"status":"success",(?:"isPartial":(?:true|false),)?"data":\{"resultType":"vector","result":\[(?=\{"metric":\{)'
)
"""How Prometheus, and those that speak like it, start a vector with samples."""
_LONGEST_HEAD: Final = 120
_NEXT: Final = b',{"metric":{'
"""Where a sample starts: inside a JSON string its quotes would be escaped."""
_LE: Final = b'"le":"'
_SPACED_LE: Final = re.compile(rb'"le"\s*:\s*"([^"]*)"')


class Samples(msgspec.Struct, frozen=True):
    """The samples of one query: `texts` holds each different label set once, as JSON with its `le` emptied; `label_set`
    says which one a sample has, `bound` its `le` (nan when it has none). Only finite values above 0 are kept: a rate of
    0 is no traffic."""

    texts: tuple[bytes, ...]
    label_set: IntColumn
    bound: FloatColumn
    value: FloatColumn

    def __len__(self) -> int:
        return len(self.value)


class _Histogram(msgspec.Struct, gc=False):
    count: str
    buckets: list[tuple[int, str, str, str]] = []


class _Sample(msgspec.Struct, gc=False):
    metric: msgspec.Raw
    value: tuple[float, str] | None = None
    histogram: tuple[float, _Histogram] | None = None


class _Data(msgspec.Struct, rename="camel"):
    result_type: str
    result: list[_Sample]


class _Body(msgspec.Struct, rename="camel"):
    status: str
    data: _Data | None = None
    error: str = ""
    error_type: str = ""


_BODY: Final = msgspec.json.Decoder(_Body)
_SAMPLES: Final = msgspec.json.Decoder(list[_Sample])


def read_samples(body: Iterable[bytes], query: str) -> Samples:
    """The samples in the body, which comes in pieces of any size. Raises Failure(SOURCE_UNAVAILABLE) naming `query`
    when it is an error or not a vector."""
    table = _Table()
    try:
        rest = _read_stream(iter(body), table, query)
        table.add(_decoded(_whole(rest, query)))
        return table.samples()
    except (msgspec.DecodeError, ValueError) as error:
        raise unusable(query, f"a sample in its answer can't be read ({error})") from None


def _read_stream(chunks: Iterable[bytes], table: _Table, query: str) -> bytes:
    """Reads samples while they come as Prometheus writes them. Gives a body with what is left: at least the last."""
    rest, head = b"", b""
    unusual: list[bytes] | None = None
    for chunk in chunks:
        if unusual is not None:
            unusual.append(chunk)
            if sum(map(len, unusual)) > LARGEST_WHOLE:
                raise unusable(query, f"its answer is unusual and larger than {LARGEST_WHOLE >> 20} MB")
            continue
        rest += chunk
        if not head:
            if len(rest) < _LONGEST_HEAD:
                continue
            match = _HEAD.match(rest)
            if match is None:
                unusual, rest = [rest], b""
                continue
            head = match[0]
            rest = rest[len(head) :]
        cut = rest.rfind(_NEXT)
        if cut > 0:
            table.add(_piece(rest[:cut]))
            rest = rest[cut + 1 :]
    return head + rest if unusual is None else b"".join(unusual)


def _piece(text: bytes) -> Scanned:
    found = scan(text) if len(text) >= _WORTH_SCANNING else None
    return found or _decoded(_SAMPLES.decode(b"[" + text + b"]"))


def _whole(body: bytes, query: str) -> list[_Sample]:
    try:
        answer = _BODY.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise unusable(query, f"its answer is not what Prometheus sends ({error})") from None
    if answer.status != "success" or answer.data is None:
        raise unusable(query, f"it answered {answer.error_type or answer.status}: {answer.error or 'no reason given'}")
    if answer.data.result_type != "vector":
        raise unusable(query, f"it answered a {answer.data.result_type}, not a vector")
    return answer.data.result


def _decoded(samples: list[_Sample]) -> Scanned:
    numbers: dict[bytes, int] = {}
    bounds: dict[bytes, float] = {b"": math.nan}
    label_set, bound, value = [], [], []
    for sample in samples:
        if sample.value is None:
            if sample.histogram is not None and float(sample.histogram[1].count) > 0:
                number = numbers.setdefault(bytes(sample.metric), len(numbers))
                for upper, cumulative in _cumulative(sample.histogram[1]):
                    label_set.append(number)
                    bound.append(upper)
                    value.append(cumulative)
            continue
        text, le = _without_bound(bytes(sample.metric))
        if le not in bounds:
            bounds[le] = float(le)
        label_set.append(numbers.setdefault(text, len(numbers)))
        bound.append(bounds[le])
        value.append(float(sample.value[1]))
    return Scanned(
        tuple(numbers), np.array(label_set, np.intp), np.array(bound, np.float64), np.array(value, np.float64)
    )


def _cumulative(histogram: _Histogram) -> list[tuple[float, float]]:
    """(upper bound, how many are no larger) of a native histogram; empty buckets are not sent, so that each bucket
    tells both its bounds. Negative bounds read as 0."""
    found: dict[float, float] = {}
    total = 0.0
    for _, lower, upper, count in sorted(histogram.buckets, key=lambda bucket: float(bucket[2])):
        found.setdefault(max(float(lower), 0.0), total)
        total += float(count)
        found[max(float(upper), 0.0)] = total
    found[math.inf] = float(histogram.count)
    return [(upper, max(cumulative, _NONE_YET)) for upper, cumulative in found.items()]


def _without_bound(metric: bytes) -> tuple[bytes, bytes]:
    """(the label set with its `le` emptied, the `le`), "" when it has none. Servers write JSON without spaces, but need
    not."""
    before, found, after = metric.partition(_LE)
    if found:
        le, _, after = after.partition(b'"')
        return before + b'"le":""' + after, le
    if b'"le"' in metric and (match := _SPACED_LE.search(metric)):
        return metric[: match.start()] + b'"le":""' + metric[match.end() :], match[1]
    return metric, b""


class _Table:
    """The samples so far, each different label set once."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._columns: list[tuple[IntColumn, FloatColumn, FloatColumn]] = []

    def add(self, piece: Scanned) -> None:
        numbers = self._numbers
        placed = np.array([numbers.setdefault(text, len(numbers)) for text in piece.texts], dtype=np.int32)
        kept: NDArray[np.bool_] = np.isfinite(piece.value) & (piece.value > 0)
        if len(placed):
            self._columns.append((placed[piece.label_set[kept]], piece.bound[kept], piece.value[kept]))

    def samples(self) -> Samples:
        columns = self._columns or [(np.zeros(0, np.int32), np.zeros(0), np.zeros(0))]
        label_set, bound, value = (np.concatenate(parts) for parts in zip(*columns, strict=True))
        return Samples(tuple(self._numbers), label_set, bound, value)


def unusable(query: str, why: str) -> Failure:
    """The failure of a query whose answer can't be used."""
    return Failure(
        Code.SOURCE_UNAVAILABLE,
        f"Prometheus could not be read for '{query}': {why}.",
        next_step="Check that the address is a Prometheus-compatible server and that it is healthy.",
        context={"source": "telemetry", "query": query},
    )
