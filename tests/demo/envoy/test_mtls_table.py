"""The table of mutual TLS against real handshakes: what is predicted of every combination is what real Envoys do."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from meshui.demo import layout
from meshui.demo.controlplane import ca
from meshui.domain.mesh.inventory import build_inventory
from meshui.domain.mtls.overlay import Predictor
from tests.demo.envoy.conftest import NETWORK, PODS, SERVICES, Mesh, manifest, networking, security

Manifest = dict[str, Any]
Observed = str
"""mutual_tls, plain_text or refused."""

ROOT = layout.ROOT_NAMESPACE
SERVERS: dict[str, list[Manifest]] = {
    "STRICT": [security("PeerAuthentication", "default", {"mtls": {"mode": "STRICT"}}, ROOT)],
    "PERMISSIVE": [security("PeerAuthentication", "default", {"mtls": {"mode": "PERMISSIVE"}}, ROOT)],
    "DISABLE": [security("PeerAuthentication", "default", {"mtls": {"mode": "DISABLE"}}, ROOT)],
    "UNSET": [],
    "UNSET below STRICT": [
        security("PeerAuthentication", "default", {"mtls": {"mode": "STRICT"}}, ROOT),
        security("PeerAuthentication", "default", {"mtls": {"mode": "UNSET"}}, "shop"),
        security("PeerAuthentication", "default", {"mtls": {"mode": "UNSET"}}, "warehouse"),
    ],
}
CLIENTS = ("none", "DISABLE", "SIMPLE", "MUTUAL", "MUTUAL of the mesh", "ISTIO_MUTUAL")
CALLED = {"catalog": "shop", "stockdb": "warehouse", "bare": "shop"}
"""Over HTTP, over TCP, and without a proxy."""


@pytest.fixture
def wider(mesh: Mesh) -> Iterator[Mesh]:
    """The mesh with `bare` in it: a pod without a proxy, and its service."""
    address = f"127.{NETWORK}.0.30"
    pod = manifest("v1", "Pod", "shop", "bare")
    pod["metadata"]["labels"] = {"app": "bare"}
    pod["spec"] = {"containers": [{"name": "app", "ports": [{"containerPort": 8080, "name": "http"}]}]}
    ready = [{"type": "Ready", "status": "True"}]
    pod["status"] = {"phase": "Running", "podIP": address, "conditions": ready}
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    service = manifest("v1", "Service", "shop", "bare", spec={"selector": {"app": "bare"}, "ports": ports})

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="bare")

    async def serve() -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, address, 8080).start()
        return runner

    runner = mesh.run(serve())
    mesh.pods["bare"] = pod
    SERVICES.append(service)
    try:
        yield mesh
    finally:
        del mesh.pods["bare"]
        SERVICES.remove(service)
        mesh.run(runner.cleanup())


@pytest.fixture
def certificates(mesh: Mesh) -> dict[str, Manifest]:
    """What a DestinationRule says of its own certificate: one of a stranger, one that the mesh's root signed."""
    said = {}
    for name, authority in (("MUTUAL", "other"), ("MUTUAL of the mesh", "root")):
        issued = ca.load_or_create(mesh.state / "ca", authority).issue("spiffe://cluster.local/ns/x/sa/own", _HOUR)
        paths = [mesh.state / f"{authority}.{part}" for part in ("crt", "key")]
        for path, text in zip(paths, (issued.chain, issued.private_key), strict=True):
            path.write_text(text)
        said[name] = {"mode": "MUTUAL", "clientCertificate": str(paths[0]), "privateKey": str(paths[1])}
    return said


_HOUR = timedelta(hours=1)


def rules(tls: Manifest | None) -> list[Manifest]:
    """A DestinationRule for each service that is called."""
    policy = {} if tls is None else {"trafficPolicy": {"tls": tls}}
    return [
        networking("DestinationRule", name, {"host": f"{name}.{place}.svc.cluster.local", **policy}, place)
        for name, place in CALLED.items()
    ]


def predicted(mesh: Mesh, configs: list[Manifest], service: str, *, sidecar: bool) -> str:
    inventory = build_inventory([*mesh.pods.values(), *SERVICES, *configs], "test")
    key = (CALLED[service], service)
    found = Predictor(inventory)
    answers = {
        one.expected
        for workload in inventory.service_workloads[key]
        for one in found.at(
            "shop",
            "sidecar" if sidecar else "none",
            inventory.services[key] if sidecar else None,
            inventory.services[key].ports[0],
            inventory.workloads[workload],
        )
    }
    assert len(answers) == 1, answers
    return answers.pop()


