"""Values of AuthorizationPolicy and RequestAuthentication that can't match anything."""

from __future__ import annotations

from collections.abc import Iterator

from meshui.domain.authz.findings import authentication_findings, policy_findings
from meshui.domain.findings.model import ObjectFinding, Surroundings


def bad_value(around: Surroundings) -> Iterator[ObjectFinding]:
    """Addresses, ports, paths, principals and the like that are not what they must be."""
    inventory = around.inventory
    problems = [one for policy in inventory.authorization_policies for one in policy_findings(policy)]
    problems += [one for policy in inventory.request_authentications for one in authentication_findings(policy)]
    for one in problems:
        step = "Correct the value: the request that it was meant for is decided as if it were not there."
        yield ObjectFinding("warning", "bad_value", one.object, one.path, one.message, step)
