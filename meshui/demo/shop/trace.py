"""Trace headers as an application hands them on: the trace stays, the span is its own."""

from __future__ import annotations

import random
from collections.abc import Mapping

_IDS = random.Random()  # span ids need to differ, not to be secret

_AS_THEY_ARE = ("x-request-id", "tracestate", "baggage")


def forward(incoming: Mapping[str, str]) -> dict[str, str]:
    """Headers for an outbound call made while serving `incoming` (any mapping with lower-case or case-blind names).

    W3C Trace Context: https://www.w3.org/TR/trace-context/#traceparent-header; B3 single header:
    https://github.com/openzipkin/b3-propagation#single-header. A request without a trace starts one.
    """
    trace_id, parent, sampled = _read(incoming.get("traceparent", ""))
    span_id = f"{_IDS.getrandbits(64) or 1:016x}"
    headers = {name: incoming[name] for name in _AS_THEY_ARE if name in incoming}
    headers["traceparent"] = f"00-{trace_id}-{span_id}-{sampled}"
    headers["b3"] = f"{trace_id}-{span_id}-{int(sampled, 16) & 1}" + (f"-{parent}" if parent else "")
    return headers


def start() -> dict[str, str]:
    """Headers of a request that nobody asked for: a new trace."""
    return forward({})


def _read(traceparent: str) -> tuple[str, str, str]:
    parts = traceparent.split("-")
    if len(parts) == 4 and [len(part) for part in parts] == [2, 32, 16, 2]:
        return parts[1], parts[2], parts[3]
    return f"{_IDS.getrandbits(128) or 1:032x}", "", "01"
