"""The source's side: listener, filter chain, virtual host, route, and what the route makes of the request."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from meshui.domain.proxy.dump import Resource
from meshui.domain.proxy.explain.model import ConfigLink, Question, Step, StepKind, StepState, Verdict
from meshui.domain.proxy.faults import FAULT, fault_of
from meshui.domain.proxy.filter_chains import Connection, choose_chain
from meshui.domain.proxy.listeners import manager_of, match_words, routes_of, tcp_clusters
from meshui.domain.proxy.objects import object_of
from meshui.domain.proxy.routes import action_of, rewrite_said
from meshui.domain.proxy.routing.action import (
    Target,
    direct_response,
    mirrors,
    redirect,
    retries,
    rewritten_host,
    rewritten_path,
    status_text,
    targets,
    timeouts,
    tls_redirect,
)
from meshui.domain.proxy.routing.choose import Candidate, Choice, choose, route_name
from meshui.domain.proxy.routing.normalize import normalized
from meshui.domain.proxy.routing.request import Request
from meshui.domain.proxy.routing.route_match import match_said
from meshui.domain.proxy.values import NOTHING, Raw, address, record, records, text, whole
from meshui.domain.proxy.view import ProxyView

OUTBOUND_PORT = 15001
INSPECTOR = "http_inspector"


class Leaving(msgspec.Struct):
    """What the source's proxy does: steps so far, and either targets to go on with or a verdict. `request` is as the
    upstream will see it."""

    steps: list[Step]
    request: Request
    targets: tuple[Target, ...] = ()
    verdict: Verdict | None = None
    summary: str = ""
    fault: str = ""


def leave(view: ProxyView, question: Question, *, gateway: bool, ports: tuple[int, ...] = ()) -> Leaving:
    """The request from its client to a cluster. `ports`: others that the question's port stands for (a gateway's target
    ports)."""
    found = Leaving([], request_of(question))
    listener = find_listener(view, question, gateway=gateway, ports=ports)
    if listener is None:
        found.verdict = "no_route"
        found.summary = f"No listener of {view.pod} takes {question.protocol.upper()} for port {question.port}"
        found.steps.append(Step("listener", "No listener", f"{found.summary}.", "bad"))
        return found
    link = ConfigLink(view.pod, "listeners", listener.name)
    where = address(record(listener.config, "address"))
    whose = "A client's" if gateway else "The application's"
    says = f"{whose} {'request' if question.protocol == 'http' else 'connection'} arrives at {listener.name} ({where})."
    found.steps.append(Step("listener", listener.name, says, "good", config=link, object=object_of(listener.config)))
    chain = _chain(found, listener, question, link)
    if chain is None:
        return found
    manager = manager_of(chain)
    if manager:
        _route(found, view, manager, link, whole(listener.config, "address", "socket_address", "port_value") or 0)
    elif clusters := tcp_clusters(chain):
        total = sum(weight for _, weight in clusters) or 1
        several = len(clusters) > 1
        found.targets = tuple(Target(name, weight if several else None, weight / total) for name, weight in clusters)
        said = ", ".join(f"{one.cluster} ({_percent(one.share)})" for one in found.targets)
        found.steps.append(Step("route", "TCP proxy", f"Connections go to {said}.", "good", config=link))
    else:
        found.verdict, found.summary = "unknown", "The filter chain has neither an HTTP manager nor a TCP proxy"
        found.steps.append(Step("filter_chain", "Unknown filters", f"{found.summary}.", "unknown", config=link))
    return found


def request_of(question: Question) -> Request:
    """The question as the router sees it."""
    headers = {name.lower(): value for name, value in question.headers.items()}
    path = question.path if question.path.startswith("/") else f"/{question.path}"
    return Request(question.host, path, question.method.upper(), headers)


def find_listener(
    view: ProxyView, question: Question, *, gateway: bool, ports: tuple[int, ...] = ()
) -> Resource | None:
    """The listener that a request arrives at. A sidecar's: the one of the very port, else the one for everything; a
    gateway's: the one of the port, else its only one."""
    wanted = (question.port, *ports)
    http = question.protocol == "http"
    fitting = []
    for one in view.listeners:
        if text(one.config, "traffic_direction") == "INBOUND":
            continue
        chains = [*records(one.config, "filter_chains"), record(one.config, "default_filter_chain")]
        if any(manager_of(chain) for chain in chains) if http else any(tcp_clusters(chain) for chain in chains):
            fitting.append(one)

    def port(one: Resource) -> int:
        return whole(one.config, "address", "socket_address", "port_value") or 0

    host = question.host.partition(":")[0].lower()
    at_port = [one for one in fitting if port(one) in wanted]
    named = [one for one in at_port if any(_leads_to(chain, host) for chain in records(one.config, "filter_chains"))]
    catch_all = [one for one in fitting if not gateway and (port(one) == OUTBOUND_PORT or "irtualOutbound" in one.name)]
    only = fitting if gateway and len(fitting) == 1 else []
    return next(iter(named or at_port or catch_all or only), None)


