"""The proxies: one by one, asked now."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui import wiring
from meshui.api.answers import answer
from meshui.api.authentication import client_address
from meshui.api.clusters import inventory_of
from meshui.api.permissions import user_of
from meshui.contract.asked import known_cluster, missing
from meshui.contract.openapi import describe
from meshui.contract.proxies import (
    ClusterTable,
    CompareQuery,
    EarlierReading,
    EndpointPod,
    EndpointTable,
    ListenerTable,
    LogLevels,
    ProxyComparison,
    ProxyCounts,
    ProxyDetail,
    ProxyEndpoint,
    ProxySync,
    RawPage,
    RawQuery,
    Rollout,
    RolloutQuery,
    RouteTable,
    RowsQuery,
    SecretTable,
    SetLogLevel,
    Stat,
    StatsQuery,
    StatTable,
    SyncTable,
)
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.proxy.compare import compare
from meshui.domain.proxy.dump import ZTUNNEL, DumpFinding
from meshui.domain.proxy.routes import route_configs
from meshui.domain.proxy.secrets import secret_rows
from meshui.domain.proxy.values import Raw, record, records, text, whole
from meshui.records import audit
from meshui.services import read_proxies, read_proxy
from meshui.services.acting import actor_of
from meshui.services.ports import ProxySource

NO_NAMESPACE = "_"
"""Stands for the namespace of proxies that are no pods."""
LIMIT = 2000
_KINDS = {
    "listeners": "listener",
    "routes": "route",
    "clusters": "cluster",
    "endpoints": "endpoint",
    "secrets": "secret",
}
_PAGES = {"clusters_now": "clusters"}


class SyncView(APIView):
    """All proxies' state."""

    @describe("listSync", "How far each proxy is with what it was sent", answer=SyncTable, problems=[404, 503])
    def get(self, request: Request, cluster: str) -> HttpResponse:
        known_cluster(cluster)
        found, plane = read_proxies.sync(wiring.store(), cluster)
        return answer(
            SyncTable(
                control_plane_at=plane.read_at,
                control_plane_error=plane.error,
                proxies=tuple(
                    ProxySync(
                        namespace=one.pod.namespace,
                        pod=one.pod.name,
                        workload=one.workload,
                        error=one.error,
                        error_since=one.error_since,
                        types=found[f"{one.pod.namespace}/{one.pod.name}"],
                    )
                    for one in read_proxies.proxies(wiring.store(), cluster)
                ),
            )
        )


class RolloutView(APIView):
    """How far a change has got."""

    @describe(
        "getRollout",
        "How many proxies have applied an object",
        answer=Rollout,
        query=RolloutQuery,
        problems=[403, 404, 503],
    )
    def get(self, request: Request, cluster: str) -> HttpResponse:
        query = RolloutQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        given = query.validated_data
        inventory = inventory_of(cluster)
        ref = ObjectRef(given["kind"], given["namespace"], given["name"])
        manifest = wiring.cluster_runtime(cluster).config.get(ref, acting_as=actor_of(user_of(request)))
        return answer(read_proxies.rollout_of(_source(cluster), inventory, manifest))


