"""What is explained equals what a real Envoy does: generated route configurations and requests, through one Envoy."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from meshui.domain.proxy.routing.action import (
    direct_response,
    redirect,
    rewritten_host,
    rewritten_path,
    targets,
    timeouts,
    tls_redirect,
)
from meshui.domain.proxy.routing.choose import Candidate, choose
from meshui.domain.proxy.routing.normalize import normalized
from meshui.domain.proxy.routing.request import Request
from meshui.domain.proxy.routing.virtual_hosts import HostTable
from meshui.domain.proxy.values import record
from tests.domain.proxy.conftest import Answer, Router
from tests.domain.proxy.generated import Generator
from tests.domain.proxy.kept import INSIDE, KEPT

Json = dict[str, Any]
CONFIGS = 40
HOSTS = 12
REQUESTS = 75
MANAGERS: tuple[Json, ...] = (
    {},
    INSIDE,
    {"use_remote_address": True},
    {"normalize_path": True},
    {"normalize_path": True, "merge_slashes": True},
    {"strip_any_host_port": True},
    {"path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD", "merge_slashes": True},
)


def expected(route_config: Json, manager: Json, given: Json) -> Json:
    """The explained outcome in terms of what can be seen from outside."""
    request = Request(given["host"], given["path"], given["method"], given["headers"], source_ip="127.0.0.1")
    clean = normalized(manager, request, 0)
    if clean.stop == "refused":
        return {"status": 400}
    choice = choose(HostTable(route_config), clean.request)
    if choice is None:
        return {"status": 404}
    if choice.must_be_tls:
        return {"status": 301, "location": tls_redirect(clean.request).location}
    if not choice.candidates:
        return {"status": 404}
    (candidate,) = choice.candidates
    return _outcome(candidate, choice.host.virtual_host, clean.request)


def _outcome(candidate: Candidate, host: Any, request: Request) -> Json:
    route = candidate.route
    match = record(route, "match")
    if "redirect" in route:
        found = redirect(match, record(route, "redirect"), request)
        return {"route": route["name"], "status": found.status, "location": found.location}
    if "direct_response" in route:
        answer = direct_response(record(route, "direct_response"))
        return {"route": route["name"], "status": answer.status, "body": answer.body}
    action = record(route, "route")
    chosen = [one.cluster for one in targets(action, request) if one.share > 0]
    if not any(chosen):
        return {"route": route["name"], "status": 503}
    path = rewritten_path(match, action, request)
    new_host, _ = rewritten_host(action, request)
    return {
        "route": route["name"],
        "status": 200,
        "clusters": chosen,
        "path": request.path if path is None else path,
        "host": new_host or request.host,
        "timeout": timeouts(action, host, request).expected_ms,
    }


def seen(answer: Answer, wanted: Json) -> Json:
    """The same of what Envoy did; of the clusters that it may choose among, the one that it chose. To a gRPC client
    Envoy's own answers are 200 with a grpc-status."""
    headers = answer.headers
    own = "grpc-status" in headers and answer.status == 200
    found: Json = {"status": wanted["status"] if own and "clusters" not in wanted else answer.status}
    if "route" in wanted:
        found["route"] = headers.get("x-route", "")
    if "location" in wanted:
        found["location"] = headers.get("location")
    if "body" in wanted:
        found["body"] = wanted["body"] if own else answer.body
    if "clusters" in wanted:
        used = headers.get("x-cluster-used")
        if answer.status == 400:
            # The upstream refuses a path or host that a rewrite made unusable; where it went can be seen all the same.
            wanted |= {"status": 400, "path": None, "host": None}
        found["clusters"] = wanted["clusters"] if used in wanted["clusters"] else [used]
        found["path"] = headers.get("x-echo-path")
        found["host"] = headers.get("x-echo-host")
        timeout = headers.get("x-told-timeout")
        found["timeout"] = int(timeout) if timeout else None
    return found


def test_what_is_explained_is_what_envoy_does(tmp_path: Path) -> None:
    generator = Generator(20261124)
    configs = [
        (generator.route_config(f"config-{number}", HOSTS), MANAGERS[number % len(MANAGERS)])
        for number in range(CONFIGS)
    ]
    requests = [
        (number, generator.request_for(configs[number][0])) for number in range(CONFIGS) for _ in range(REQUESTS)
    ]
    kept = [({"name": "kept", "virtual_hosts": [host]}, manager) for host, manager, _ in KEPT]
    requests += [(CONFIGS + number, request) for number, (_, _, request) in enumerate(KEPT)]
    with Router(tmp_path, 1, [*configs, *kept]) as envoy:
        answers = envoy.send(requests)
    different = []
    outcomes: Counter[str] = Counter()
    for (number, request), answer in zip(requests, answers, strict=True):
        wanted = expected(*[*configs, *kept][number], request)
        found = seen(answer, wanted)
        outcomes["cluster" if "clusters" in wanted else "location" if "location" in wanted else "own"] += 1
        if found != wanted:
            different.append((number, request, wanted, found, answer.headers))
    assert not different, f"{len(different)} of {len(requests)} differ, the first: {different[:5]}"
    assert len(requests) >= 2000
    # It would be no test if hardly anything got past the virtual hosts.
    assert outcomes["cluster"] > 1000
    assert outcomes["location"] > 100
    assert outcomes["own"] > 100
