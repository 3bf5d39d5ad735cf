"""Linkerd's policy as a layer."""

from __future__ import annotations

from typing import Any

import pytest

POLICY = "policy.linkerd.io/v1alpha1"
SERVER = "policy.linkerd.io/v1beta3"


@pytest.fixture
def meshed(cluster):
    """web and api have Linkerd's proxy, batch has none."""
    for manifest in cluster.manifests:
        if manifest["kind"] == "Pod" and manifest["metadata"]["name"].startswith(("web", "api")):
            manifest["spec"] = {
                **manifest["spec"],
                "containers": [*manifest["spec"]["containers"], {"name": "linkerd-proxy"}],
            }
    return cluster


def server(mesh: Any, **spec: Any) -> None:
    mesh.add("Server", "shop/api", {"podSelector": {"matchLabels": {"app": "api"}}, "port": "http", **spec}, SERVER)


def authorize(mesh: Any, *refs: dict[str, str], target: tuple[str, str] = ("Server", "api")) -> None:
    spec = {"targetRef": {"kind": target[0], "name": target[1]}, "requiredAuthenticationRefs": list(refs)}
    mesh.add("AuthorizationPolicy", f"shop/{target[1]}-{len(mesh.manifests)}", spec, POLICY)


def tls(mesh: Any, *identities: str) -> dict[str, str]:
    name = f"tls-{len(mesh.manifests)}"
    mesh.add("MeshTLSAuthentication", f"shop/{name}", {"identities": list(identities)}, POLICY)
    return {"kind": "MeshTLSAuthentication", "name": name}


def default(mesh: Any, policy: str) -> None:
    for manifest in mesh.manifests:
        if manifest["kind"] == "Pod":
            manifest["metadata"]["annotations"] = {"config.linkerd.io/default-inbound-policy": policy}


@pytest.mark.parametrize(
    ("policy", "web", "batch"),
    [
        ("all-unauthenticated", "open", "open"),
        ("all-authenticated", "allowed", "denied"),
        ("cluster-authenticated", "allowed", "denied"),
        ("cluster-unauthenticated", "allowed", "allowed"),
        ("deny", "denied", "denied"),
        ("audit", "allowed", "allowed"),
    ],
)
def test_without_a_server_the_pods_default_decides(meshed, ask, policy: str, web: str, batch: str):
    default(meshed, policy)
    assert (ask().verdict, ask("other/batch").verdict) == (web, batch)


def test_a_server_denies_what_nothing_authorizes(meshed, ask):
    server(meshed)
    found = ask()
    assert (found.refused_by, str(found.object)) == ("linkerd", "Server shop/api")
    assert [one.layer for one in found.layers] == ["linkerd"]


def test_a_server_of_another_port_does_not_hold(meshed, ask):
    server(meshed, port=9090)
    assert ask().verdict == "open"


@pytest.mark.parametrize(
    ("identity", "allowed"),
    [
        ("*", True),
        ("web.shop.serviceaccount.identity.linkerd.cluster.local", True),
        ("*.shop.serviceaccount.identity.linkerd.cluster.local", True),
        ("*.other.serviceaccount.identity.linkerd.cluster.local", False),
    ],
)
def test_identities_authorize(meshed, ask, identity: str, allowed: bool):
    server(meshed)
    authorize(meshed, tls(meshed, identity))
    assert (ask().verdict == "allowed") is allowed
    assert ask("other/batch").verdict == "denied", "it has no identity"


def test_all_required_authentications_must_hold(meshed, ask):
    server(meshed)
    meshed.add("NetworkAuthentication", "shop/far", {"networks": [{"cidr": "192.168.0.0/16"}]}, POLICY)
    authorize(meshed, tls(meshed, "*"), {"kind": "NetworkAuthentication", "name": "far"})
    assert ask().verdict == "denied"
    authorize(meshed, {"kind": "ServiceAccount", "name": "web"}, target=("Namespace", "shop"))
    assert ask().verdict == "allowed"


def test_networks_authorize_by_address(meshed, ask):
    server(meshed)
    networks = [{"cidr": "10.0.0.0/8", "except": ["10.9.0.0/16"]}]
    meshed.add("NetworkAuthentication", "shop/near", {"networks": networks}, POLICY)
    authorize(meshed, {"kind": "NetworkAuthentication", "name": "near"})
    assert ask("other/batch").verdict == "allowed"
    assert ask(None, source_ip="10.9.1.1").verdict == "denied"
    assert ask(None).verdict == "partly"


def test_routes_are_judged_by_themselves(meshed, ask):
    server(meshed)
    for name, match in (
        ("read", {"method": "GET", "path": {"type": "PathPrefix", "value": "/stock"}}),
        ("admin", {"path": {"type": "Exact", "value": "/stock/admin"}}),
    ):
        spec = {"parentRefs": [{"kind": "Server", "name": "api"}], "rules": [{"matches": [match]}]}
        meshed.add("HTTPRoute", f"shop/{name}", spec, "policy.linkerd.io/v1beta3")
    authorize(meshed, tls(meshed, "*"), target=("HTTPRoute", "read"))
    assert ask(method="GET", path="/stock/7").verdict == "allowed"
    assert ask(method="GET", path="/stock/admin").verdict == "denied", "the exact path takes it"
    missed = ask(method="POST", path="/stock/7")
    assert (missed.verdict, "404" in missed.reason) == ("denied", True)
    assert ask().verdict == "partly"


def test_the_old_server_authorization_still_counts(meshed, ask):
    server(meshed)
    client = {"meshTLS": {"serviceAccounts": [{"name": "web", "namespace": "shop"}]}}
    meshed.add(
        "ServerAuthorization", "shop/old", {"server": {"name": "api"}, "client": client}, "policy.linkerd.io/v1beta1"
    )
    assert str(ask().object) == "ServerAuthorization shop/old"
    assert ask("other/batch").verdict == "denied"


def test_an_access_policy_of_audit_lets_in(meshed, ask):
    server(meshed, accessPolicy="audit")
    assert ask("other/batch").verdict == "allowed"
