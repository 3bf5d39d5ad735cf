"""All rules over one inventory."""

from __future__ import annotations

from datetime import datetime

from meshui.domain.findings import (
    authorization,
    destination_rules,
    encryption,
    gateways,
    security,
    shapes,
    virtual_services,
)
from meshui.domain.findings.model import ObjectFinding, Rule, Severity, Surroundings
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import ObjectRef

RULES: tuple[Rule, ...] = (
    shapes.malformed,
    shapes.unknown_field,
    shapes.off_the_paved_road,
    shapes.too_large,
    shapes.bad_regex,
    shapes.refused_status,
    virtual_services.unknown_destination,
    virtual_services.unknown_gateway,
    virtual_services.unknown_own_host,
    virtual_services.unknown_delegate,
    virtual_services.weights,
    virtual_services.nothing_to_do,
    virtual_services.shadowed_rule,
    virtual_services.duplicate_host,
    virtual_services.host_no_gateway_serves,
    destination_rules.unknown_host,
    destination_rules.empty_subset,
    destination_rules.unused_subset,
    destination_rules.conflicting,
    destination_rules.far_from_its_service,
    destination_rules.port_settings_drop_tls,
    destination_rules.tls_refused,
    security.selects_nothing,
    security.ports_without_selector,
    security.not_a_workload_port,
    security.selector_in_root,
    security.ignored_duplicate,
    security.disable_in_ambient,
    security.denies_all,
    security.identity_without_mtls,
    security.unknown_caller,
    security.unknown_condition,
    security.http_rule_on_tcp,
    security.unknown_target,
    authorization.bad_value,
    gateways.duplicate_server,
    gateways.no_certificate,
    gateways.unknown_parent,
    gateways.unknown_backend,
    gateways.missing_grant,
    gateways.no_weight,
    gateways.unknown_gateway_class,
    gateways.sidecar_hides,
    gateways.shadows_service,
    gateways.blocks_hbone,
    gateways.unknown_rollout_parts,
    encryption.long_permissive,
)
MOST_OF_ONE = 50
"""Findings kept of one object: what is wrong a thousand times is told once."""
_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


def check(inventory: Inventory, now: datetime) -> dict[ObjectRef, tuple[ObjectFinding, ...]]:
    """The findings by object, the gravest first."""
    return check_with(Surroundings(inventory, now))


def check_with(around: Surroundings) -> dict[ObjectRef, tuple[ObjectFinding, ...]]:
    """As `check`, with surroundings that are there already."""
    found: dict[ObjectRef, list[ObjectFinding]] = {}
    for rule in RULES:
        for one in rule(around):
            found.setdefault(one.object, []).append(one)
    return {
        ref: tuple(sorted(dict.fromkeys(its), key=lambda one: (_ORDER[one.severity], one.path))[:MOST_OF_ONE])
        for ref, its in found.items()
    }
