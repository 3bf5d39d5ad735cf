"""Reads an Envoy's admin interface. `Admin` bounds a GET in time and size; here it connects to the pod's address, in
`forward` through the Kubernetes API.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from meshui.adapters.envoy.parse import (
    parse_certs,
    parse_clusters,
    parse_log_levels,
    parse_memory,
    parse_server_info,
    parse_versions,
    type_states,
)
from meshui.adapters.envoy.paths import check_path, logging_path
from meshui.adapters.pem import with_issuers
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.proxy.reading import ProxyReading

ADMIN_PORT = 15000
CONTROL_PLANE_PORT = 15014
FIXED = "Proxy"
"""The kind of proxies that are no pods."""
MEGABYTE = 1024 * 1024
LISTENER_VERSIONS = (
    "/config_dump?resource=dynamic_listeners"
    "&mask=name,active_state.version_info,active_state.last_updated,error_state.details"
)
"""Without the mask a page of megabytes."""


SECRETS = "/config_dump?resource=dynamic_active_secrets"
"""With their certificates in full, and their keys left out by Envoy itself."""
_OTHERS = ("dynamic_active_clusters", "dynamic_route_configs", "dynamic_active_secrets")
_MASK = "version_info,last_updated,error_state.details"


class Admin:
    """What all ways share: GETs of allowed pages, each over a connection of its own."""

    fixed: tuple[ObjectRef, ...] = ()
    """Proxies that no inventory tells of."""

    def __init__(self, port: int, timeout: float, largest_answer: int) -> None:
        self._port = port
        self._timeout = timeout
        self._largest = largest_answer

    def get(self, pod: ObjectRef, path: str) -> bytes:
        """The page's body. Raises Failure(SOURCE_UNAVAILABLE), or UNSUPPORTED for a page that is not to be read."""
        return self._ask(pod, check_path(path))

    def syncz(self, pod: ObjectRef) -> bytes:
        """What an istiod says its proxies have. Raises Failure(SOURCE_UNAVAILABLE)."""
        return self._ask(pod, check_path("/debug/syncz"), port=CONTROL_PLANE_PORT)

    def log_levels(self, pod: ObjectRef) -> dict[str, str]:
        """The level of each logger. Raises Failure(SOURCE_UNAVAILABLE)."""
        return parse_log_levels(self._ask(pod, logging_path(), "POST"))

    def set_log_level(self, pod: ObjectRef, logger: str, level: str) -> dict[str, str]:
        """Changes a logger's level ("": of all), and gives the levels after. Raises Failure(INVALID |
        SOURCE_UNAVAILABLE)."""
        return parse_log_levels(self._ask(pod, logging_path(logger, level), "POST"))

    def _ask(self, pod: ObjectRef, path: str, method: str = "GET", port: int | None = None) -> bytes:
        try:
            connection = self._connect(pod, port)
            try:
                return self._fetch(connection, pod, path, method)
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
        listeners = parse_versions(self.get(pod, LISTENER_VERSIONS))
        others = [parse_versions(self.get(pod, f"/config_dump?resource={one}&mask={_MASK}")) for one in _OTHERS]
        return ProxyReading(
            pod=pod,
            read_at=datetime.now(UTC),
            info=parse_server_info(self.get(pod, "/server_info")),
            certificates=with_issuers(parse_certs(self.get(pod, "/certs")), self.get(pod, SECRETS)),
            clusters=len(clusters),
            unhealthy=tuple(one for one in clusters if any(endpoint.unhealthy for endpoint in one.endpoints)),
            versions=listeners,
            types=type_states(listeners, *others),
            memory_bytes=parse_memory(self.get(pod, "/memory")),
        )

    def _connect(self, pod: ObjectRef, port: int | None = None) -> http.client.HTTPConnection:
        raise NotImplementedError

    def _fetch(self, connection: http.client.HTTPConnection, pod: ObjectRef, path: str, method: str) -> bytes:
        deadline = time.monotonic() + self._timeout * 3
        connection.request(method, path, headers={"Host": "localhost", "Connection": "close"})
        with connection.getresponse() as response:
            if response.status == http.client.NOT_FOUND and path.startswith("/config_dump?resource="):
                return b"{}"  # it has none of them
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
        largest_answer: int = 64 * MEGABYTE,
    ) -> None:
        super().__init__(port, timeout, largest_answer)
        self._address = address

    def _connect(self, pod: ObjectRef, port: int | None = None) -> http.client.HTTPConnection:
        address = self._address(pod)
        if not address:
            raise unavailable(pod, "has no address now")
        return http.client.HTTPConnection(address, port or self._port, timeout=self._timeout)


class AddressListAdmin(Admin):
    """A ProxySource of proxies whose admin addresses are known by name, for fleets without Kubernetes. Others are asked
    of `others`, where there is such a source."""

    def __init__(
        self,
        addresses: Mapping[str, str],
        others: Admin | None = None,
        *,
        timeout: float = 3.0,
        largest_answer: int = 64 * MEGABYTE,
    ) -> None:
        super().__init__(ADMIN_PORT, timeout, largest_answer)
        self._addresses = addresses
        self._others = others
        self.fixed = tuple(ObjectRef(FIXED, "", name) for name in addresses)

    def _ask(self, pod: ObjectRef, path: str, method: str = "GET", port: int | None = None) -> bytes:
        if pod.kind != FIXED and self._others is not None:
            return self._others._ask(pod, path, method, port)
        return super()._ask(pod, path, method, port)

    def _connect(self, pod: ObjectRef, port: int | None = None) -> http.client.HTTPConnection:
        url = urlsplit(self._addresses.get(pod.name, ""))
        if pod.kind != FIXED or not url.hostname:
            raise unavailable(pod, "is not among MESHUI_ENVOY_ADMIN_URLS")
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        return kind(url.hostname, url.port or (443 if url.scheme == "https" else 80), timeout=self._timeout)


def unavailable(pod: ObjectRef, what: str) -> Failure:
    """ "The proxy of shop/web-1 <what>"."""
    return Failure(
        Code.SOURCE_UNAVAILABLE,
        f"The proxy {f'of {pod.namespace}/' if pod.namespace else ''}{pod.name} {what}",
        next_step="MeshUI asks again at the next poll.",
        context={"source": "proxies", "object": str(pod)},
    )
