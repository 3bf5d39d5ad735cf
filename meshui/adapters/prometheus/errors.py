"""What went wrong with a Prometheus server, in words for a person."""

from __future__ import annotations

import re
import socket
import ssl

import msgspec
import requests
import urllib3.exceptions

from meshui.domain.failures import Code, Failure


def unavailable(url: str, what: str, next_step: str = "") -> Failure:
    """ "Prometheus at http://… <what>"."""
    return Failure(
        Code.SOURCE_UNAVAILABLE,
        f"Prometheus at {url} {what}",
        next_step=next_step or "MeshUI keeps trying; the last good numbers stay on the screen.",
        context={"source": "telemetry", "url": url},
    )


def transport_failure(url: str, problem: requests.RequestException, timeout: float) -> Failure:
    """The failure for a request that got no answer."""
    causes = list(_causes(problem))
    if any(isinstance(cause, ssl.SSLError | urllib3.exceptions.SSLError) for cause in causes):
        detail = next((str(cause) for cause in reversed(causes) if isinstance(cause, ssl.SSLError)), "TLS failed")
        return unavailable(url, f"could not be trusted: {detail}", "Check the CA bundle and the host name.")
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return unavailable(url, "refused the connection")
    if any(isinstance(cause, socket.gaierror | urllib3.exceptions.NameResolutionError) for cause in causes):
        return unavailable(url, "can't be found: its host name does not resolve", "Check PROMETHEUS_URL.")
    if isinstance(problem, requests.ConnectTimeout):
        return unavailable(url, "can't be reached: connecting timed out")
    if isinstance(problem, requests.Timeout) or any(isinstance(cause, TimeoutError) for cause in causes):
        return unavailable(url, f"did not answer in {timeout:g} s")
    if any(isinstance(cause, ConnectionError | urllib3.exceptions.ProtocolError) for cause in causes):
        return unavailable(url, "closed the connection before it had answered")
    return unavailable(url, f"can't be asked: {type(problem).__name__}")


def answer_failure(url: str, status: int, location: str | None, body: bytes) -> Failure:
    """The failure for an answer other than 200."""
    if 300 <= status < 400:
        step = "Put the address of the API itself, not of a login page, into PROMETHEUS_URL."
        return unavailable(url, f"redirects to {location or 'another address'}", step)
    if status in {401, 403}:
        step = "Check PROMETHEUS_TOKEN and PROMETHEUS_HEADERS."
        return unavailable(url, f"does not accept MeshUI's credentials (HTTP {status})", step)
    if status == 404:
        return unavailable(url, "has no query API there (HTTP 404)", "Check the path in PROMETHEUS_URL.")
    return unavailable(url, f"answered HTTP {status}: {_reason(body)}")


def _reason(body: bytes) -> str:
    try:
        said = str(msgspec.json.decode(body)["error"])
    except (msgspec.DecodeError, KeyError, TypeError):
        said = re.sub(r"<[^>]*>", " ", body[:2000].decode("utf-8", "replace"))
    return " ".join(said.split())[:300] or "no reason given"


def _causes(problem: BaseException) -> list[BaseException]:
    """The exception and everything it was raised from; requests hides causes in `args` and urllib3 in `reason`."""
    found: list[BaseException] = []
    todo: list[BaseException | None] = [problem]
    while todo:
        cause = todo.pop()
        if cause is None or cause in found:
            continue
        found.append(cause)
        hidden = [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
        todo.extend(item for item in hidden if isinstance(item, BaseException))
    return found
