"""Who asks (bearer tokens, impersonation) and what they may do (a table of rules in RBAC's terms).

The rules say what Roles and bindings would; there are no RBAC objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from meshui.demo.kube.errors import bad_request, forbidden, unauthorized
from meshui.demo.kube.resources import READ_VERBS, RESOURCES

AUTHENTICATED = "system:authenticated"
MASTERS = "system:masters"
OPERATORS = "meshui:operators"
VIEWERS = "meshui:viewers"
ADMINS = "meshui:admins"
MESHUI = "system:serviceaccount:meshui:meshui"

WRITE_VERBS = ("create", "update", "patch", "delete", "deletecollection")
MESH_GROUPS = (
    "networking.istio.io",
    "security.istio.io",
    "telemetry.istio.io",
    "extensions.istio.io",
    "gateway.networking.k8s.io",
    "argoproj.io",
)


@dataclass(frozen=True)
class User:
    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())

    def info(self) -> dict[str, Any]:
        """As `UserInfo` of authentication.k8s.io."""
        info: dict[str, Any] = {"username": self.name, "groups": list(self.groups)}
        if self.uid:
            info["uid"] = self.uid
        if self.extra:
            info["extra"] = {key: list(values) for key, values in self.extra}
        return info


@dataclass(frozen=True)
class Rule:
    """RBAC's PolicyRule: `*` stands for all; a subresource is written `pods/log`."""

    verbs: tuple[str, ...]
    groups: tuple[str, ...] = ("*",)
    resources: tuple[str, ...] = ("*",)
    names: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attributes:
    """What is asked for. `resource` carries its subresource (`pods/log`); `url` is set for other paths instead."""

    verb: str
    group: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    url: str = ""


TOKENS: Mapping[str, User] = {
    "demo-admin": User("admin", (MASTERS, AUTHENTICATED), "demo-admin"),
    "demo-meshui": User(
        MESHUI, ("system:serviceaccounts", "system:serviceaccounts:meshui", AUTHENTICATED), "demo-meshui"
    ),
    "demo-operator": User("operator", (OPERATORS, AUTHENTICATED), "demo-operator"),
    "demo-viewer": User("viewer", (VIEWERS, AUTHENTICATED), "demo-viewer"),
}

_NOT_SECRETS = tuple(
    dict.fromkeys(
        name
        for resource in RESOURCES
        if resource.plural != "secrets"
        for name in (resource.plural, *(f"{resource.plural}/{sub}" for sub in resource.subresources if sub != "proxy"))
    )
)
_VIEW = (Rule(READ_VERBS, resources=_NOT_SECRETS),)
_ANYBODY = (
    Rule(
        ("create",),
        ("authorization.k8s.io", "authentication.k8s.io"),
        ("selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"),
    ),
    Rule(("get",), (), (), urls=("/api", "/api/*", "/apis", "/apis/*", "/openapi/*", "/version", "/version/")),
)
_RULES: Mapping[str, tuple[Rule, ...]] = {
    AUTHENTICATED: _ANYBODY,
    MASTERS: (Rule(("*",)), Rule(("*",), (), (), urls=("*",))),
    ADMINS: (Rule(("*",)), Rule(("*",), (), (), urls=("*",))),
    VIEWERS: _VIEW,
    OPERATORS: (
        *_VIEW,
        Rule(WRITE_VERBS, MESH_GROUPS),
        Rule(("get",), ("",), ("pods/proxy",)),
    ),
    MESHUI: (
        Rule(READ_VERBS),
        Rule(("impersonate",), ("",), ("users",)),
        Rule(("impersonate",), ("",), ("groups",), (VIEWERS, OPERATORS, ADMINS, AUTHENTICATED)),
        Rule(("create",), ("authentication.k8s.io",), ("tokenreviews",)),
        Rule(("create",), ("authorization.k8s.io",), ("subjectaccessreviews", "localsubjectaccessreviews")),
    ),
}
"""By user name or by group."""
_USERS_GROUP = {"operator": OPERATORS, "viewer": VIEWERS}
"""Who impersonates one of these names without a group still meets its binding."""


def authenticate(headers: Mapping[str, str]) -> User:
    """The user of a request's bearer token. Raises a 401 without a known one: there is no anonymous user."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    user = TOKENS.get(token.strip()) if scheme.lower() == "bearer" else None
    if user is None:
        raise unauthorized()
    return user


def impersonate(user: User, headers: Sequence[tuple[str, str]]) -> User:
    """Who the request is for, by the Impersonate-* headers. Raises a 403 when `user` may not pose as them.

    https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
    """
    names = [value for key, value in headers if key == "impersonate-user" and value]
    groups = [value for key, value in headers if key == "impersonate-group"]
    extra = [(key.removeprefix("impersonate-extra-"), value) for key, value in headers if "impersonate-extra-" in key]
    if not names:
        if groups or extra:
            raise bad_request("requested groups or extra without impersonating a user")
        return user
    for resource, values in (("users", names[:1]), ("groups", groups)):
        for value in values:
            if not allows(user, Attributes("impersonate", "", resource, name=value)):
                raise forbidden(user.name, "impersonate", "", resource, "", value)
    if extra and MASTERS not in user.groups:
        raise forbidden(user.name, "impersonate", "authentication.k8s.io", f"userextras/{extra[0][0]}", "", extra[0][1])
    asked = tuple(dict.fromkeys([*groups, AUTHENTICATED]))
    return User(names[0], asked, extra=tuple((key, (value,)) for key, value in extra))


def rules_of(user: User) -> list[Rule]:
    """Every rule that is bound to the user, by name or group."""
    subjects = dict.fromkeys([user.name, *user.groups, *filter(None, [_USERS_GROUP.get(user.name)])])
    return [rule for subject in subjects for rule in _RULES.get(subject, ())]


def allows(user: User, attributes: Attributes) -> bool:
    """Whether some rule grants what is asked."""
    return any(_grants(rule, attributes) for rule in rules_of(user))


def check(user: User, attributes: Attributes) -> None:
    """Raises the 403 that Kubernetes answers when no rule grants what is asked."""
    if allows(user, attributes):
        return
    if attributes.url:
        error = forbidden(user.name, attributes.verb, "", "", "", "")
        error.message = f'forbidden: User "{user.name}" cannot {attributes.verb} path "{attributes.url}"'
        raise error
    raise forbidden(
        user.name, attributes.verb, attributes.group, attributes.resource, attributes.namespace, attributes.name
    )


def _grants(rule: Rule, asked: Attributes) -> bool:
    if not _covers(rule.verbs, asked.verb):
        return False
    if asked.url:
        return any(asked.url == url or (url.endswith("*") and asked.url.startswith(url[:-1])) for url in rule.urls)
    if rule.names and asked.name not in rule.names:
        return False
    return _covers(rule.groups, asked.group) and _covers(rule.resources, asked.resource)


def _covers(values: tuple[str, ...], value: str) -> bool:
    return "*" in values or value in values
