"""From a cluster on: endpoints, TLS, the destination's inbound listener, mutual TLS and authorization."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from meshui.domain.authz.judge import judge
from meshui.domain.authz.judge import verdict as judged
from meshui.domain.authz.match import Truth
from meshui.domain.authz.policies import PolicyIndex
from meshui.domain.authz.request import Request as AuthzRequest
from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.names import Identity, parse_identity
from meshui.domain.mesh.workloads import Pod, Service, Workload
from meshui.domain.mtls.server import ServerModes
from meshui.domain.proxy.clusters import breakers, outlier_words, panic_threshold
from meshui.domain.proxy.endpoints import EndpointRow
from meshui.domain.proxy.explain.model import Branch, ConfigLink, Step, StepState, Verdict
from meshui.domain.proxy.filter_chains import Connection, choose_chain
from meshui.domain.proxy.listeners import match_words
from meshui.domain.proxy.objects import object_of, service_of, subset_of
from meshui.domain.proxy.routing.action import Target
from meshui.domain.proxy.routing.request import Request
from meshui.domain.proxy.tls import PLAIN, UpstreamTls, tls_toward
from meshui.domain.proxy.values import Raw, message, record, records, text, whole
from meshui.domain.proxy.view import ProxyView

Destination = Callable[[Pod], "ProxyView | str"]
"""The view of a pod's proxy, or why it can't be read."""
INBOUND_PORT = 15006
MOST_WORKLOADS = 8


class Caller(msgspec.Struct, frozen=True):
    """Who asks, as far as the called side can see: `identity` over mutual TLS only."""

    name: str
    identity: Identity | None
    ip: str
    stream: bool


class Arrival:
    """Follows targets to their end. `inventory` is None for fleets without Kubernetes."""

    def __init__(self, view: ProxyView | None, caller: Caller, inventory: Inventory | None, destination: Destination):
        self._view = view
        self._caller = caller
        self._inventory = inventory
        self._destination = destination
        self._pods = {pod.ip: pod for pod in inventory.pods if pod.ip and pod.live} if inventory else {}
        self._policies = PolicyIndex(inventory) if inventory else None
        self._servers = ServerModes(inventory) if inventory else None

    def branch(self, target: Target, request: Request) -> Branch:
        """What happens to the requests that go to this cluster."""
        assert self._view is not None
        view, name = self._view, target.cluster
        steps: list[Step] = []
        cluster = view.clusters.get(name)
        link = ConfigLink(view.pod, "clusters", name)
        if cluster is None:
            says = f"The proxy has no cluster {name or '(none)'}: 503 (NC)"
            steps.append(Step("cluster", name or "no cluster", f"{says}.", "bad", (target.how,) if target.how else ()))
            return _branch(target, steps, "no_cluster", says)
        hosts = view.endpoints.get(name, [])
        steps.append(self._cluster_step(cluster.config, hosts, link))
        if cluster.config.get("type") not in (None, "STATIC", "EDS", "STRICT_DNS", "LOGICAL_DNS") and not hosts:
            says = f"{name} passes the connection on to where it was meant to go ({text(cluster.config, 'type')})"
            return _branch(target, steps, "leaves", says)
        usable, says, state = usable_endpoints(cluster.config, hosts)
        details = tuple(_endpoint_words(one) for one in hosts[:20])
        ends = ConfigLink(view.pod, "endpoints", name)
        steps.append(Step("endpoints", f"{len(usable)} of {len(hosts)} endpoints", says, state, details, ends))
        if not usable:
            why = f"No endpoint of {name} gets requests: 503 (UH)"
            return _branch(target, steps, "no_endpoint", why, hosts=hosts)
        return self._ends(target, cluster.config, usable, hosts, request, steps)

    def direct(self, workload: Key, port: int, request: Request) -> Branch:
        """The same for a caller without a proxy, who goes to the workload's pods by himself."""
        target = Target("", None, 1.0)
        steps: list[Step] = []
        pods = [pod for pod in self._pods.values() if (pod.namespace, pod.workload) == workload]
        if not pods:
            return _branch(target, steps, "no_endpoint", f"{workload[0]}/{workload[1]} has no running pod")
        verdict, says = self._at_pod(pods[0], port, None, request, steps)
        return msgspec.structs.replace(
            _branch(target, steps, verdict, says),
            workloads=("/".join(workload),),
            endpoints=len(pods),
            healthy=len(pods),
        )

    def _cluster_step(self, config: Raw, hosts: list[EndpointRow], link: ConfigLink) -> Step:
        named, service = subset_of(link.name), service_of(config)
        what = f"{'/'.join(service)}" if service else named[2] if named else link.name
        subset = f", subset {named[1]}" if named and named[1] else ""
        full = [
            f"{one.used} of {one.limit} {one.what}"
            for one in breakers(config, hosts)
            if one.limit is not None and one.used is not None and one.used >= one.limit > 0
        ]
        details = [f"circuit breaker full: {one} (UO)" for one in full]
        if "outlier_detection" in config:
            details.append(f"ejects an endpoint after {outlier_words(record(config, 'outlier_detection'))}")
        kind = text(config, "type") or message(record(config, "cluster_type"))[0] or "STATIC"
        says = f"The service {what}{subset}; endpoints by {kind}."
        return Step("cluster", link.name, says, "warn" if full else "good", tuple(details), link, object_of(config))

    def _ends(
        self,
        target: Target,
        config: Raw,
        usable: list[EndpointRow],
        hosts: list[EndpointRow],
        request: Request,
        steps: list[Step],
    ) -> Branch:
        assert self._view is not None
        by_workload: dict[str, tuple[EndpointRow, Pod | None]] = {}
        for one in usable:
            pod = self._pods.get(one.address.rpartition(":")[0].strip("[]"))
            key = f"{pod.namespace}/{pod.workload}" if pod else one.address
            by_workload.setdefault(key, (one, pod))
        verdicts: list[tuple[Verdict, str]] = []
        several = len(by_workload) > 1
        for key, (one, pod) in list(by_workload.items())[:MOST_WORKLOADS]:
            own: list[Step] = []
            tls = tls_toward(config, self._view.assigned(target.cluster, one.address))
            own.append(self._tls_step(tls, target.cluster))
            if pod is None:
                verdicts.append(("leaves", f"it leaves the mesh to {one.address}"))
                own.append(
                    Step("inbound", one.address, "It is no pod of this cluster; what happens there isn't known here.")
                )
            else:
                verdicts.append(self._at_pod(pod, _port(one.address), tls, request, own))
            steps += [msgspec.structs.replace(step, title=f"{key}: {step.title}") for step in own] if several else own
        verdict, says = _worst(verdicts)
        workloads = tuple(key for key, (_, pod) in by_workload.items() if pod is not None)
        return _branch(target, steps, verdict, says, hosts=hosts, usable=len(usable), workloads=workloads)

    def _tls_step(self, tls: UpstreamTls | None, cluster: str) -> Step:
        assert self._view is not None
        link = ConfigLink(self._view.pod, "clusters", cluster)
        if tls is None:
            return Step(
                "tls", "No way to connect", "No transport socket of the cluster is for this endpoint.", "bad", (), link
            )
        if tls.mode == PLAIN:
            return Step("tls", "Plain text", "The proxy connects without TLS and shows no identity.", "warn", (), link)
        shows = str(self._caller.identity) if self._caller.identity else ", ".join(tls.certificates)
        offers = f"showing {shows}" if tls.mode == "mutual" else "showing no certificate"
        accepts = f" It accepts {', '.join(tls.identities)} only." if tls.identities else ""
        sni = f" SNI {tls.sni}." if tls.sni else ""
        title = "Mutual TLS" if tls.mode == "mutual" else f"TLS ({tls.mode})"
        return Step("tls", title, f"The proxy connects with TLS, {offers}.{accepts}{sni}", "good", (), link)

    def _at_pod(
        self, pod: Pod, port: int, tls: UpstreamTls | None, request: Request, steps: list[Step]
    ) -> tuple[Verdict, str]:
        assert self._inventory is not None
        name = f"{pod.namespace}/{pod.workload}"
        workload = self._inventory.workloads.get((pod.namespace, pod.workload))
        encrypted = tls is not None and tls.mode != PLAIN
        app_port = port
        if pod.has_proxy:
            seen = self._destination(pod)
            if isinstance(seen, str):
                says = f"The proxy of {name} was not read: {seen}"
                steps.append(Step("inbound", name, f"{says}.", "unknown"))
            else:
                closed, app_port = self._inbound(seen, name, port, tls, steps)
                if closed:
                    return "refused", f"{name} closes the connection: 503 (UF)"
        else:
            steps.append(Step("inbound", name, f"{name} has no proxy: its application is reached as it is.", "warn"))
            if encrypted:
                return "refused", f"{name} has no proxy, so the TLS of the caller fails: 503 (UF)"
        if workload is None:
            return "reaches", f"it reaches {name}"
        return self._policies_at(
            workload, pod, app_port, request, steps, mutual=tls is not None and tls.mode == "mutual"
        )

    def _inbound(
        self, view: ProxyView, name: str, port: int, tls: UpstreamTls | None, steps: list[Step]
    ) -> tuple[bool, int]:
        """(whether the connection is closed, the application's port)."""
        listener = next(
            (one for one in view.listeners if whole(one.config, "address", "socket_address", "port_value") == port),
            None,
        )
        listener = listener or next(
            (one for one in view.listeners if text(one.config, "traffic_direction") == "INBOUND"), None
        )
        if listener is None:
            steps.append(Step("inbound", name, f"{view.pod} has no inbound listener for port {port}.", "bad"))
            return True, port
        link = ConfigLink(view.pod, "listeners", listener.name)
        encrypted = tls is not None and tls.mode != PLAIN
        alpn = (*tls.alpn, "istio", "istio-http/1.1", "istio-h2") if tls is not None and tls.mode == "mutual" else ()
        connection = Connection(
            "", port, tls=encrypted, sni=tls.sni if tls else "", alpn=alpn, source_ip=self._caller.ip
        )
        choice = choose_chain(listener.config, connection)
        spoken = "TLS" if encrypted else "plain text"
        if choice is None:
            says = f"No filter chain of {listener.name} at {name} takes {spoken}: the connection is closed."
            passed = _chains(listener.config)
            steps.append(Step("inbound", f"{name} refuses {spoken}", says, "bad", passed, link))
            return True, port
        label = text(choice.chain, "name") or f"filter chain {choice.position + 1}"
        says = f"{listener.name} takes {spoken} in {label} ({match_words(record(choice.chain, 'filter_chain_match'))})."
        steps.append(Step("inbound", f"{name} takes it", says, "good", choice.passed_over, link))
        return False, _application_port(choice.chain, port)

    def _policies_at(
        self, workload: Workload, pod: Pod, port: int, request: Request, steps: list[Step], *, mutual: bool
    ) -> tuple[Verdict, str]:
        assert self._inventory is not None
        assert self._policies is not None
        assert self._servers is not None
        name = f"{workload.namespace}/{workload.name}"
        mode = self._servers.of(workload, port)
        if pod.has_proxy and not workload.is_gateway:
            fits = mutual or mode.mode != "STRICT"
            says = (
                f"Its mode is {mode.said()}."
                if fits
                else f"Its mode is {mode.said()}, and the caller speaks plain text."
            )
            steps.append(Step("mtls", f"Mode {mode.mode}", says, "good" if fits else "bad", object=mode.decided_by))
            if not fits:
                return "refused", f"{name} takes mutual TLS only: 503 (UF, UC)"
        identity = self._caller.identity if mutual else None
        asked = AuthzRequest(
            identity=identity,
            source_ip=self._caller.ip or msgspec.UNSET,
            port=str(port),
            destination_ip=pod.ip or msgspec.UNSET,
            stream=self._caller.stream,
        )
        if not self._caller.stream:
            headers = {":authority": request.host, ":method": request.method, ":path": request.path, **request.headers}
            asked = msgspec.structs.replace(
                asked, host=request.host, method=request.method, path=request.path, headers=headers
            )
        points = self._policies.points(workload, self._service(workload, port), stream=self._caller.stream)
        decision = judged(judge(points, asked))
        who = f"The caller {identity}" if identity else "A caller without identity"
        words: dict[Truth, tuple[str, StepState]] = {
            Truth.YES: ("allowed", "good"),
            Truth.NO: ("denied", "bad"),
            Truth.MAYBE: ("allowed or denied by what isn't known here", "warn"),
        }
        word, state = words[decision.allowed]
        title = "No policy" if decision.open else word.capitalize()
        says = f"{who} at {name} is {word}. {decision.reason}"
        steps.append(Step("authorization", title, says, state, object=decision.policy))
        if decision.allowed == Truth.NO:
            answer = "the connection is closed" if self._caller.stream else "403 (RBAC)"
            by = f" by {decision.policy}" if decision.policy else ""
            return "denied", f"{name} denies it{by}: {answer}"
        return "reaches", f"it reaches {name}"

    def _service(self, workload: Workload, port: int) -> Service | None:
        assert self._inventory is not None
        keys = self._inventory.workload_services.get((workload.namespace, workload.name), ())
        return self._inventory.services.get(keys[0]) if keys else None


