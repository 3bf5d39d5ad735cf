"""The routes of a proxy as a table: one row a route, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from meshui.domain.mesh.names import ObjectRef
from meshui.domain.proxy.dump import ConfigDump, Resource
from meshui.domain.proxy.faults import fault_said
from meshui.domain.proxy.listeners import chains_of, manager_of
from meshui.domain.proxy.objects import object_of
from meshui.domain.proxy.routing.action import MirrorTarget, Target, mirrors, retries, targets
from meshui.domain.proxy.routing.route_match import match_said
from meshui.domain.proxy.routing.template import rewrite_of
from meshui.domain.proxy.values import Raw, flag, record, records, seconds, text, texts, whole


class RouteRow(msgspec.Struct, frozen=True, gc=False):
    """A route. `action`: forward, redirect, direct_response, or the name of one that is not known here; `does` says it
    in words. `timeout_ms`: 0 for none, None for Envoy's default of 15 s."""

    config: str
    virtual_host: str
    domains: tuple[str, ...]
    position: int
    name: str
    match: str
    action: str
    does: str
    targets: tuple[Target, ...]
    mirrors: tuple[MirrorTarget, ...]
    timeout_ms: int | None
    retries: str
    rewrite: str
    fault: str
    object: ObjectRef | None
    version: str
    updated_at: datetime | None
    error: str | None


def route_rows(dump: ConfigDump) -> tuple[RouteRow, ...]:
    """All routes, also of configurations that stand inside a listener and are not listed by themselves."""
    return tuple(row for one in route_configs(dump) for row in _rows(one))


def route_configs(dump: ConfigDump) -> tuple[Resource, ...]:
    """The route configurations; those inside listeners only where the dump lists none of that name."""
    listed = dump.of("route")
    names = {one.name for one in listed}
    inline = []
    for listener in dump.of("listener"):
        for chain in chains_of(listener.config):
            config = record(manager_of(chain), "route_config")
            name = text(config, "name")
            if config and name not in names:
                names.add(name)
                inline.append(msgspec.structs.replace(listener, kind="route", name=name, config=config))
    return (*listed, *inline)


def action_of(route: Raw) -> str:
    """Which of Envoy's actions the route has."""
    for name in ("route", "redirect", "direct_response", "filter_action", "non_forwarding_action"):
        if name in route:
            return "forward" if name == "route" else name
    return "unknown"


def _rows(resource: Resource) -> Iterator[RouteRow]:
    hosts = records(resource.config, "virtual_hosts")
    for host in hosts:
        name, domains = text(host, "name"), texts(host, "domains")
        for position, route in enumerate(records(host, "routes")):
            yield _row(resource, host, name, domains, position, route)
    if not hosts and resource.error:
        yield _row(resource, {}, "", (), 0, {})


def _row(resource: Resource, host: Raw, name: str, domains: tuple[str, ...], position: int, route: Raw) -> RouteRow:
    action = record(route, "route")
    kind = action_of(route) if route else "missing"
    found = targets(action) if action else ()
    timeout = seconds(action, "timeout")
    again = retries(action, host) if action else None
    per_route = record(route, "typed_per_filter_config") or record(host, "typed_per_filter_config")
    return RouteRow(
        config=resource.name,
        virtual_host=name,
        domains=domains,
        position=position,
        name=text(route, "name"),
        match=match_said(record(route, "match")),
        action=kind,
        does=_does(kind, route, found),
        targets=found,
        mirrors=mirrors(action, host) if action else (),
        timeout_ms=None if timeout is None else round(timeout * 1000),
        retries="" if again is None else f"{again.attempts} more on {again.on.replace(',', ', ')}",
        rewrite=rewrite_said(action),
        fault=fault_said(record(per_route, "envoy.filters.http.fault")) if per_route else "",
        object=object_of(route),
        version=resource.version,
        updated_at=resource.updated_at,
        error=resource.error,
    )


def rewrite_said(action: Raw) -> str:
    """What becomes of the path and the authority, in words."""
    if not any("rewrite" in name for name in action):
        return ""
    parts = []
    if prefix := text(action, "prefix_rewrite"):
        parts.append(f"the matched part becomes {prefix}")
    if expression := record(action, "regex_rewrite"):
        parts.append(f"{text(expression, 'pattern', 'regex')} becomes {text(expression, 'substitution')}")
    if template := rewrite_of(action):
        parts.append(f"the path becomes {template}")
    if host := text(action, "host_rewrite_literal"):
        parts.append(f"the host becomes {host}")
    elif flag(action, "auto_host_rewrite"):
        parts.append("the host becomes the endpoint's name")
    parts += [f"the host by {name}" for name in ("host_rewrite_header", "host_rewrite_path_regex") if name in action]
    return "; ".join(parts)


def _does(kind: str, route: Raw, found: tuple[Target, ...]) -> str:
    if kind == "redirect":
        action = record(route, "redirect")
        where = text(action, "host_redirect") or ("https" if flag(action, "https_redirect") else "")
        path = text(action, "path_redirect") or text(action, "prefix_rewrite")
        return f"redirects to {where}{path}" if where or path else "redirects"
    if kind == "direct_response":
        return f"answers {whole(route, 'direct_response', 'status') or 0} itself"
    if kind == "forward":
        return ", ".join(
            f"{one.cluster or one.how} {one.share * 100:.4g}%" if len(found) > 1 else one.cluster or one.how
            for one in found
        )
    return kind
