"""The demo's certificate authority: a root that lives as long as the state folder, and short-lived workload
certificates with a SPIFFE URI as their only name (SPIFFE X.509-SVID)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from meshui.demo.envoy.files import write_atomically
from meshui.demo.layout import TRUST_DOMAIN

ROOT_LIFETIME = timedelta(days=3650)
_SKEW = timedelta(seconds=10)


@dataclass(frozen=True)
class Certificate:
    """A workload certificate with its key, as PEM; the chain is the leaf alone."""

    chain: str
    private_key: str
    not_after: datetime
    rotate_at: datetime
    """When half of its life is over."""


class Authority:
    """Signs workload certificates."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self._certificate = certificate

    @property
    def root_certificate(self) -> str:
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, identity: str, lifetime: timedelta, now: datetime | None = None) -> Certificate:
        """A certificate for client and server use that is valid from now for `lifetime`."""
        now = now or datetime.now(UTC)
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            _builder(x509.Name([]), self._certificate.subject, key, now, lifetime)
            .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)]), critical=True)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return Certificate(
            chain=certificate.public_bytes(serialization.Encoding.PEM).decode(),
            private_key=_key_pem(key),
            not_after=now + lifetime,
            rotate_at=now + lifetime / 2,
        )


def load_or_create(directory: Path, name: str = "root") -> Authority:
    """The authority kept in the folder; made on first use, its key readable by the owner only."""
    key_path, certificate_path = directory / f"{name}-key.pem", directory / f"{name}.pem"
    if key_path.exists() and certificate_path.exists():
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return Authority(key, x509.load_pem_x509_certificate(certificate_path.read_bytes()))
    authority, key = _create(name)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomically(key_path, _key_pem(key), secret=True)
    write_atomically(certificate_path, authority.root_certificate, secret=True)
    return authority


def _create(name: str) -> tuple[Authority, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, TRUST_DOMAIN),
            x509.NameAttribute(NameOID.COMMON_NAME, f"demo {name} CA"),
        ]
    )
    certificate = (
        _builder(subject, subject, key, datetime.now(UTC), ROOT_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate), key


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + lifetime)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
