"""Single objects, read and written as a person: every request carries the person's name, so that the cluster's own RBAC
decides and its audit log tells who it was.
Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
"""

from __future__ import annotations

import base64
from typing import Any, Protocol

from meshui.adapters.kubernetes.client import KubernetesClient
from meshui.adapters.kubernetes.discover import Discovery
from meshui.adapters.kubernetes.kinds import ServedKind
from meshui.adapters.pem import read_chain
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.proxy.reading import Certificate

Manifest = dict[str, Any]
FIELD_MANAGER = "meshui"
_SECRETS = ServedKind("", "v1", "secrets", "Secret", True)
"""No kind of the inventory: single ones are read, as the person who asks."""


class Person(Protocol):
    """Who acts, by the names that the cluster knows."""

    @property
    def kubernetes_user(self) -> str: ...

    @property
    def kubernetes_groups(self) -> tuple[str, ...]: ...


class KubernetesConfig:
    """A ConfigSource."""

    def __init__(self, kubernetes: KubernetesClient, discovery: Discovery) -> None:
        self._kubernetes = kubernetes
        self._discovery = discovery

    def get(self, ref: ObjectRef, *, acting_as: Person) -> Manifest:
        """The object, whole. Raises Failure(NOT_FOUND | FORBIDDEN | SOURCE_UNAVAILABLE)."""
        kind = self._discovery.named(ref.kind)
        return self._call("GET", kind, kind.path(ref.namespace, ref.name), acting_as)

    def create(self, manifest: Manifest, *, acting_as: Person, dry_run: bool) -> Manifest:
        """The object as created. Raises Failure(CONFLICT | FORBIDDEN | INVALID | SOURCE_UNAVAILABLE)."""
        kind, namespace, _ = self._place(manifest)
        return self._call("POST", kind, kind.path(namespace), acting_as, manifest, dry_run)

    def replace(self, manifest: Manifest, *, acting_as: Person, dry_run: bool) -> Manifest:
        """The object as it is after the put. Its metadata.resourceVersion must be the one that was read, else
        Failure(CONFLICT); also raises NOT_FOUND, FORBIDDEN, INVALID and SOURCE_UNAVAILABLE."""
        kind, namespace, name = self._place(manifest)
        if not manifest["metadata"].get("resourceVersion"):
            # Without it the API would overwrite whatever is there.
            raise Failure(Code.INVALID, "A change must say which resourceVersion it was made from")
        return self._call("PUT", kind, kind.path(namespace, name), acting_as, manifest, dry_run)

    def delete(self, ref: ObjectRef, resource_version: str, *, acting_as: Person, dry_run: bool) -> None:
        """Deletes exactly that version. Raises Failure(CONFLICT | NOT_FOUND | FORBIDDEN | SOURCE_UNAVAILABLE)."""
        kind = self._discovery.named(ref.kind)
        options: Manifest = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"resourceVersion": resource_version},
        }
        if dry_run:
            options["dryRun"] = ["All"]
        self._call("DELETE", kind, kind.path(ref.namespace, ref.name), acting_as, options, dry_run)

    def certificate(self, namespace: str, name: str, *, acting_as: Person) -> Certificate | None:
        """The certificate in a Secret of type kubernetes.io/tls; None where it has none. Its key is not looked at.
        Raises Failure(NOT_FOUND | FORBIDDEN | SOURCE_UNAVAILABLE)."""
        secret = self._call("GET", _SECRETS, _SECRETS.path(namespace, name), acting_as)
        data = secret.get("data") or {}
        encoded = data.get("tls.crt") or data.get("cert")
        try:
            return read_chain(base64.b64decode(encoded)) if isinstance(encoded, str) else None
        except ValueError:
            return None

    def _place(self, manifest: Manifest) -> tuple[ServedKind, str, str]:
        metadata = manifest.get("metadata") or {}
        served = self._discovery.named(str(manifest.get("kind")), str(manifest.get("apiVersion")))
        # The object goes out in the version it is written in, whichever version the inventory reads.
        version = str(manifest["apiVersion"]).rpartition("/")[2]
        kind = ServedKind(served.group, version, served.plural, served.kind, served.namespaced)
        return kind, str(metadata.get("namespace") or ""), str(metadata.get("name") or "")

    def _call(
        self,
        method: str,
        kind: ServedKind,
        path: str,
        acting_as: Person,
        body: Manifest | None = None,
        dry_run: bool = False,
    ) -> Manifest:
        if not acting_as.kubernetes_user:
            raise Failure(
                Code.FORBIDDEN,
                "Your account has no Kubernetes user, so nothing can be changed in your name",
                next_step="Ask an administrator to give your account one.",
            )
        query: dict[str, str] = {}
        if method in {"POST", "PUT"}:
            query["fieldManager"] = FIELD_MANAGER
        if dry_run:
            query["dryRun"] = "All"
        impersonate = (acting_as.kubernetes_user, tuple(acting_as.kubernetes_groups))
        try:
            answer: Manifest = self._kubernetes.request(method, path, query=query, body=body, impersonate=impersonate)
        except Failure as failure:
            verb = {"GET": "get", "POST": "create", "PUT": "update", "DELETE": "delete"}[method]
            resource = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
            failure.context |= {"verb": verb, "resource": resource, "user": acting_as.kubernetes_user}
            raise
        return answer if method == "DELETE" else {"apiVersion": kind.api_version, "kind": kind.kind} | answer
