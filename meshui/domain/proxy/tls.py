"""What a listener's or cluster's transport socket does: TLS, with which certificate, asking for which identity."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from meshui.domain.proxy.values import Raw, flag, message, record, records, text, texts

PLAIN = "plain text"


class ServerTls(msgspec.Struct, frozen=True):
    """A filter chain's TLS. `certificates`: the secrets it shows; `client`: required, optional, none."""

    certificates: tuple[str, ...]
    client: str


class UpstreamTls(msgspec.Struct, frozen=True, gc=False):
    """How a cluster connects to endpoints with `match` in their metadata ({}: all). `mode`: mutual, simple or plain
    text; `certificates`: the secrets it shows; `identities`: whom it accepts; `sni`."""

    name: str
    match: dict[str, str]
    mode: str
    certificates: tuple[str, ...]
    identities: tuple[str, ...]
    sni: str
    alpn: tuple[str, ...]


def server_tls(chain: Raw) -> ServerTls | None:
    """The TLS of a filter chain; None for plain text."""
    kind, config = message(record(chain, "transport_socket"))
    if not kind and (old := record(chain, "tls_context")):
        kind, config = "DownstreamTlsContext", old
    if kind != "DownstreamTlsContext":
        return ServerTls((), kind) if kind and kind != "RawBuffer" else None
    common = record(config, "common_tls_context")
    required = flag(config, "require_client_certificate")
    checks = any(name.startswith(("validation_context", "combined_validation_context")) for name in common)
    return ServerTls(_certificates(common), "required" if required else "optional" if checks else "none")


def client_tls(cluster: Raw) -> tuple[UpstreamTls, ...]:
    """How a cluster connects: by each of its matches in order, or in one way."""
    if matches := records(cluster, "transport_socket_matches"):
        return tuple(
            _client(text(one, "name"), _strings(record(one, "match")), record(one, "transport_socket"))
            for one in matches
        )
    socket = record(cluster, "transport_socket")
    if old := record(cluster, "tls_context"):
        return (_context("", {}, old),)
    return (_client("", {}, socket),)


def tls_toward(cluster: Raw, endpoint: Raw) -> UpstreamTls | None:
    """How the cluster connects to this endpoint; None when none of its matches has it."""
    labels = record(endpoint, "metadata", "filter_metadata", "envoy.transport_socket_match")
    ways = client_tls(cluster)
    return next((one for one in ways if all(labels.get(key) == value for key, value in one.match.items())), None)


def _client(name: str, match: dict[str, str], socket: Raw) -> UpstreamTls:
    kind, config = message(socket)
    if kind == "UpstreamTlsContext":
        return _context(name, match, config)
    plain = kind in ("", "RawBuffer")
    return UpstreamTls(name, match, PLAIN if plain else kind, (), (), "", ())


def _context(name: str, match: dict[str, str], config: Raw) -> UpstreamTls:
    common = record(config, "common_tls_context")
    certificates = _certificates(common)
    return UpstreamTls(
        name=name,
        match=match,
        mode="mutual" if certificates else "simple",
        certificates=certificates,
        identities=tuple(_identities(common)),
        sni=text(config, "sni"),
        alpn=texts(common, "alpn_protocols"),
    )


def _certificates(common: Raw) -> tuple[str, ...]:
    secrets = records(common, "tls_certificate_sds_secret_configs")
    named = tuple(text(one, "name") for one in secrets)
    return named or tuple("(inline)" for _ in records(common, "tls_certificates"))


def _identities(common: Raw) -> Iterable[str]:
    combined = record(common, "combined_validation_context", "default_validation_context")
    for context in (record(common, "validation_context"), combined):
        for one in records(context, "match_typed_subject_alt_names"):
            yield _said(record(one, "matcher"))
        for one in records(context, "match_subject_alt_names"):
            yield _said(one)


def _said(matcher: Raw) -> str:
    for kind, mark in (("exact", "{}"), ("prefix", "{}*"), ("suffix", "*{}"), ("contains", "*{}*")):
        if value := text(matcher, kind):
            return mark.format(value)
    return text(matcher, "safe_regex", "regex")


def _strings(value: Raw) -> dict[str, str]:
    return {key: one for key, one in value.items() if isinstance(one, str)}
