"""One truth as every dialect's proxies would expose it: (labels, per second)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.services.truth.mesh import BOUNDS, Call, Truth, Workload

Rates = Iterator[tuple[dict[str, str], float]]
LE = [*(f"{bound:g}" for bound in BOUNDS), "+Inf"]


def metric(name: str, rate: float, *labels: dict[str, str]) -> tuple[dict[str, str], float]:
    together = {"__name__": name}
    for some in labels:
        together |= some
    return together, rate


def identity(workload: Workload) -> str:
    return f"spiffe://cluster.local/ns/{workload.namespace}/sa/{workload.name}"


def istio_ends(source: Workload | None, destination: Workload, asked: Workload | None = None) -> dict[str, str]:
    asked = asked or destination
    host = f"{asked.service}.{asked.namespace}.svc.cluster.local"
    return {
        "source_workload": source.name if source else "unknown",
        "source_workload_namespace": source.namespace if source else "unknown",
        "destination_workload": destination.name,
        "destination_workload_namespace": destination.namespace,
        "destination_service": host,
        "destination_service_name": asked.service,
        "destination_service_namespace": asked.namespace,
    }


def istio_requests(call: Call, reporter: str, security: str, ends: dict[str, str]) -> Rates:
    """HTTP and gRPC as one Envoy tells it."""
    its = {**ends, "reporter": reporter, "request_protocol": call.protocol, "connection_security_policy": security}
    for answer, rate in call.answers.items():
        code, status = ("200", answer) if call.protocol == "grpc" else (answer, "")
        answered = {"response_code": code, "grpc_response_status": status, "response_flags": "-"}
        yield metric("istio_requests_total", rate, its, answered)
    for le, rate in zip(LE, call.cumulative, strict=True):
        yield metric("istio_request_duration_milliseconds_bucket", rate, its, {"le": le})
    yield metric("istio_request_bytes_sum", call.sent, its)
    yield metric("istio_response_bytes_sum", call.received, its)


def istio_connections(call: Call, reporter: str, security: str, ends: dict[str, str]) -> Rates:
    """TCP as one Envoy or ztunnel tells it."""
    its = {**ends, "reporter": reporter, "request_protocol": "tcp", "response_flags": "-"}
    its["connection_security_policy"] = security
    yield metric("istio_tcp_connections_opened_total", call.rate, its)
    yield metric("istio_tcp_connections_closed_total", call.rate, its)
    yield metric("istio_tcp_received_bytes_total", call.sent, its)
    yield metric("istio_tcp_sent_bytes_total", call.received, its)


def sidecars(truth: Truth) -> Rates:
    """Both sides tell, except of a caller without a proxy."""
    for call in truth.calls:
        told = istio_connections if call.protocol == "tcp" else istio_requests
        ends = istio_ends(call.source, call.destination)
        if call.source is not None:
            yield from told(call, "source", "unknown", ends)
        trust = {"source_principal": identity(call.source)} if call.source else {}
        yield from told(call, "destination", "mutual_tls" if call.source else "none", ends | trust)


WAYPOINT = Workload("shop", "waypoint", "", "")


def ambient(truth: Truth) -> Rates:
    """Services of requests have a waypoint, others have none. Whoever is outside goes past it: only a connection."""
    for call in truth.calls:
        yield from _ambient_call(call)


def _ambient_call(call: Call) -> Rates:
    if call.protocol == "tcp" or call.source is None:
        ends = istio_ends(call.source, call.destination)
        for reporter in ("source", "destination") if call.source else ("destination",):
            yield from istio_connections(call, reporter, "mutual_tls" if call.source else "unknown", ends)
        return
    yield from istio_requests(call, "waypoint", "mutual_tls", istio_ends(call.source, call.destination))
    first, second = istio_ends(call.source, WAYPOINT, call.destination), istio_ends(WAYPOINT, call.destination)
    yield from istio_connections(call, "source", "mutual_tls", first)
    yield from istio_connections(call, "destination", "mutual_tls", second)


def migration(truth: Truth) -> Rates:
    """Some workloads have sidecars still, others are ambient; a sidecar goes past waypoints, and does not learn who
    calls from ambient but by the certificate."""
    for call in truth.calls:
        source, destination = call.source, call.destination
        if source is None or not (source.ambient or destination.ambient):
            yield from sidecars(Truth((), (call,)))
        elif source.ambient and destination.ambient:
            yield from _ambient_call(call)
        else:
            requests = istio_connections if call.protocol == "tcp" else istio_requests
            ends = istio_ends(source, destination)
            if source.ambient:
                unnamed = {"source_workload": "unknown", "source_workload_namespace": "unknown"}
                trust = {"source_principal": identity(source)}
                yield from istio_connections(call, "source", "mutual_tls", ends)
                yield from requests(call, "destination", "mutual_tls", ends | unnamed | trust)
            else:
                yield from requests(call, "source", "unknown", ends)
                yield from istio_connections(call, "destination", "mutual_tls", ends)


def linkerd(truth: Truth) -> Rates:
    """The transport counts connections of requests too; both sides tell."""
    for call in truth.calls:
        its, out = call.destination, {"direction": "outbound"}
        to = {"dst_namespace": its.namespace, "dst_service": its.service, "dst_deployment": its.name}
        here = {"namespace": its.namespace, "deployment": its.name, "direction": "inbound"}
        server = f"{its.name}.{its.namespace}.serviceaccount.identity.linkerd.cluster.local"
        if call.source is None:
            sides = [({**here, "tls": "no_identity", "no_tls_reason": "no_tls_from_remote"}, "src")]
        else:
            client = f"{call.source.name}.{call.source.namespace}.serviceaccount.identity.linkerd.cluster.local"
            caller = {"namespace": call.source.namespace, "deployment": call.source.name, "tls": "true"}
            sides = [
                ({**out, **caller, **to, "server_id": server}, "dst"),
                ({**here, "tls": "true", "client_id": client}, "src"),
            ]
        for labels, peer in sides:
            if call.protocol != "tcp":
                yield from _linkerd_requests(call, labels)
            transport = {**labels, "peer": peer}
            read, written = (call.received, call.sent) if peer == "dst" else (call.sent, call.received)
            yield metric("tcp_open_total", call.rate, transport)
            yield metric("tcp_close_total", call.rate, transport)
            yield metric("tcp_read_bytes_total", read, transport)
            yield metric("tcp_write_bytes_total", written, transport)


def _linkerd_requests(call: Call, labels: dict[str, str]) -> Rates:
    for answer, rate in call.answers.items():
        grpc = call.protocol == "grpc"
        failed = answer in ("500", "503", "14")
        its = {"status_code": "200" if grpc else answer, "classification": "failure" if failed else "success"}
        yield metric("response_total", rate, labels, its, {"grpc_status": answer} if grpc else {})
    for le, rate in zip(LE, call.cumulative, strict=True):
        yield metric("response_latency_ms_bucket", rate, labels, {"le": le, "status_code": "200"})


def cilium(truth: Truth) -> Rates:
    """Every HTTP call passes the proxy; each connection is judged at both ends."""
    for call in truth.calls:
        if call.source is None:
            source = {"source": "reserved:world"}
        else:
            source = {"source_namespace": call.source.namespace, "source_workload": call.source.name}
        its = call.destination
        ends = {**source, "destination_namespace": its.namespace, "destination_workload": its.name}
        if call.protocol != "tcp":
            for answer, rate in call.answers.items():
                status = "200" if call.protocol == "grpc" else answer
                seen = {"reporter": "server", "status": status, "method": f"GET{answer}", "protocol": "HTTP/2"}
                yield metric("hubble_http_requests_total", rate, ends, seen)
            for bound, rate in zip([*BOUNDS, float("inf")], call.cumulative, strict=True):
                le = {"le": "+Inf" if bound == float("inf") else f"{bound / 1000:g}", "reporter": "server"}
                yield metric("hubble_http_request_duration_seconds_bucket", rate, ends, le)
        for direction in ("egress", "ingress") if call.source else ("ingress",):
            action = "forwarded" if call.protocol == "tcp" else "redirected"
            verdict = {"direction": direction, "match": "l3-l4", "action": action}
            yield metric("hubble_policy_verdicts_total", call.rate, ends, verdict)
            flow = {"type": "Trace", "subtype": "to-endpoint", "verdict": "FORWARDED", "protocol": "TCP"}
            yield metric("hubble_flows_processed_total", call.rate * 3, ends, flow)


def consul(truth: Truth) -> Rates:
    """The caller's Envoy, with Consul's tags; what comes from outside has no Envoy that calls."""
    return _envoys(truth, lambda source, service: {
        "pod": f"{source.name}-abc-0",
        "consul_source_service": source.service,
        "consul_source_namespace": "default",
        "consul_destination_service": service,
        "consul_destination_namespace": "default",
        "envoy_cluster_name": f"{service}.default.dc1.internal.trust.consul",
    })  # fmt: skip


def envoy(truth: Truth) -> Rates:
    """The same statistics of Envoys without a mesh: clusters are named as Contour does."""
    where = {one.service: one.namespace for one in truth.workloads}
    return _envoys(truth, lambda source, service: {
        "pod": f"{source.name}-abc-0",
        "envoy_cluster_name": f"{where[service]}_{service}_80",
    })  # fmt: skip


def _envoys(truth: Truth, tags: Callable[[Workload, str], dict[str, str]]) -> Rates:
    for call in truth.calls:
        if call.source is None:
            continue
        # Each endpoint's share is told by an Envoy of its own, for the sum to be ours to make.
        to = {"namespace": call.source.namespace, "instance": call.destination.name}
        its = {**to, **tags(call.source, call.destination.service)}
        if call.protocol != "tcp":
            for answer, rate in call.answers.items():
                code = "200" if call.protocol == "grpc" else answer
                series = {"envoy_response_code": code, "endpoint": answer}
                yield metric("envoy_cluster_upstream_rq", rate, its, series)
                code_class = {"envoy_response_code_class": code[0], "endpoint": answer}
                yield metric("envoy_cluster_upstream_rq_xx", rate, its, code_class)
            for le, rate in zip(LE, call.cumulative, strict=True):
                yield metric("envoy_cluster_upstream_rq_time_bucket", rate, its, {"le": le})
        yield metric("envoy_cluster_upstream_cx_total", call.rate, its)
        yield metric("envoy_cluster_upstream_cx_destroy", call.rate, its)
        yield metric("envoy_cluster_upstream_cx_tx_bytes_total", call.sent, its)
        yield metric("envoy_cluster_upstream_cx_rx_bytes_total", call.received, its)
        yield metric("envoy_cluster_ssl_handshake", call.rate, its)
