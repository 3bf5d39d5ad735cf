"""The request that is asked about, as the router sees it."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

GRPC = "application/grpc"


class Request(msgspec.Struct, frozen=True):
    """`host` is the authority (with a port where the client writes one), `path` begins with "/" and may have a query;
    `headers` are by lower-case name, several values of one joined by ",". `tls`: the client spoke TLS to this proxy."""

    host: str
    path: str = "/"
    method: str = "GET"
    headers: dict[str, str] = {}
    tls: bool = False
    source_ip: str = ""
    """Of the connection; "" when it isn't known."""

    @property
    def scheme(self) -> str:
        """What `:scheme` and x-forwarded-proto say: the header that came, else how the client is connected."""
        given = self.headers.get("x-forwarded-proto", "").lower()
        return given if given in ("http", "https") else "https" if self.tls else "http"

    @property
    def plain_path(self) -> str:
        """The path without query and fragment, which is what routes match."""
        return without_query(self.path)

    @property
    def query(self) -> str:
        """The query with its "?", or ""."""
        path = self.path.partition("#")[0]
        at = path.find("?")
        return path[at:] if at >= 0 else ""

    @property
    def grpc(self) -> bool:
        """By its content type, as Envoy tells it: application/grpc, or that and "+..."."""
        kind = self.headers.get("content-type", "")
        return kind == GRPC or kind.startswith(f"{GRPC}+")

    def header(self, name: str) -> str | None:
        """A header by lower-case name, pseudo-headers included; None when it is absent. Envoy itself adds the last ones
        before it routes."""
        match name:
            case ":authority" | "host":
                return self.host
            case ":path":
                return self.path
            case ":method":
                return self.method
            case ":scheme" | "x-forwarded-proto":
                return self.scheme
            case "x-request-id":
                return self.headers.get(name, "(made by Envoy)")
        return self.headers.get(name)


def without_query(path: str) -> str:
    """The path up to "?" or "#"."""
    for position, character in enumerate(path):
        if character in "?#":
            return path[:position]
    return path


def query_parameters(path: str) -> dict[str, str]:
    """The first value of each parameter, undecoded, as Envoy compares them."""
    found: dict[str, str] = {}
    query = urlsplit(path).query if "?" in path else ""
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if part:
            found.setdefault(name, value)
    return found
