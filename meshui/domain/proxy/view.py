"""One proxy's configuration and state, indexed for questions: made once of a dump, asked often."""

from __future__ import annotations

from functools import cached_property

from meshui.domain.proxy.clusters import ClusterRow, cluster_rows
from meshui.domain.proxy.dump import ConfigDump, Decode, DumpFinding, Resource, parse_config_dump
from meshui.domain.proxy.endpoints import EndpointRow, eds_endpoints, parse_endpoints
from meshui.domain.proxy.listeners import ListenerRow, listener_rows
from meshui.domain.proxy.routes import RouteRow, route_configs, route_rows
from meshui.domain.proxy.routing.virtual_hosts import HostTable
from meshui.domain.proxy.values import NOTHING, Raw, address, decode, record, records, text


class ProxyView:
    """`pod` is "NAMESPACE/POD", or what else a proxy is called."""

    def __init__(
        self,
        pod: str,
        dump: ConfigDump,
        live: dict[str, list[EndpointRow]] | None = None,
        findings: tuple[DumpFinding, ...] = (),
    ) -> None:
        self.pod = pod
        self.dump = dump
        self.findings = (*dump.findings, *findings)
        self.live = live
        self._tables: dict[str, HostTable] = {}

    @cached_property
    def endpoints(self) -> dict[str, list[EndpointRow]]:
        """By cluster: as the proxy tells of them now, else as EDS gave them."""
        return eds_endpoints(self.dump) if self.live is None else self.live

    @cached_property
    def listener_table(self) -> tuple[ListenerRow, ...]:
        return listener_rows(self.dump)

    @cached_property
    def route_table(self) -> tuple[RouteRow, ...]:
        return route_rows(self.dump)

    @cached_property
    def cluster_table(self) -> tuple[ClusterRow, ...]:
        return cluster_rows(self.dump, self.endpoints)

    @cached_property
    def clusters(self) -> dict[str, Resource]:
        """Clusters in use by name; one that is warming stands behind the active one of its name."""
        found: dict[str, Resource] = {}
        for one in self.dump.of("cluster"):
            if one.name not in found or one.state in ("active", "static"):
                found[one.name] = one
        return found

    @cached_property
    def route_configs(self) -> dict[str, Resource]:
        """Route configurations by name."""
        return {one.name: one for one in route_configs(self.dump)}

    @cached_property
    def listeners(self) -> tuple[Resource, ...]:
        """The listeners that take connections now."""
        return tuple(one for one in self.dump.of("listener") if one.state in ("active", "static") and one.config)

    def hosts(self, routes: str) -> HostTable | None:
        """The virtual hosts of a route configuration, indexed at the first question."""
        if routes not in self._tables:
            config = self.route_configs.get(routes)
            if config is None:
                return None
            self._tables[routes] = HostTable(config.config)
        return self._tables[routes]

    @cached_property
    def _assigned(self) -> dict[str, dict[str, Raw]]:
        found: dict[str, dict[str, Raw]] = {}
        for resource in self.dump.of("endpoint"):
            found[resource.name] = _by_address(resource.config)
        for name, cluster in self.clusters.items():
            if "load_assignment" in cluster.config:
                for where, entry in _by_address(record(cluster.config, "load_assignment")).items():
                    found.setdefault(name, {}).setdefault(where, entry)
        return found

    def assigned(self, cluster: str, where: str) -> Raw:
        """What EDS, or the cluster itself, says of an endpoint: its metadata above all."""
        resource = self.clusters.get(cluster)
        names = [cluster]
        if resource is not None and (other := text(resource.config, "eds_cluster_config", "service_name")):
            names.append(other)
        for name in names:
            if found := self._assigned.get(name, {}).get(where):
                return found
        return NOTHING


def view_of(pod: str, config_dump: bytes, clusters: bytes | None, decode: Decode = decode) -> ProxyView:
    """The view of a proxy's pages; None for a page that could not be read. `decode` reads JSON, and raises
    ValueError."""
    dump = parse_config_dump(config_dump, decode)
    if clusters is None or dump.refused:
        return ProxyView(pod, dump)
    live, findings = parse_endpoints(clusters)
    return ProxyView(pod, dump, live if not findings else None, findings)


def _by_address(assignment: Raw) -> dict[str, Raw]:
    return {
        address(record(one, "endpoint", "address")): one
        for place in records(assignment, "endpoints")
        for one in records(place, "lb_endpoints")
    }
