"""The HTTP face: which request asks for what, who may, and how the answer is written."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import uniform
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from meshui.demo.kube import access, logs, patch, proxy, tables, wire
from meshui.demo.kube.documents import document
from meshui.demo.kube.errors import (
    Cause,
    StatusError,
    bad_request,
    expired,
    invalid,
    method_not_allowed,
    no_such_path,
    unsupported_media_type,
)
from meshui.demo.kube.objects import Objects, Options, Target
from meshui.demo.kube.resources import find
from meshui.demo.kube.reviews import REVIEWS, review
from meshui.demo.kube.scale import rescaling, scale_of
from meshui.demo.kube.schema import Object, Schema, schema_of, schema_of_kind
from meshui.demo.kube.selectors import Predicate, selector
from meshui.demo.kube.watch import BOOKMARK_SECONDS, WatchOptions, watch

_JSON_PATCH = "application/json-patch+json"
_MERGE_PATCH = "application/merge-patch+json"
_STRATEGIC_PATCH = "application/strategic-merge-patch+json"
_APPLY_PATCH = "application/apply-patch+yaml"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Call:
    """A request for a resource, with the path below a subresource that has one."""

    target: Target
    verb: str
    rest: str = ""
    port: str = ""


class Server:
    """Answers requests from one set of objects; pods' logs are files below `logs_folder`."""

    def __init__(self, objects: Objects, logs_folder: Path, bookmark_seconds: float = BOOKMARK_SECONDS) -> None:
        self.objects = objects
        self._logs_folder = logs_folder
        self._bookmark_seconds = bookmark_seconds

    def app(self) -> Starlette:
        routes = [
            *(Route(f"/{name}", _healthy) for name in ("healthz", "livez", "readyz")),
            Route("/{path:path}", self._answer, methods=list(_METHODS)),
        ]
        return Starlette(routes=routes, exception_handlers={HTTPException: _refuse_method})

    async def _answer(self, request: Request) -> Response:
        try:
            user = access.impersonate(access.authenticate(request.headers), request.headers.items())
            return await self._dispatch(request, user)
        except StatusError as error:
            return wire.refusal(error)
        except RecursionError:
            return wire.refusal(bad_request("the object is nested too deeply"))
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception:
            logger.exception("%s %s failed", request.method, request.url.path)
            return wire.refusal(StatusError(500, "InternalError", "Internal error occurred: see the server's log"))

    async def _dispatch(self, request: Request, user: access.User) -> Response:
        parts = [part for part in request.path_params["path"].split("/") if part]
        call = None
        match parts:
            case ["api", version, *rest] if rest:
                call = self._call(request.method, "", version, rest)
            case ["apis", ("authorization.k8s.io" | "authentication.k8s.io") as group, "v1", *rest] if rest:
                return await self._review(request, user, group, rest)
            case ["apis", group, version, *rest] if rest:
                call = self._call(request.method, group, version, rest)
        if call is None:
            access.check(user, access.Attributes(_VERBS[request.method], url=request.url.path))
            if request.method not in ("GET", "HEAD"):
                raise method_not_allowed()
            return document(request, parts)
        verb = "watch" if call.verb == "list" and wire.flag(request, "watch") else call.verb
        target = call.target
        resource = target.resource.plural + (f"/{target.subresource}" if target.subresource else "")
        asked = access.Attributes(verb, target.resource.group, resource, target.namespace, target.name)
        access.check(user, asked)
        return await self._perform(request, replace(call, verb=verb))

    def _call(self, method: str, group: str, version: str, parts: list[str]) -> Call:
        """What a path names. Raises a 404 for one that names nothing, a 405 where the method doesn't fit."""
        namespace = ""
        if parts[0] == "namespaces" and len(parts) > 2 and (group or parts[2] not in ("status", "finalize")):
            namespace, parts = parts[1], parts[2:]
        resource = find(group, version, parts[0])
        if resource is None or (namespace and not resource.namespaced):
            raise no_such_path()
        name = parts[1] if len(parts) > 1 else ""
        subresource = parts[2] if len(parts) > 2 else ""
        if (subresource and subresource not in resource.subresources) or (len(parts) > 3 and subresource != "proxy"):
            raise no_such_path()
        port = ""
        if subresource == "proxy":
            name, port = proxy.parse_name(name)
        elif name and resource.namespaced and not namespace:
            raise no_such_path()
        verb = _VERBS[method]
        if not name:
            verb = {"get": "list", "delete": "deletecollection"}.get(verb, verb)
        served = subresource == "proxy" or verb in resource.verbs
        misplaced = not name if verb in ("update", "patch") else bool(name) and verb == "create"
        everywhere = resource.namespaced and not namespace and verb in ("create", "deletecollection")
        if (
            not served
            or everywhere
            or (misplaced and subresource != "proxy")
            or (subresource and subresource != "proxy" and verb not in ("get", "update", "patch"))
        ):
            raise method_not_allowed(resource)
        return Call(Target(resource, version, namespace, name, subresource), verb, "/".join(parts[3:]), port)

    async def _perform(self, request: Request, call: Call) -> Response:
        target, accept = call.target, request.headers.get("accept", "")
        if target.subresource == "log":
            return self._log(request, target)
        if target.subresource == "proxy":
            pod = self.objects.get(replace(target, subresource=""))
            return await proxy.forward(request, proxy.address(pod, call.port), call.rest)
        form = tables.representation(accept)
        match call.verb:
            case "list":
                return wire.answer(self._list(request, target, form))
            case "watch":
                return self._watch(request, target, form)
            case "get":
                found = self.objects.get(target)
                return wire.answer(
                    scale_of(found) if target.subresource == "scale" else self._shown(found, target, form, request)
                )
        options = wire.write_options(request, call.verb)
        body = await wire.read_body(request)
        match call.verb:
            case "create":
                written, status = self.objects.create(target, wire.mapping(wire.decode(request, body)), options), 201
            case "update" if target.subresource == "scale":
                return wire.answer(self._rescale(target, lambda _: wire.mapping(wire.decode(request, body)), options))
            case "update":
                written, status = self.objects.replace(target, wire.mapping(wire.decode(request, body)), options), 200
            case "patch":
                return self._patch(request, target, body, options, form)
            case "delete":
                return self._delete(target, wire.mapping(wire.decode(request, body)) if body else {}, options)
            case _:
                return self._delete_collection(request, target, options)
        return wire.answer(self._shown(written, target, form, request), status, options.warnings)

    def _shown(self, object_: Object, target: Target, form: str, request: Request) -> Object:
        if object_.get("apiVersion") != target.api_version:
            object_ = object_ | {"apiVersion": target.api_version}
        if form == "Table":
            include = request.query_params.get("includeObject", "Metadata")
            version = {"resourceVersion": object_["metadata"].get("resourceVersion", "")}
            return tables.table(target.resource, [object_], include, version)
        return tables.metadata_only(object_) if form else object_

    def _list(self, request: Request, target: Target, form: str) -> Object:
        store, resource, query = self.objects.store, target.resource, request.query_params
        limit, token = wire.integer(request, "limit") or 0, query.get("continue", "")
        matches = self._matches(request, target)
        after: tuple[str, str] | None = None
        at: int | None = None
        wanted = wire.version_of(query.get("resourceVersion", ""))
        if token:
            at, after = wire.read_continue(token)
        elif wanted:
            store.check(wanted)
            at = wanted if query.get("resourceVersionMatch") == "Exact" else None
        version = at or store.version
        try:
            items = store.items(resource, target.namespace, at)
        except StatusError as error:
            if token and error.code == 410:
                raise expired(
                    "The provided continue parameter is too old to display a consistent list result."
                ) from error
            raise
        if matches is not None:
            items = [item for item in items if matches(item[1])]
        if after is not None:
            items = [item for item in items if item[0] > after]
        metadata: Object = {"resourceVersion": str(version)}
        if limit and len(items) > limit:
            if matches is None:
                metadata["remainingItemCount"] = len(items) - limit
            items = items[:limit]
            metadata["continue"] = wire.write_continue(version, items[-1][0])
        objects = [object_ for _, object_ in items]
        if form == "Table":
            return tables.table(resource, objects, query.get("includeObject", "Metadata"), metadata)
        if form:
            kind, api_version = "PartialObjectMetadataList", "meta.k8s.io/v1"
            objects = [tables.metadata_only(object_) for object_ in objects]
        else:
            kind, api_version = f"{resource.kind}List", target.api_version
            if not resource.custom:
                # Kubernetes leaves these out of a built-in kind's list, and clients must cope.
                typed = ("kind", "apiVersion")
                objects = [{key: value for key, value in item.items() if key not in typed} for item in objects]
            elif target.version != resource.version:
                objects = [object_ | {"apiVersion": api_version} for object_ in objects]
        return {"kind": kind, "apiVersion": api_version, "metadata": metadata, "items": objects}

    def _watch(self, request: Request, target: Target, form: str) -> Response:
        query, store = request.query_params, self.objects.store
        send_initial = wire.flag(request, "sendInitialEvents") if "sendInitialEvents" in query else None
        if send_initial is not None and query.get("resourceVersionMatch") != "NotOlderThan":
            message = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            cause = Cause("resourceVersionMatch", "FieldValueForbidden", f"Forbidden: {message}")
            raise StatusError(422, "Invalid", f'ListOptions.meta.k8s.io "" is invalid: {cause}', causes=(cause,))
        since = wire.version_of(query.get("resourceVersion", ""))
        store.check(since or 0)
        timeout = wire.integer(request, "timeoutSeconds")
        options = WatchOptions(
            namespace=target.namespace,
            since=since,
            matches=self._matches(request, target),
            bookmarks=wire.flag(request, "allowWatchBookmarks"),
            send_initial_events=send_initial,
            timeout_seconds=timeout if timeout else uniform(1800, 3600),
            bookmark_seconds=self._bookmark_seconds,
        )
        return StreamingResponse(self._events(request, target, options, form), media_type="application/json")

    async def _events(self, request: Request, target: Target, options: WatchOptions, form: str) -> AsyncIterator[bytes]:
        resource, first = target.resource, True
        include = request.query_params.get("includeObject", "Metadata")
        async for type_, object_ in watch(self.objects.store, resource, options):
            shown = object_
            if type_ != "ERROR":
                shown = object_ | {"apiVersion": target.api_version}
                if form == "Table":
                    rows = [] if type_ == "BOOKMARK" else [shown]
                    version = {"resourceVersion": object_["metadata"]["resourceVersion"]}
                    shown = tables.table(resource, rows, include, version, headings=first)
                    first = False
                elif form:
                    shown = tables.metadata_only(shown)
            yield orjson.dumps({"type": type_, "object": shown}) + b"\n"

    def _matches(self, request: Request, target: Target) -> Predicate | None:
        query = request.query_params
        matches = selector(target.resource, query.get("labelSelector", ""), query.get("fieldSelector", ""))
        return matches

    def _patch(self, request: Request, target: Target, body: bytes, options: Options, form: str) -> Response:
        resource = target.resource
        accepted = [_JSON_PATCH, _MERGE_PATCH, _APPLY_PATCH]
        if not resource.custom:
            accepted.insert(2, _STRATEGIC_PATCH)
        media = wire.media_type(request)
        if media not in accepted:
            raise unsupported_media_type(tuple(accepted))
        content = wire.parse_yaml(body) if media == _APPLY_PATCH else wire.parse_json(body)
        if media == _APPLY_PATCH and target.subresource != "scale":
            if "fieldManager" not in request.query_params:
                raise wire.bad_option("PatchOptions", "fieldManager", "Required value: is required for apply patch")
            applied, created = self.objects.apply(target, wire.mapping(content), options)
            return wire.answer(self._shown(applied, target, form, request), 201 if created else 200, options.warnings)
        if "force" in request.query_params and media != _APPLY_PATCH:
            raise wire.bad_option("PatchOptions", "force", "Forbidden: may not be specified for non-apply patch")
        kind = schema_of_kind("", "Scale") if target.subresource == "scale" else schema_of(resource)
        change = _change(target, media, content, kind)
        if target.subresource == "scale":
            return wire.answer(self._rescale(target, change, options))
        patched = self.objects.patch(target, change, options)
        return wire.answer(self._shown(patched, target, form, request), 200, options.warnings)

    def _rescale(self, target: Target, change: Callable[[Object], Object], options: Options) -> Object:
        whole = replace(target, subresource="")
        return scale_of(self.objects.patch(whole, rescaling(target, change), options))

    def _delete(self, target: Target, body: Object, options: Options) -> Response:
        if body.get("dryRun"):
            options.dry_run = True
        object_, gone = self.objects.delete(target, body, options)
        if not gone or target.resource.deleted_object:
            return wire.answer(object_ | {"apiVersion": target.api_version})
        details = {
            "name": target.name,
            "group": target.resource.group,
            "kind": target.resource.plural,
            "uid": object_["metadata"]["uid"],
        }
        return wire.answer(_success(details))

    def _delete_collection(self, request: Request, target: Target, options: Options) -> Response:
        matches = self._matches(request, target)
        for key, object_ in self.objects.store.items(target.resource, target.namespace):
            if matches is None or matches(object_):
                self.objects.delete(replace(target, namespace=key[0], name=key[1]), {}, options)
        return wire.answer(_success({"group": target.resource.group, "kind": target.resource.plural}))

    def _log(self, request: Request, target: Target) -> Response:
        pod = self.objects.get(replace(target, subresource=""))
        container = logs.container_of(pod, request.query_params.get("container", ""))
        if wire.flag(request, "previous"):
            raise bad_request(f'previous terminated container "{container}" in pod "{target.name}" not found')
        seconds, time = wire.integer(request, "sinceSeconds"), request.query_params.get("sinceTime")
        if seconds is not None and time is not None:
            raise bad_request("at most one of `sinceTime` or `sinceSeconds` may be specified")
        options = logs.LogOptions(
            follow=wire.flag(request, "follow"),
            tail_lines=wire.integer(request, "tailLines"),
            since=logs.since(seconds, time),
            limit_bytes=wire.integer(request, "limitBytes"),
            timestamps=wire.flag(request, "timestamps"),
        )
        path = self._logs_folder / target.namespace / target.name / f"{container}.log"
        return StreamingResponse(logs.read(path, options, lambda: self.objects.store.closed), media_type="text/plain")

    async def _review(self, request: Request, user: access.User, group: str, parts: list[str]) -> Response:
        namespace = ""
        if parts[0] == "namespaces" and len(parts) == 3:
            namespace, parts = parts[1], parts[2:]
        if len(parts) != 1 or (group, parts[0]) not in REVIEWS:
            raise no_such_path()
        if request.method != "POST":
            raise method_not_allowed()
        access.check(user, access.Attributes("create", group, parts[0], namespace))
        return wire.answer(
            review(user, group, parts[0], wire.mapping(wire.decode(request, await wire.read_body(request)))), 201
        )


async def _healthy(_: Request) -> Response:
    return PlainTextResponse("ok")


async def _refuse_method(_: Request, __: Exception) -> Response:
    return wire.refusal(method_not_allowed())


def _change(target: Target, media: str, content: Any, kind: Schema) -> Callable[[Object], Object]:
    """What a patch does to an object; the change raises a 422 or 400 where the patch doesn't fit."""

    def change(object_: Object) -> Object:
        try:
            if media == _JSON_PATCH:
                return wire.mapping(patch.json_patch(object_, content))
            if media == _STRATEGIC_PATCH:
                return wire.mapping(patch.strategic_merge(object_, wire.mapping(content), kind))
            return wire.mapping(patch.merge_patch(object_, wire.mapping(content)))
        except patch.PatchError as error:
            if media != _JSON_PATCH or not isinstance(content, list):
                raise bad_request(f"error decoding patch: {error}") from error
            message = f"the server rejected our request due to an error in our request: {error}"
            raise invalid(target.resource, target.name, (Cause("patch", "FieldValueInvalid", message),)) from error

    return change


def _success(details: Object) -> Object:
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
