"""Lists and watches over the Kubernetes HTTP API: a cache of manifests per kind that tells when it changed."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from meshui.demo.controlplane.manifests import Key, Manifest, key_of

log = logging.getLogger("meshui.demo.controlplane")
WATCH_SECONDS = 300
_RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class Kind:
    """A kind and where the API serves it."""

    name: str
    api: str
    plural: str

    @property
    def api_version(self) -> str:
        return self.api.removeprefix("/apis/").removeprefix("/api/")

    @property
    def path(self) -> str:
        return f"{self.api}/{self.plural}"

    def object_path(self, namespace: str, name: str) -> str:
        return f"{self.api}/namespaces/{namespace}/{self.plural}/{name}"


_NETWORKING = "/apis/networking.istio.io/v1"
_SECURITY = "/apis/security.istio.io/v1"
KINDS = {
    kind.name: kind
    for kind in (
        Kind("Pod", "/api/v1", "pods"),
        Kind("Service", "/api/v1", "services"),
        Kind("VirtualService", _NETWORKING, "virtualservices"),
        Kind("DestinationRule", _NETWORKING, "destinationrules"),
        Kind("Gateway", _NETWORKING, "gateways"),
        Kind("ServiceEntry", _NETWORKING, "serviceentries"),
        Kind("PeerAuthentication", _SECURITY, "peerauthentications"),
        Kind("AuthorizationPolicy", _SECURITY, "authorizationpolicies"),
        Kind("RequestAuthentication", _SECURITY, "requestauthentications"),
    )
}


class _Expired(Exception):  # noqa: N818 - the API's way to ask for a new list
    """The version to resume from is too old (410)."""


class Watcher:
    """Keeps the objects of one kind as the API has them. `synced` is set after the first list."""

    def __init__(self, session: aiohttp.ClientSession, kind: Kind, changed: Callable[[], None]) -> None:
        self._session = session
        self._kind = kind
        self._changed = changed
        self.objects: dict[Key, Manifest] = {}
        self.synced = asyncio.Event()

    async def run(self) -> None:
        """Lists, then watches, for ever; after a failure it starts over, and what is cached stays meanwhile."""
        failing = False
        while True:
            try:
                version = await self._list()
                failing = False
                while True:
                    version = await self._watch(version)
            except _Expired:
                continue
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError) as error:
                if not failing:
                    log.warning(
                        "watch of %s: %s; keeping what is known", self._kind.plural, error or type(error).__name__
                    )
                failing = True
                await asyncio.sleep(_RETRY_SECONDS)

    async def _list(self) -> str:
        async with self._session.get(self._kind.path) as answer:
            answer.raise_for_status()
            body = await answer.json()
        found = [self._complete(item) for item in body["items"]]
        objects = {key_of(item): item for item in found}
        # What didn't change keeps its identity, by which the last good versions are known.
        for key, known in self.objects.items():
            if key in objects and objects[key] == known:
                objects[key] = known
        changed = objects != self.objects or not self.synced.is_set()
        self.objects = objects
        self.synced.set()
        if changed:
            self._changed()
        return str(body["metadata"]["resourceVersion"])

    async def _watch(self, version: str) -> str:
        parameters = {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=WATCH_SECONDS + 30)
        async with self._session.get(self._kind.path, params=parameters, timeout=timeout) as answer:
            if answer.status == 410:
                raise _Expired
            answer.raise_for_status()
            pending = b""
            async for chunk in answer.content.iter_any():
                *lines, pending = (pending + chunk).split(b"\n")
                for line in lines:
                    if line.strip():
                        version = self._apply(json.loads(line)) or version
        return version

    def _apply(self, event: dict[str, Any]) -> str:
        manifest = event["object"]
        if event["type"] == "ERROR":
            if manifest.get("code") == 410:
                raise _Expired
            raise ValueError(manifest.get("message") or "the watch failed")
        version = str(manifest["metadata"].get("resourceVersion") or "")
        if event["type"] == "BOOKMARK":
            return version
        manifest = self._complete(manifest)
        key = key_of(manifest)
        if event["type"] == "DELETED":
            self.objects.pop(key, None)
        else:
            self.objects[key] = manifest
        self._changed()
        return version

    def _complete(self, manifest: Manifest) -> Manifest:
        """Items of a list may come without their kind."""
        return {"apiVersion": self._kind.api_version, "kind": self._kind.name} | manifest
