"""Access logs as JSON lines with Istio's field names (istio.io, Envoy Access Logs), one file a proxy.

A file grows by about 700 bytes a request and side; `rotate` keeps it bounded. Envoy appends (O_APPEND), so the file may
be cut while it runs.
"""

from __future__ import annotations

import os
from pathlib import Path

from meshui.demo.envoy.files import Resource, log_directory

LOG_FILE = "istio-proxy.log"
_FIELDS = {
    "start_time": "%START_TIME%",
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "protocol": "%PROTOCOL%",
    "authority": "%REQ(:AUTHORITY)%",
    "response_code": "%RESPONSE_CODE%",
    "response_flags": "%RESPONSE_FLAGS%",
    "response_code_details": "%RESPONSE_CODE_DETAILS%",
    "connection_termination_details": "%CONNECTION_TERMINATION_DETAILS%",
    "grpc_status": "%GRPC_STATUS_NUMBER%",
    "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%",
    "duration": "%DURATION%",
    "upstream_service_time": "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
    "upstream_cluster": "%UPSTREAM_CLUSTER_RAW%",
    "upstream_host": "%UPSTREAM_HOST%",
    "upstream_local_address": "%UPSTREAM_LOCAL_ADDRESS%",
    "upstream_transport_failure_reason": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    "upstream_peer_uri_san": "%UPSTREAM_PEER_URI_SAN%",
    "upstream_request_attempt_count": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "downstream_local_address": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "downstream_remote_address": "%DOWNSTREAM_REMOTE_ADDRESS%",
    "downstream_peer_uri_san": "%DOWNSTREAM_PEER_URI_SAN%",
    "downstream_tls_version": "%DOWNSTREAM_TLS_VERSION%",
    "downstream_transport_failure_reason": "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%",
    "requested_server_name": "%REQUESTED_SERVER_NAME%",
    "route_name": "%ROUTE_NAME%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "traceparent": "%REQ(TRACEPARENT)%",
    "user_agent": "%REQ(USER-AGENT)%",
    "x_forwarded_for": "%REQ(X-FORWARDED-FOR)%",
}


def log_path(state: Path, namespace: str, pod: str) -> Path:
    """The access log of a pod's proxy."""
    return log_directory(state, namespace, pod) / LOG_FILE


def file_logger(path: Path, direction: str) -> Resource:
    """A logger to the file; `direction` (inbound, outbound or gateway) is in each line."""
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": str(path),
            "log_format": {"json_format": {**_FIELDS, "direction": direction}},
        },
    }


def rotate(path: Path, limit: int = 4_000_000) -> bool:
    """Moves the lines of a file over `limit` bytes to `<path>.1`, replacing that, and cuts the file; True if it did.
    Lines written between the copy and the cut are lost."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return False
    if size <= limit:
        return False
    previous = path.with_name(f"{path.name}.1")
    with path.open("rb") as source, previous.open("wb") as target:
        source.seek(max(0, size - limit))
        if size > limit:
            source.readline()
        while chunk := source.read(1 << 20):
            target.write(chunk)
    os.truncate(path, 0)
    return True
