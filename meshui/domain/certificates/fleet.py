"""The certificates of all proxies that were read: identities, issuers, roots, and what is wrong among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from meshui.domain.certificates.life import Life, life_of
from meshui.domain.findings.model import ObjectFinding, Severity
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.names import ObjectRef, parse_identity
from meshui.domain.proxy.reading import Certificate, ProxyReading

_SEVERITY: dict[str, Severity] = {
    "expired": "error",
    "expiring": "error",
    "not_yet_valid": "error",
    "late": "warning",
}


class ProxyLeaf(msgspec.Struct, frozen=True):
    """The certificate by which one proxy says who it is. `expected`: the identity of its service account; `matches` is
    None where either is not known. `roots`: the serial numbers of the roots that it trusts."""

    namespace: str
    pod: str
    workload: str
    read_at: datetime
    identity: str
    expected: str | None
    matches: bool | None
    serial_number: str
    issuer: str
    chain: tuple[str, ...]
    valid_from: datetime | None
    expires_at: datetime | None
    life: Life
    roots: tuple[str, ...]


class TrustedRoot(msgspec.Struct, frozen=True):
    """A root that proxies trust, and how many do."""

    serial_number: str
    issuer: str
    valid_from: datetime | None
    expires_at: datetime | None
    life: Life
    trusted_by: int


class Fleet(msgspec.Struct, frozen=True):
    """All of it. `unread`: proxies that could not be read, with the reason of one of them."""

    leaves: tuple[ProxyLeaf, ...]
    roots: tuple[TrustedRoot, ...]
    findings: tuple[ObjectFinding, ...]
    unread: int
    unread_reason: str | None


def fleet(readings: Sequence[ProxyReading], inventory: Inventory, now: datetime) -> Fleet:
    """What the readings come to at a moment."""
    accounts = {(pod.namespace, pod.name): pod.service_account for pod in inventory.pods}
    leaves = tuple(
        leaf for reading in readings for leaf in _leaves(reading, accounts, inventory.mesh.trust_domain, now)
    )
    roots = _roots(readings, now)
    failed = [reading.error for reading in readings if reading.error and not reading.certificates]
    found = (*_of_leaves(leaves), *_of_roots(roots, inventory.mesh.root_namespace), *_different_roots(leaves))
    return Fleet(leaves, roots, found, len(failed), failed[0] if failed else None)


def _leaves(
    reading: ProxyReading, accounts: dict[tuple[str, str], str], trust_domain: str, now: datetime
) -> Iterator[ProxyLeaf]:
    account = accounts.get((reading.pod.namespace, reading.pod.name))
    expected = f"spiffe://{trust_domain}/ns/{reading.pod.namespace}/sa/{account}" if account else None
    roots = tuple(dict.fromkeys(one.serial_number for one in reading.certificates if one.ca))
    # Envoy lists a certificate once for every place that uses it.
    own = {one.serial_number: one for one in reading.certificates if not one.ca}
    for one in own.values():
        identity = one.uris[0] if one.uris else ""
        yield ProxyLeaf(
            namespace=reading.pod.namespace,
            pod=reading.pod.name,
            workload=reading.workload,
            read_at=reading.read_at,
            identity=identity,
            expected=expected,
            matches=_matches(identity, expected),
            serial_number=one.serial_number,
            issuer=one.issuer,
            chain=one.chain,
            valid_from=one.valid_from,
            expires_at=one.expires_at,
            life=life_of(one.valid_from, one.expires_at, now),
            roots=roots,
        )


def _matches(identity: str, expected: str | None) -> bool | None:
    """Whether namespace and service account are those expected; a trust domain may have aliases, so it is left out."""
    has, wants = parse_identity(identity), parse_identity(expected or "")
    if has is None or wants is None:
        return None
    return (has.namespace, has.service_account) == (wants.namespace, wants.service_account)


def _roots(readings: Iterable[ProxyReading], now: datetime) -> tuple[TrustedRoot, ...]:
    known: dict[str, Certificate] = {}
    trusted: Counter[str] = Counter()
    for reading in readings:
        for serial in dict.fromkeys(one.serial_number for one in reading.certificates if one.ca):
            trusted[serial] += 1
        known |= {one.serial_number: one for one in reading.certificates if one.ca}
    return tuple(
        TrustedRoot(
            serial_number=serial,
            issuer=known[serial].issuer,
            valid_from=known[serial].valid_from,
            expires_at=known[serial].expires_at,
            life=life_of(known[serial].valid_from, known[serial].expires_at, now),
            trusted_by=count,
        )
        for serial, count in trusted.most_common()
    )


def _of_leaves(leaves: Iterable[ProxyLeaf]) -> Iterator[ObjectFinding]:
    for leaf in leaves:
        pod = ObjectRef("Pod", leaf.namespace, leaf.pod)
        if severity := _SEVERITY.get(leaf.life.state):
            step = "Look whether the agent reaches the CA (istiod), and whether the node's clock is right."
            code = f"certificate_{leaf.life.state}"
            yield ObjectFinding(severity, code, pod, "$", f"The certificate of {leaf.pod}: {leaf.life.reason}", step)
        if leaf.matches is False:
            message = f"{leaf.pod} shows {leaf.identity}, but its service account makes it {leaf.expected}."
            step = "Restart the pod; if it stays so, somebody else's key is in use."
            yield ObjectFinding("error", "identity_mismatch", pod, "$", message, step)


def _of_roots(roots: Iterable[TrustedRoot], root_namespace: str) -> Iterator[ObjectFinding]:
    for root in roots:
        if severity := _SEVERITY.get(root.life.state):
            message = f"The root {root.serial_number[:16]}, trusted by {root.trusted_by} proxies: {root.life.reason}"
            step = "Bring the new root to all proxies first, then let the CA sign with it."
            ref = ObjectRef("Namespace", "", root_namespace)
            yield ObjectFinding(severity, "root_expires", ref, "$", message, step)


def _different_roots(leaves: Iterable[ProxyLeaf]) -> Iterator[ObjectFinding]:
    """Two proxies that share no root can't talk by mutual TLS; fewer roots than most have is a rotation half done."""
    by_pod = {(leaf.namespace, leaf.pod): frozenset(leaf.roots) for leaf in leaves if leaf.roots}
    if not by_pod:
        return
    usual, _ = Counter(by_pod.values()).most_common(1)[0]
    for (namespace, name), roots in sorted(by_pod.items()):
        if roots == usual:
            continue
        apart = not roots & usual
        message = (
            f"{name} trusts none of the roots that most proxies trust: mutual TLS with them fails."
            if apart
            else f"{name} trusts other roots than most proxies do ({len(roots)} instead of {len(usual)})."
        )
        step = "Restart it, or finish the root's rotation."
        ref = ObjectRef("Pod", namespace, name)
        yield ObjectFinding("error" if apart else "warning", "other_roots", ref, "$", message, step)
