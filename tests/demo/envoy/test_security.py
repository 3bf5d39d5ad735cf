"""What PeerAuthentication, DestinationRule TLS and AuthorizationPolicy make real Envoys do."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from tests.demo.envoy.conftest import CATALOG, PODS, Mesh, networking, security, subsets, to, virtual_service

CLIENT = "cluster.local/ns/shop/sa/client"


def peer_authentication(mode: str, namespace: str = "shop", name: str = "default", **more: Any) -> dict[str, Any]:
    return security("PeerAuthentication", name, {"mtls": {"mode": mode}, **more}, namespace)


def policy(
    name: str, action: str, *rules: dict[str, Any], app: str = "catalog", namespace: str = "shop"
) -> dict[str, Any]:
    spec = {"selector": {"matchLabels": {"app": app}}, "action": action, "rules": list(rules)}
    return security("AuthorizationPolicy", name, spec, namespace)


def test_permissive_takes_plain_text_and_mutual_tls(mesh: Mesh) -> None:
    assert mesh.call_plain().status == 200
    assert mesh.call().status == 200
    line = json.loads(mesh.admin("catalog-v1", "/certs"))["certificates"][0]["cert_chain"][0]
    assert line["subject_alt_names"] == [{"uri": "spiffe://cluster.local/ns/shop/sa/catalog-v1"}]


def test_strict_refuses_plain_text(mesh: Mesh) -> None:
    mesh.apply(peer_authentication("STRICT"))
    with pytest.raises(aiohttp.ClientError):
        mesh.call_plain()
    assert mesh.call().status == 200


def test_disable_speaks_plain_text_on_both_sides(mesh: Mesh) -> None:
    mesh.apply(peer_authentication("DISABLE"))
    assert mesh.call_plain().status == 200
    before = mesh.total("istio_requests_total", "catalog-v1", connection_security_policy="mutual_tls")
    assert {answer.status for answer in mesh.calls(10)} == {200}
    assert mesh.total("istio_requests_total", "catalog-v1", connection_security_policy="mutual_tls") == before


def test_a_workloads_mode_beats_its_namespaces(mesh: Mesh) -> None:
    selector = {"selector": {"matchLabels": {"app": "catalog", "version": "v2"}}}
    mesh.apply(peer_authentication("STRICT"), peer_authentication("PERMISSIVE", name="v2", **selector))
    assert mesh.call_plain(to="catalog-v2").status == 200
    with pytest.raises(aiohttp.ClientError):
        mesh.call_plain(to="catalog-v1")


@pytest.mark.parametrize(
    ("server", "client", "works"),
    [
        ("STRICT", "DISABLE", False),
        ("STRICT", "ISTIO_MUTUAL", True),
        ("PERMISSIVE", "DISABLE", True),
        ("PERMISSIVE", "ISTIO_MUTUAL", True),
        ("PERMISSIVE", "SIMPLE", False),
        ("DISABLE", "ISTIO_MUTUAL", False),
    ],
)
def test_both_sides_modes_decide_whether_a_call_works(mesh: Mesh, server: str, client: str, works: bool) -> None:
    rule = networking("DestinationRule", "tls", {"host": CATALOG, "trafficPolicy": {"tls": {"mode": client}}})
    mesh.apply(peer_authentication(server), rule)
    assert (mesh.call().status == 200) is works


def test_strict_holds_for_tcp(mesh: Mesh) -> None:
    mesh.apply(peer_authentication("STRICT", "warehouse"))
    assert mesh.call_tcp() == b"hello\n"


def test_allow_lets_only_the_named_through(mesh: Mesh) -> None:
    rule = {
        "from": [{"source": {"principals": [CLIENT]}}],
        "to": [{"operation": {"methods": ["GET"], "paths": ["/stock/*", "/item/{*}/price"]}}],
    }
    mesh.apply(policy("catalog", "ALLOW", rule))
    assert mesh.call("/stock/1").status == 200
    assert mesh.call("/item/7/price").status == 200
    assert mesh.call("/item/7/8/price").status == 403
    assert mesh.call("/stock/1", method="POST").status == 403
    assert mesh.call("/stock/1", host="catalog.shop", source="stockdb").status == 403
    assert mesh.call_plain("/stock/1").status == 403
    assert mesh.total("istio_requests_total", "catalog-v1", response_code="403", source_workload="stockdb") >= 0


def test_deny_beats_allow(mesh: Mesh) -> None:
    allow = policy("all", "ALLOW", {})
    deny = policy("no-admin", "DENY", {"to": [{"operation": {"paths": ["/admin"]}}]})
    mesh.apply(allow, deny)
    assert mesh.call("/").status == 200
    answer = mesh.call("/admin")
    assert (answer.status, answer.text) == (403, "RBAC: access denied")
    mesh.until(lambda: "rbac_access_denied_matched_policy[ns[shop]-policy[no-admin]-rule[0]]" in log_of_catalog(mesh))


def log_of_catalog(mesh: Mesh) -> str:
    return mesh.log("catalog-v1") + mesh.log("catalog-v2")


def test_an_allow_policy_without_rules_denies_everything(mesh: Mesh) -> None:
    mesh.apply(security("AuthorizationPolicy", "nothing", {}))
    assert mesh.call().status == 403


def test_a_dry_run_denies_nothing(mesh: Mesh) -> None:
    nothing = security("AuthorizationPolicy", "nothing", {})
    nothing["metadata"]["annotations"] = {"istio.io/dry-run": "true"}
    mesh.apply(nothing)
    assert mesh.call().status == 200
    assert "shadow_denied" in mesh.admin("catalog-v1", "/stats?filter=shadow") + mesh.admin(
        "catalog-v2", "/stats?filter=shadow"
    )


def test_conditions_look_at_headers_ports_and_sources(mesh: Mesh) -> None:
    rule = {
        "from": [{"source": {"namespaces": ["shop"], "notPrincipals": ["*/sa/recs"]}}],
        "to": [{"operation": {"ports": ["8080"], "hosts": ["CATALOG"]}}],
        "when": [
            {"key": "request.headers[x-tenant]", "values": ["gold*"]},
            {"key": "source.ip", "values": [f"{PODS['client'].ip}/32"]},
            {"key": "destination.port", "notValues": ["9090"]},
        ],
    }
    mesh.apply(policy("catalog", "ALLOW", rule))
    assert mesh.call(x_tenant="golden").status == 200
    assert mesh.call(x_tenant="silver").status == 403
    assert mesh.call(host="catalog.shop", x_tenant="golden").status == 403
    other_port = policy("catalog", "ALLOW", {"to": [{"operation": {"ports": ["9090"]}}]})
    mesh.apply(other_port)
    assert mesh.call().status == 403


def test_tcp_policies_deny_by_identity_and_ignore_http_conditions(mesh: Mesh) -> None:
    named = {"from": [{"source": {"principals": [CLIENT]}}]}
    mesh.apply(policy("stockdb", "ALLOW", named, app="stockdb", namespace="warehouse"))
    assert mesh.call_tcp() == b"hello\n"
    with_http = named | {"to": [{"operation": {"methods": ["GET"]}}]}
    mesh.apply(policy("stockdb", "ALLOW", with_http, app="stockdb", namespace="warehouse"))
    assert mesh.call_tcp() == b""
    mesh.apply(policy("stockdb", "DENY", with_http, app="stockdb", namespace="warehouse"))
    assert mesh.call_tcp() == b""


def test_a_policy_bites_within_a_second_on_open_connections(mesh: Mesh) -> None:
    mesh.apply(subsets(), virtual_service({"route": [to("v1")]}))
    assert mesh.call().status == 200
    started = time.monotonic()
    mesh.apply(subsets(), virtual_service({"route": [to("v1")]}), security("AuthorizationPolicy", "nothing", {}))
    mesh.until(lambda: mesh.call().status == 403, seconds=2)
    assert time.monotonic() - started < 2


def test_rotating_certificates_drops_no_request(mesh: Mesh) -> None:
    def serial() -> str:
        chains = json.loads(mesh.admin("catalog-v1", "/certs"))["certificates"]
        return str(chains[0]["cert_chain"][0]["serial_number"])

    async def load(statuses: list[int]) -> None:
        url = f"http://{PODS['client'].ip}:15001/"
        while len(statuses) < 300:
            answers = await asyncio.gather(*(mesh.get(url, headers={"host": "catalog"}) for _ in range(5)))
            statuses.extend(answer.status for answer in answers)

    async def rotate() -> None:
        for hours in (1, 2, 3):
            await asyncio.sleep(0.1)
            mesh.pusher.rotate(datetime.now(UTC) + timedelta(hours=hours))

    async def both(statuses: list[int]) -> None:
        await asyncio.gather(load(statuses), rotate())

    statuses: list[int] = []
    before = serial()
    try:
        mesh.run(both(statuses))
        assert set(statuses) == {200}
        mesh.until(lambda: serial() != before)
    finally:
        # Certificates from the future are not valid yet; new ones are.
        mesh.pusher._rotations.clear()
        mesh.pusher.rotate(datetime.now(UTC))
    mesh.until(lambda: mesh.call().status == 200)


def test_a_strange_certificate_is_refused_until_it_is_mended(mesh: Mesh) -> None:
    fault = mesh.state / "faults" / "bad-certificate"
    fault.parent.mkdir(exist_ok=True)
    fault.write_text("shop.client-abc\n")
    try:
        mesh.apply()
        mesh.until(lambda: mesh.call().status == 503)
    finally:
        fault.unlink()
    mesh.apply()
    mesh.until(lambda: mesh.call().status == 200)


def test_the_last_good_configuration_stays_in_force(mesh: Mesh) -> None:
    mesh.apply(subsets(), virtual_service({"route": [to("v2")]}))
    bad_subset = virtual_service({"route": [to("v3")]})
    mesh.apply(subsets(), bad_subset)
    assert "no DestinationRule" in mesh.problems["VirtualService", "shop", "catalog"]
    assert {answer.text for answer in mesh.calls(10)} == {"catalog-v2"}
    bad_regex = virtual_service({"match": [{"uri": {"regex": "(?=x)"}}], "route": [to("v1")]})
    mesh.apply(subsets(), bad_regex, security("AuthorizationPolicy", "nothing", {}))
    assert "RE2" in mesh.problems["VirtualService", "shop", "catalog"]
    assert mesh.call().status == 403, "what is not touched by the bad object changes"
    mesh.apply(virtual_service({"route": [to("v2")]}))
    assert {answer.text for answer in mesh.calls(10)} == {"catalog-v2"}, "the rule it needs stays, though deleted"
    mesh.apply(subsets(), virtual_service({"route": [to("v1")]}))
    assert mesh.problems == {}
    assert {answer.text for answer in mesh.calls(10)} == {"catalog-v1"}
