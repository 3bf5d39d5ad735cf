"""What the certificates in a proxy's secrets say. Pure."""

from __future__ import annotations

from cryptography import x509

from meshui.domain.proxy.reading import Certificate


def read_certificates(pem: bytes) -> tuple[Certificate, ...]:
    """The certificates of a PEM text in order; none when it can't be read."""
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError:
        return ()
    return tuple(_certificate(one) for one in found)


def _certificate(one: x509.Certificate) -> Certificate:
    return Certificate(
        ca=_is_ca(one),
        path="",
        serial_number=f"{one.serial_number:x}",
        uris=_names(one),
        valid_from=one.not_valid_before_utc,
        expires_at=one.not_valid_after_utc,
    )


def _is_ca(one: x509.Certificate) -> bool:
    try:
        return one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _names(one: x509.Certificate) -> tuple[str, ...]:
    """URIs, else DNS names, else the subject."""
    try:
        names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return (one.subject.rfc4514_string(),) if one.subject.rdns else ()
    uris = tuple(names.get_values_for_type(x509.UniformResourceIdentifier))
    return uris or tuple(names.get_values_for_type(x509.DNSName))