def _leads_to(chain: Raw, host: str) -> bool:
    return any(name.rpartition("|")[2].startswith(host) for name, _ in tcp_clusters(chain))


def _chain(found: Leaving, listener: Resource, question: Question, link: ConfigLink) -> Raw | None:
    inspected = any(INSPECTOR in text(one, "name") for one in records(listener.config, "listener_filters"))
    alpn = (("h2c",) if found.request.grpc else ("http/1.1",)) if inspected and question.protocol == "http" else ()
    choice = choose_chain(listener.config, Connection("", question.port, alpn=alpn))
    if choice is None:
        found.verdict, found.summary = "refused", "No filter chain takes the connection: it is closed"
        found.steps.append(Step("filter_chain", "No filter chain", f"{found.summary}.", "bad", config=link))
        return None
    words = (
        "what no other chain takes" if choice.position < 0 else match_words(record(choice.chain, "filter_chain_match"))
    )
    count = len(records(listener.config, "filter_chains"))
    title = text(choice.chain, "name") or (
        "the only filter chain" if count == 1 else f"filter chain {choice.position + 1}"
    )
    says = f"It takes {words}."
    found.steps.append(Step("filter_chain", title, says, "good", details=choice.passed_over, config=link))
    return choice.chain


def _route(found: Leaving, view: ProxyView, manager: Raw, link: ConfigLink, port: int) -> None:
    clean = normalized(manager, found.request, port)
    found.request = clean.request
    if clean.changes or clean.stop:
        said = "; ".join(clean.changes) or "the path has escaped slashes"
        stopped = {"refused": " It is answered 400.", "redirected": " The client is sent to the clean path (307)."}
        state: StepState = "bad" if clean.stop else "plain"
        says = f"Before it is routed: {said}.{stopped.get(clean.stop, '')}"
        found.steps.append(Step("request", "Normalised", says, state, config=link))
        if clean.stop:
            found.verdict, found.summary = "answered", f"The proxy itself answers: {says}"
            return
    routes = routes_of(manager)
    table = view.hosts(routes)
    if table is None:
        found.verdict, found.summary = "no_route", f"The proxy has no route configuration {routes} yet: it answers 404"
        found.steps.append(Step("virtual_host", "No routes", f"{found.summary}.", "bad", config=link))
        return
    where = ConfigLink(view.pod, "routes", routes)
    choice = choose(table, found.request)
    if choice is None:
        found.verdict = "no_route"
        found.summary = f"No virtual host of {routes} has the host {found.request.host}: 404 (NR)"
        found.steps.append(Step("virtual_host", "No virtual host", f"{found.summary}.", "bad", config=where))
        return
    host = choice.host
    name = text(host.virtual_host, "name")
    says = f"The host {found.request.host or '(none)'} is {host.domain} of {name}: {host.how}."
    found.steps.append(Step("virtual_host", name, says, "good", config=where))
    if choice.must_be_tls:
        sent = tls_redirect(found.request)
        found.verdict, found.summary = "answered", f"The virtual host requires TLS: 301 to {sent.location}"
        found.steps.append(Step("answer", "301 to https", f"{found.summary}.", "warn", config=where))
        return
    _take(found, choice, manager, where)


def _take(found: Leaving, choice: Choice, manager: Raw, where: ConfigLink) -> None:
    if choice.undecided or not choice.candidates:
        found.verdict = "depends" if choice.undecided else "no_route"
        host = text(choice.host.virtual_host, "name")
        found.summary = (
            choice.undecided or f"No route of {host} takes {found.request.method} {found.request.path}: 404 (NR)"
        )
        state: StepState = "unknown" if choice.undecided else "bad"
        found.steps.append(
            Step("route", "No route", found.summary, state, config=where, passed_over=choice.passed_over)
        )
        return
    certain = [one for one in choice.candidates if one.share is not None]
    taken = max(certain, key=lambda one: one.share or 0.0) if certain else choice.candidates[0]
    others = [one for one in choice.candidates if one is not taken]
    title = route_name(taken.route, taken.position)
    match = match_said(record(taken.route, "match"))
    says = f"It takes {match}." if match != "any path" else "It takes any path."
    if taken.share is not None and taken.share < 1.0:
        says += f" {_percent(taken.share)} of such requests get here."
    details = [
        f"{route_name(one.route, one.position)} takes "
        + (_percent(one.share) if one.share is not None else "it instead, if what it asks holds")
        + f": {one.reason or match_said(record(one.route, 'match'))}"
        for one in others
    ]
    uncertain = taken.share is None or any(one.share is None for one in others)
    found.steps.append(
        Step(
            "route",
            title,
            says,
            "warn" if uncertain else "good",
            details=tuple(details),
            config=where,
            object=object_of(taken.route),
            passed_over=choice.passed_over,
        )
    )
    if uncertain:
        found.verdict = "depends" if taken.share is None else None
    _act(found, taken, choice.host.virtual_host, manager, where)


