"""Certificate chains as proxies and Secrets hold them."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path

import pytest

from meshui.adapters.pem import read_chain, with_issuers
from meshui.demo.controlplane import ca
from meshui.domain.proxy.reading import Certificate

WEB = "spiffe://cluster.local/ns/shop/sa/web"


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> str:
    authority = ca.load_or_create(tmp_path_factory.mktemp("ca") / "ca")
    return authority.issue(WEB, timedelta(hours=24)).chain + authority.root_certificate


def test_a_leaf_is_told_with_its_issuer_and_chain(chain: str) -> None:
    found = read_chain(chain.encode())
    assert found is not None
    assert found.uris == (WEB,)
    assert found.issuer == found.chain[0] == "CN=demo root CA,O=cluster.local"
    assert found.expires_at is not None
    assert found.valid_from is not None
    assert timedelta(hours=23) < found.expires_at - found.valid_from < timedelta(hours=25)


def test_what_is_no_certificate_is_none() -> None:
    for pem in (b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\xff" * 100):
        assert read_chain(pem) is None


@pytest.mark.parametrize("form", ["inline_string", "inline_bytes"])
def test_the_secrets_of_a_proxy_tell_who_signed_what_it_uses(chain: str, form: str) -> None:
    known = read_chain(chain.encode())
    assert known is not None
    said = chain if form == "inline_string" else base64.b64encode(chain.encode()).decode()
    secrets = [
        {"secret": {"tls_certificate": {"certificate_chain": {form: said}}}},
        {"secret": {"tls_certificate": {"certificate_chain": {"inline_bytes": "!"}}}},
        {"secret": {"validation_context": {}}},
        {"secret": "odd"},
    ]
    padded = Certificate(False, "", f"0{known.serial_number}", (WEB,), None, None)
    other = Certificate(False, "", "strange", (), None, None)
    found = with_issuers((padded, other), json.dumps({"configs": secrets}).encode())
    assert [one.issuer for one in found] == [known.issuer, ""]
    assert with_issuers((other,), b"{}") == with_issuers((other,), b"odd") == (other,)


def test_the_demos_authority_is_the_one_read(tmp_path: Path) -> None:
    found = read_chain(ca.load_or_create(tmp_path / "ca").root_certificate.encode())
    assert found is not None
    assert found.chain == ()
