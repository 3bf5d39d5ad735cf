"""Cases that are asked each time: corners that generated ones may miss, and every disagreement that was ever found."""

from __future__ import annotations

from typing import Any

from tests.demo.envoy.cases import IDP, Ask, Caller, Case

WEB = Caller("shop/web", 1, "catalog.shop")
PLAIN = Caller("", 1, "")
ODD_PATHS = (
    *("/stock/%41", "/stock/a*b", "/stock/a|b", "/stock/{x}", "/stock/a[1]", '/stock/a"b', "/stock/a^b", "/stock/a~b"),
    *("/stock//7", "/stock/7;v=1", "/stock/a=b&c", "/stock/", "/stock/7?"),
)
NORMALIZED = (
    *(("/a/./b", "/a/b"), ("/a/../b", "/b"), ("/a//b", "/a//b"), ("/a\\b", "/a/b"), ("/a/%2e%2e/b", "/b")),
    *(("/a/..", "/"), ("/../x", "/x"), ("/a/b/.", "/a/b/"), ("/a%2Fb", "/a%2Fb"), ("/A/%7e", "/A/~"), ("/%zz", "/%zz")),
    *(("/a|b", "/a%7Cb"), ("/a|b", "/a|b"), ("/a%7cb", "/a%7cb"), ("/a%41", "/aA"), ("/a[b", "/a[b"), ('/"', "/%22")),
    *(("/a%2fb", "/a%2Fb"), ("/a?b/../c", "/a"), ("/a/b/../..", "/"), ("/a/%2E/b", "/a/b"), ("/a.b/..c", "/a.b/..c")),
)
"""(as it is sent, a policy's path)."""


def kept_cases(first: int) -> list[Case]:
    """Numbered from `first` on."""
    found: list[Case] = []

    def add(
        asks: list[Ask], *policies: dict[str, Any], callers: tuple[Caller, ...] = (WEB,), tcp: bool = False
    ) -> None:
        case = Case(first + len(found), [], [(who, ask) for who in callers for ask in asks], tcp=tcp)
        for index, policy in enumerate(policies):
            metadata = {"name": f"{case.namespace}-{index}", "namespace": case.namespace}
            case.policies.append({"apiVersion": "security.istio.io/v1", **policy, "metadata": metadata})
        found.append(case)

    odd = [Ask("GET", path, "catalog") for path in ODD_PATHS]
    for template in ("/stock/{*}", "/stock/{**}", "/{*}/{**}"):
        add(odd, allow({"to": [{"operation": {"paths": [template]}}]}))
    # Paths are normalized before policies see them.
    for sent, seen in NORMALIZED:
        add([Ask("GET", sent, "catalog")], allow({"to": [{"operation": {"paths": [seen]}}]}))
    # A star asks a header only to be there, but a claim not to be empty.
    tenants = [Ask("GET", "/", "catalog", tenant) for tenant in ("", "a", None)]
    add(tenants, allow({"when": [{"key": "request.headers[x-tenant]", "values": ["*"]}]}))
    # The token check takes the token away before policies look at headers, unless it is told to leave it.
    bearer = [Ask("GET", "/", "catalog", token=name) for name in ("alice", "")]
    with_header = allow({"when": [{"key": "request.headers[authorization]", "values": ["*"]}]})
    for forward in (True, False):
        add(bearer, with_header, tokens(forwardOriginalToken=forward))
    # A token in a place where no rule looks is no token.
    elsewhere = [Ask("GET", "/", "catalog", token="alice", token_header="x-token")]
    add(elsewhere, allow({"from": [{"source": {"requestPrincipals": ["*"]}}]}), tokens())
    # On TCP one field of HTTP drops a whole ALLOW rule; a DENY rule goes without it.
    mixed = {"to": [{"operation": {"methods": ["GET"]}}, {"operation": {"ports": ["8080"]}}]}
    add([Ask("GET", "/", "")], allow(mixed), tcp=True, callers=(WEB, PLAIN))
    add([Ask("GET", "/", "")], allow(mixed, "DENY"), tcp=True, callers=(WEB, PLAIN))
    return found


def allow(rule: dict[str, Any], action: str = "ALLOW") -> dict[str, Any]:
    return {"kind": "AuthorizationPolicy", "spec": {"action": action, "rules": [rule]}}


def tokens(**more: Any) -> dict[str, Any]:
    rule = {"issuer": IDP.name, "jwks": IDP.key_set, **more}
    return {"kind": "RequestAuthentication", "spec": {"jwtRules": [rule]}}
