"""Route configurations and requests, made from a seed, of small alphabets, so that rules meet requests. Timeouts are
long, so that a busy machine reaches none of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

LABELS = ("a", "b", "shop", "api")
SEGMENTS = ("v1", "v2", "V1", "items", "item", "a.b", "x", "42")
HEADERS = ("x-user", "x-version", "x-flag")
VALUES = ("jason", "Jason", "jas", "42", "7", "-3", "", "a,b")
PARAMETERS = ("q", "page")
REGEXES = (
    "/v[12]/.*",
    "/(items|item)(/.*)?",
    ".*42",
    "/[a-z.]+/?",
    "(?i)/v1.*",
    "/v1/[^/]+",
    r"/\w+/\d+",
    "/",
    "/v1|/v2",
    "(/x)+",
)
VALUE_REGEXES = ("jas.*", r"\d+", "(?i)JASON", "[^a]*", "", "a|b")
REWRITES: tuple[tuple[str, str], ...] = (
    ("^/v1/", "/next/"),
    (r"^/(\w+)/(\w+)", r"/\2/\1"),
    ("item", "thing"),
    ("/", "//"),
    ("[0-9]+", r"<\0>"),
    ("x*", "-"),
)
TEMPLATES: tuple[tuple[str, str], ...] = (
    ("/{first}/{second}", "/{second}/{first}"),
    ("/v1/{rest=**}", "/new/{rest}"),
    ("/*/{name}", "/named/{name}"),
    ("/{a=v1/*}", "/w/{a}"),
    ("/items/**", "/all"),
)
CLUSTERS = ("red", "green", "blue", "yellow")
REPLACED = "type.googleapis.com/envoy.extensions.path"


class Generator:
    """Makes one thing after another from its randomness."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def one(self, things: Any) -> Any:
        return self.random.choice(list(things))

    def path(self) -> str:
        parts = [self.one(SEGMENTS) for _ in range(self.random.randint(0, 3))]
        path = "/" + "/".join(parts) + ("/" if parts and self.chance(0.15) else "")
        return path

    def request_path(self) -> str:
        path = self.path()
        if self.chance(0.12):
            path = self.one((path.replace("/", "//", 1), f"{path}/../x", f"/.{path}", f"{path}/%41%2e", f"{path}%2Fx"))
        if self.chance(0.4):
            pairs = [f"{self.one(PARAMETERS)}{self.one(('=', '='))}{self.one(VALUES[:6])}" for _ in range(2)]
            path += "?" + "&".join(pairs[: self.random.randint(1, 2)])
        return path

    def host(self) -> str:
        return ".".join(self.one(LABELS) for _ in range(self.random.randint(1, 3)))

    def domain(self) -> str:
        host = self.host()
        kind = self.random.random()
        if kind < 0.2:
            return f"*.{host}"
        if kind < 0.3:
            return f"*-{host}"
        if kind < 0.45:
            return f"{host}.*"
        return host if kind < 0.85 else f"{host}:{self.one((80, 8080))}"

    def string(self, *, empty: bool = True) -> Json:
        kind = self.one(("exact", "prefix", "suffix", "contains", "safe_regex"))
        if kind == "safe_regex":
            return {"safe_regex": {"regex": self.one(VALUE_REGEXES[:4])}}
        value = self.one([one for one in VALUES if one or (empty and kind == "exact")])
        return {kind: value} | ({"ignore_case": True} if self.chance(0.2) else {})

    def header(self) -> Json:
        name = self.one((*HEADERS, *HEADERS, ":method", ":authority", ":path", "x-request-id"))
        kind = self.random.random()
        found: Json = {"name": name}
        if kind < 0.2 or name == "x-request-id":
            found["present_match"] = self.chance(0.7)
        elif kind < 0.35:
            found["range_match"] = {"start": self.one((-5, 0, 7)), "end": self.one((8, 42, 43))}
        else:
            found["string_match"] = self.string(empty=False)
        if self.chance(0.3):
            found["invert_match"] = True
        if self.chance(0.25):
            found["treat_missing_header_as_empty"] = True
        return found

    def match(self) -> Json:
        kind = self.random.random()
        found: Json
        if kind < 0.3:
            found = {"prefix": self.one((self.path(), "/", self.path()[:3]))}
        elif kind < 0.5:
            found = {"path": self.path()}
        elif kind < 0.68:
            found = {"safe_regex": {"regex": self.one(REGEXES)}}
        elif kind < 0.84:
            found = {"path_separated_prefix": self.path().rstrip("/") or "/v1"}
        else:
            template = {"@type": f"{REPLACED}.match.uri_template.v3.UriTemplateMatchConfig"}
            template["path_template"] = self.one(TEMPLATES)[0]
            name = "envoy.path.match.uri_template.uri_template_matcher"
            found = {"path_match_policy": {"name": name, "typed_config": template}}
        if self.chance(0.2) and not {"safe_regex", "path_match_policy"} & set(found):
            found["case_sensitive"] = False
        if self.chance(0.3):
            found["headers"] = [self.header() for _ in range(self.random.randint(1, 2))]
        if self.chance(0.2):
            parameter: Json = {"name": self.one(PARAMETERS)}
            parameter |= {"string_match": self.string()} if self.chance(0.6) else {"present_match": True}
            found["query_parameters"] = [parameter]
        if self.chance(0.08):
            found["grpc"] = {}
        if self.chance(0.12):
            denominator = self.one(("HUNDRED", "TEN_THOUSAND", "MILLION"))
            fraction = {"numerator": self.one((0, 10**6)), "denominator": denominator}
            found["runtime_fraction"] = {"default_value": fraction}
        return found

    def rewrite(self, match: Json) -> Json:
        kind = self.random.random()
        if "path_match_policy" in match:
            template = match["path_match_policy"]["typed_config"]["path_template"]
            wanted = {"@type": f"{REPLACED}.rewrite.uri_template.v3.UriTemplateRewriteConfig"}
            wanted["path_template_rewrite"] = dict(TEMPLATES)[template]
            name = "envoy.path.rewrite.uri_template.uri_template_rewriter"
            return {"path_rewrite_policy": {"name": name, "typed_config": wanted}}
        if kind < 0.55:
            return {"prefix_rewrite": self.one(("/new", "/new/", "/", "/v2"))}
        return {"regex_rewrite": self.regex_rewrite()}

    def regex_rewrite(self) -> Json:
        expression, substitution = self.one(REWRITES)
        return {"pattern": {"regex": expression}, "substitution": substitution}

    def forward(self, match: Json) -> Json:
        action: Json = {}
        kind = self.random.random()
        if kind < 0.5:
            action["cluster"] = self.one(CLUSTERS)
        elif kind < 0.6:
            action["cluster_header"] = "x-cluster"
        else:
            names = self.random.sample(CLUSTERS, 3)
            weights = self.one(((100, 0, 0), (1, 1, 2), (0, 50, 50)))
            clusters = [{"name": name, "weight": weight} for name, weight in zip(names, weights, strict=True)]
            action["weighted_clusters"] = {"clusters": clusters}
        if self.chance(0.35):
            action |= self.rewrite(match)
        if self.chance(0.25):
            action |= self.one(
                (
                    {"host_rewrite_literal": "other.example"},
                    {"host_rewrite_header": "x-user"},
                    {
                        "host_rewrite_path_regex": {
                            "pattern": {"regex": r"^/(\w+).*$"},
                            "substitution": r"\1.host",
                        }
                    },
                )
            )
        if self.chance(0.6):
            action["timeout"] = self.one(("0s", "30s", "20.250s", "60s"))
        if self.chance(0.4):
            action["retry_policy"] = {"retry_on": "reset", "num_retries": 1}
            if self.chance(0.6):
                action["retry_policy"]["per_try_timeout"] = self.one(("25s", "30s", "20.1s"))
        if self.chance(0.1):
            action["max_stream_duration"] = {"grpc_timeout_header_max": self.one(("0s", "22s"))}
        return {"route": action}

    def redirect(self, match: Json) -> Json:
        action: Json = {}
        if self.chance(0.3):
            action["host_redirect"] = "elsewhere.example"
        if self.chance(0.3):
            action |= self.one(({"https_redirect": True}, {"scheme_redirect": "https"}, {"scheme_redirect": "http"}))
        if self.chance(0.2):
            action["port_redirect"] = 8443
        if self.chance(0.7):
            action |= self.one(
                (
                    {"path_redirect": "/there"},
                    {"path_redirect": "/there?x=1"},
                    *([{"prefix_rewrite": "/moved"}] if "path_match_policy" not in match else []),
                    {"regex_rewrite": self.regex_rewrite()},
                )
            )
        if self.chance(0.3):
            action["strip_query"] = True
        if self.chance(0.5):
            action["response_code"] = self.one(("FOUND", "SEE_OTHER", "TEMPORARY_REDIRECT", "PERMANENT_REDIRECT"))
        return {"redirect": action}

    def route(self, name: str) -> Json:
        match = self.match()
        kind = self.random.random()
        if kind < 0.7:
            action = self.forward(match)
        elif kind < 0.88:
            action = self.redirect(match)
        else:
            body = {"body": {"inline_string": f"direct {name}"}} if self.chance(0.7) else {}
            action = {"direct_response": {"status": self.one((200, 204, 404, 503)), **body}}
        return {"name": name, "match": match, **action}

    def route_config(self, name: str, hosts: int) -> Json:
        taken: set[str] = set()

        def free(make: Callable[[], str]) -> list[str]:
            found = []
            for _ in range(self.random.randint(1, 3)):
                domain = make()
                if domain not in taken:
                    taken.add(domain)
                    found.append(domain)
            return found

        virtual_hosts = []
        for number in range(hosts):
            domains = free(self.domain)
            if number == 0 and self.chance(0.5):
                domains = ["*"]
            if not domains:
                continue
            routes = [self.route(f"{number}.{position}") for position in range(self.random.randint(1, 6))]
            if self.chance(0.5):
                routes.append({"name": f"{number}.last", "match": {"prefix": "/"}, "route": {"cluster": "red"}})
            host: Json = {"name": f"host-{number}", "domains": domains, "routes": routes}
            if self.chance(0.06):
                host["require_tls"] = self.one(("ALL", "EXTERNAL_ONLY"))
            if self.chance(0.15):
                host["retry_policy"] = {"retry_on": "5xx", "per_try_timeout": "20.5s"}
            virtual_hosts.append(host)
        found: Json = {"name": name, "virtual_hosts": virtual_hosts}
        if self.chance(0.4):
            found["ignore_port_in_host_matching"] = True
        return found

    def request_for(self, route_config: Json) -> Json:
        """A request that has a chance to be taken by something of the configuration."""
        host = self.one(self.one(route_config["virtual_hosts"])["domains"])
        filling = self.one((*LABELS, "a.b"))
        host = host.replace("*", filling) if self.chance(0.85) else self.host()
        if self.chance(0.15):
            host = f"{host.partition(':')[0]}:{self.one((80, 443, 8080))}"
        if self.chance(0.1):
            host = host.upper()
        headers: dict[str, str] = {}
        for name in HEADERS:
            if self.chance(0.35):
                headers[name] = self.one(VALUES)
        if self.chance(0.5):
            headers["x-cluster"] = self.one(CLUSTERS)
        if self.chance(0.1):
            headers["x-forwarded-proto"] = self.one(("https", "http"))
        if self.chance(0.1):
            headers["content-type"] = self.one(("application/grpc", "application/grpc+proto", "application/json"))
            headers["grpc-timeout"] = self.one(("21S", "20500m", "50S"))
        if self.chance(0.08):
            headers["x-envoy-upstream-rq-timeout-ms"] = self.one(("21000", "90000"))
        if self.chance(0.08):
            headers["x-envoy-upstream-rq-per-try-timeout-ms"] = self.one(("20050", "40000"))
        return {
            "host": host,
            "path": self.request_path(),
            "method": self.one(("GET", "GET", "POST", "DELETE")),
            "headers": headers,
        }
