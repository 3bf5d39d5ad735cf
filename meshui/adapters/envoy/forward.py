"""Reads an Envoy's admin interface through the Kubernetes API, as `kubectl port-forward` does: Istio's proxies have it
on the pod's loopback only.

The subprotocol is v4.channel.k8s.io: each binary message begins with its channel, 0 for the port's data and 1 for its
errors; the first message of each is the port number.
"""

from __future__ import annotations

import http.client
import io
from collections.abc import Callable
from typing import Any

import websocket
from kubernetes.stream.ws_client import create_websocket

from meshui.adapters.envoy.client import ADMIN_PORT, MEGABYTE, Admin, unavailable
from meshui.domain.failures import Failure
from meshui.domain.mesh.names import ObjectRef

_DATA, _ERRORS = 0, 1


class PortForwardAdmin(Admin):
    """A ProxySource that asks the Kubernetes API to forward the port. `configuration` gives the official client's;
    `authorization` the current Authorization header."""

    def __init__(
        self,
        configuration: Callable[[], Any],
        authorization: Callable[[], str | None],
        *,
        port: int = ADMIN_PORT,
        timeout: float = 8.0,
        largest_answer: int = 64 * MEGABYTE,
    ) -> None:
        super().__init__(port, timeout, largest_answer)
        self._configuration = configuration
        self._authorization = authorization

    def _ask(self, pod: ObjectRef, path: str, method: str = "GET", port: int | None = None) -> bytes:
        try:
            return super()._ask(pod, path, method, port)
        except websocket.WebSocketTimeoutException as problem:
            raise unavailable(pod, f"did not answer in {self._timeout:g} s") from problem
        except websocket.WebSocketBadStatusException as problem:
            raise unavailable(pod, _refusal(problem.status_code)) from problem
        except websocket.WebSocketException as problem:
            raise unavailable(pod, f"can't be reached through the Kubernetes API: {problem}") from problem

    def _connect(self, pod: ObjectRef, port: int | None = None) -> http.client.HTTPConnection:
        configuration, token = self._configuration(), self._authorization()
        port = port or self._port
        url = f"{configuration.host}/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/portforward?ports={port}"
        scheme, _, rest = url.partition("://")
        headers = {"sec-websocket-protocol": "v4.channel.k8s.io"} | ({"authorization": token} if token else {})
        # The official client has no timeout of its own for this.
        websocket.setdefaulttimeout(self._timeout)
        try:
            forwarded: Any = create_websocket(  # type: ignore[no-untyped-call]
                configuration, f"{'wss' if scheme == 'https' else 'ws'}://{rest}", headers
            )
        except OSError as problem:
            raise unavailable(pod, f"can't be reached: the Kubernetes API does not answer ({problem})") from problem
        forwarded.settimeout(self._timeout)
        connection = http.client.HTTPConnection("localhost", port, timeout=self._timeout)
        connection.sock = _ForwardedPort(forwarded, pod)
        return connection


class _ForwardedPort(io.RawIOBase):
    """The port as http.client needs it: a socket that is its own file."""

    def __init__(self, forwarded: Any, pod: ObjectRef) -> None:
        self._forwarded = forwarded
        self._pod = pod
        self._begun: set[int] = set()
        self._pending = b""
        self._files = 0
        self._done = False

    def sendall(self, data: bytes) -> None:
        self._forwarded.send_binary(bytes([_DATA]) + bytes(data))

    def makefile(self, mode: str) -> io.BufferedReader:
        self._files += 1
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._pending:
            opcode, message = self._forwarded.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return 0
            if not message:
                continue
            channel, data = message[0], message[1:]
            if channel not in self._begun:
                self._begun.add(channel)  # the port number
            elif channel == _ERRORS:
                raise self._refused(data)
            else:
                self._pending = data
        size = min(len(buffer), len(self._pending))
        buffer[:size], self._pending = self._pending[:size], self._pending[size:]
        return size

    def close(self) -> None:
        # http.client closes the socket when the response says so, and reads on from the file.
        if self._files and not self._done:
            self._done = True
            return
        self._forwarded.shutdown()
        super().close()

    def _refused(self, data: bytes) -> Failure:
        return unavailable(self._pod, f"can't be reached: {data.decode('utf-8', 'replace')[:300]}")


def _refusal(status: int) -> str:
    if status == 403:
        return "may not be asked: MeshUI's service account lacks `create` on `pods/portforward`"
    if status == 404:
        return "is gone"
    return f"can't be reached: the Kubernetes API answered HTTP {status}"