class ProxyView(APIView):
    """One proxy."""

    @describe("getProxy", "A proxy as it is now", answer=ProxyDetail, problems=[404, 503])
    def get(self, request: Request, cluster: str, namespace: str, pod: str) -> HttpResponse:
        source, ref = _proxy(cluster, namespace, pod)
        inventory = inventory_of(cluster)
        found = read_proxy.read(source, ref)
        read_proxies.keep_earlier(wiring.store(), cluster, found)
        view = found.view
        info = read_proxy.facts(source, ref, "server_info")
        memory = read_proxy.facts(source, ref, "memory")
        uptime = text(info, "uptime_current_epoch").removesuffix("s")
        version = text(info, "version").split("/")
        node_id = text(info, "node", "id")
        workload = next(
            (one.workload for one in inventory.pods if (one.namespace, one.name) == (ref.namespace, ref.name)), ""
        )
        states, _ = read_proxies.sync(wiring.store(), cluster)
        return answer(
            ProxyDetail(
                namespace=ref.namespace,
                pod=ref.name,
                workload=workload,
                node_id=node_id,
                version=version[1] if len(version) > 1 else version[0],
                state=text(info, "state") or "LIVE",
                uptime_seconds=float(uptime) if uptime.isdigit() else None,
                memory_bytes=whole(memory, "allocated"),
                read_at=found.read_at,
                kind=_kind(node_id, view.findings),
                counts=ProxyCounts(
                    listeners=len(view.listener_table),
                    routes=len(view.route_table),
                    clusters=len(view.dump.of("cluster")),
                    endpoints=sum(len(one) for one in view.endpoints.values()),
                    secrets=len(view.dump.of("secret")),
                ),
                findings=tuple(one for one in view.findings if one.section != ZTUNNEL),
                unknown_sections=view.dump.other,
                sync=states.get(f"{ref.namespace}/{ref.name}", ()),
                earlier=tuple(
                    EarlierReading(id=one.id, read_at=one.read_at)
                    for one in read_proxies.earlier(wiring.store(), cluster, view.pod)
                ),
                note=" ".join(one.message for one in view.findings if one.section == ZTUNNEL),
            )
        )


class ListenersView(APIView):
    """Its listeners."""

    @describe(
        "listProxyListeners", "The listeners of a proxy", answer=ListenerTable, query=RowsQuery, problems=[404, 503]
    )
    def get(self, request: Request, cluster: str, namespace: str, pod: str) -> HttpResponse:
        found, wanted = _read(cluster, namespace, pod), _Rows(request)
        rows = tuple(one for one in found.view.listener_table if wanted.has(one.name, one.address))
        return answer(ListenerTable(read_at=found.read_at, rows=rows[: wanted.limit]))


class RoutesView(APIView):
    """Its routes."""

    @describe("listProxyRoutes", "The routes of a proxy", answer=RouteTable, query=RowsQuery, problems=[404, 503])
    def get(self, request: Request, cluster: str, namespace: str, pod: str) -> HttpResponse:
        found, wanted = _read(cluster, namespace, pod), _Rows(request)
        rows = tuple(
            one
            for one in found.view.route_table
            if wanted.has(one.config, one.virtual_host, one.name, *one.domains, *(each.cluster for each in one.targets))
        )
        return answer(RouteTable(read_at=found.read_at, total=len(rows), rows=rows[: wanted.limit]))


class ClustersView(APIView):
    """Its clusters."""

    @describe("listProxyClusters", "The clusters of a proxy", answer=ClusterTable, query=RowsQuery, problems=[404, 503])
    def get(self, request: Request, cluster: str, namespace: str, pod: str) -> HttpResponse:
        found, wanted = _read(cluster, namespace, pod), _Rows(request)
        rows = tuple(one for one in found.view.cluster_table if wanted.has(one.name, one.service))
        return answer(ClusterTable(read_at=found.read_at, total=len(rows), rows=rows[: wanted.limit]))


class EndpointsView(APIView):
    """Its endpoints."""

    @describe(
        "listProxyEndpoints", "The endpoints of a proxy", answer=EndpointTable, query=RowsQuery, problems=[404, 503]
    )
    def get(self, request: Request, cluster: str, namespace: str, pod: str) -> HttpResponse:
        found, wanted = _read(cluster, namespace, pod), _Rows(request)
        pods = {one.ip: one for one in inventory_of(cluster).pods if one.ip and one.live}
        since = {
            (each.name, one.address): one.since
            for reading in read_proxies.proxies(wiring.store(), cluster)
            if (reading.pod.namespace, reading.pod.name) == (namespace, pod)
            for each in reading.unhealthy
            for one in each.endpoints
        }
        rows = []
        for row in (one for several in found.view.endpoints.values() for one in several):
            behind = pods.get(row.address.rpartition(":")[0].strip("[]"))
            if wanted.has(row.cluster, row.address, row.hostname, behind.name if behind else ""):
                where = (
                    EndpointPod(namespace=behind.namespace, name=behind.name, workload=behind.workload)
                    if behind
                    else None
                )
                rows.append(ProxyEndpoint(row=row, pod=where, since=since.get((row.cluster, row.address))))
        return answer(EndpointTable(read_at=found.read_at, total=len(rows), rows=tuple(rows[: wanted.limit])))


