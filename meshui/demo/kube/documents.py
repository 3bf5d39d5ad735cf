"""The documents beside the resources: versions, discovery, OpenAPI."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from meshui.demo.kube import discovery, openapi, wire
from meshui.demo.kube.errors import no_such_path
from meshui.demo.kube.schema import Object


def document(request: Request, parts: list[str]) -> Response:
    """The document at a path that names no resource. Raises a 404 when there is none."""
    found: Object | None = None
    described: bytes | None = None
    match parts:
        case []:
            found = {"paths": ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/readyz", "/version"]}
        case ["version"]:
            found = discovery.version()
        case ["api"]:
            found = discovery.core_versions(request.url.netloc)
        case ["api", version]:
            found = discovery.resources("", version)
        case ["apis"]:
            found = discovery.groups()
        case ["apis", group]:
            found = discovery.group(group)
        case ["apis", group, version]:
            found = discovery.resources(group, version)
        case ["openapi", "v2"]:
            if openapi.PROTOBUF_V2 in request.headers.get("accept", ""):
                # The type asked for isn't a valid one (it has an @), and clients refuse an answer that says it.
                return Response(openapi.version_2_protobuf(), media_type="application/octet-stream")
            return Response(openapi.version_2(), media_type="application/json")
        case ["openapi", "v3"]:
            found = openapi.index()
        case ["openapi", "v3", "api", version]:
            described = openapi.group_document("", version)
        case ["openapi", "v3", "apis", group, version]:
            described = openapi.group_document(group, version)
    if described is not None:
        return Response(described, media_type="application/json")
    if found is None:
        raise no_such_path()
    return wire.answer(found)
