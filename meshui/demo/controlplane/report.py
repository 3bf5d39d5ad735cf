"""Tells of objects that aren't in force: in the log, in their status, and as Kubernetes Events.

Istio keeps such conditions in `status.conditions`. A status is only written when an object goes bad or recovers, so
that a good object's resourceVersion changes by its owners' hands alone.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp

from meshui.demo.controlplane.manifests import Key, Manifest
from meshui.demo.controlplane.watch import KINDS, Kind

log = logging.getLogger("meshui.demo.controlplane")
CONDITION = "Reconciled"
_COMPONENT = "istiod"


class Reporter:
    """Remembers what it told, and tells each thing once per version of an object."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._told: dict[Key, tuple[str, str]] = {}
        self._written: dict[Key, tuple[str, str]] = {}

    async def report(self, objects: Mapping[Key, Manifest], problems: Mapping[Key, str]) -> None:
        """Brings logs, events and conditions up to date with the problems of the objects."""
        for key, manifest in objects.items():
            problem = problems.get(key, "")
            current = (str(manifest["metadata"].get("generation") or ""), problem)
            before = self._told.get(key)
            self._told[key] = current
            if problem and before != current:
                log.warning("%s %s/%s is not in force: %s", *key, problem)
                await self._event(key, manifest, problem)
            elif not problem and before and before[1]:
                log.info("%s %s/%s is in force again", *key)
            existing = _existing(manifest)
            stale = existing.get("status") != "False" or existing.get("message") != problem
            outdated = stale if problem else existing.get("status") == "False"
            if outdated and self._written.get(key) != current:
                self._written[key] = current
                await self._set_condition(KINDS[key[0]], manifest, problem)
        for memory in (self._told, self._written):
            for key in memory.keys() - objects.keys():
                del memory[key]

    async def _set_condition(self, kind: Kind, manifest: Manifest, problem: str) -> None:
        status = manifest.get("status") or {}
        others = [item for item in status.get("conditions") or [] if item.get("type") != CONDITION]
        condition = {
            "type": CONDITION,
            "status": "False" if problem else "True",
            "reason": "ConfigRejected" if problem else "InForce",
            "message": problem,
            "lastTransitionTime": _now(),
        }
        path = kind.object_path(manifest["metadata"]["namespace"], manifest["metadata"]["name"])
        patch = {"status": {"conditions": [*others, condition]}}
        for target in (f"{path}/status", path):
            status_code = await self._send("PATCH", target, patch, "application/merge-patch+json")
            if status_code not in (404, 405):
                return

    async def _event(self, key: Key, manifest: Manifest, problem: str) -> None:
        kind, namespace, name = key
        now = _now()
        reference = {
            "kind": kind,
            "apiVersion": manifest["apiVersion"],
            "namespace": namespace,
            "name": name,
            "uid": manifest["metadata"].get("uid", ""),
            "resourceVersion": manifest["metadata"].get("resourceVersion", ""),
        }
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{name}.{datetime.now(UTC).timestamp():.6f}".replace(".", "-"),
                "namespace": namespace,
            },
            "involvedObject": reference,
            "type": "Warning",
            "reason": "ConfigRejected",
            "message": problem,
            "source": {"component": _COMPONENT},
            "reportingComponent": _COMPONENT,
            "reportingInstance": _COMPONENT,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        await self._send("POST", f"/api/v1/namespaces/{namespace}/events", event, "application/json")

    async def _send(self, method: str, path: str, body: dict[str, Any], content_type: str) -> int:
        """The status of the answer, 0 when there was none; telling is not worth failing for."""
        try:
            headers = {"content-type": content_type}
            async with self._session.request(method, path, json=body, headers=headers) as answer:
                if answer.status >= 400:
                    log.info("%s %s: %s", method, path, answer.status)
                return answer.status
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("%s %s: %s", method, path, error or type(error).__name__)
            return 0


def _existing(manifest: Manifest) -> dict[str, Any]:
    conditions = (manifest.get("status") or {}).get("conditions") or []
    return next((item for item in conditions if item.get("type") == CONDITION), {})


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
