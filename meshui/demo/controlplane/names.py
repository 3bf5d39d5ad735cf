"""The names that Istio gives to clusters, and the hosts that a service answers to."""

from __future__ import annotations

from meshui.demo.layout import TRUST_DOMAIN

DOMAIN = f"svc.{TRUST_DOMAIN}"
BLACK_HOLE = "BlackHoleCluster"


def outbound_cluster(port: int, subset: str, host: str) -> str:
    return f"outbound|{port}|{subset}|{host}"


def inbound_cluster(port: int) -> str:
    return f"inbound|{port}||"


def server_name(port: int, subset: str, host: str) -> str:
    """The SNI that sidecars send each other."""
    return f"outbound_.{port}_.{subset}_.{host}"


def stat_name(name: str) -> str:
    """A name for statistics: dots would split it into levels."""
    return name.replace(".", "_")


def service_host(name: str, namespace: str) -> str:
    return f"{name}.{namespace}.{DOMAIN}"


def full_host(host: str, namespace: str) -> str:
    """A name without a dot belongs to the rule's own namespace; anything else stays (Istio, VirtualService hosts)."""
    if "." in host or host.startswith("*"):
        return host
    return service_host(host, namespace)


def aliases(host: str, namespace: str) -> list[str]:
    """What a client in `namespace` may call the service: its host and the short forms of cluster DNS."""
    if not host.endswith(f".{DOMAIN}"):
        return [host]
    short = host.removesuffix(f".{DOMAIN}")
    name, _, own = short.rpartition(".")
    names = [host, f"{short}.svc", short]
    return [*names, name] if own == namespace else names


def host_matches(pattern: str, host: str) -> bool:
    """Exact, or `*.suffix`, or `*`."""
    if pattern.startswith("*"):
        return host.endswith(pattern[1:]) and len(host) >= len(pattern)
    return pattern == host


def narrower(one: str, other: str) -> str | None:
    """The hosts that both patterns match, as a pattern; None when there are none."""
    if host_matches(one, other):
        return other
    return one if host_matches(other, one) else None
