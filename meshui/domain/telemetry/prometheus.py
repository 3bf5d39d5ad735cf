"""A Prometheus instant-query body, read without an object per label.

Format: Prometheus HTTP API, "Instant queries": `{"status":"success","data":{"resultType":"vector","result":[{"metric":
{...},"value":[<unix time>,"<number>"]}]}}`. Native histograms come as `histogram` instead of `value` and are left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Generic, TypeVar

import msgspec
import numpy as np

from meshui.domain.failures import Code, Failure
from meshui.domain.telemetry.rows import FloatColumn, IntColumn

L = TypeVar("L", bound=msgspec.Struct)
M = TypeVar("M", bound=msgspec.Struct)
_LE = b'"le":"'
_SPACED_LE = re.compile(rb'"le"\s*:\s*"([^"]*)"')


class _Sample(msgspec.Struct, gc=False):
    metric: msgspec.Raw
    value: tuple[float, str] | None = None


class _Data(msgspec.Struct, rename="camel"):
    result_type: str
    result: list[_Sample]


class _Body(msgspec.Struct, rename="camel"):
    status: str
    data: _Data | None = None
    error: str = ""
    error_type: str = ""


class Vector(msgspec.Struct, Generic[L], frozen=True):
    """The samples of one query: `labels` holds each different label set once (without `le`), `label_set` says which
    one a sample has, `bound` its `le` (nan when it has none). Only finite values above 0 are kept: a rate of 0 is no
    traffic."""

    labels: tuple[L, ...]
    label_set: IntColumn
    bound: FloatColumn
    value: FloatColumn

    def __len__(self) -> int:
        return len(self.value)


_DECODER = msgspec.json.Decoder(_Body)


def read_vector(body: bytes, query: str, labels: type[L]) -> Vector[L]:
    """The vector in the body, its label sets as `labels`: a struct of strings that all have a default, for any label
    may be missing; others are passed over. Raises Failure(SOURCE_UNAVAILABLE) naming `query` when the body is an error
    or not a vector."""
    try:
        answer = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unusable(query, f"its answer is not what Prometheus sends ({error})") from None
    if answer.status != "success" or answer.data is None:
        raise _unusable(query, f"it answered {answer.error_type or answer.status}: {answer.error or 'no reason given'}")
    if answer.data.result_type != "vector":
        raise _unusable(query, f"it answered a {answer.data.result_type}, not a vector")
    try:
        return _vector(answer.data.result, _labels(labels))
    except (msgspec.DecodeError, ValueError) as error:
        raise _unusable(query, f"a sample in its answer can't be read ({error})") from None


def no_samples() -> Vector[L]:
    """The vector of a query that nothing answers."""
    return Vector((), np.zeros(0, np.int32), np.zeros(0), np.zeros(0))


def translated(vector: Vector[L], to: Callable[[L], M | None]) -> Vector[M]:
    """The vector in another vocabulary: `to` gives each label set's new labels, or None for samples to leave out."""
    labels: list[M] = []
    places = np.full(len(vector.labels), -1, dtype=np.int32)
    for number, its in enumerate(vector.labels):
        said = to(its)
        if said is not None:
            places[number] = len(labels)
            labels.append(said)
    label_set = places[vector.label_set]
    kept = label_set >= 0
    return Vector(tuple(labels), label_set[kept], vector.bound[kept], vector.value[kept])


@lru_cache(32)
def _labels(labels: type[L]) -> msgspec.json.Decoder[L]:
    return msgspec.json.Decoder(labels)


def _vector(samples: list[_Sample], decoder: msgspec.json.Decoder[L]) -> Vector[L]:
    numbers: dict[bytes, int] = {}
    bounds: dict[bytes, float] = {b"": math.nan}
    label_set, bound, value = [], [], []
    for sample in samples:
        if sample.value is None:
            continue
        text, le = _without_bound(bytes(sample.metric))
        if le not in bounds:
            bounds[le] = float(le)
        label_set.append(numbers.setdefault(text, len(numbers)))
        bound.append(bounds[le])
        value.append(sample.value[1])
    values = np.fromiter(map(float, value), dtype=np.float64, count=len(value))
    kept = np.isfinite(values) & (values > 0)
    return Vector(
        labels=tuple(decoder.decode(text) for text in numbers),
        label_set=np.array(label_set, dtype=np.int32)[kept],
        bound=np.array(bound, dtype=np.float64)[kept],
        value=values[kept],
    )


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


def _unusable(query: str, why: str) -> Failure:
    return Failure(
        Code.SOURCE_UNAVAILABLE,
        f"Prometheus could not be read for '{query}': {why}.",
        next_step="Check that the address is a Prometheus-compatible server and that it is healthy.",
        context={"source": "telemetry", "query": query},
    )