def observed(mesh: Mesh, service: str, *, sidecar: bool) -> Observed:
    """What a real call comes to; over which of both it arrived is what the called Envoy counts."""
    if service == "bare":
        return "plain_text" if mesh.call(host="bare").status == 200 else "refused"
    at = ["stockdb"] if service == "stockdb" else ["catalog-v1", "catalog-v2"]
    metric = "istio_tcp_connections_opened_total" if service == "stockdb" else "istio_requests_total"

    def counted(policy: str) -> float:
        return sum(mesh.total(metric, one, connection_security_policy=policy, reporter="destination") for one in at)

    before = {policy: counted(policy) for policy in ("mutual_tls", "none")}
    if not _works(mesh, service, sidecar=sidecar):
        return "refused"
    mesh.until(lambda: any(counted(policy) > seen for policy, seen in before.items()))
    return "mutual_tls" if counted("mutual_tls") > before["mutual_tls"] else "plain_text"


def _works(mesh: Mesh, service: str, *, sidecar: bool) -> bool:
    if service == "catalog":
        try:
            return (mesh.call() if sidecar else mesh.call_plain()).status == 200
        except aiohttp.ClientError:
            return False
    if sidecar:
        return mesh.call_tcp() == b"hello\n"
    with socket.create_connection((PODS["stockdb"].ip, layout.INBOUND_PORT), 5) as connection:
        try:
            connection.sendall(b"hello\n")
            return connection.recv(100) == b"hello\n"
        except ConnectionError:
            return False


@pytest.mark.parametrize("server", SERVERS)
def test_the_table_is_what_real_envoys_do(wider: Mesh, certificates: dict[str, Manifest], server: str) -> None:
    for client in CLIENTS:
        tls = None if client == "none" else certificates.get(client, {"mode": client})
        configs = [*SERVERS[server], *rules(tls)]
        wider.apply(*configs)
        for service in CALLED:
            for sidecar in (True, False) if service != "bare" else (True,):
                expected = predicted(wider, configs, service, sidecar=sidecar)
                found = observed(wider, service, sidecar=sidecar)
                which = f"{server} x {client} x {service}, {'sidecar' if sidecar else 'no proxy'}"
                # Where it hangs on a certificate or an application's own TLS the table says that it does.
                assert expected in (found, "unknown"), f"{which}: predicted {expected}, seen {found}"
                assert (expected == "unknown") == _depends(server, client, service, sidecar=sidecar), which


def _depends(server: str, client: str, service: str, *, sidecar: bool) -> bool:
    strict = server in ("STRICT", "UNSET below STRICT")
    if not sidecar or client in ("none", "DISABLE", "ISTIO_MUTUAL"):
        return False
    if service == "bare":
        return True
    if strict:
        return client != "SIMPLE"
    return service == "stockdb"


def test_a_certificate_of_the_meshs_root_is_what_strict_takes(wider: Mesh, certificates: dict[str, Manifest]) -> None:
    for name, outcome in (("MUTUAL", "refused"), ("MUTUAL of the mesh", "mutual_tls")):
        wider.apply(*SERVERS["STRICT"], *rules(certificates[name]))
        assert observed(wider, "catalog", sidecar=True) == outcome


def test_precedence_among_random_policies_is_what_real_envoys_do(mesh: Mesh) -> None:
    chance = random.Random(20261124)
    for round_ in range(40):
        configs = [*_random_policies(chance), *_random_rules(chance)]
        mesh.apply(*configs)
        for sidecar in (True, False):
            said = predicted(mesh, configs, "stockdb", sidecar=sidecar)
            assert said == observed(mesh, "stockdb", sidecar=sidecar), (round_, sidecar, configs)


def _random_policies(chance: random.Random) -> list[Manifest]:
    def mode() -> Manifest:
        return {"mode": chance.choice(["STRICT", "PERMISSIVE", "DISABLE", "UNSET"])}

    made = []
    for name, place, selects in (("a", ROOT, False), ("b", "warehouse", False), ("c", "warehouse", True)):
        for copy in range(chance.choice([0, 1, 1, 2])):
            spec: Manifest = {"mtls": mode()}
            if selects:
                spec["selector"] = {"matchLabels": {"app": "stockdb"}}
                if chance.random() < 0.5:
                    spec["portLevelMtls"] = {chance.choice(["6380", "6379"]): mode()}
            one = security("PeerAuthentication", f"{name}{copy}", spec, place)
            one["metadata"]["creationTimestamp"] = f"2026-01-{chance.randint(1, 28):02}T00:00:00Z"
            made.append(one)
    return made


def _random_rules(chance: random.Random) -> list[Manifest]:
    def tls() -> Manifest:
        return {"tls": {"mode": chance.choice(["DISABLE", "ISTIO_MUTUAL"])}} if chance.random() < 0.6 else {}

    made = []
    for place in ("shop", "warehouse", ROOT, "edge"):
        if chance.random() < 0.4:
            continue
        policy = tls()
        if chance.random() < 0.6:
            policy["portLevelSettings"] = [{"port": {"number": chance.choice([6379, 6379, 1])}, **tls()}]
        host = chance.choice(["stockdb.warehouse.svc.cluster.local", "*.warehouse.svc.cluster.local"])
        spec: Manifest = {"host": host, "trafficPolicy": policy}
        if to := chance.choice([None, ["*"], ["."], ["shop"], ["edge"]]):
            spec["exportTo"] = to
        made.append(networking("DestinationRule", "stockdb", spec, place))
    return made
