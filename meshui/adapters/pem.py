"""What a certificate chain in PEM says. Private keys are never looked at."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from cryptography import x509

from meshui.domain.proxy.reading import Certificate

_LARGEST = 256 * 1024


def read_chain(pem: bytes) -> Certificate | None:
    """The first certificate, with who signed it and the subjects of those that come with it; None when it can't be
    read."""
    try:
        found = x509.load_pem_x509_certificates(pem[:_LARGEST])
    except ValueError:
        return None
    leaf = found[0]
    return Certificate(
        ca=False,
        path="",
        serial_number=f"{leaf.serial_number:x}",
        uris=_names(leaf),
        valid_from=leaf.not_valid_before_utc,
        expires_at=leaf.not_valid_after_utc,
        issuer=_said(leaf.issuer),
        chain=tuple(_said(one.subject) for one in found[1:]),
    )


def with_issuers(certificates: Sequence[Certificate], dump: bytes) -> tuple[Certificate, ...]:
    """The certificates of a proxy's `/certs`, with issuer and chain where its secrets (`/config_dump` of
    dynamic_active_secrets) have them; what can't be read there is passed over."""
    known: dict[int, Certificate] = {}
    for pem in _chains(dump):
        if (chain := read_chain(pem)) is not None:
            known[int(chain.serial_number, 16)] = chain
    return tuple(_with_issuer(one, known) for one in certificates)


def _with_issuer(one: Certificate, known: dict[int, Certificate]) -> Certificate:
    try:
        found = known.get(int(one.serial_number, 16))
    except ValueError:
        return one
    return msgspec.structs.replace(one, issuer=found.issuer, chain=found.chain) if found else one


def _chains(dump: bytes) -> Iterable[bytes]:
    try:
        configs = msgspec.json.decode(dump).get("configs") or ()
    except (msgspec.DecodeError, AttributeError):
        return
    for config in configs:
        chain: Any = config
        for key in ("secret", "tls_certificate", "certificate_chain"):
            chain = chain.get(key) if isinstance(chain, dict) else None
        if isinstance(chain, dict):
            if isinstance(text := chain.get("inline_string"), str):
                yield text.encode()
            elif isinstance(text := chain.get("inline_bytes"), str):
                try:
                    yield base64.b64decode(text)
                except (binascii.Error, ValueError):
                    continue


def _said(name: x509.Name) -> str:
    return name.rfc4514_string()


def _names(one: x509.Certificate) -> tuple[str, ...]:
    """Its URIs and DNS names."""
    try:
        names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return (
        *names.get_values_for_type(x509.UniformResourceIdentifier),
        *names.get_values_for_type(x509.DNSName),
    )
