"""The evaluator against real Envoys: thousands of requests, really sent, and every one decided alike.

Each case is a workload of its own: a listener of one Envoy, made by the demo's control plane (token check, RBAC
filters, mutual TLS); callers show real certificates of the mesh, or none.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from meshui.demo.controlplane import ca
from meshui.demo.controlplane.acceptance import check
from meshui.demo.controlplane.listeners import inbound_listener
from meshui.demo.controlplane.publish import ProxyFiles
from meshui.demo.controlplane.tls import Trust
from meshui.demo.controlplane.world import build_world
from meshui.demo.envoy.binary import envoy_binary
from meshui.domain.authz.judge import judge, verdict
from meshui.domain.authz.match import Truth
from meshui.domain.authz.policies import PolicyIndex
from meshui.domain.authz.request import Request
from meshui.domain.mesh.inventory import build_inventory
from meshui.domain.mesh.names import Identity
from tests.demo.envoy.cases import TOKENS, Ask, Caller, Case, generate
from tests.demo.envoy.conftest import NETWORK as MESH_NETWORK
from tests.demo.envoy.kept_cases import kept_cases

SEED = 20261124
CASES = 115
REQUESTS = 20
NETWORK = MESH_NETWORK
FIRST_PORT = 20000
AT_ONCE = 24


def address(case: Case) -> tuple[str, int]:
    return f"127.{NETWORK}.1.{1 + case.number % 2}", FIRST_PORT + case.number


class Server:
    """One Envoy with a listener a case."""

    def __init__(self, state: Path, cases: list[Case]) -> None:
        self._state = state
        self._authority = ca.load_or_create(state / "ca")
        self._contexts: dict[str, ssl.SSLContext] = {}
        directory = state / "envoy"
        directory.mkdir()
        identity = "spiffe://cluster.local/ns/case/sa/server"
        ProxyFiles(directory).publish_secret(self._authority.issue(identity, timedelta(hours=1)))
        self._trust = Trust(directory, self._authority.root_certificate)
        (state / "bootstrap.json").write_text(json.dumps(self._bootstrap(cases)))
        command = [str(envoy_binary()), "-c", str(state / "bootstrap.json"), "--concurrency", "1"]
        with (state / "envoy.err").open("wb") as errors:
            self._process = subprocess.Popen(
                [*command, "--disable-hot-restart", "--log-level", "warning"], stderr=errors
            )

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    async def wait(self, case: Case) -> None:
        """Until the case's listener takes connections."""
        deadline = time.monotonic() + 60
        while True:
            try:
                _, writer = await asyncio.open_connection(*address(case))
                writer.close()
                return
            except ConnectionError:
                errors = (self._state / "envoy.err").read_text()[-3000:]
                assert self._process.poll() is None, errors
                assert time.monotonic() < deadline, errors
                await asyncio.sleep(0.1)

    def context(self, account: str) -> ssl.SSLContext:
        if account not in self._contexts:
            namespace, _, name = account.partition("/")
            certificate = self._authority.issue(f"spiffe://cluster.local/ns/{namespace}/sa/{name}", timedelta(hours=1))
            path = self._state / f"{namespace}-{name}.pem"
            path.write_text(certificate.chain + certificate.private_key)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.load_cert_chain(path)
            context.set_alpn_protocols(["istio-http/1.1", "istio"])
            self._contexts[account] = context
        return self._contexts[account]

    def _bootstrap(self, cases: list[Case]) -> dict[str, Any]:
        return {
            "node": {"id": "authorization", "cluster": "authorization"},
            "static_resources": {
                "listeners": [self._listener(case) for case in cases],
                "clusters": [_echo_cluster(port) for port in (8080, 9090)],
            },
            # Nobody reads statistics here.
            "stats_config": {"stats_matcher": {"reject_all": True}},
        }

    def _listener(self, case: Case) -> dict[str, Any]:
        world = build_world([pod_manifest(case)], [service_manifest(case)], case.policies)
        for policy in case.policies:
            check(policy)
        listener = inbound_listener(world, world.pods[0], self._trust, self._state / "log")
        listener.pop("@type")
        ip, port = address(case)
        listener |= {"name": case.namespace, "stat_prefix": case.namespace}
        listener["address"] = {"socket_address": {"address": ip, "port_value": port}}
        for chain in listener["filter_chains"]:
            config = chain["filters"][-1]["typed_config"]
            config.pop("access_log")
            config.pop("access_log_options", None)
            if not case.tcp:
                for route in config["route_config"]["virtual_hosts"][0]["routes"]:
                    route.pop("route")
                    route["direct_response"] = {"status": 200}
        return listener


def pod_manifest(case: Case) -> dict[str, Any]:
    name = "tcp" if case.tcp else "http"
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": "server", "namespace": case.namespace, "labels": {"app": "server", **case.labels}},
        "spec": {
            "serviceAccountName": "server",
            "containers": [
                {"name": "server", "ports": [{"name": name, "containerPort": case.port}]},
                {"name": "istio-proxy"},
            ],
        },
        "status": {
            "phase": "Running",
            "podIP": address(case)[0],
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def service_manifest(case: Case) -> dict[str, Any]:
    port = {"name": "tcp" if case.tcp else "http", "port": 80, "targetPort": case.port}
    metadata = {"name": "server", "namespace": case.namespace}
    return {
        "kind": "Service",
        "apiVersion": "v1",
        "metadata": metadata,
        "spec": {"selector": {"app": "server"}, "ports": [port]},
    }


def _echo_cluster(port: int) -> dict[str, Any]:
    endpoint = {"address": {"socket_address": {"address": f"127.{NETWORK}.3.1", "port_value": 7000}}}
    name = f"inbound|{port}||"
    return {
        "name": name,
        "type": "STATIC",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}]},
    }


