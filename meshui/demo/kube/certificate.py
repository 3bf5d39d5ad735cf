"""The server's certificate and the authority that signed it.

`kubectl` sends a bearer token over TLS only (client-go leaves the credentials out otherwise), hence a certificate for a
server on loopback.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=365)
_RENEW_BEFORE = timedelta(days=30)
_HOSTS = (
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.DNSName("localhost"),
    x509.DNSName("kubernetes.default.svc"),
)


@dataclass(frozen=True)
class Files:
    """Where the PEM files are. `authority` is what a client must trust (kubeconfig's certificate-authority)."""

    authority: Path
    certificate: Path
    key: Path


def files(folder: Path) -> Files:
    return Files(folder / "ca.crt", folder / "server.crt", folder / "server.key")


def ensure(folder: Path) -> Files:
    """The files in a folder, made when they aren't there or expire within a month."""
    found = files(folder)
    if not all(path.exists() for path in (found.authority, found.certificate, found.key)) or _expires(found):
        _make(found)
    return found


def _expires(found: Files) -> bool:
    certificate = x509.load_pem_x509_certificate(found.certificate.read_bytes())
    return certificate.not_valid_after_utc < datetime.now(UTC) + _RENEW_BEFORE


def _make(target: Files) -> None:
    target.key.parent.mkdir(parents=True, exist_ok=True)
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _signed("meshui-demo-kubernetes-ca", authority_key, "meshui-demo-kubernetes-ca", authority_key, True)
    leaf = _signed("kubernetes", key, "meshui-demo-kubernetes-ca", authority_key, False)
    target.key.touch(mode=0o600)
    target.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    target.certificate.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    target.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))


def _signed(
    subject: str, key: ec.EllipticCurvePrivateKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey, authority: bool
) -> x509.Certificate:
    """With the extensions that Python's strict verification wants (VERIFY_X509_STRICT, on since 3.13)."""
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not authority:
        builder = builder.add_extension(x509.SubjectAlternativeName(_HOSTS), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
