"""Generated authorization cases: policies, and requests to put to them. Seeded, so that a failure comes again."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from meshui.domain.authz.request import Token

Manifest = dict[str, Any]

METHODS = ("GET", "POST", "DELETE", "PATCH")
PATHS = (
    *("/", "/stock", "/stock/7", "/stock/7/price", "/admin", "/admin/users?all=1", "/a.b/c", "/stock/7/8/9"),
    *("/stock/", "/stock//7", "/stock/%41", "/stock/a*b", "/stock/a|b"),
)
HOSTS = ("catalog", "CATALOG.shop", "api.example", "api.example:8080")
TENANTS = (None, "", "gold", "golden", "silver")
FORWARDED = (None, "10.1.2.3", "203.0.113.9, 10.9.0.1", "192.168.0.9")
SNIS = ("catalog.shop", "api.example", "outbound_.80_._.catalog")


@dataclass(frozen=True)
class Caller:
    """Who calls: `account` is "NAMESPACE/ACCOUNT", "" without a certificate; `source` ends its address."""

    account: str
    source: int
    sni: str


@dataclass(frozen=True)
class Ask:
    """A request; `token` names one of TOKENS, in the header `token_header`."""

    method: str
    path: str
    host: str
    tenant: str | None = None
    forwarded: str | None = None
    token: str = ""
    token_header: str = "authorization"


@dataclass
class Case:
    """One workload with its policies, and what is asked of it."""

    number: int
    policies: list[Manifest]
    asks: list[tuple[Caller, Ask]]
    port: int = 8080
    tcp: bool = False
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        return f"case{self.number}"


class Issuer:
    """Signs tokens."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._key = rsa.generate_private_key(65537, 2048)

    @property
    def key_set(self) -> str:
        numbers = self._key.public_key().public_numbers()
        key = {"kty": "RSA", "alg": "RS256", "kid": "one", "n": _number(numbers.n), "e": _number(numbers.e)}
        return json.dumps({"keys": [key]})

    def sign(self, claims: dict[str, Any]) -> str:
        parts = ({"alg": "RS256", "typ": "JWT", "kid": "one"}, claims)
        text = ".".join(_base64(json.dumps(part).encode()) for part in parts)
        return f"{text}.{_base64(self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _base64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


IDP = Issuer("https://idp.example/x")
PARTNER = Issuer("partner")
_FAR, _PAST = 4102444800, 1000000000
_CLAIMS: dict[str, tuple[Issuer, dict[str, Any]]] = {
    "alice": (IDP, {"sub": "alice", "aud": "shop", "groups": ["users", "admins"], "exp": _FAR, "scope": "read write"}),
    "bob": (IDP, {"sub": "bob", "aud": ["pay", "web"], "realm": {"roles": ["reader"], "name": "east"}, "azp": "app"}),
    "nobody": (IDP, {"aud": "shop", "groups": "users", "level": 3}),
    "carol": (PARTNER, {"sub": "carol", "groups": ["partners"], "aud": "shop"}),
    "expired": (IDP, {"sub": "alice", "aud": "shop", "exp": _PAST}),
    "stranger": (Issuer("https://evil.example"), {"sub": "alice", "aud": "shop"}),
}
TOKENS: dict[str, tuple[str, Token]] = {
    name: (issuer.sign({"iss": issuer.name, **claims}), Token({"iss": issuer.name, **claims}, valid=name != "expired"))
    for name, (issuer, claims) in _CLAIMS.items()
}
"""Name -> (as it is sent, as the evaluator is told)."""
_forged = _CLAIMS["alice"][1] | {"iss": IDP.name}
TOKENS["forged"] = (PARTNER.sign(_forged), Token(_forged, valid=False))


def generate(seed: int, count: int, network: int, requests: int) -> Iterator[Case]:
    """`count` cases with about `requests` requests each."""
    for number in range(count):
        yield _Maker(Random(f"{seed}/{number}"), number, network).case(requests)


