"""The mesh's configuration objects, and the proxies that follow them."""

from __future__ import annotations

from typing import Any

import yaml
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui import wiring
from meshui.api import shapes
from meshui.api.answers import answer
from meshui.api.clusters import inventory_of
from meshui.api.permissions import user_of
from meshui.contract.asked import known_cluster, missing
from meshui.contract.mesh import (
    ConfigDetail,
    ConfigQuery,
    ConfigSummary,
    Manager,
    ProxyCertificate,
    ProxySummary,
)
from meshui.contract.openapi import describe
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.proxy.reading import ProxyReading
from meshui.services import read_proxies
from meshui.services.acting import actor_of

CLUSTER_SCOPED = "_"
"""Stands for the namespace of objects that have none."""


class ConfigListView(APIView):
    """The configuration objects of a cluster."""

    @describe(
        "listConfig", "The configuration objects", answer=list[ConfigSummary], query=ConfigQuery, problems=[404, 503]
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        query = ConfigQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        given = query.validated_data
        inventory = inventory_of(cluster)
        problems = {problem.object: problem.message for problem in inventory.problems}
        return answer(
            [
                shapes.config_summary(ref, manifest, problems.get(ref))
                for ref, manifest in sorted(inventory.config.items(), key=lambda item: item[0])
                if (given.get("kind") or ref.kind) == ref.kind
                and (given.get("namespace") or ref.namespace) == ref.namespace
                and given.get("search", "").lower() in ref.name.lower()
            ]
        )


class ConfigView(APIView):
    """One configuration object."""

    @describe(
        "getConfig",
        "An object as the cluster has it now; `_` for the namespace of one that has none",
        answer=ConfigDetail,
        problems=[403, 404, 503],
    )
    def get(self, request: Request, cluster: str, kind: str, namespace: str, name: str) -> HttpResponse:
        inventory = inventory_of(cluster)
        ref = ObjectRef(kind, "" if namespace == CLUSTER_SCOPED else namespace, name)
        # Only what the inventory knows as configuration: this is no way to read Secrets.
        if ref not in inventory.config:
            raise missing(kind, name, namespace=namespace, cluster=cluster)
        source = wiring.cluster_runtime(cluster).config
        manifest = source.get(ref, acting_as=actor_of(user_of(request)))
        return answer(_detail(ref, manifest, {one.object: one.message for one in inventory.problems}.get(ref)))


class ProxiesView(APIView):
    """The proxies of a cluster."""

    @describe("listProxies", "The proxies that were read", answer=list[ProxySummary], problems=[404, 503])
    def get(self, request: Request, cluster: str) -> HttpResponse:
        known_cluster(cluster)
        return answer([_proxy(reading) for reading in read_proxies.proxies(wiring.store(), cluster)])


def manifest_yaml(manifest: Any) -> str:
    """The object as people write it: without managedFields, keys in the order that the cluster gives."""
    if isinstance(manifest, dict) and isinstance(manifest.get("metadata"), dict):
        metadata = {key: value for key, value in manifest["metadata"].items() if key != "managedFields"}
        manifest = {**manifest, "metadata": metadata}
    return yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, default_flow_style=False, width=120)


def _detail(ref: ObjectRef, manifest: dict[str, Any], problem: str | None) -> ConfigDetail:
    metadata = manifest.get("metadata") or {}
    managed = [entry for entry in metadata.get("managedFields") or [] if isinstance(entry, dict)]
    return ConfigDetail(
        object=ref,
        resource_version=str(metadata.get("resourceVersion", "")),
        manifest=manifest,
        yaml=manifest_yaml(manifest),
        managers=tuple(
            Manager(
                manager=str(entry.get("manager", "")),
                operation=str(entry.get("operation", "")),
                time=str(entry["time"]) if entry.get("time") else None,
            )
            for entry in managed
        ),
        problem=problem,
    )


def _proxy(reading: ProxyReading) -> ProxySummary:
    # A proxy that uses a certificate in several places tells of it several times.
    leaves = dict.fromkeys(one for one in reading.certificates if not one.ca)
    return ProxySummary(
        namespace=reading.pod.namespace,
        pod=reading.pod.name,
        workload=reading.workload,
        read_at=reading.read_at,
        error=reading.error,
        version=reading.info.version if reading.info else "",
        state=reading.info.state if reading.info else "",
        uptime_seconds=reading.info.uptime_seconds if reading.info else None,
        clusters=reading.clusters,
        unhealthy_clusters=tuple(one.name for one in reading.unhealthy),
        certificates=tuple(
            ProxyCertificate(
                uris=one.uris,
                serial_number=one.serial_number,
                valid_from=one.valid_from,
                expires_at=one.expires_at,
            )
            for one in leaves
        ),
        rejected=tuple(f"{one.type} {one.name}: {one.error}" for one in reading.versions if one.error),
    )
