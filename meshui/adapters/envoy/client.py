"""Reads an Envoy's admin interface. `Admin` bounds a GET in time and size; here it connects to the pod's address, in
`forward` through the Kubernetes API.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from datetime import UTC, datetime

from meshui.adapters.envoy.parse import parse_certs, parse_clusters, parse_server_info, parse_versions
from meshui.adapters.envoy.paths import check_path
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.proxy.reading import ProxyReading

ADMIN_PORT = 15000
MEGABYTE = 1024 * 1024
LISTENER_VERSIONS = (
    "/config_dump?resource=dynamic_listeners"
    "&mask=name,active_state.version_info,active_state.last_updated,error_state.details"
)
"""Without the mask a page of megabytes."""


class Admin:
    """What all ways share: GETs of allowed pages, each over a connection of its own."""

    def __init__(self, port: int, timeout: float, largest_answer: int) -> None:
        self._port = port
        self._timeout = timeout
        self._largest = largest_answer

    def get(self, pod: ObjectRef, path: str) -> bytes:
        """The page's body. Raises Failure(SOURCE_UNAVAILABLE), or UNSUPPORTED for a page that is not to be read."""
        check_path(path)
        try:
            connection = self._connect(pod)
            try:
                return self._fetch(connection, pod, path)
            finally:
                connection.close()
        except TimeoutError as problem:
            raise unavailable(pod, f"did not answer in {self._timeout:g} s") from problem
        except ConnectionRefusedError as problem:
            raise unavailable(pod, "refused the connection") from problem
        except (OSError, http.client.HTTPException) as problem:
            raise unavailable(pod, f"can't be reached: {problem}") from problem

    def read(self, pod: ObjectRef) -> ProxyReading:
        """The proxy as its pages tell. Raises Failure(SOURCE_UNAVAILABLE)."""
        clusters = parse_clusters(self.get(pod, "/clusters?format=json"))
        return ProxyReading(
            pod=pod,
            read_at=datetime.now(UTC),
            info=parse_server_info(self.get(pod, "/server_info")),
            certificates=parse_certs(self.get(pod, "/certs")),
            clusters=len(clusters),
            unhealthy=tuple(one for one in clusters if any(endpoint.unhealthy for endpoint in one.endpoints)),
            versions=parse_versions(self.get(pod, LISTENER_VERSIONS)),
        )

    def _connect(self, pod: ObjectRef) -> http.client.HTTPConnection:
        raise NotImplementedError

    def _fetch(self, connection: http.client.HTTPConnection, pod: ObjectRef, path: str) -> bytes:
        deadline = time.monotonic() + self._timeout * 3
        connection.request("GET", path, headers={"Host": "localhost", "Connection": "close"})
        with connection.getresponse() as response:
            if response.status != http.client.OK:
                raise unavailable(pod, f"answered HTTP {response.status} to {path}")
            chunks: list[bytes] = []
            size = 0
            while chunk := response.read(64 * 1024):
                size += len(chunk)
                if size > self._largest:
                    limit = self._largest // MEGABYTE
                    raise unavailable(pod, f"gave more than {limit} MB for {path}, which is not read")
                if time.monotonic() > deadline:
                    raise unavailable(pod, f"did not finish {path} in {self._timeout * 3:g} s")
                chunks.append(chunk)
            return b"".join(chunks)


class PodAddressAdmin(Admin):
    """A ProxySource that connects to the pod's own address, which `address` tells (None: it has none now)."""

    def __init__(
        self,
        address: Callable[[ObjectRef], str | None],
        *,
        port: int = ADMIN_PORT,
        timeout: float = 3.0,
        largest_answer: int = 32 * MEGABYTE,
    ) -> None:
        super().__init__(port, timeout, largest_answer)
        self._address = address

    def _connect(self, pod: ObjectRef) -> http.client.HTTPConnection:
        address = self._address(pod)
        if not address:
            raise unavailable(pod, "has no address now")
        return http.client.HTTPConnection(address, self._port, timeout=self._timeout)


def unavailable(pod: ObjectRef, what: str) -> Failure:
    """ "The proxy of shop/web-1 <what>"."""
    return Failure(
        Code.SOURCE_UNAVAILABLE,
        f"The proxy of {pod.namespace}/{pod.name} {what}",
        next_step="MeshUI asks again at the next poll.",
        context={"source": "proxies", "object": str(pod)},
    )
