"""The client's side of mutual TLS: what a caller's proxy does toward a service, and which DestinationRule decided.

Rules: istiod's cluster_tls: the subset's port, the subset, the rule's port, the rule; the first `tls` that is set
counts, and it overrides auto mTLS completely. Without any, auto mTLS decides per endpoint.
"""

from __future__ import annotations

import msgspec

from meshui.domain.mesh.names import ObjectRef
from meshui.domain.mesh.networking import DestinationRule, TrafficPolicy
from meshui.domain.routing.lookup import DestinationRuleIndex, subsets_of

AUTO = "AUTO"


class ClientMode(msgspec.Struct, frozen=True):
    """`mode`: AUTO, or what the DestinationRule says (DISABLE, SIMPLE, MUTUAL, ISTIO_MUTUAL)."""

    mode: str
    decided_by: ObjectRef | None


class ClientModes:
    """What callers' proxies do, by their namespace and the service called."""

    def __init__(self, index: DestinationRuleIndex) -> None:
        self._index = index

    def of(
        self, client_namespace: str, host: str, service_namespace: str, port: int | None, labels: dict[str, str]
    ) -> ClientMode:
        """Toward the pods with `labels` behind the service's port. A subset counts when it selects those pods."""
        rules = self._index.of(host, client_namespace=client_namespace, service_namespace=service_namespace)
        if not rules:
            return ClientMode(AUTO, None)
        for subset in subsets_of(rules).values():
            if subset.traffic_policy is not None and subset.labels and subset.labels.items() <= labels.items():
                mode = _mode(subset.traffic_policy, port)
                if mode is not None:
                    return ClientMode(mode, _defining(rules, subset.name))
        top = rules[0].spec.traffic_policy
        mode = _mode(top, port) if top is not None else None
        return ClientMode(AUTO, None) if mode is None else ClientMode(mode, rules[0].ref)


def _mode(policy: TrafficPolicy, port: int | None) -> str | None:
    for own in policy.port_level_settings:
        if own.port is not None and own.port.number == port and own.tls is not None:
            return own.tls.mode
    return policy.tls.mode if policy.tls is not None else None


def _defining(rules: tuple[DestinationRule, ...], subset: str) -> ObjectRef:
    return next(rule.ref for rule in rules if any(one.name == subset for one in rule.spec.subsets))
