"""What the server refuses, as Kubernetes' `Status` objects say it.

The reasons and the wording follow k8s.io/apimachinery/pkg/api/errors, for clients match on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from meshui.demo.kube.resources import Resource

RESOURCE_VERSION_TOO_LARGE = "ResourceVersionTooLarge"


@dataclass(frozen=True)
class Cause:
    """One wrong field. `reason` is FieldValueInvalid, FieldValueRequired, FieldValueNotSupported, ..."""

    field: str
    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class StatusError(Exception):
    """A refusal; `body()` is what goes on the wire."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        resource: Resource | None = None,
        name: str = "",
        causes: tuple[Cause, ...] = (),
        retry_after: int = 0,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.resource = resource
        self.name = name
        self.causes = causes
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        details: dict[str, Any] = {}
        if self.name:
            details["name"] = self.name
        if self.resource is not None:
            # Kubernetes puts the plural under "kind" here, except where it speaks of one invalid object.
            details["group"] = self.resource.group
            details["kind"] = self.resource.kind if self.reason == "Invalid" else self.resource.plural
        if self.causes:
            details["causes"] = [
                {"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in self.causes
            ]
        if self.retry_after:
            details["retryAfterSeconds"] = self.retry_after
        status = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "details": details,
            "code": self.code,
        }
        return {key: value for key, value in status.items() if value != "" and (key != "details" or value)}


def bad_request(message: str) -> StatusError:
    return StatusError(400, "BadRequest", message)


def unauthorized() -> StatusError:
    return StatusError(401, "Unauthorized", "Unauthorized")


def no_such_path() -> StatusError:
    return StatusError(404, "NotFound", "the server could not find the requested resource")


def not_found(resource: Resource, name: str) -> StatusError:
    return StatusError(404, "NotFound", f'{resource.qualified} "{name}" not found', resource, name)


def method_not_allowed(resource: Resource | None = None) -> StatusError:
    message = "the server does not allow this method on the requested resource"
    return StatusError(405, "MethodNotAllowed", message, resource)


def not_acceptable() -> StatusError:
    message = "only the following media types are accepted: application/json"
    return StatusError(406, "NotAcceptable", message)


def already_exists(resource: Resource, name: str) -> StatusError:
    return StatusError(409, "AlreadyExists", f'{resource.qualified} "{name}" already exists', resource, name)


def conflict(resource: Resource, name: str, why: str = "") -> StatusError:
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return StatusError(409, "Conflict", message, resource, name)


def apply_conflict(conflicts: dict[str, list[str]]) -> StatusError:
    """Fields that other managers own: manager as it is to be named -> the fields it owns."""
    causes = tuple(
        Cause(field, "FieldManagerConflict", f"conflict with {manager}")
        for manager, fields in conflicts.items()
        for field in fields
    )
    noun = f"{len(causes)} conflict{'s' if len(causes) > 1 else ''}"
    lines = "; ".join(f"conflict with {manager}: {', '.join(fields)}" for manager, fields in conflicts.items())
    message = f"Apply failed with {noun}: {lines}"
    return StatusError(409, "Conflict", message, causes=causes)


def expired(message: str) -> StatusError:
    return StatusError(410, "Expired", message)


def too_large() -> StatusError:
    return StatusError(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728")


def unsupported_media_type(accepted: tuple[str, ...]) -> StatusError:
    message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}"
    return StatusError(415, "UnsupportedMediaType", message)


def invalid(resource: Resource, name: str, causes: tuple[Cause, ...]) -> StatusError:
    listed = str(causes[0]) if len(causes) == 1 else "[" + ", ".join(str(cause) for cause in causes) + "]"
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    return StatusError(422, "Invalid", f'{kind} "{name}" is invalid: {listed}', resource, name, causes)


def denied_by_webhook(webhook: str, why: str) -> StatusError:
    """Kubernetes answers 400 without a reason when a webhook gives none (admission/plugin/webhook/errors)."""
    return StatusError(400, "", f'admission webhook "{webhook}" denied the request: {why}')


def forbidden(user: str, verb: str, group: str, resource: str, namespace: str, name: str) -> StatusError:
    qualified = f"{resource.partition('/')[0]}.{group}" if group else resource.partition("/")[0]
    scope = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    subject = f'{qualified} "{name}"' if name else qualified
    message = (
        f'{subject} is forbidden: User "{user}" cannot {verb} resource "{resource}" in API group "{group}" {scope}'
    )
    error = StatusError(403, "Forbidden", message, name=name)
    return error


def version_too_large(wanted: int, current: int) -> StatusError:
    message = f"Too large resource version: {wanted}, current: {current}"
    cause = Cause("", RESOURCE_VERSION_TOO_LARGE, "Too large resource version")
    return StatusError(504, "Timeout", message, causes=(cause,), retry_after=1)


def unavailable(message: str) -> StatusError:
    return StatusError(503, "ServiceUnavailable", message)
