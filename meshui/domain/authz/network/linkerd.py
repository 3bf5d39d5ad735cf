"""Linkerd's policy at the called side: Server, routes, AuthorizationPolicy and the default of a pod.

Sources: linkerd.io reference "Authorization Policy"; linkerd/linkerd2 policy-controller. A meshed pod's port is judged
by the Server that selects it, else by the pod's default policy. With routes attached to the Server the request must
match one (else 404); what authorizes the route, the Server or the namespace lets it in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from meshui.domain.authz.match import Text, Truth, every, some
from meshui.domain.authz.network.selectors import LabelSelector, Objects, called_by, in_block, own_port
from meshui.domain.authz.reach import Call, Layer
from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.workloads import Workload

PROXY = "linkerd-proxy"
_DEFAULT = "config.linkerd.io/default-inbound-policy"
_DEFAULTS = ("all-unauthenticated", "all-authenticated", "cluster-authenticated", "cluster-unauthenticated")
_GROUP = "policy.linkerd.io"
AUTHORIZATION = f"AuthorizationPolicy.{_GROUP}"
_ROUTE_KINDS = ("HTTPRoute", f"HTTPRoute.{_GROUP}", "GRPCRoute")


class Ref(msgspec.Struct, frozen=True):
    kind: str = ""
    name: str = ""
    namespace: str = ""
    group: str = ""


class Server(msgspec.Struct, frozen=True, rename="camel"):
    pod_selector: LabelSelector | None = None
    port: int | str = 0
    access_policy: str = "deny"


class PathMatch(msgspec.Struct, frozen=True):
    type: str = "PathPrefix"
    value: str = "/"


class NamedMatch(msgspec.Struct, frozen=True):
    name: str = ""
    value: str = ""
    type: str = "Exact"


class GrpcMethod(msgspec.Struct, frozen=True):
    service: str = ""
    method: str = ""


class RouteMatch(msgspec.Struct, frozen=True):
    path: PathMatch | None = None
    method: str | GrpcMethod = ""
    headers: tuple[NamedMatch, ...] = ()


class RouteRule(msgspec.Struct, frozen=True):
    matches: tuple[RouteMatch, ...] = (RouteMatch(),)


class Route(msgspec.Struct, frozen=True, rename="camel"):
    parent_refs: tuple[Ref, ...] = ()
    rules: tuple[RouteRule, ...] = (RouteRule(),)


class Authorization(msgspec.Struct, frozen=True, rename="camel"):
    target_ref: Ref = Ref()
    required_authentication_refs: tuple[Ref, ...] = ()


class MeshTls(msgspec.Struct, frozen=True, rename="camel"):
    identities: tuple[str, ...] = ()
    identity_refs: tuple[Ref, ...] = ()


class Network(msgspec.Struct, frozen=True):
    cidr: str = ""
    except_: tuple[str, ...] = msgspec.field(default=(), name="except")


class NetworkAuthentication(msgspec.Struct, frozen=True):
    networks: tuple[Network, ...] = ()


class Account(msgspec.Struct, frozen=True):
    name: str = ""
    namespace: str = ""


class ClientTls(msgspec.Struct, frozen=True, rename="camel"):
    identities: tuple[str, ...] = ()
    service_accounts: tuple[Account, ...] = ()
    unauthenticated_tls: bool = msgspec.field(default=False, name="unauthenticatedTLS")


class Client(msgspec.Struct, frozen=True, rename="camel"):
    unauthenticated: bool = False
    mesh_tls: ClientTls | None = msgspec.field(default=None, name="meshTLS")
    networks: tuple[Network, ...] = ()


class ServerName(msgspec.Struct, frozen=True):
    name: str = ""
    selector: LabelSelector | None = None


class ServerAuthorization(msgspec.Struct, frozen=True):
    server: ServerName = ServerName()
    client: Client = Client()


class LinkerdPolicies:
    """The called side of a call, as a layer. Nothing where the called workload is not in a Linkerd mesh."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._meshed = {
            (pod.namespace, pod.workload) for pod in objects.inventory.pods if pod.live and PROXY in pod.containers
        }

    def __call__(self, call: Call) -> Iterator[Layer]:
        if (call.called.namespace, call.called.name) not in self._meshed:
            return
        yield self._judged(call)

    def _judged(self, call: Call) -> Layer:
        port = own_port(call)
        if port is None:
            return _layer(call, Truth.MAYBE, None, "It depends on the port.")
        server = next(((ref, spec) for ref, spec in self._servers() if _selects(ref, spec, call.called, port)), None)
        if server is None:
            return self._by_default(call, call.called.annotations.get(_DEFAULT, _DEFAULTS[0]), None)
        ref, spec = server
        targets = [ref, ObjectRef("Namespace", "", ref.namespace)]
        attached = self._routes(ref)
        if attached and not call.request.stream:
            route, sure = _chosen(attached, call)
            if route is None and sure:
                reason = f"No route of {ref} matches the request: it is answered 404."
                return _layer(call, Truth.NO, ref, reason)
            if route is None or not sure:
                return _layer(call, Truth.MAYBE, ref, f"Which route of {ref} takes it depends on what is asked.")
            targets.insert(0, route)
        found = [(by, self._authorized(call, by, target)) for target in targets for by in self._authorizing(target)]
        found += [(by, self._client(call, one.client)) for by, one in self._legacy(ref)]
        best = max(found, key=lambda one: one[1], default=None)
        if best is not None and best[1] != Truth.NO:
            sure = best[1] == Truth.YES
            said = f"{best[0]} {'authorizes' if sure else 'may authorize'} it."
            return _layer(call, best[1], best[0], said if sure else f"{said} It depends on the caller's address.")
        return self._by_default(call, spec.access_policy, ref)

    def _servers(self) -> list[tuple[ObjectRef, Server]]:
        return self._objects.specs("Server", Server)

    def _routes(self, server: ObjectRef) -> list[tuple[ObjectRef, Route]]:
        return [
            (ref, route)
            for kind in _ROUTE_KINDS
            for ref, route in self._objects.specs(kind, Route)
            if any(
                one.kind == "Server"
                and one.name == server.name
                and (one.namespace or ref.namespace) == server.namespace
                for one in route.parent_refs
            )
        ]

    def _authorizing(self, target: ObjectRef) -> Iterator[ObjectRef]:
        for ref, one in self._objects.specs(AUTHORIZATION, Authorization):
            namespace = target.name if target.kind == "Namespace" else target.namespace
            kind = target.kind.partition(".")[0]
            if ref.namespace == namespace and (one.target_ref.kind, one.target_ref.name) == (kind, target.name):
                yield ref

    def _authorized(self, call: Call, by: ObjectRef, target: ObjectRef) -> Truth:
        spec = next(one for ref, one in self._objects.specs(AUTHORIZATION, Authorization) if ref == by)
        return every(self._authenticated(call, by, one) for one in spec.required_authentication_refs)

    def _authenticated(self, call: Call, by: ObjectRef, wanted: Ref) -> Truth:
        namespace = wanted.namespace or by.namespace
        if wanted.kind == "ServiceAccount":
            return self._is_account(call, namespace, wanted.name)
        if wanted.kind == "MeshTLSAuthentication":
            for ref, tls in self._objects.specs("MeshTLSAuthentication", MeshTls):
                if (ref.namespace, ref.name) == (namespace, wanted.name):
                    accounts = [self._is_ref(call, one, namespace) for one in tls.identity_refs]
                    return some([*(self._is_identity(call, one) for one in tls.identities), *accounts])
        if wanted.kind == "NetworkAuthentication":
            for ref, network in self._objects.specs("NetworkAuthentication", NetworkAuthentication):
                if (ref.namespace, ref.name) == (namespace, wanted.name):
                    return self._in_networks(call, network.networks)
        return Truth.NO

    def _legacy(self, server: ObjectRef) -> list[tuple[ObjectRef, ServerAuthorization]]:
        labels = self._objects.labels(server)
        return [
            (ref, one)
            for ref, one in self._objects.specs("ServerAuthorization", ServerAuthorization)
            if ref.namespace == server.namespace
            and (
                one.server.name == server.name
                or (one.server.selector is not None and one.server.selector.selects(labels))
            )
        ]

    def _client(self, call: Call, client: Client) -> Truth:
        networks = self._in_networks(call, client.networks) if client.networks else Truth.YES
        if client.unauthenticated:
            return networks
        tls = client.mesh_tls
        if tls is None:
            return Truth.NO
        who = some(
            [
                *(self._is_identity(call, one) for one in tls.identities),
                *(
                    self._is_account(call, one.namespace or call.called.namespace, one.name)
                    for one in tls.service_accounts
                ),
                *([Truth.YES] if tls.unauthenticated_tls else []),
            ]
        )
        return every((networks, who))

    def _is_identity(self, call: Call, wanted: str) -> Truth:
        actual = self._identity(call)
        if actual is None:
            return Truth.NO
        hit = wanted == "*" or (actual.endswith(wanted[1:]) if wanted.startswith("*.") else actual == wanted)
        return Truth.YES if hit else Truth.NO

    def _is_ref(self, call: Call, wanted: Ref, namespace: str) -> Truth:
        if wanted.kind == "ServiceAccount":
            return self._is_account(call, wanted.namespace or namespace, wanted.name)
        if wanted.kind == "Namespace" and self._identity(call) is not None and call.caller is not None:
            return Truth.YES if call.caller.namespace == wanted.name else Truth.NO
        return Truth.NO

    def _is_account(self, call: Call, namespace: str, name: str) -> Truth:
        if self._identity(call) is None or call.caller is None:
            return Truth.NO
        same = (call.caller.namespace, call.caller.service_account) == (namespace, name)
        return Truth.YES if same else Truth.NO

    def _identity(self, call: Call) -> str | None:
        """Linkerd's name of the caller; None for one without its proxy."""
        caller = call.caller
        if caller is None or (caller.namespace, caller.name) not in self._meshed:
            return None
        domain = self._objects.inventory.mesh.trust_domain
        return f"{caller.service_account}.{caller.namespace}.serviceaccount.identity.linkerd.{domain}"

    def _in_networks(self, call: Call, networks: Sequence[Network]) -> Truth:
        addresses = called_by(call, self._objects)
        return some(in_block(addresses, one.cidr, one.except_) for one in networks)

    def _by_default(self, call: Call, policy: str, server: ObjectRef | None) -> Layer:
        whose = f"The access policy of {server}" if server else "The default policy of the pod"
        nobody = (
            f"Nothing authorizes it at {server}, and its" if server else "No Server selects the port, and the pod's"
        )
        if policy == "audit":
            return _layer(call, Truth.YES, server, f"{whose} is audit: it lets it in and records it.")
        if policy not in _DEFAULTS:
            return _layer(call, Truth.NO, server, f"{nobody} policy is {policy}.")
        outside = call.caller is None
        if policy.endswith("-authenticated") and self._identity(call) is None:
            return _layer(
                call, Truth.NO, server, f"{nobody} policy is {policy}: the caller has no identity of the mesh."
            )
        if policy.startswith("cluster-") and outside:
            return _layer(call, Truth.MAYBE, server, f"{whose} is {policy}: only callers of the cluster's networks.")
        open_ = server is None and policy == _DEFAULTS[0]
        reason = f"{whose} is {policy}: it lets it in."
        if open_:
            return Layer(layer="linkerd", where=call.called.name, verdict="open", object=None, reason=reason)
        return _layer(call, Truth.YES, server, reason)


