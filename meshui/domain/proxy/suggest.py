"""A request that takes the way of an edge: what to ask when somebody clicks on it."""

from __future__ import annotations

from meshui.domain.proxy.explain.model import Question
from meshui.domain.proxy.objects import subset_of
from meshui.domain.proxy.routes import route_configs
from meshui.domain.proxy.routing.action import targets
from meshui.domain.proxy.routing.choose import choose
from meshui.domain.proxy.routing.matchers import string_matcher
from meshui.domain.proxy.routing.request import Request
from meshui.domain.proxy.values import Raw, record, records, text, texts
from meshui.domain.proxy.view import ProxyView


def request_to(view: ProxyView, host: str, port: int) -> Question | None:
    """A request that the proxy's routes send to the service `host`: found backwards, from the routes that name it. None
    when no route does, or none of which a request can be guessed."""
    for config in route_configs(view.dump):
        table = view.hosts(config.name)
        for virtual_host in records(config.config, "virtual_hosts"):
            for route in records(virtual_host, "routes"):
                names = [subset_of(one.cluster) for one in targets(record(route, "route"))]
                if not any(named is not None and named[2] == host for named in names):
                    continue
                for domain in texts(virtual_host, "domains"):
                    asked = _request(domain, record(route, "match"))
                    choice = choose(table, asked) if table is not None and asked is not None else None
                    if asked and choice and choice.candidates and choice.candidates[0].route is route:
                        return Question(asked.host, port, asked.path, asked.method, asked.headers)
    return None


def _request(domain: str, match: Raw) -> Request | None:
    host = domain.replace("*", "www" if domain.startswith("*.") else "example", 1)
    path = text(match, "prefix") or text(match, "path") or text(match, "path_separated_prefix") or "/"
    headers: dict[str, str] = {}
    method = "GET"
    for one in records(match, "headers"):
        wanted = string_matcher(one)
        value = text(wanted, "exact") or text(wanted, "prefix") or ("1" if one.get("present_match") else "")
        if not value or one.get("invert_match"):
            continue
        if text(one, "name") == ":method":
            method = value
        elif not text(one, "name").startswith(":"):
            headers[text(one, "name").lower()] = value
    if query := [
        f"{text(one, 'name')}={text(one, 'string_match', 'exact')}" for one in records(match, "query_parameters")
    ]:
        path = f"{path}?{'&'.join(query)}"
    return Request(host, path if path.startswith("/") else f"/{path}", method, headers)
