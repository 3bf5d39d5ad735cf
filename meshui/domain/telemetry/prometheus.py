"""A Prometheus instant-query body, read without an object per label.

Format: Prometheus HTTP API, "Instant queries": `{"status":"success","data":{"resultType":"vector","result":[{"metric":
{...},"value":[<unix time>,"<number>"]}]}}`. Native histograms come as `histogram` instead of `value` and are left out.
"""

from __future__ import annotations

import math
import re

import msgspec
import numpy as np

from meshui.domain.failures import Code, Failure
from meshui.domain.telemetry.rows import FloatColumn, IntColumn

_LE = b'"le":"'
_SPACED_LE = re.compile(rb'"le"\s*:\s*"([^"]*)"')


class Labels(msgspec.Struct, frozen=True, gc=False):
    """The labels that dialects of Istio carry; any may be missing, for a Telemetry object can remove it."""

    reporter: str = ""
    source_cluster: str = ""
    source_workload: str = ""
    source_workload_namespace: str = ""
    source_principal: str = ""
    destination_cluster: str = ""
    destination_service: str = ""
    destination_service_name: str = ""
    destination_service_namespace: str = ""
    destination_workload: str = ""
    destination_workload_namespace: str = ""
    destination_principal: str = ""
    request_protocol: str = ""
    response_code: str = ""
    grpc_response_status: str = ""
    response_flags: str = ""
    connection_security_policy: str = ""


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


class Vector(msgspec.Struct, frozen=True):
    """The samples of one query: `labels` holds each different label set once (without `le`), `label_set` says which
    one a sample has, `bound` its `le` (nan when it has none). Only finite values above 0 are kept: a rate of 0 is no
    traffic."""

    labels: tuple[Labels, ...]
    label_set: IntColumn
    bound: FloatColumn
    value: FloatColumn

    def __len__(self) -> int:
        return len(self.value)


_DECODER = msgspec.json.Decoder(_Body)
_LABELS = msgspec.json.Decoder(Labels)


def read_vector(body: bytes, query: str) -> Vector:
    """The vector in the body. Raises Failure(SOURCE_UNAVAILABLE) naming `query` when it is an error or not a vector."""
    try:
        answer = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unusable(query, f"its answer is not what Prometheus sends ({error})") from None
    if answer.status != "success" or answer.data is None:
        raise _unusable(query, f"it answered {answer.error_type or answer.status}: {answer.error or 'no reason given'}")
    if answer.data.result_type != "vector":
        raise _unusable(query, f"it answered a {answer.data.result_type}, not a vector")
    try:
        return _vector(answer.data.result)
    except (msgspec.DecodeError, ValueError) as error:
        raise _unusable(query, f"a sample in its answer can't be read ({error})") from None


def _vector(samples: list[_Sample]) -> Vector:
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
        labels=tuple(_LABELS.decode(text) for text in numbers),
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
