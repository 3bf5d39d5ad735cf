"""The certificates of the mesh: those that its proxies use, and those that its gateways show to the outside."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple

from meshui.domain.certificates.fleet import Fleet, fleet
from meshui.domain.certificates.life import life_of
from meshui.domain.certificates.secrets import GatewayCertificate, SecretUse, secrets_of_gateways
from meshui.domain.failures import Code, Failure
from meshui.services import read_proxies
from meshui.services.ports import Actor, SecretSource, SnapshotStore
from meshui.services.read_inventory import inventory as read_inventory

MOST_SECRETS = 100
AT_ONCE = 4


class Certificates(NamedTuple):
    """The proxies' and the gateways'. `left_out`: Secrets beyond the hundred that are read."""

    fleet: Fleet
    gateways: tuple[GatewayCertificate, ...]
    left_out: int


def certificates(
    store: SnapshotStore, secrets: SecretSource, actor: Actor, cluster: str, now: datetime
) -> Certificates:
    """As they were last read; Secrets are read now, as the actor, so that whoever may not read one is told so. Raises
    Failure(NOT_READY | SOURCE_UNAVAILABLE)."""
    inventory = read_inventory(store, cluster)
    uses = secrets_of_gateways(inventory)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="secret") as pool:
        read = list(pool.map(lambda use: _read(secrets, actor, use, now), uses[:MOST_SECRETS]))
    found = fleet(read_proxies.proxies(store, cluster), inventory, now)
    return Certificates(found, tuple(read), max(0, len(uses) - MOST_SECRETS))


def _read(secrets: SecretSource, actor: Actor, use: SecretUse, now: datetime) -> GatewayCertificate:
    error, found = None, None
    try:
        found = secrets.certificate(use.namespace, use.name, acting_as=actor)
        error = None if found else "It has no certificate that can be read (tls.crt)."
    except Failure as failure:
        if failure.code is Code.SOURCE_UNAVAILABLE:
            raise
        error = failure.message
    return GatewayCertificate(
        namespace=use.namespace,
        name=use.name,
        gateway=use.gateway,
        hosts=use.hosts,
        names=found.uris if found else (),
        issuer=found.issuer if found else "",
        chain=found.chain if found else (),
        valid_from=found.valid_from if found else None,
        expires_at=found.expires_at if found else None,
        life=life_of(found.valid_from if found else None, found.expires_at if found else None, now),
        error=error,
    )
