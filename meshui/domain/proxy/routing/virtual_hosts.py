"""Which virtual host a request's authority belongs to.

Source: envoy/config/route/v3/route_components.proto, VirtualHost.domains: an exact domain before the longest
`*.suffix`, that before the longest `prefix.*`, that before `*`. The port is part of the name unless it is ignored.
"""

from __future__ import annotations

import msgspec

from meshui.domain.mesh.hosts import without_port
from meshui.domain.proxy.values import Raw, flag, records, text, texts


class HostMatch(msgspec.Struct, frozen=True):
    """The virtual host, and the domain of it that matched."""

    position: int
    virtual_host: Raw
    domain: str
    how: str
    """In words: why this domain before others."""


class HostTable:
    """The domains of a route configuration, indexed once."""

    def __init__(self, route_config: Raw) -> None:
        self.hosts = records(route_config, "virtual_hosts")
        self.ignore_port = flag(route_config, "ignore_port_in_host_matching")
        self.header = text(route_config, "vhost_header").lower()
        self._exact: dict[str, tuple[int, str]] = {}
        self._suffixes: dict[int, dict[str, tuple[int, str]]] = {}
        self._prefixes: dict[int, dict[str, tuple[int, str]]] = {}
        self._any: tuple[int, str] | None = None
        for position, host in enumerate(self.hosts):
            for domain in texts(host, "domains"):
                self._add(domain.lower(), (position, domain))
        self._suffix_lengths = sorted(self._suffixes, reverse=True)
        self._prefix_lengths = sorted(self._prefixes, reverse=True)

    def _add(self, domain: str, found: tuple[int, str]) -> None:
        if domain == "*":
            self._any = self._any or found
        elif domain.startswith("*"):
            self._suffixes.setdefault(len(domain) - 1, {}).setdefault(domain[1:], found)
        elif domain.endswith("*"):
            self._prefixes.setdefault(len(domain) - 1, {}).setdefault(domain[:-1], found)
        else:
            self._exact.setdefault(domain, found)

    def find(self, host: str) -> HostMatch | None:
        """The virtual host of an authority; None when none has it."""
        if not host:
            return None
        name = (without_port_if_any(host) if self.ignore_port else host).lower()
        if name in self._exact:
            return self._match(self._exact[name], "the exact name comes first")
        for length in self._suffix_lengths:
            if length < len(name) and (found := self._suffixes[length].get(name[len(name) - length :])):
                return self._match(found, "the longest suffix that it ends with")
        for length in self._prefix_lengths:
            if length < len(name) and (found := self._prefixes[length].get(name[:length])):
                return self._match(found, "the longest prefix that it begins with")
        return self._match(self._any, "no other domain has it") if self._any is not None else None

    def _match(self, found: tuple[int, str], how: str) -> HostMatch:
        position, domain = found
        return HostMatch(position, self.hosts[position], domain, how)


def without_port_if_any(host: str) -> str:
    """The authority without its port, as Envoy strips it: an IPv6 address keeps its brackets."""
    if host.startswith("["):
        return host.partition("]")[0] + "]" if "]" in host else host
    return without_port(host)