def _layer(call: Call, truth: Truth, ref: ObjectRef | None, reason: str) -> Layer:
    verdict = {Truth.NO: "denied", Truth.MAYBE: "partly", Truth.YES: "allowed"}[truth]
    return Layer(layer="linkerd", where=call.called.name, verdict=verdict, object=ref, reason=reason)  # type: ignore[arg-type]


def _selects(ref: ObjectRef, server: Server, called: Workload, port: int) -> bool:
    if ref.namespace != called.namespace or server.pod_selector is None:
        return False
    number = called.ports.get(server.port) if isinstance(server.port, str) else server.port
    return number == port and server.pod_selector.selects(called.labels)


def _chosen(routes: Sequence[tuple[ObjectRef, Route]], call: Call) -> tuple[ObjectRef | None, bool]:
    """(the route that takes the request, whether that is sure), by the Gateway API's precedence: exact path, longest
    prefix, method, most headers, then name."""
    found: list[tuple[tuple[int, ...], ObjectRef, Truth]] = []
    for ref, route in routes:
        for rule in route.rules:
            for match in rule.matches or (RouteMatch(),):
                truth = _match(match, call)
                if truth != Truth.NO:
                    found.append((_precedence(match), ref, truth))
    if not found:
        return None, True
    found.sort(key=lambda one: one[0], reverse=True)
    best = found[0]
    # A match that is not sure would come first if it were one.
    return (best[1], True) if best[2] == Truth.YES else (None, False)