class SecretsView(APIView):
    """Its secrets."""

    @describe("listProxySecrets", "The secrets of a proxy, without keys", answer=SecretTable, problems=[404, 503])
    def get(self, request: Request, cluster: str, namespace: str, pod: str) -> HttpResponse:
        found = _read(cluster, namespace, pod)
        rows = secret_rows(found.view.dump, wiring.read_certificates)
        return answer(SecretTable(read_at=found.read_at, rows=rows))


class StatsView(APIView):
    """Its statistics."""

    @describe("listProxyStats", "A proxy's own statistics", answer=StatTable, query=StatsQuery, problems=[404, 503])
    def get(self, request: Request, cluster: str, namespace: str, pod: str) -> HttpResponse:
        query = StatsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = query.validated_data.get("filter", "").lower()
        source, ref = _proxy(cluster, namespace, pod)
        found = records(_json(read_proxy.page(source, ref, "stats")), "stats")
        rows = [
            Stat(name=text(one, "name"), value=float(one["value"]))
            for one in found
            if isinstance(one.get("value"), int | float) and wanted in text(one, "name").lower()
        ]
        return answer(StatTable(total=len(rows), rows=tuple(rows[:LIMIT])))


class RawView(APIView):
    """Its configuration as the proxy gives it."""

    @describe(
        "getProxyRaw", "A part of a proxy's configuration as it is", answer=RawPage, query=RawQuery, problems=[404, 503]
    )
    def get(self, request: Request, cluster: str, namespace: str, pod: str) -> HttpResponse:
        query = RawQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        given = query.validated_data
        section, name = given["section"], given.get("name", "")
        source, ref = _proxy(cluster, namespace, pod)
        if section in _KINDS:
            found = read_proxy.read(source, ref)
            if found.view.dump.refused:
                raise Failure(Code.UNSUPPORTED, found.view.findings[0].message, context={"source": "proxies"})
            kept = route_configs(found.view.dump) if section == "routes" else found.view.dump.of(_KINDS[section])  # type: ignore[arg-type]
            content: Any = [one.config for one in kept if name in ("", one.name)]
            if name and not content:
                raise missing("resource", name, section=section)
        elif section == "bootstrap":
            content = _without_extensions(read_proxy.read(source, ref).view.dump.bootstrap)
        else:
            content = _json(read_proxy.page(source, ref, _PAGES.get(section, section)))
        response = answer(RawPage(section=section, name=name, content=content))
        if given.get("download"):
            file = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{pod}-{section}{f'-{name}' if name else ''}")[:150]
            response = HttpResponse(json.dumps(content, indent=2), content_type="application/json")
            response.headers["Content-Disposition"] = f'attachment; filename="{file}.json"'
        return response


class CompareView(APIView):
    """It beside another, or beside itself earlier."""

    @describe(
        "compareProxies",
        "What differs between two proxies, or one now and earlier",
        answer=ProxyComparison,
        query=CompareQuery,
        problems=[404, 503],
    )
    def get(self, request: Request, cluster: str, namespace: str, pod: str) -> HttpResponse:
        query = CompareQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        given = query.validated_data
        source, ref = _proxy(cluster, namespace, pod)
        left = read_proxy.read(source, ref)
        name = left.view.pod
        if given.get("earlier"):
            then = read_proxies.earlier_view(wiring.store(), cluster, name, given["earlier"])
            return answer(compare(then, left.view, left_name=f"{name} earlier", right_name=f"{name} now"))
        other_namespace, _, other_pod = given.get("other", "").partition("/")
        if not other_pod:
            raise Failure(
                Code.INVALID,
                "Nothing to compare with was given.",
                next_step="Give another proxy or an earlier reading.",
                fields={"other": "Give NAMESPACE/POD, or `earlier`."},
            )
        _, other = _proxy(cluster, other_namespace, other_pod)
        right = read_proxy.read(source, other)
        return answer(compare(left.view, right.view, left_name=name, right_name=right.view.pod))


