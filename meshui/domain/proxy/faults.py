"""Faults that a route injects (envoy.filters.http.fault)."""

from __future__ import annotations

import msgspec

from meshui.domain.proxy.routing.matchers import check_header
from meshui.domain.proxy.routing.request import Request
from meshui.domain.proxy.values import Raw, record, records, seconds, share, text, whole

FAULT = "envoy.filters.http.fault"


class Fault(msgspec.Struct, frozen=True):
    """Delays for `delay_share` of the requests, aborts for `abort_share`. `abort`: "503", or "gRPC 14"."""

    delay_ms: int | None
    delay_share: float
    abort: str
    abort_share: float


def fault_of(config: Raw, request: Request | None = None) -> Fault | None:
    """The fault that the filter's configuration injects into the request; None: none. Faults that a header asks for
    count when the request has it."""
    if request is not None:
        checks = [check_header(one, request) for one in records(config, "headers")]
        if any(one.fails for one in checks):
            return None
    delay, abort = record(config, "delay"), record(config, "abort")
    length = seconds(delay, "fixed_delay")
    status, grpc = whole(abort, "http_status"), whole(abort, "grpc_status")
    if request is not None and "header_delay" in delay:
        asked = request.header("x-envoy-fault-delay-request") or ""
        length = int(asked) / 1000 if asked.isascii() and asked.isdigit() else None
    if request is not None and "header_abort" in abort:
        asked = request.header("x-envoy-fault-abort-request") or ""
        status = int(asked) if asked.isascii() and asked.isdigit() else None
    delays = share(record(delay, "percentage")) if length else 0.0
    aborts = share(record(abort, "percentage")) if status or grpc else 0.0
    if not delays and not aborts:
        return None
    return Fault(
        delay_ms=round(length * 1000) if length and delays else None,
        delay_share=delays,
        abort=(f"gRPC {grpc}" if grpc else str(status)) if aborts else "",
        abort_share=aborts,
    )


def fault_said(config: Raw) -> str:
    """The fault in words."""
    fault = fault_of(config)
    parts = []
    if fault and fault.delay_ms:
        parts.append(f"{fault.delay_share * 100:.4g}% wait {fault.delay_ms} ms")
    if fault and fault.abort:
        parts.append(f"{fault.abort_share * 100:.4g}% get {fault.abort}")
    if limit := text(config, "upstream_cluster"):
        parts.append(f"only toward {limit}")
    return "; ".join(parts)
