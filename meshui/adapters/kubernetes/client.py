"""Talks to one Kubernetes API server: requests in, decoded JSON out, failures in plain words.

The official client gives the connection (kubeconfig, exec plugins, service account, TLS, proxies, token refresh);
bodies are decoded here, because its models refuse objects that they don't know every detail of.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import urllib3
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from urllib3 import HTTPHeaderDict
from urllib3.util.retry import Retry

from meshui.adapters.kubernetes.errors import answer_failure, transport_failure, unavailable
from meshui.domain.failures import Code, Failure

MEGABYTE = 1024 * 1024
Timeout = tuple[float, float]
"""Seconds to connect, and to wait for the next bytes."""


class KubernetesOptions(msgspec.Struct, frozen=True):
    """Which API server and as whom."""

    kubeconfig: str | None = None
    """Path, several joined by the path separator; None: the pod's service account, else ~/.kube/config."""
    context: str | None = None
    timeout: Timeout = (2.0, 10.0)
    largest_answer: int = 256 * MEGABYTE
    connections: int = 64


class KubernetesClient:
    """A connection to an API server, made at the first request. Safe to share between threads, not across a fork."""

    def __init__(self, options: KubernetesOptions) -> None:
        self._options = options
        self._made: client.ApiClient | None = None
        self._lock = threading.Lock()

    @property
    def configuration(self) -> client.Configuration:
        """The official client's configuration. Raises Failure(SOURCE_UNAVAILABLE) when there is none that works."""
        found: client.Configuration = self._client.configuration
        return found

    @property
    def _client(self) -> client.ApiClient:
        with self._lock:
            if self._made is None:
                self._made = client.ApiClient(_configuration(self._options))
            return self._made

    @property
    def host(self) -> str:
        """The server's address, for messages."""
        return str(self.configuration.host)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        impersonate: tuple[str, tuple[str, ...]] | None = None,
    ) -> Any:
        """The decoded JSON answer. `impersonate` is a user and groups. Raises Failure by the status of the answer:
        NOT_FOUND, CONFLICT, FORBIDDEN, INVALID, THROTTLED or SOURCE_UNAVAILABLE."""
        response = self._open(method, path, query, body, impersonate, self._options.timeout)
        try:
            raw = response.read(self._options.largest_answer + 1)
        except urllib3.exceptions.HTTPError as problem:
            raise transport_failure(self.host, problem, self._options.timeout) from problem
        finally:
            response.release_conn()
        if len(raw) > self._options.largest_answer:
            raise unavailable(self.host, f"gave an answer larger than {self._options.largest_answer // MEGABYTE} MB")
        if response.status >= 300:
            raise answer_failure(self.host, response.status, raw)
        try:
            return msgspec.json.decode(raw)
        except msgspec.DecodeError:
            raise unavailable(self.host, "answered, but not with JSON") from None

    def stream(self, path: str, query: Mapping[str, str], seconds: float) -> EventStream:
        """A watch that ends after about `seconds`. Raises as `request` does."""
        quiet = (self._options.timeout[0], seconds + self._options.timeout[1])
        response = self._open("GET", path, query, None, None, quiet)
        if response.status >= 300:
            raw = response.read(MEGABYTE)
            response.release_conn()
            raise answer_failure(self.host, response.status, raw)
        return EventStream(response)

    def authorization(self) -> str | None:
        """The Authorization header's value, refreshed if it must be; None with client certificates."""
        setting = self.configuration.auth_settings().get("BearerToken")
        return str(setting["value"]) if setting and setting["value"] else None

    def close(self) -> None:
        """Gives the connections back."""
        if self._made is not None:
            self._made.close()  # type: ignore[no-untyped-call]

    def _open(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Any,
        impersonate: tuple[str, tuple[str, ...]] | None,
        timeout: Timeout,
    ) -> urllib3.HTTPResponse:
        headers = HTTPHeaderDict({"Accept": "application/json", "User-Agent": "meshui"})
        if body is not None:
            headers["Content-Type"] = "application/json"
        if authorization := self.authorization():
            headers["Authorization"] = authorization
        if impersonate is not None:
            headers["Impersonate-User"] = _header(impersonate[0])
            for group in impersonate[1]:
                headers.add("Impersonate-Group", _header(group))
        url = self.host + path + (f"?{urlencode(query)}" if query else "")
        try:
            send = self._client.rest_client.request
            answer = send(method, url, headers=headers, body=body, _request_timeout=timeout)  # type: ignore[no-untyped-call]
        except (urllib3.exceptions.HTTPError, ApiException) as problem:
            raise transport_failure(self.host, problem, timeout) from problem
        response: urllib3.HTTPResponse = answer.response
        return response


class EventStream:
    """The lines of a watch, decoded. Another thread may `stop` it."""

    def __init__(self, response: urllib3.HTTPResponse) -> None:
        self._response = response
        self._stopped = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Events until the server ends the watch, the connection breaks (that is an end, too) or somebody stops it."""
        pending = b""
        whole = False
        try:
            for chunk in self._response.stream(64 * 1024):
                *lines, pending = (pending + chunk).split(b"\n")
                for line in lines:
                    if line.strip():
                        yield msgspec.json.decode(line)
            whole = True
        except (urllib3.exceptions.HTTPError, OSError, ValueError, msgspec.DecodeError):
            return
        finally:
            if whole:
                self._response.release_conn()
            else:
                self._response.close()

    def stop(self) -> None:
        """Ends the iteration that runs in another thread, now."""
        if not self._stopped:
            self._stopped = True
            try:
                self._response.shutdown()
            except (ValueError, RuntimeError, OSError):
                return  # it has ended by itself


def _configuration(options: KubernetesOptions) -> client.Configuration:
    configuration = client.Configuration()
    try:
        if options.kubeconfig is None and os.environ.get("KUBERNETES_SERVICE_HOST"):
            config.load_incluster_config(configuration)  # type: ignore[no-untyped-call]
        else:
            config.load_kube_config(  # type: ignore[no-untyped-call]
                config_file=options.kubeconfig,
                context=options.context,
                client_configuration=configuration,
                persist_config=False,
            )
    except (config.ConfigException, OSError, ValueError) as problem:
        where = options.kubeconfig or "the default kubeconfig"
        detail = str(problem) if options.kubeconfig is None or Path(options.kubeconfig).exists() else "no such file"
        raise Failure(
            Code.SOURCE_UNAVAILABLE,
            f"The Kubernetes connection in {where} can't be used: {detail}",
            next_step="Check KUBECONFIG and MESHUI_KUBE_CONTEXT.",
            context={"source": "inventory"},
        ) from problem
    configuration.retries = Retry(total=None, connect=1, read=0, redirect=0, status=0, other=0, backoff_factor=0.1)
    configuration.connection_pool_maxsize = options.connections
    return configuration


def _header(value: str) -> str:
    if not value.isprintable() or not value.isascii():
        raise Failure(Code.INVALID, f"{value!r} can't be the name of a Kubernetes user or group")
    return value