def usable_endpoints(cluster: Raw, hosts: Sequence[EndpointRow]) -> tuple[list[EndpointRow], str, StepState]:
    """(those that get requests, why, a state): the healthy ones of the first priority that has any; all of them when
    fewer than the panic threshold are healthy."""
    if not hosts:
        return [], "The cluster has no endpoint.", "bad"
    level = min(one.priority for one in hosts)
    for priority in sorted({one.priority for one in hosts}):
        if any(one.healthy for one in hosts if one.priority == priority):
            level = priority
            break
    of_level = [one for one in hosts if one.priority == level]
    healthy = [one for one in of_level if one.healthy]
    threshold = panic_threshold(cluster)
    if len(healthy) == len(of_level):
        return healthy, f"All {len(healthy)} get requests." if len(healthy) > 1 else "It gets all requests.", "good"
    if len(healthy) / len(of_level) < threshold:
        says = f"Only {len(healthy)} of {len(of_level)} are healthy, below {threshold:.0%}: in panic, all get requests."
        return of_level, says, "warn"
    lost = len(of_level) - len(healthy)
    says = f"{len(healthy)} of {len(of_level)} get requests; {lost} {'does' if lost == 1 else 'do'} not."
    return healthy, says, "warn" if healthy else "bad"


def identity_of(view: ProxyView, inventory: Inventory | None, workload: Key | None) -> Identity | None:
    """Who the proxy says it is: by its node's service account, else by what the inventory knows."""
    metadata = record(view.dump.bootstrap, "node", "metadata")
    account, namespace = text(metadata, "SERVICE_ACCOUNT"), text(metadata, "NAMESPACE")
    if inventory is not None and workload is not None and (known := inventory.identity_of(workload)):
        return known
    domain = text(metadata, "MESH_ID") or "cluster.local"
    return parse_identity(f"spiffe://{domain}/ns/{namespace}/sa/{account}") if account and namespace else None