class LoggingView(APIView):
    """Its log levels."""

    @describe("getLogLevels", "The log levels of a proxy", answer=LogLevels, problems=[404, 503])
    def get(self, request: Request, cluster: str, namespace: str, pod: str) -> HttpResponse:
        source, ref = _proxy(cluster, namespace, pod)
        return answer(LogLevels(levels=source.log_levels(ref)))

    @describe(
        "setLogLevel",
        "Change a log level of a proxy",
        answer=LogLevels,
        body=SetLogLevel,
        problems=[403, 404, 503],
    )
    def post(self, request: Request, cluster: str, namespace: str, pod: str) -> HttpResponse:
        given = SetLogLevel(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        source, ref = _proxy(cluster, namespace, pod)
        what = f"{wanted['logger'] or 'all loggers'} to {wanted['level']}"

        def note(outcome: audit.Outcome, message: str, code: str = "") -> None:
            audit.record(
                user_of(request).username,
                "proxy log level",
                outcome,
                cluster=cluster,
                object=ref,
                message=message,
                code=code,
                address=client_address(request),
            )

        reason = f" ({wanted['reason']})" if wanted["reason"] else ""
        note(audit.Outcome.INTENDED, f"{what}{reason}")
        try:
            levels = source.set_log_level(ref, wanted["logger"], wanted["level"])
        except Failure as failure:
            note(audit.Outcome.FAILED, failure.message, failure.code.value)
            raise
        note(audit.Outcome.DONE, what)
        return answer(LogLevels(levels=levels))


class _Rows:
    """Which rows a table's query asks for. Raises ValidationError."""

    def __init__(self, request: Request) -> None:
        query = RowsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        self.search = query.validated_data.get("search", "").lower()
        self.limit: int = query.validated_data.get("limit", LIMIT)

    def has(self, *names: str) -> bool:
        return not self.search or any(self.search in name.lower() for name in names)


def _source(cluster: str) -> ProxySource:
    source = wiring.cluster_runtime(known_cluster(cluster)).proxies
    if source is None:
        raise read_proxy.none_to_ask(cluster)
    return source


def _proxy(cluster: str, namespace: str, pod: str) -> tuple[ProxySource, ObjectRef]:
    """The proxy, of those that are known: this is no way to reach any address. Raises Failure(NOT_FOUND)."""
    source = _source(cluster)
    for fixed in source.fixed:
        if namespace == NO_NAMESPACE and fixed.name == pod:
            return source, fixed
    inventory = inventory_of(cluster)
    found = next((one for one in inventory.pods if (one.namespace, one.name) == (namespace, pod)), None)
    if found is None:
        raise missing("pod", pod, namespace=namespace, cluster=cluster)
    if "linkerd-proxy" in found.containers:
        raise Failure(
            Code.NOT_FOUND,
            f"{namespace}/{pod} has Linkerd's proxy, which has no configuration dump.",
            next_step="Its metrics are in the graph; its identity and the policies for it are on the workload's page.",
            context={"cluster": cluster, "object": f"Pod {namespace}/{pod}"},
        )
    if not found.has_proxy:
        raise Failure(
            Code.NOT_FOUND,
            f"The pod {namespace}/{pod} has no proxy.",
            next_step="Look at one of the list of proxies.",
            context={"cluster": cluster, "object": f"Pod {namespace}/{pod}"},
        )
    return source, ObjectRef("Pod", namespace, pod)


def _read(cluster: str, namespace: str, pod: str) -> read_proxy.Read:
    return read_proxy.read(*_proxy(cluster, namespace, pod))


def _kind(node_id: str, findings: Sequence[DumpFinding]) -> str:
    if any(one.section == ZTUNNEL for one in findings):
        return ZTUNNEL
    return node_id.partition("~")[0] if "~" in node_id else "envoy"


def _without_extensions(bootstrap: Raw) -> Any:
    """The bootstrap without the list of everything that this Envoy is built with, which is most of it."""
    node = {key: one for key, one in record(bootstrap, "node").items() if key != "extensions"}
    return {**bootstrap, "node": node} if node else bootstrap


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as problem:
        raise Failure(
            Code.SOURCE_UNAVAILABLE, f"A page of the proxy can't be read: {problem}.", context={"source": "proxies"}
        ) from None