def _precedence(match: RouteMatch) -> tuple[int, ...]:
    path = match.path or PathMatch()
    return (path.type == "Exact", len(path.value), bool(match.method), len(match.headers))


def _match(match: RouteMatch, call: Call) -> Truth:
    request = call.request
    parts: list[Truth] = []
    if match.path is not None:
        parts.append(_path(match.path, request.path))
    if isinstance(match.method, GrpcMethod):
        parts.append(_grpc(match.method, request.path))
    elif match.method:
        known = isinstance(request.method, str)
        parts.append(Truth.MAYBE if not known else Truth.YES if request.method == match.method else Truth.NO)
    for header in match.headers:
        if isinstance(request.headers, msgspec.UnsetType):
            parts.append(Truth.MAYBE)
        else:
            actual = request.headers.get(header.name.lower())
            parts.append(Truth.YES if actual == header.value else Truth.NO)
    return every(parts)


def _path(match: PathMatch, path: Text) -> Truth:
    if match.type == "PathPrefix" and match.value == "/":
        return Truth.YES
    if not isinstance(path, str):
        return Truth.MAYBE
    path = path.partition("?")[0]
    if match.type == "Exact":
        return Truth.YES if path == match.value else Truth.NO
    if match.type == "PathPrefix":
        prefix = match.value.rstrip("/")
        return Truth.YES if path == prefix or path.startswith(f"{prefix}/") else Truth.NO
    return Truth.MAYBE


def _grpc(match: GrpcMethod, path: Text) -> Truth:
    if not isinstance(path, str):
        return Truth.MAYBE
    parts = re.fullmatch(r"/([^/]+)/([^/]+)", path)
    if parts is None:
        return Truth.NO
    return Truth.YES if match.service in ("", parts[1]) and match.method in ("", parts[2]) else Truth.NO