def _act(found: Leaving, taken: Candidate, host: Raw, manager: Raw, where: ConfigLink) -> None:
    route, ref = taken.route, object_of(taken.route)
    match, request = record(route, "match"), found.request

    def step(kind: StepKind, title: str, says: str, state: StepState = "plain", details: tuple[str, ...] = ()) -> None:
        found.steps.append(Step(kind, title, says, state, details, where, ref))

    kind = action_of(route)
    if kind == "redirect":
        sent = redirect(match, record(route, "redirect"), request)
        found.verdict, found.summary = "answered", f"The proxy redirects: {sent.status} to {sent.location}"
        return step("answer", status_text(sent.status), f"{found.summary}.", "warn")
    if kind == "direct_response":
        own = direct_response(record(route, "direct_response"))
        body = f" with the body {own.body[:200]!r}" if own.body else ""
        found.verdict = "answered"
        found.summary = f"The proxy answers {status_text(own.status)} itself{body}, without asking anybody"
        return step("answer", status_text(own.status), f"{found.summary}.", "warn" if own.status < 400 else "bad")
    if kind != "forward":
        found.verdict, found.summary = "depends", f"The route's action is {kind}, which is left to other filters"
        return step("answer", kind, f"{found.summary}.", "unknown")
    action = record(route, "route")
    _fault(found, route, host, manager, step)
    for one in mirrors(action, host):
        step(
            "mirror",
            "Mirrored",
            f"A copy of {_percent(one.share)} of the requests goes to {one.cluster}; its answer is thrown away.",
        )
    new_path = rewritten_path(match, action, request)
    new_host, by = rewritten_host(action, request)
    if new_path is not None or by:
        parts = [f"the path {request.path} becomes {new_path}"] if new_path is not None else []
        parts += [f"the host becomes {new_host}" if new_host else f"the host becomes {by}"] if by else []
        step("rewrite", "Rewritten", f"{'; '.join(parts)}.".capitalize(), details=(rewrite_said(action),))
    limit = timeouts(action, host, request)
    whole_time = f"{limit.request_ms} ms in all" if limit.request_ms else "no limit"
    tries = f", {limit.per_try_ms} ms a try" if limit.per_try_ms else ""
    stream = f"; the stream may last {limit.stream_ms} ms" if limit.stream_ms else ""
    step("timeout", f"Timeout: {whole_time}", f"{whole_time}{tries}{stream}, by {limit.reason}.".capitalize())
    again = retries(action, host)
    if again is None:
        step("retries", "No retries", "A failed request is not tried again.")
    else:
        codes = f" and answers {', '.join(map(str, again.codes))}" if again.codes else ""
        step(
            "retries",
            "Once more" if again.attempts == 1 else f"Up to {again.attempts} more",
            f"It is tried {_times(again.attempts)} on {again.on.replace(',', ', ')}{codes}.",
        )
    found.request = msgspec.structs.replace(
        request, path=new_path if new_path is not None else request.path, host=new_host or request.host
    )
    found.targets = targets(action, request)


def _fault(found: Leaving, route: Raw, host: Raw, manager: Raw, step: Callable[..., None]) -> None:
    configured = next((one for one in records(manager, "http_filters") if text(one, "name") == FAULT), None)
    own = record(route, "typed_per_filter_config", FAULT) or record(host, "typed_per_filter_config", FAULT)
    base = record(configured, "typed_config") if configured is not None else NOTHING
    config = own or base
    fault = fault_of(config, found.request) if config else None
    if fault is None:
        return
    if configured is None:
        step(
            "fault",
            "A fault without its filter",
            "The route asks for a fault, but the fault filter is not in the chain: nothing happens.",
            "warn",
        )
        return
    parts = []
    if fault.delay_ms:
        parts.append(f"{_percent(fault.delay_share)} wait {fault.delay_ms} ms (DI)")
    if fault.abort:
        parts.append(f"{_percent(fault.abort_share)} are answered {fault.abort} by the proxy itself (FI)")
    limit = text(config, "upstream_cluster")
    says = " and ".join(parts) + (f", only toward {limit}" if limit else "")
    step("fault", "A fault is injected", f"{says}.".capitalize(), "bad" if fault.abort_share >= 1.0 else "warn")
    found.fault = says
    if fault.abort_share >= 1.0 and not limit:
        found.verdict, found.summary = "answered", f"Every such request is answered {fault.abort} by an injected fault"


def _percent(share: float) -> str:
    return f"{share * 100:.4g}%"


def _times(more: int) -> str:
    return "once more" if more == 1 else f"up to {more} more times"
