"""Talks to a Prometheus-compatible server: instant queries at a given time, answers as raw bytes.

`PrometheusConnect` of prometheus-api-client sets up the connection (session, retries, timeouts); its decoding is not
used, because an object per sample is what a large mesh can't afford. Every failure is a Failure(SOURCE_UNAVAILABLE).
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from datetime import datetime
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec
import requests
from prometheus_api_client import PrometheusConnect
from requests.auth import AuthBase, HTTPBasicAuth
from urllib3.util.retry import Retry

from meshui.adapters.prometheus.errors import answer_failure, transport_failure, unavailable

MEGABYTE = 1024 * 1024
PIECE = MEGABYTE
"""Bytes of an answer that are handed on at a time."""
LONGEST_GET = 1500
"""Characters of a query that still go into a URL; longer ones are posted (proxies cut URLs at 2-8 kB)."""


class PrometheusOptions(msgspec.Struct, frozen=True):
    """How to reach and prove oneself to a server. Times in seconds."""

    url: str
    token: str | None = None
    headers: Mapping[str, str] = {}
    """Sent with every query, for example a tenant: {"X-Scope-OrgID": "team"}."""
    verify: bool | str = True
    """False, or the path of a CA bundle."""
    client_certificate: tuple[str, str] | None = None
    """Paths of certificate and key for mutual TLS with the server."""
    connect_timeout: float = 2.0
    query_timeout: float = 10.0
    largest_answer: int = 64 * MEGABYTE
    largest_stream: int = 1024 * MEGABYTE


class PrometheusClient:
    """A MetricsSource. Safe to share between threads."""

    def __init__(self, options: PrometheusOptions) -> None:
        self._options = options
        self._url, credentials = _without_credentials(options.url.rstrip("/"))
        session = requests.Session()
        session.verify = options.verify
        session.cert = options.client_certificate
        session.headers.update({"Accept": "application/json", "User-Agent": "meshui"})
        # An explicit auth, also when there is none: requests would otherwise look into ~/.netrc.
        session.auth = HTTPBasicAuth(*credentials) if credentials else _Bearer(options.token)
        only_connecting = Retry(total=None, connect=2, read=0, redirect=0, status=0, other=0, backoff_factor=0.2)
        connection = PrometheusConnect(
            self._url, headers=dict(options.headers), session=session, retry=only_connecting, timeout=None
        )
        self._session, self._headers = session, connection.headers

    def query(self, promql: str, at: datetime) -> bytes:
        """The raw JSON body of an instant query evaluated at `at`. Raises Failure(SOURCE_UNAVAILABLE)."""
        return b"".join(self._asked(promql, at, self._options.largest_answer))

    def stream(self, promql: str, at: datetime) -> Generator[bytes, None, None]:
        """The same in pieces while it arrives, for answers too large to hold. Close it to stop early."""
        return self._asked(promql, at, self._options.largest_stream)

    def _asked(self, promql: str, at: datetime, largest: int) -> Generator[bytes, None, None]:
        form = {"query": promql, "time": f"{at.timestamp():.3f}", "timeout": f"{self._options.query_timeout:g}s"}
        return self._fetch("/api/v1/query", form, post=len(promql) > LONGEST_GET, largest=largest)

    def version(self) -> str:
        """The server's version, as a check that it is one. Raises Failure(SOURCE_UNAVAILABLE)."""
        body = b"".join(self._fetch("/api/v1/status/buildinfo", {}, post=False, largest=MEGABYTE))
        try:
            return str(msgspec.json.decode(body)["data"]["version"])
        except (msgspec.DecodeError, KeyError, TypeError):
            raise unavailable(self._url, "answers, but not as a Prometheus server does") from None

    def close(self) -> None:
        """Gives the connections back."""
        self._session.close()

    def _fetch(self, path: str, form: dict[str, str], *, post: bool, largest: int) -> Generator[bytes, None, None]:
        deadline = time.monotonic() + self._options.query_timeout + 2
        try:
            with self._session.request(
                "POST" if post else "GET",
                self._url + path,
                params=None if post else form,
                data=form if post else None,
                headers=self._headers,
                timeout=(self._options.connect_timeout, self._options.query_timeout + 1),
                # A redirect is a login page or a wrong address, and would carry the tenant headers elsewhere.
                allow_redirects=False,
                stream=True,
            ) as response:
                pieces = self._pieces(response, deadline, largest)
                if response.status_code != 200:
                    body = b"".join(pieces)
                    raise answer_failure(self._url, response.status_code, response.headers.get("Location"), body)
                yield from pieces
        except requests.RequestException as problem:
            raise transport_failure(self._url, problem, self._options.query_timeout) from problem

    def _pieces(self, response: requests.Response, deadline: float, largest: int) -> Iterator[bytes]:
        size = 0
        for piece in response.iter_content(PIECE):
            size += len(piece)
            if size > largest:
                limit = largest / MEGABYTE
                raise unavailable(self._url, f"gave an answer larger than {limit:g} MB, which is not read")
            if time.monotonic() > deadline:
                raise unavailable(self._url, f"did not finish its answer in {self._options.query_timeout:g} s")
            yield piece


class _Bearer(AuthBase):
    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _without_credentials(url: str) -> tuple[str, tuple[str, str] | None]:
    parts = urlsplit(url)
    if parts.username is None:
        return url, None
    host = parts.netloc.rpartition("@")[2]
    bare = urlunsplit((parts.scheme, host, parts.path, parts.query, parts.fragment))
    return bare, (unquote(parts.username), unquote(parts.password or ""))
