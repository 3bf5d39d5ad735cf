"""The mesh's configuration objects: what is found on them, what they select, who manages them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui import wiring
from meshui.api.answers import answer
from meshui.api.permissions import user_of
from meshui.contract.asked import known_cluster, known_window, missing
from meshui.contract.mesh import (
    ConfigDetail,
    ConfigQuery,
    ConfigSummary,
    FindingsAnswer,
    FindingsQuery,
    LineFinding,
    Manager,
    NamedObject,
    ServiceName,
    StatusCondition,
    WorkloadName,
)
from meshui.contract.openapi import describe
from meshui.domain.changes.ownership import Owner, owner_of
from meshui.domain.findings.model import ObjectFinding, Severity
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.objects import Malformed, Manifest, meta_of
from meshui.domain.policies.catalogue import OFF_ROAD, purpose_of
from meshui.domain.policies.selecting import at, mapping, sequence, text
from meshui.services.acting import actor_of
from meshui.services.read_policies import Checked, checked, live_findings
from meshui.services.yaml_lines import dump, lines

CLUSTER_SCOPED = "_"
"""Stands for the namespace of objects that have none."""
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
MOST_WORKLOADS = 200
MOST_FINDINGS = 2000
_GRAVITY: tuple[Severity, ...] = get_args(Severity)


class ConfigListView(APIView):
    """The configuration objects of a cluster."""

    @describe(
        "listConfig",
        "The configuration objects, and how much was found on each",
        answer=list[ConfigSummary],
        query=ConfigQuery,
        problems=[404, 503],
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        query = ConfigQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        given = query.validated_data
        found = checked(wiring.store(), known_cluster(cluster), datetime.now(UTC))
        grave = _grave(given.get("found"))
        return answer(
            [
                _summary(found, ref, manifest)
                for ref, manifest in sorted(found.inventory.config.items(), key=lambda item: item[0])
                if (given.get("kind") or ref.kind) == ref.kind
                and (given.get("namespace") or ref.namespace) == ref.namespace
                and given.get("search", "").lower() in ref.name.lower()
                and given.get("purpose", purpose_of(ref.kind)) == purpose_of(ref.kind)
                and (not grave or any(one.severity in grave for one in found.findings.get(ref, ())))
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
        found = checked(wiring.store(), known_cluster(cluster), datetime.now(UTC))
        ref = ObjectRef(kind, "" if namespace == CLUSTER_SCOPED else namespace, name)
        # Only what the inventory knows as configuration: this is no way to read Secrets.
        if ref not in found.inventory.config:
            raise missing(kind, name, namespace=namespace, cluster=cluster)
        source = wiring.cluster_runtime(cluster).config
        manifest = source.get(ref, acting_as=actor_of(user_of(request)))
        return answer(_detail(found, ref, manifest))


class FindingsView(APIView):
    """What is wrong with the configuration."""

    @describe(
        "listFindings",
        "What is found on configuration objects, and where traffic contradicts them",
        answer=FindingsAnswer,
        query=FindingsQuery,
        problems=[404, 503],
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        query = FindingsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        given = query.validated_data
        store, now = wiring.store(), datetime.now(UTC)
        found = checked(store, known_cluster(cluster), now)
        live = live_findings(store, cluster, known_window(None), now)
        grave = _grave(given.get("severity"))
        wanted = [
            one
            for one in (*live, *(one for its in found.findings.values() for one in its))
            if (not grave or one.severity in grave)
            and given.get("code", one.code) == one.code
            and given.get("kind", one.object.kind) == one.object.kind
            and given.get("namespace", one.object.namespace) == one.object.namespace
        ]
        wanted.sort(key=lambda one: (_GRAVITY.index(one.severity), one.object, one.path))
        many = Counter(one.severity for one in wanted)
        return answer(
            FindingsAnswer(
                total=len(wanted),
                errors=many["error"],
                warnings=many["warning"],
                infos=many["info"],
                findings=tuple(wanted[:MOST_FINDINGS]),
            )
        )


def _grave(least: Severity | None) -> tuple[Severity, ...]:
    return _GRAVITY[: _GRAVITY.index(least) + 1] if least else ()


def _summary(found: Checked, ref: ObjectRef, manifest: Manifest) -> ConfigSummary:
    its = found.findings.get(ref, ())
    many = Counter(one.severity for one in its)
    owner = _owner(manifest)
    return ConfigSummary(
        kind=ref.kind,
        namespace=ref.namespace,
        name=ref.name,
        api_version=str(manifest.get("apiVersion", "")),
        created_at=text(at(manifest, "metadata", "creationTimestamp")) or None,
        problem=_problem(its),
        purpose=purpose_of(ref.kind),
        off_road=ref.kind in OFF_ROAD,
        managed_by=owner.name if owner else None,
        errors=many["error"],
        warnings=many["warning"],
        infos=many["info"],
    )


def _detail(found: Checked, ref: ObjectRef, manifest: Manifest) -> ConfigDetail:
    managed = [mapping(entry) for entry in sequence(at(manifest, "metadata", "managedFields"))]
    shown = manifest_yaml(manifest)
    its = found.findings.get(ref, ())
    place = lines(shown, (one.path for one in its))
    links, owner = found.links.of(ref), _owner(manifest)
    return ConfigDetail(
        object=ref,
        resource_version=text(at(manifest, "metadata", "resourceVersion")),
        manifest=manifest,
        yaml=shown,
        managers=tuple(
            Manager(
                manager=text(entry.get("manager")),
                operation=text(entry.get("operation")),
                time=text(entry.get("time")) or None,
            )
            for entry in managed
        ),
        problem=_problem(its),
        purpose=purpose_of(ref.kind),
        off_road=OFF_ROAD.get(ref.kind),
        managed_by=owner.name if owner else None,
        managed_reason=owner.reason if owner else None,
        findings=tuple(
            LineFinding(
                severity=one.severity,
                code=one.code,
                path=one.path,
                line=place.get(one.path),
                message=one.message,
                next_step=one.next_step,
            )
            for one in its
        ),
        scope=links.scope,
        workloads=tuple(WorkloadName(namespace=one[0], name=one[1]) for one in links.workloads[:MOST_WORKLOADS]),
        workloads_total=len(links.workloads),
        services=tuple(ServiceName(namespace=one[0], name=one[1]) for one in links.services),
        names=tuple(NamedObject(object=one, exists=one in found.inventory.config) for one in links.objects),
        named_by=found.links.naming(ref),
        conditions=tuple(_conditions(manifest)),
    )


def manifest_yaml(manifest: Manifest) -> str:
    """The object as people write it: without managedFields and what kubectl notes for itself, the status last."""
    metadata = manifest.get("metadata")
    if isinstance(metadata, dict):
        kept = {key: value for key, value in metadata.items() if key != "managedFields"}
        if isinstance(notes := kept.get("annotations"), dict) and _LAST_APPLIED in notes:
            kept["annotations"] = {key: value for key, value in notes.items() if key != _LAST_APPLIED}
        manifest = {**manifest, "metadata": kept}
    first = {key: manifest[key] for key in ("apiVersion", "kind", "metadata") if key in manifest}
    rest = {key: value for key, value in manifest.items() if key not in first and key != "status"}
    return dump({**first, **rest, **({"status": manifest["status"]} if "status" in manifest else {})})


def _problem(its: tuple[ObjectFinding, ...]) -> str | None:
    return next((one.message for one in its if one.code == "malformed"), None)


def _owner(manifest: Manifest) -> Owner | None:
    try:
        return owner_of(meta_of(manifest))
    except Malformed:
        return None


def _conditions(manifest: Manifest) -> Iterator[StatusCondition]:
    status = mapping(manifest.get("status"))
    holders: list[tuple[str, Any]] = [("", status)]
    for name in ("parents", "ancestors", "listeners"):
        for one in sequence(status.get(name)):
            of = text(at(one, "parentRef", "name")) or text(at(one, "ancestorRef", "name")) or text(at(one, "name"))
            holders.append((of, mapping(one)))
    for of, holder in holders:
        for one in map(mapping, sequence(holder.get("conditions"))):
            yield StatusCondition(
                of=of,
                type=text(one.get("type")),
                status=text(one.get("status")),
                reason=text(one.get("reason")),
                message=text(one.get("message")),
                time=text(one.get("lastTransitionTime")) or None,
            )
