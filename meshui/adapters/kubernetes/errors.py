"""What a Kubernetes API server said no to, as failures: its Status object, or the lack of an answer."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import msgspec
import urllib3.exceptions

from meshui.domain.failures import Code, Failure


class Expired(Failure):
    """HTTP 410: the resourceVersion (or list continuation) is too old; list again."""


def unavailable(host: str, what: str, next_step: str = "") -> Failure:
    """ "The Kubernetes API at … <what>"."""
    return Failure(
        Code.SOURCE_UNAVAILABLE,
        f"The Kubernetes API at {host} {what}",
        next_step=next_step or "MeshUI keeps trying.",
        context={"source": "inventory", "url": host},
    )


def transport_failure(host: str, problem: Exception, timeout: tuple[float, float]) -> Failure:
    """The failure for a request that got no answer."""
    cause: Any = getattr(problem, "reason", None) or problem
    root = cause.__cause__ or cause.__context__ if isinstance(cause, BaseException) else None
    if isinstance(root, ConnectionRefusedError) or "Connection refused" in str(cause):
        return unavailable(host, "refused the connection")
    if isinstance(cause, urllib3.exceptions.NameResolutionError) or isinstance(root, socket.gaierror):
        return unavailable(host, "can't be found: its host name does not resolve", "Check the kubeconfig.")
    if isinstance(cause, urllib3.exceptions.SSLError | ssl.SSLError) or "SSLError" in str(cause):
        return unavailable(host, f"could not be trusted: {cause}", "Check the CA in the kubeconfig.")
    if isinstance(cause, urllib3.exceptions.ConnectTimeoutError):
        return unavailable(host, "can't be reached: connecting timed out")
    if isinstance(cause, urllib3.exceptions.TimeoutError):
        return unavailable(host, f"did not answer in {timeout[1]:g} s")
    return unavailable(host, "closed the connection before it had answered")


def answer_failure(host: str, status: int, body: bytes) -> Failure:
    """The failure for an HTTP status of 300 and above."""
    said = _status(body)
    message = str(said.get("message") or f"HTTP {status}")
    details = said.get("details") or {}
    context = {"source": "kubernetes", "url": host, "reason": str(said.get("reason") or "")}
    if details.get("kind"):
        context["object"] = f"{details['kind']} {details.get('name', '')}".strip()
    match status:
        case 401:
            return unavailable(host, "does not accept MeshUI's credentials (HTTP 401)", "Check the kubeconfig's user.")
        case 403:
            step = "Ask for a role that allows it, or sign in as somebody who may."
            return Failure(Code.FORBIDDEN, f"Kubernetes does not allow it: {message}", next_step=step, context=context)
        case 404:
            return Failure(Code.NOT_FOUND, f"Kubernetes has no such object: {message}", context=context)
        case 409:
            step = "Look at what it is now, and decide again."
            return Failure(Code.CONFLICT, f"Somebody changed it meanwhile: {message}", next_step=step, context=context)
        case 410:
            return Expired(Code.SOURCE_UNAVAILABLE, f"The Kubernetes API has forgotten that version: {message}")
        case 413:
            return Failure(Code.TOO_LARGE, f"Kubernetes finds it too large: {message}", context=context)
        case 400 | 405 | 415 | 422:
            fields = _fields(details)
            return Failure(Code.INVALID, f"Kubernetes refused it: {message}", context=context, fields=fields)
        case 429:
            return Failure(Code.THROTTLED, f"The Kubernetes API asks to slow down: {message}", context=context)
    return unavailable(host, f"answered HTTP {status}: {message[:300]}")


def _status(body: bytes) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {"message": " ".join(body[:300].decode("utf-8", "replace").split())}
    return said if isinstance(said, dict) else {}


def _fields(details: dict[str, Any]) -> dict[str, str]:
    causes = details.get("causes") or []
    return {str(cause.get("field") or ""): str(cause.get("message") or "") for cause in causes if cause.get("field")}
