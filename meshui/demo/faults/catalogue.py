"""The table of faults. A new fault is one more row: it says what is to be so while it is active."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

KUBERNETES_API = "Kubernetes API"
CONTROL_PLANE = "control plane"
PROMETHEUS = "Prometheus"
VALKEY = "Valkey"


@dataclass(frozen=True)
class Patch:
    """A field of a Kubernetes object that has another value for a while."""

    path: str
    """Of the object, below the API server's address."""
    pointer: str
    """JSON pointer to the field, whose parent must be there."""
    value: Any


@dataclass(frozen=True)
class Fault:
    """One thing that can be broken."""

    name: str
    description: str
    applications: dict[str, dict[str, Any]] = field(default_factory=dict)
    """`<namespace>/<workload>` -> what of its `Behaviour` is another."""
    strange_certificates: tuple[tuple[str, str], ...] = ()
    """(namespace, workload) whose pods get their client certificate from a CA that nobody trusts."""
    stopped: tuple[str, ...] = ()
    """Names of the processes that are not to run."""
    patches: tuple[Patch, ...] = ()


FAULTS = (
    Fault(
        "kill-catalog-v2",
        "catalog v2's application is gone; its sidecar and its endpoint stay, and answer 503",
        applications={"shop/catalog-v2": {"down": True}},
    ),
    Fault(
        "flaky-catalog-v2",
        "catalog v2 answers a fifth of its requests with 500",
        applications={"shop/catalog-v2": {"failing_share": 0.2}},
    ),
    Fault(
        "slow-inventory",
        "inventory takes 800 ms longer for every request",
        applications={"warehouse/inventory": {"delay_ms": 800}},
    ),
    Fault(
        "errors-payments",
        "payments answers every request with 503",
        applications={"payments/payments": {"status": 503}},
    ),
    Fault(
        "overflow-inventory",
        "inventory is slow and its callers may have only one request under way: their circuit breaker refuses the rest",
        applications={"warehouse/inventory": {"delay_ms": 250}},
        patches=(
            Patch(
                "/apis/networking.istio.io/v1/namespaces/warehouse/destinationrules/inventory",
                "/spec/trafficPolicy/connectionPool",
                {
                    "tcp": {"maxConnections": 1, "connectTimeout": "1s"},
                    "http": {"http1MaxPendingRequests": 1, "http2MaxRequests": 1, "maxRetries": 1},
                },
            ),
        ),
    ),
    Fault(
        "break-cart-certificate",
        "cart's client certificate comes from a CA that nobody trusts: servers refuse its connections",
        strange_certificates=(("shop", "cart"),),
    ),
    Fault(
        "stop-control-plane",
        "the control plane is stopped: proxies go on with the configuration they have, and changes wait",
        stopped=(CONTROL_PLANE,),
    ),
    Fault("stop-prometheus", "Prometheus is stopped: no rates, no history", stopped=(PROMETHEUS,)),
    Fault("stop-valkey", "Valkey is stopped: no broker, no snapshots, no messages", stopped=(VALKEY,)),
)

BY_NAME = {fault.name: fault for fault in FAULTS}
