"""The server mode in force, and which object decided."""

from __future__ import annotations

import pytest

from meshui.domain.mtls.server import ServerModes

SECURITY = "security.istio.io/v1"


def policy(mesh, where: str, mode: str, *, selector: dict | None = None, ports: dict | None = None, created: str = ""):
    spec: dict = {"mtls": {"mode": mode}} if mode else {}
    if selector is not None:
        spec["selector"] = {"matchLabels": selector}
    if ports:
        spec["portLevelMtls"] = {port: {"mode": its} for port, its in ports.items()}
    return mesh.add("PeerAuthentication", where, spec, SECURITY, creationTimestamp=created)


def mode(mesh, port: int | None = None) -> tuple[str, str, str]:
    inventory = mesh.inventory()
    found = ServerModes(inventory).of(inventory.workloads["shop", "web"], port)
    return found.mode, str(found.decided_by), found.level


@pytest.fixture
def web(mesh):
    return mesh.workload("shop/web")


def test_without_policy_it_is_permissive_by_default(web):
    assert mode(web) == ("PERMISSIVE", "None", "default")


def test_the_mesh_policy_is_the_one_of_the_root_namespace(web):
    policy(web, "istio-system/default", "STRICT")
    assert mode(web) == ("STRICT", "PeerAuthentication istio-system/default", "mesh")


def test_the_namespace_beats_the_mesh_and_the_workload_beats_the_namespace(web):
    policy(web, "istio-system/default", "STRICT")
    policy(web, "shop/default", "DISABLE")
    assert mode(web) == ("DISABLE", "PeerAuthentication shop/default", "namespace")
    policy(web, "shop/web", "PERMISSIVE", selector={"app": "web"})
    assert mode(web) == ("PERMISSIVE", "PeerAuthentication shop/web", "workload")


def test_an_unset_mode_inherits(web):
    policy(web, "istio-system/default", "STRICT")
    policy(web, "shop/default", "UNSET")
    policy(web, "shop/web", "", selector={"app": "web"})
    assert mode(web) == ("STRICT", "PeerAuthentication istio-system/default", "mesh")


def test_a_port_of_the_workload_has_the_last_word(web):
    policy(web, "shop/web", "STRICT", selector={"app": "web"}, ports={"8080": "DISABLE", "9090": "UNSET"})
    assert mode(web, 8080) == ("DISABLE", "PeerAuthentication shop/web", "port")
    assert mode(web, 9090) == ("STRICT", "PeerAuthentication shop/web", "workload")
    assert mode(web, 80) == ("STRICT", "PeerAuthentication shop/web", "workload")


def test_a_port_without_a_selector_is_not_looked_at(web):
    policy(web, "shop/default", "STRICT", ports={"8080": "DISABLE"})
    assert mode(web, 8080) == ("STRICT", "PeerAuthentication shop/default", "namespace")


def test_a_port_policy_inherits_its_workloads_result(web):
    policy(web, "shop/default", "STRICT")
    policy(web, "shop/web", "UNSET", selector={"app": "web"}, ports={"8080": "PERMISSIVE"})
    assert mode(web, 8080)[0] == "PERMISSIVE"
    assert mode(web, 9000) == ("STRICT", "PeerAuthentication shop/default", "namespace")


def test_of_several_the_oldest_counts(web):
    policy(web, "shop/a", "DISABLE", created="2026-02-01T00:00:00Z")
    policy(web, "shop/b", "STRICT", created="2026-01-01T00:00:00Z")
    assert mode(web) == ("STRICT", "PeerAuthentication shop/b", "namespace")


def test_a_selector_in_the_root_namespace_is_ignored(web):
    policy(web, "istio-system/web", "STRICT", selector={"app": "web"})
    assert mode(web) == ("PERMISSIVE", "None", "default")


def test_a_policy_of_another_namespace_says_nothing(web):
    policy(web, "other/default", "STRICT")
    assert mode(web)[2] == "default"