def _branch(
    target: Target,
    steps: list[Step],
    verdict: Verdict,
    says: str,
    *,
    hosts: Sequence[EndpointRow] = (),
    usable: int = 0,
    workloads: tuple[str, ...] = (),
) -> Branch:
    return Branch(
        cluster=target.cluster,
        share=target.share,
        weight=target.weight,
        workloads=workloads,
        endpoints=len(hosts),
        healthy=usable,
        verdict=verdict,
        says=says,
        steps=tuple(steps),
    )


def _worst(found: Sequence[tuple[Verdict, str]]) -> tuple[Verdict, str]:
    order: tuple[Verdict, ...] = ("refused", "denied", "depends", "leaves", "reaches")
    return min(found, key=lambda one: order.index(one[0]) if one[0] in order else 0)


def _endpoint_words(one: EndpointRow) -> str:
    why = f"no requests: {', '.join(one.unhealthy)}" if one.unhealthy else "healthy"
    return f"{one.address}: {why}, {one.active_requests} requests under way"


def _port(where: str) -> int:
    port = where.rpartition(":")[2]
    return int(port) if port.isdigit() else INBOUND_PORT


def _chains(listener: Raw) -> tuple[str, ...]:
    return tuple(
        f"{text(one, 'name') or 'a chain'} takes {match_words(record(one, 'filter_chain_match'))}"
        for one in records(listener, "filter_chains")
    )


def _application_port(chain: Raw, port: int) -> int:
    """The port behind the inbound listener: that of the `inbound|PORT||` cluster that the chain leads to."""
    found = [text(one, "typed_config", "route_config", "name") for one in records(chain, "filters")]
    found += [text(one, "typed_config", "cluster") for one in records(chain, "filters")]
    for name in found:
        if named := subset_of(name):
            return named[0] or port
    return port
