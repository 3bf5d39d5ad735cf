"""TLS contexts: mutual TLS with SPIFFE identities between proxies, the workload's secret by SDS.

The mesh's root is inside the contexts rather than a second SDS secret, for each watched file costs an inotify instance
(see `meshui.demo.envoy.bootstrap`) and the root does not rotate while the demo runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshui.demo.envoy.files import Resource
from meshui.demo.layout import TRUST_DOMAIN

MESH_ALPN = ("istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2")
"""What sidecars offer each other; by this a PERMISSIVE server tells the mesh's TLS from an application's own."""
SECRET = "default"
STRANGE_SECRET = "strange"
"""A certificate of another CA, for the fault that breaks a client's certificate. It is another secret in another file
so that a proxy told to use it makes new connections."""

_DOWNSTREAM = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
_UPSTREAM = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
_RAW = "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"


@dataclass(frozen=True)
class Trust:
    """What TLS contexts of one proxy refer to."""

    directory: Path
    """Where its secrets are."""
    root_certificate: str
    """PEM."""

    def secret_path(self, secret: str) -> Path:
        return self.directory / f"sds.{secret}.json"


def server_context(trust: Trust) -> Resource:
    """A server's transport socket: a client certificate of the mesh is required."""
    return _socket(
        {
            "@type": _DOWNSTREAM,
            "require_client_certificate": True,
            "common_tls_context": {
                "tls_params": _versions(),
                "alpn_protocols": ["h2", "http/1.1"],
                "tls_certificate_sds_secret_configs": [_secret(trust, SECRET)],
                "validation_context": _validation(trust, {"prefix": f"spiffe://{TRUST_DOMAIN}/"}),
            },
        }
    )


def client_context(
    trust: Trust, secret: str, sni: str, identities: Iterable[str], *, http2: bool, http: bool
) -> Resource:
    """A client's transport socket towards servers with one of the identities (SPIFFE URIs)."""
    alpn = ["istio", "h2"] if http2 else ["istio-http/1.1", "istio"] if http else ["istio-peer-exchange", "istio"]
    return _socket(
        {
            "@type": _UPSTREAM,
            "sni": sni,
            "common_tls_context": {
                "tls_params": _versions(),
                "alpn_protocols": alpn,
                "tls_certificate_sds_secret_configs": [_secret(trust, secret)],
                "validation_context": _validation(trust, *({"exact": identity} for identity in sorted(identities))),
            },
        }
    )


def own_context(settings: Mapping[str, Any], host: str, *, http2: bool, http: bool) -> Resource:
    """A client's transport socket of DestinationRule mode SIMPLE or MUTUAL: the rule's own files and names."""
    common: dict[str, Any] = {"tls_params": _versions()}
    if http:
        common["alpn_protocols"] = ["h2"] if http2 else ["http/1.1"]
    if settings.get("mode") == "MUTUAL":
        common["tls_certificates"] = [
            {
                "certificate_chain": {"filename": settings.get("clientCertificate", "")},
                "private_key": {"filename": settings.get("privateKey", "")},
            }
        ]
    if authority := settings.get("caCertificates"):
        matchers = [
            {"san_type": san_type, "matcher": {"exact": name}}
            for name in settings.get("subjectAltNames") or []
            for san_type in ("URI", "DNS")
        ]
        common["validation_context"] = {"trusted_ca": {"filename": authority}} | (
            {"match_typed_subject_alt_names": matchers} if matchers else {}
        )
    return _socket({"@type": _UPSTREAM, "sni": settings.get("sni") or host, "common_tls_context": common})


def raw_socket() -> Resource:
    return {"name": "envoy.transport_sockets.raw_buffer", "typed_config": {"@type": _RAW}}


def _socket(context: Resource) -> Resource:
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}


def _versions() -> Resource:
    return {"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"}


def _secret(trust: Trust, secret: str) -> Resource:
    source = {"path": str(trust.secret_path(secret))}
    return {"name": secret, "sds_config": {"resource_api_version": "V3", "path_config_source": source}}


def _validation(trust: Trust, *matchers: Resource) -> Resource:
    context: Resource = {"trusted_ca": {"inline_string": trust.root_certificate}}
    if matchers:
        context["match_typed_subject_alt_names"] = [{"san_type": "URI", "matcher": matcher} for matcher in matchers]
    return context
