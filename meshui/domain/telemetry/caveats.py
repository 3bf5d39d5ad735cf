"""What a dialect can't know of an edge, in sentences: so that a number which is missing is not taken for a zero."""

from __future__ import annotations

from typing import Final

from meshui.domain.telemetry.rows import AMBIENT, DIALECTS, TCP, WAYPOINT

_ZTUNNEL: Final = (
    "No HTTP metrics: ztunnel sees connections and bytes only. A waypoint for the called service would tell of "
    "requests, codes and latencies."
)


def caveats(dialect: int, protocol: int, reporter: int) -> tuple[str, ...]:
    """The sentences for an edge of that dialect, protocol and reporter (numbers of rows.DIALECTS, PROTOCOLS and
    REPORTERS)."""
    if dialect == AMBIENT and protocol == TCP and reporter != WAYPOINT:
        return (_ZTUNNEL,)
    return _ALWAYS.get((DIALECTS[dialect], protocol == TCP), ())


_HUBBLE_TLS: Final = "Hubble's metrics do not say whether it is encrypted."
_ENVOY: Final = "Envoy's own statistics name the cluster that is called, not the workload that answers."
_ALWAYS: Final[dict[tuple[str, bool], tuple[str, ...]]] = {
    ("cilium", False): (_HUBBLE_TLS,),
    ("cilium", True): (
        "No HTTP metrics: no L7 policy, Ingress or Gateway leads this traffic through Cilium's proxy. Connections are "
        "counted by policy verdicts, or by flow events where verdicts are not exported.",
        _HUBBLE_TLS,
    ),
    ("consul", False): ("Consul's metrics name services; a workload is shown where the service has only one.",),
    ("consul", True): ("No HTTP metrics: to Consul the service speaks tcp (its service-defaults say so, or nothing).",),
    ("envoy", False): (_ENVOY,),
    ("envoy", True): (_ENVOY,),
}
"""By dialect and whether it is about TCP."""
