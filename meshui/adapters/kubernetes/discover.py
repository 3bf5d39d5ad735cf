"""Which of the known kinds a cluster serves: discovered, never assumed, and asked again once in a while."""

from __future__ import annotations

import threading
import time
from typing import Any

from meshui.adapters.kubernetes.client import KubernetesClient
from meshui.adapters.kubernetes.kinds import KNOWN_KINDS, ServedKind, served_kinds
from meshui.domain.failures import Code, Failure


class Discovery:
    """The served kinds, kept for `keep_seconds` (a new CRD shows up after that)."""

    def __init__(self, kubernetes: KubernetesClient, keep_seconds: float = 60.0) -> None:
        self._kubernetes = kubernetes
        self._keep_seconds = keep_seconds
        self._kinds: tuple[ServedKind, ...] = ()
        self._found: dict[str, list[dict[str, Any]]] = {}
        self._until = 0.0
        self._lock = threading.Lock()

    def kinds(self) -> tuple[ServedKind, ...]:
        """All known kinds that the cluster serves. Raises Failure(SOURCE_UNAVAILABLE | FORBIDDEN)."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._found = self._resources()
                self._kinds = served_kinds(self._found)
                self._until = time.monotonic() + self._keep_seconds
            return self._kinds

    def named(self, kind: str, api_version: str | None = None) -> ServedKind:
        """A kind by name; `api_version` picks one of two groups' kinds, or write `Gateway.gateway.networking.k8s.io`.
        Raises Failure(NOT_FOUND) for what is not known or not served."""
        name, _, group = kind.partition(".")
        if api_version is not None:
            group = api_version.rpartition("/")[0]
        for served in self.kinds():
            if served.kind == name and (served.group == group or (not group and api_version is None)):
                return served
        what = f"{kind} of {api_version}" if api_version else kind
        raise Failure(Code.NOT_FOUND, f"This cluster has no objects of kind {what}", context={"kind": kind})

    def _resources(self) -> dict[str, list[dict[str, Any]]]:
        wanted = {(known.group, version) for known in KNOWN_KINDS for version in known.versions}
        found = {"v1": _listed(self._kubernetes.request("GET", "/api/v1"))}
        for group in self._kubernetes.request("GET", "/apis").get("groups") or ():
            for offer in group.get("versions") or ():
                if (group.get("name"), offer.get("version")) not in wanted:
                    continue
                api_version = f"{group['name']}/{offer['version']}"
                try:
                    found[api_version] = _listed(self._kubernetes.request("GET", f"/apis/{api_version}"))
                except Failure as failure:
                    # A group whose own API server is away (aggregation) is as it was; it must not hide the others.
                    if failure.code not in {Code.NOT_FOUND, Code.SOURCE_UNAVAILABLE}:
                        raise
                    found[api_version] = self._found.get(api_version, [])
        return found


def _listed(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return answer.get("resources") or []
