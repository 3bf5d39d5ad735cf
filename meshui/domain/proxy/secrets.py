"""The secrets of a proxy as a table: who it says it is, and until when. Private keys are never among it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime

import msgspec

from meshui.domain.proxy.dump import ConfigDump, Resource
from meshui.domain.proxy.reading import Certificate
from meshui.domain.proxy.values import Raw, record, text

ReadCertificates = Callable[[bytes], tuple[Certificate, ...]]
"""The certificates of a PEM text, the leaf first; none when it can't be read."""


class SecretRow(msgspec.Struct, frozen=True):
    """A secret. `kind`: certificate, trust (the CAs that are believed), session_tickets, generic, or unknown."""

    name: str
    kind: str
    identities: tuple[str, ...]
    serial_number: str
    valid_from: datetime | None
    expires_at: datetime | None
    certificates: int
    state: str
    version: str
    updated_at: datetime | None
    error: str | None


def secret_rows(dump: ConfigDump, read: ReadCertificates) -> tuple[SecretRow, ...]:
    """All secrets; `read` understands certificates."""
    return tuple(_row(one, read) for one in dump.of("secret"))


def _row(resource: Resource, read: ReadCertificates) -> SecretRow:
    config = resource.config
    kind, chain = _kind(config)
    certificates = read(chain) if chain else ()
    first = certificates[0] if certificates else None
    expiries = [one.expires_at for one in certificates if one.expires_at is not None]
    return SecretRow(
        name=resource.name,
        kind=kind,
        identities=tuple(dict.fromkeys(uri for one in certificates for uri in one.uris)),
        serial_number=first.serial_number if first else "",
        valid_from=first.valid_from if first else None,
        expires_at=first.expires_at if first and kind == "certificate" else min(expiries, default=None),
        certificates=len(certificates),
        state=resource.state,
        version=resource.version,
        updated_at=resource.updated_at,
        error=resource.error,
    )


def _kind(secret: Raw) -> tuple[str, bytes]:
    if certificate := record(secret, "tls_certificate"):
        return "certificate", _bytes(record(certificate, "certificate_chain"))
    if trust := record(secret, "validation_context"):
        return "trust", _bytes(record(trust, "trusted_ca"))
    for name, kind in (("session_ticket_keys", "session_tickets"), ("generic_secret", "generic")):
        if name in secret:
            return kind, b""
    return "unknown", b""


def _bytes(source: Raw) -> bytes:
    if inline := text(source, "inline_string"):
        return inline.encode()
    try:
        return base64.b64decode(text(source, "inline_bytes"), validate=True)
    except (binascii.Error, ValueError):
        return b""
