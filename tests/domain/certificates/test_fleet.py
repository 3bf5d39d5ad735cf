"""The certificates of all proxies, and what is wrong among them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from meshui.domain.certificates.fleet import fleet
from meshui.domain.certificates.secrets import secrets_of_gateways
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.proxy.reading import Certificate, ProxyReading

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def certificate(serial: str, *, uri: str = "", old: timedelta = DAY / 4, whole: timedelta = DAY, ca: bool = False):
    return Certificate(ca, "", serial, (uri,) if uri else (), NOW - old, NOW - old + whole)


def reading(pod: str, *certificates: Certificate, error: str | None = None) -> ProxyReading:
    return ProxyReading(ObjectRef("Pod", "shop", pod), NOW, pod.split("-")[0], certificates=certificates, error=error)


ROOT = certificate("r00t", old=DAY, whole=3650 * DAY, ca=True)
WEB = "spiffe://cluster.local/ns/shop/sa/web"


def codes(shop, *readings: ProxyReading) -> dict[str, str]:
    return {one.code: one.object.name for one in fleet(readings, shop.inventory(), NOW).findings}


def test_a_proxy_is_who_its_service_account_says(shop):
    found = fleet([reading("web-abc-0", certificate("1", uri=WEB), ROOT)], shop.inventory(), NOW)
    (leaf,) = found.leaves
    assert (leaf.identity, leaf.expected, leaf.matches, leaf.roots) == (WEB, WEB, True, ("r00t",))
    assert (found.roots[0].trusted_by, found.findings) == (1, ())


def test_another_ones_identity_is_an_error(shop):
    cart = certificate("1", uri="spiffe://cluster.local/ns/shop/sa/cart")
    assert codes(shop, reading("web-abc-0", cart, ROOT)) == {"identity_mismatch": "web-abc-0"}


def test_an_alias_of_the_trust_domain_is_no_mismatch(shop):
    assert codes(shop, reading("web-abc-0", certificate("1", uri=WEB.replace("cluster.local", "old.td")), ROOT)) == {}


def test_a_certificate_that_did_not_rotate_is_told_long_before_it_expires(shop):
    late = certificate("1", uri=WEB, old=DAY * 0.8)
    assert codes(shop, reading("web-abc-0", late, ROOT)) == {"certificate_late": "web-abc-0"}


def test_proxies_that_trust_other_roots_are_named(shop):
    other = certificate("0ther", ca=True, old=DAY, whole=3650 * DAY)
    readings = [reading(f"catalog-v1-abc-{number}", certificate(f"{number}"), ROOT) for number in range(3)]
    assert codes(shop, *readings, reading("web-abc-0", certificate("9", uri=WEB), other)) == {
        "other_roots": "web-abc-0"
    }
    found = fleet([*readings, reading("web-abc-0", certificate("9", uri=WEB), other, ROOT)], shop.inventory(), NOW)
    assert [(one.code, one.severity) for one in found.findings] == [("other_roots", "warning")]


def test_a_root_that_expires_is_told_by_days(shop):
    root = certificate("r", ca=True, old=3640 * DAY, whole=3650 * DAY)
    assert "root_expires" in codes(shop, reading("web-abc-0", certificate("1", uri=WEB), root))


def test_proxies_that_could_not_be_read_are_counted(shop):
    found = fleet([reading("web-abc-0", error="refused")], shop.inventory(), NOW)
    assert (found.unread, found.unread_reason, found.leaves) == (1, "refused", ())


def test_secrets_are_those_that_gateways_name(mesh):
    mesh.workload("edge/gate", labels={"istio": "ingressgateway"})
    server = {"hosts": ["shop.example"], "port": {"number": 443}, "tls": {"mode": "SIMPLE", "credentialName": "shop"}}
    mesh.add("Gateway", "shop/front", {"selector": {"istio": "ingressgateway"}, "servers": [server, {"tls": "odd"}]})
    listener = {"hostname": "api.example", "tls": {"certificateRefs": [{"name": "api"}]}}
    mesh.add("Gateway", "api/gate", {"listeners": [listener]}, "gateway.networking.k8s.io/v1")
    assert [(one.namespace, one.name, one.hosts) for one in secrets_of_gateways(mesh.inventory())] == [
        ("edge", "shop", ("shop.example",)),
        ("api", "api", ("api.example",)),
    ]
