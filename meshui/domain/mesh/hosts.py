"""Host names: what a name in an Istio object or in a metric stands for.

Rules: Istio DestinationRule and VirtualService reference, "host": a name without a dot gets the namespace of the *rule*
(not the client's); one with a dot is taken as a full name, so `svc.ns` is a common mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

DEFAULT_DOMAIN = "cluster.local"
_PORT = re.compile(r":\d+$")
_IPV4 = re.compile(r"^\d{1,3}(\.\d{1,3}){3}$")


def without_port(host: str) -> str:
    """The host of an authority: `web.shop:8080` and `[::1]:80` lose their port, a bare IPv6 address keeps its
    colons."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return _PORT.sub("", host) if host.count(":") == 1 else host


def is_ip(host: str) -> bool:
    """Whether the host is an address, not a name."""
    return bool(_IPV4.match(host)) or host.count(":") >= 2


def service_host(namespace: str, name: str, domain: str = DEFAULT_DOMAIN) -> str:
    """The full host of a Kubernetes service."""
    return f"{name}.{namespace}.svc.{domain}"


def full_host(host: str, rule_namespace: str, domain: str = DEFAULT_DOMAIN) -> str:
    """The host that a rule in `rule_namespace` means by `host`, in lower case. `*`, wildcards, addresses and dotted
    names stay as they are."""
    host = host.lower()
    if not host or "*" in host or "." in host or is_ip(host):
        return host
    return service_host(rule_namespace, host, domain)


def kubernetes_service(host: str) -> tuple[str, str] | None:
    """(namespace, name) when the host is spelled as a Kubernetes service's: `name.ns.svc` with or without a domain
    behind. None otherwise; `name.ns` alone is not decided here, since it may as well be a public name."""
    parts = host.lower().split(".")
    if len(parts) >= 3 and parts[2] == "svc" and parts[0] and parts[1]:
        return parts[1], parts[0]
    return None


def host_matches(pattern: str, host: str) -> bool:
    """Whether a host or wildcard (`*`, `*.example.com`) of a rule covers the host. A wildcard covers one label or more,
    never its bare suffix."""
    pattern, host = pattern.lower(), host.lower()
    if pattern == "*" or pattern == host:
        return True
    return pattern.startswith("*.") and host.endswith(pattern[1:]) and len(host) > len(pattern) - 1


def best_match(patterns: Iterable[str], host: str) -> str | None:
    """The pattern that wins for the host: the exact one before the longest wildcard."""
    matching = [pattern for pattern in patterns if host_matches(pattern, host)]
    if not matching:
        return None
    return max(matching, key=lambda pattern: ("*" not in pattern, len(pattern), pattern))
