"""One real Envoy for the route configurations of a test: each behind a port of its own, all clusters at one echo."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from meshui.demo.envoy.binary import envoy_binary
from tests.conftest import network
from tests.domain.proxy.generated import CLUSTERS

Json = dict[str, Any]
_FILTERS = "type.googleapis.com/envoy.extensions.filters"
_HCM = f"{_FILTERS}.network.http_connection_manager.v3.HttpConnectionManager"
_ECHOED = {
    "x-echo-path": "%REQ(:PATH)%",
    "x-echo-host": "%REQ(:AUTHORITY)%",
}


class Answer:
    """What came back: status, headers by lower-case name, body."""

    def __init__(self, status: int, headers: dict[str, str], body: str) -> None:
        self.status, self.headers, self.body = status, headers, body


class Router:
    """An Envoy with a listener for each (route configuration, connection manager's options)."""

    def __init__(self, folder: Path, number: int, configs: Sequence[tuple[Json, Json]]) -> None:
        worker = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0)
        self.address = f"127.{network(33)}.{worker}.{number}"
        self._folder = folder
        self._configs = configs
        self._process: subprocess.Popen[bytes] | None = None

    def port(self, position: int) -> int:
        return 11000 + position

    def __enter__(self) -> Router:
        path = self._folder / "envoy.json"
        path.write_text(json.dumps(self._bootstrap()))
        command = [str(envoy_binary()), "-c", str(path), "--concurrency", "1", "--disable-hot-restart", "-l", "error"]
        self._log = (self._folder / "envoy.log").open("wb")
        self._process = subprocess.Popen(command, stderr=self._log)
        deadline = time.monotonic() + 60
        while not self._ready():
            said = (self._folder / "envoy.log").read_text()[-3000:]
            assert self._process.poll() is None, said
            assert time.monotonic() < deadline, f"Envoy does not get ready: {said}"
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(20)
        self._log.close()

    def dump(self) -> bytes:
        with urllib.request.urlopen(f"http://{self.address}:15000/config_dump", timeout=20) as answer:
            body: bytes = answer.read()
            return body

    def send(self, requests: Sequence[tuple[int, Json]], at_once: int = 20) -> list[Answer]:
        """The answers to (number of the configuration, request), in order."""
        return asyncio.run(self._send(requests, at_once))

    async def _send(self, requests: Sequence[tuple[int, Json]], at_once: int) -> list[Answer]:
        turns = asyncio.Semaphore(at_once)

        async def one(position: int, request: Json) -> Answer:
            async with turns:
                reader, writer = await asyncio.open_connection(self.address, self.port(position))
                try:
                    writer.write(_encoded(request))
                    return _answer(await asyncio.wait_for(reader.read(), 30))
                finally:
                    writer.close()

        return list(await asyncio.gather(*(one(*request) for request in requests)))

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.address}:15000/ready", timeout=1) as answer:
                return answer.status == 200
        except OSError:
            return False

    def _bootstrap(self) -> Json:
        echo = {
            "name": "echo",
            "virtual_hosts": [
                {
                    "name": "echo",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}],
                    "response_headers_to_add": [
                        {"header": {"key": key, "value": value}} for key, value in _ECHOED.items()
                    ],
                }
            ],
        }
        added = {
            "x-cluster-used": "%UPSTREAM_CLUSTER%",
            "x-route": "%ROUTE_NAME%",
            "x-told-timeout": "%REQ(X-ENVOY-EXPECTED-RQ-TIMEOUT-MS)%",
        }
        names = [{"header": {"key": key, "value": value}} for key, value in added.items()]
        listeners = [
            self._listener(self.port(position), config | {"response_headers_to_add": names}, manager)
            for position, (config, manager) in enumerate(self._configs)
        ]
        endpoint = {"endpoint": {"address": self._address(10999)}}
        return {
            "admin": {"address": self._address(15000)},
            "static_resources": {
                "listeners": [*listeners, self._listener(10999, echo, {})],
                "clusters": [
                    {
                        "name": name,
                        "type": "STATIC",
                        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
                    }
                    for name in CLUSTERS
                ],
            },
        }

    def _listener(self, port: int, config: Json, manager: Json) -> Json:
        router = {"@type": f"{_FILTERS}.http.router.v3.Router"}
        typed = {
            "@type": _HCM,
            "stat_prefix": "test",
            "delayed_close_timeout": "0s",
            "route_config": config,
            "http_filters": [{"name": "envoy.filters.http.router", "typed_config": router}],
            **manager,
        }
        filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": typed}]
        return {"name": f"port-{port}", "address": self._address(port), "filter_chains": [{"filters": filters}]}

    def _address(self, port: int) -> Json:
        return {"socket_address": {"address": self.address, "port_value": port}}


def _encoded(request: Json) -> bytes:
    headers = {"host": request["host"], "connection": "close", "content-length": "0", **request["headers"]}
    lines = [f"{request['method']} {request['path']} HTTP/1.1", *(f"{key}: {value}" for key, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _answer(data: bytes) -> Answer:
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Answer(int(first.split()[1]), headers, body.decode("utf-8", "replace"))