class Evaluated:
    """What the evaluator says, from the same manifests."""

    def __init__(self, cases: list[Case]) -> None:
        manifests = [manifest for case in cases for manifest in (pod_manifest(case), service_manifest(case))]
        self._inventory = build_inventory([*manifests, *(one for case in cases for one in case.policies)], "demo")
        assert self._inventory.problems == ()
        self._index = PolicyIndex(self._inventory)

    def allows(self, case: Case, caller: Caller, ask: Ask) -> tuple[bool, str]:
        workload = self._inventory.workloads[case.namespace, "server"]
        service = self._inventory.services[case.namespace, "server"]
        points = self._index.points(workload, service, stream=case.tcp)
        decision = verdict(judge(points, request_of(case, caller, ask)))
        assert decision.allowed is not Truth.MAYBE, "everything about the request is known"
        return decision.allowed is Truth.YES, decision.reason


def request_of(case: Case, caller: Caller, ask: Ask) -> Request:
    identity = Identity("cluster.local", *caller.account.split("/")) if caller.account else None
    source = f"127.{NETWORK}.2.{caller.source}"
    connection = {
        "identity": identity,
        "source_ip": source,
        "destination_ip": address(case)[0],
        "port": str(case.port),
        "sni": caller.sni if caller.account else None,
    }
    if case.tcp:
        return Request(**connection, remote_ip=source, stream=True)
    token = None
    if ask.token:
        token = TOKENS[ask.token][1]
        token = type(token)(token.claims, ask.token_header, token.valid)
    return Request(
        **connection,
        remote_ip=ask.forwarded.rpartition(", ")[2] if ask.forwarded else source,
        host=ask.host,
        method=ask.method,
        path=ask.path,
        headers=headers_of(ask),
        token=token,
    )


def headers_of(ask: Ask) -> dict[str, str]:
    found = {"x-tenant": ask.tenant, "x-forwarded-for": ask.forwarded}
    if ask.token:
        text = TOKENS[ask.token][0]
        found[ask.token_header] = f"Bearer {text}" if ask.token_header == "authorization" else text
    return {name: value for name, value in found.items() if value is not None}


async def ask_http(server: Server, case: Case, caller: Caller, asks: list[Ask]) -> list[int]:
    """The statuses of the requests, sent over one connection."""
    tls = {"ssl": server.context(caller.account), "server_hostname": caller.sni} if caller.account else {}
    reader, writer = await asyncio.open_connection(
        *address(case), local_addr=(f"127.{NETWORK}.2.{caller.source}", 0), **tls
    )
    statuses = []
    for ask in asks:
        lines = [f"{ask.method} {ask.path} HTTP/1.1", f"host: {ask.host}", "content-length: 0"]
        lines += [f"{name}: {value}" for name, value in headers_of(ask).items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        except asyncio.IncompleteReadError:
            raise AssertionError(f"closed after {statuses} on {ask}, {case.policies}") from None
        statuses.append(int(head.split(" ", 2)[1]))
        length = next((line for line in head.split("\r\n") if line.startswith("content-length:")), "content-length: 0")
        await reader.readexactly(int(length.partition(":")[2]))
    writer.close()
    return statuses


async def ask_tcp(server: Server, case: Case, caller: Caller) -> int:
    """200 when what is sent comes back, 403 when the connection is closed instead."""
    tls = {"ssl": server.context(caller.account), "server_hostname": caller.sni} if caller.account else {}
    try:
        reader, writer = await asyncio.open_connection(
            *address(case), local_addr=(f"127.{NETWORK}.2.{caller.source}", 0), **tls
        )
        writer.write(b"hello\n")
        line = await asyncio.wait_for(reader.readline(), 20)
        writer.close()
    except ConnectionError:
        line = b""
    return 200 if line == b"hello\n" else 403


async def ask_all(server: Server, cases: list[Case]) -> list[tuple[Case, Caller, Ask, int]]:
    """Every request of every case with its status."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def of_caller(case: Case, caller: Caller) -> list[tuple[Case, Caller, Ask, int]]:
        asks = [ask for other, ask in case.asks if other == caller]
        async with limit:
            if case.tcp:
                return [(case, caller, ask, await ask_tcp(server, case, caller)) for ask in asks]
            statuses = await asyncio.wait_for(ask_http(server, case, caller, asks), 60)
            return [(case, caller, *pair) for pair in zip(asks, statuses, strict=True)]

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if line := await reader.readline():
            writer.write(line)
        writer.close()

    async with await asyncio.start_server(echo, f"127.{NETWORK}.3.1", 7000):
        await server.wait(cases[-1])
        work = [of_caller(case, caller) for case in cases for caller in dict.fromkeys(who for who, _ in case.asks)]
        return [one for found in await asyncio.gather(*work) for one in found]


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [*generate(SEED, CASES, NETWORK, REQUESTS), *kept_cases(CASES)]


@pytest.fixture(scope="module")
def server(cases: list[Case], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("authorization"), cases)
    yield server
    server.stop()


def test_envoy_and_the_evaluator_decide_every_request_alike(server: Server, cases: list[Case]) -> None:
    answers = asyncio.run(ask_all(server, cases))
    evaluated = Evaluated(cases)
    disagreements = []
    allowed = 0
    for case, caller, ask, status in answers:
        assert status in (200, 401, 403), (case, caller, ask, status)
        expected, reason = evaluated.allows(case, caller, ask)
        allowed += status == 200
        if expected is not (status == 200):
            disagreements.append((case.namespace, case.tcp, caller, ask, status, reason, case.policies))
    assert disagreements == [], f"{len(disagreements)} of {len(answers)}"
    assert len(answers) >= 2000
    assert 0.2 < allowed / len(answers) < 0.8, "both answers are asked for"
