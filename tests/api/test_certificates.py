"""Certificates over REST."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from meshui.adapters.kubernetes.inventory import KindObjects
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.proxy.reading import Certificate, ProxyReading
from meshui.services import parts
from tests.api.conftest import Mesh

PATH = "/api/v1/clusters/demo/certificates"
SECRET = ObjectRef("Secret", "edge", "shop-tls")


@pytest.fixture
def read(mesh: Mesh) -> Mesh:
    """One proxy was read, with a certificate that should have rotated; a Gateway shows a Secret."""
    now = datetime.now(UTC)
    uri = "spiffe://cluster.local/ns/shop/sa/web"
    leaf = Certificate(False, "", "1", (uri,), now - timedelta(hours=20), now + timedelta(hours=4), "CN=root")
    root = Certificate(True, "", "2", (), now - timedelta(days=1), now + timedelta(days=3650))
    reading = ProxyReading(ObjectRef("Pod", "shop", "web-v1"), now, "web-v1", certificates=(leaf, root))
    parts.put(mesh.store, "demo", parts.PROXIES, parts.ProxiesPart("", {"shop/web-v1": reading}))
    gateway = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "front", "namespace": "edge"},
        "spec": {"servers": [{"hosts": ["shop.example"], "tls": {"credentialName": "shop-tls"}}]},
    }
    mesh.inventory.states["v1/gateways"] = KindObjects("1", (gateway,))
    mesh.publish()
    return mesh


def test_leaves_roots_and_findings_are_told(as_viewer: Client, read: Mesh) -> None:
    found = as_viewer.get(PATH).json()
    (leaf,) = found["leaves"]
    assert (leaf["matches"], leaf["life"]["state"], leaf["issuer"], leaf["roots"]) == (True, "late", "CN=root", ["2"])
    assert [one["trusted_by"] for one in found["roots"]] == [1]
    assert "certificate_late" in [one["code"] for one in found["findings"]]
    assert as_viewer.get(PATH.replace("certificates", "findings?code=certificate_late")).json()["total"] == 1


def test_a_secret_is_read_as_the_user_and_its_key_never_told(as_viewer: Client, read: Mesh) -> None:
    read.config.objects[SECRET] = {"data": {"tls.key": "c2VjcmV0"}}
    answer = as_viewer.get(PATH)
    (one,) = answer.json()["gateways"]
    assert (one["names"], one["hosts"], one["error"]) == (["shop.example"], ["shop.example"], None)
    assert read.config.actors[-1][0] == "vera"
    assert b"c2VjcmV0" not in answer.content


def test_a_secret_that_may_not_be_read_says_so_and_hides_nothing_else(as_viewer: Client, read: Mesh) -> None:
    read.config.failure = Failure(Code.FORBIDDEN, "secrets is forbidden")
    found = as_viewer.get(PATH).json()
    assert [one["error"] for one in found["gateways"]] == ["secrets is forbidden"]
    assert len(found["leaves"]) == 1


def test_before_any_proxy_was_read_there_is_nothing(as_viewer: Client, mesh: Mesh) -> None:
    assert as_viewer.get(PATH).json()["leaves"] == []
