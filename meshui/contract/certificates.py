"""Certificates as clients see them."""

from __future__ import annotations

import msgspec

from meshui.domain.certificates.fleet import ProxyLeaf, TrustedRoot
from meshui.domain.certificates.secrets import GatewayCertificate
from meshui.domain.findings.model import ObjectFinding


class CertificatesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The certificates of a cluster's proxies and gateways, and what is wrong with them."""

    leaves: tuple[ProxyLeaf, ...]
    roots: tuple[TrustedRoot, ...]
    gateways: tuple[GatewayCertificate, ...]
    gateways_left_out: int
    """Secrets beyond the hundred that are read."""
    findings: tuple[ObjectFinding, ...]
    proxies_unread: int
    unread_reason: str | None