class _Maker:
    def __init__(self, random: Random, number: int, network: int) -> None:
        self._random = random
        self._number = number
        self._net = f"127.{network}"

    def case(self, requests: int) -> Case:
        random = self._random
        tcp = random.random() < 0.12
        port = random.choice((8080, 9090))
        tokens = not tcp and random.random() < 0.45
        case = Case(self._number, [], [], port, tcp, {"case": f"case{self._number}", "tier": random.choice("ab")})
        case.policies = [self._policy(case, index, tokens) for index in range(random.choice((1, 1, 2, 2, 3, 4)))]
        if tokens:
            case.policies += [self._authentication(case, index) for index in range(random.choice((1, 1, 2)))]
        accounts = ["shop/web", "shop/cart", "other/batch", f"{case.namespace}/cart", ""]
        callers = [
            Caller(account, random.choice((1, 2, 3)), random.choice(SNIS)) for account in random.sample(accounts, 4)
        ]
        each = 2 if tcp else max(1, requests // len(callers))
        case.asks = [(caller, self._ask(tokens)) for caller in callers for _ in range(each)]
        return case

    def _ask(self, tokens: bool) -> Ask:
        random = self._random
        token = random.choice(("", *TOKENS)) if tokens and random.random() < 0.8 else ""
        return Ask(
            random.choice(METHODS),
            random.choice(PATHS),
            random.choice(HOSTS),
            random.choice(TENANTS),
            random.choice(FORWARDED),
            token,
            random.choice(("authorization", "authorization", "x-token")) if token else "authorization",
        )

    def _policy(self, case: Case, index: int, tokens: bool) -> Manifest:
        random = self._random
        action = random.choices(("ALLOW", "DENY", "AUDIT"), (60, 35, 5))[0]
        rules = [self._rule(tokens) for _ in range(random.choice((1, 1, 1, 2, 3)))]
        if random.random() < 0.06:
            rules = random.choice(([], [{}]))
        root = random.random() < 0.15
        spec: Manifest = {"action": action, "rules": rules}
        selectors = [{"case": case.namespace}, {"case": case.namespace, "tier": random.choice("ab")}]
        if root:
            spec["selector"] = {"matchLabels": selectors[0]}
        elif random.random() < 0.5:
            spec["selector"] = {"matchLabels": random.choice(selectors)}
        annotations = {"istio.io/dry-run": "true"} if random.random() < 0.08 else {}
        metadata = {
            "name": f"{case.namespace}-{index}",
            "namespace": "istio-system" if root else case.namespace,
            "annotations": annotations,
        }
        return {
            "apiVersion": "security.istio.io/v1",
            "kind": "AuthorizationPolicy",
            "metadata": metadata,
            "spec": spec,
        }

    def _authentication(self, case: Case, index: int) -> Manifest:
        random = self._random
        rules: list[Manifest] = []
        for issuer in random.choice(((IDP,), (IDP, PARTNER), (PARTNER,))):
            rule: Manifest = {"issuer": issuer.name, "jwks": issuer.key_set}
            if random.random() < 0.4:
                rule["audiences"] = random.choice((["shop"], ["web", "none"]))
            if random.random() < 0.3:
                rule["fromHeaders"] = [{"name": "X-Token"}]
            if random.random() < 0.3:
                rule["forwardOriginalToken"] = True
            rules.append(rule)
        # A second object must not name the first one's issuers again: which of two rules takes a token is not said.
        if index:
            rules = [{"issuer": "third", "jwks": IDP.key_set}]
        return {
            "apiVersion": "security.istio.io/v1",
            "kind": "RequestAuthentication",
            "metadata": {"name": f"{case.namespace}-{index}", "namespace": case.namespace},
            "spec": {"jwtRules": rules},
        }

    def _rule(self, tokens: bool) -> Manifest:
        random = self._random
        rule: Manifest = {}
        if random.random() < 0.6:
            rule["from"] = [{"source": self._source(tokens)} for _ in range(random.choice((1, 1, 2)))]
        if random.random() < 0.6:
            rule["to"] = [{"operation": self._operation()} for _ in range(random.choice((1, 1, 2)))]
        if not rule or random.random() < 0.35:
            rule["when"] = [self._condition(tokens) for _ in range(random.choice((1, 1, 2)))]
        return rule

    def _source(self, tokens: bool) -> Manifest:
        random = self._random
        fields: dict[str, tuple[str, ...]] = {
            "principals": self._principals(),
            "namespaces": ("shop", "sh*", "*her", "*", "o*er", "none", "case*"),
            "ipBlocks": self._blocks(),
            "remoteIpBlocks": self._remote(),
            "trustDomains": ("cluster.local", "cluster*", "other.domain", "*"),
        }
        if tokens:
            fields["requestPrincipals"] = self._request_principals()
        if random.random() < 0.25:
            fields = {"serviceAccounts": ("shop/web", "cart", "other/batch", "shop/none"), "ipBlocks": self._blocks()}
        return self._some(fields)

    def _operation(self) -> Manifest:
        return self._some(
            {
                "hosts": ("catalog", "catalog*", "*.EXAMPLE", "*", "api.example:8080", "Catalog.Shop"),
                "methods": ("GET", "POST", "P*", "*T", "*"),
                "paths": (
                    *("/stock", "/stock/*", "*/price", "/admin*", "*", "/", "/admin/users", "/stock*"),
                    *("/stock/{*}", "/stock/{*}/price", "/stock/{**}", "/{*}/{**}", "/{**}", "/a.b/{*}"),
                ),
                "ports": ("8080", "9090", "1"),
            }
        )

    def _condition(self, tokens: bool) -> Manifest:
        random = self._random
        keys: dict[str, tuple[str, ...]] = {
            "request.headers[X-Tenant]": ("gold", "gold*", "*en", "*", "silver"),
            "request.headers[x-none]": ("a", "*"),
            "source.ip": self._blocks(),
            "remote.ip": self._remote(),
            "source.namespace": ("shop", "*", "o*"),
            "source.principal": self._principals(),
            "source.serviceAccount": ("shop/cart", "cart"),
            "source.trustDomain": ("cluster.local", "x"),
            "destination.ip": (f"{self._net}.1.1", f"{self._net}.1.0/31", "10.0.0.0/8"),
            "destination.port": ("8080", "9090"),
            "connection.sni": ("catalog.shop", "*.example", "outbound*", "*"),
        }
        if tokens and random.random() < 0.7:
            keys = {
                "request.auth.principal": self._request_principals(),
                "request.auth.audiences": ("shop", "pay", "w*", "*"),
                "request.auth.presenter": ("app", "*"),
                "request.auth.claims[groups]": ("admins", "users", "part*", "*"),
                "request.auth.claims[realm][roles]": ("reader", "*"),
                "request.auth.claims[realm][name]": ("*st", "west"),
                "request.auth.claims[scope]": ("write", "read write"),
                "request.auth.claims[level]": ("3", "*"),
                "request.headers[authorization]": ("Bearer*", "*"),
            }
        key = random.choice(list(keys))
        return {"key": key, **self._lists("values", "notValues", keys[key])}

    def _some(self, fields: dict[str, tuple[str, ...]]) -> Manifest:
        found: Manifest = {}
        for name in self._random.sample(list(fields), self._random.choice((1, 1, 2))):
            found |= self._lists(name, f"not{name[0].upper()}{name[1:]}", fields[name])
        return found

    def _lists(self, positive: str, negative: str, values: tuple[str, ...]) -> Manifest:
        random = self._random
        found: Manifest = {}
        if random.random() < 0.75:
            found[positive] = random.sample(values, random.choice((1, 1, 2)))
        if not found or random.random() < 0.2:
            found[negative] = random.sample(values, 1)
        return found

    @staticmethod
    def _principals() -> tuple[str, ...]:
        domain = "cluster.local/ns"
        return (f"{domain}/shop/sa/web", f"{domain}/shop/*", "*/sa/cart", "*", f"{domain}/other/sa/batch", "x*")

    @staticmethod
    def _request_principals() -> tuple[str, ...]:
        return (
            "*",
            f"{IDP.name}/alice",
            f"{IDP.name}/*",
            "*/bob",
            "partner/carol",
            "https*",
            "*ol",
            "https://idp.example/*",
        )

    def _blocks(self) -> tuple[str, ...]:
        return (f"{self._net}.2.1", f"{self._net}.2.2/31", f"{self._net}.0.0/16", "10.0.0.0/8", "fd00::/8")

    def _remote(self) -> tuple[str, ...]:
        return ("10.1.0.0/16", "10.9.0.1", "192.168.0.0/24", f"{self._net}.2.0/24", "203.0.113.9")
