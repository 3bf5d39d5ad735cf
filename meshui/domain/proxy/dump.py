"""An Envoy's `/config_dump`: its resources by kind, in whichever release's form, and what is wrong with it.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/admin/v3/config_dump_shared.proto. A dump that is cut off, or
whose parts are of other types than Envoy's, gives findings, never an exception.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Literal

import msgspec

from meshui.domain.proxy.values import NOTHING, Raw, decode, moment, record, text

Kind = Literal["listener", "route", "cluster", "endpoint", "secret", "extension"]
State = Literal["active", "static", "warming", "draining", "missing"]


class DumpFinding(msgspec.Struct, frozen=True):
    """Something that is wrong with a dump: where, and in a sentence."""

    section: str
    message: str


class Resource(msgspec.Struct, frozen=True, gc=False):
    """A resource and how the proxy has it. `error`: why a newer version of it was rejected; `state` is missing when it
    never had a version that could be used."""

    kind: Kind
    name: str
    config: Raw
    state: State
    version: str
    updated_at: datetime | None
    error: str | None
    error_at: datetime | None
    client_status: str


class ConfigDump(msgspec.Struct, frozen=True):
    """A whole dump. `refused`: it held a private key, so nothing of it was read. `other`: sections of types that are
    not known here."""

    resources: dict[Kind, tuple[Resource, ...]] = {}
    bootstrap: Raw = NOTHING
    findings: tuple[DumpFinding, ...] = ()
    other: tuple[str, ...] = ()
    refused: bool = False

    def of(self, kind: Kind) -> tuple[Resource, ...]:
        """The resources of a kind."""
        return self.resources.get(kind, ())


_SECTIONS: dict[str, tuple[Kind, tuple[tuple[str, State, str], ...]]] = {
    "ListenersConfigDump": (
        "listener",
        (("static_listeners", "static", "listener"), ("dynamic_listeners", "active", "listener")),
    ),
    "ClustersConfigDump": (
        "cluster",
        (
            ("static_clusters", "static", "cluster"),
            ("dynamic_active_clusters", "active", "cluster"),
            ("dynamic_warming_clusters", "warming", "cluster"),
        ),
    ),
    "RoutesConfigDump": (
        "route",
        (
            ("static_route_configs", "static", "route_config"),
            ("dynamic_route_configs", "active", "route_config"),
        ),
    ),
    "EndpointsConfigDump": (
        "endpoint",
        (
            ("static_endpoint_configs", "static", "endpoint_config"),
            ("dynamic_endpoint_configs", "active", "endpoint_config"),
        ),
    ),
    "SecretsConfigDump": (
        "secret",
        (
            ("static_secrets", "static", "secret"),
            ("dynamic_active_secrets", "active", "secret"),
            ("dynamic_warming_secrets", "warming", "secret"),
        ),
    ),
    "EcdsConfigDump": ("extension", (("ecds_filters", "active", "ecds_filter"),)),
}
Decode = Callable[[bytes], object]
_EXPECTED = ("ListenersConfigDump", "ClustersConfigDump", "RoutesConfigDump")
_LISTENER_STATES: tuple[tuple[str, State], ...] = (
    ("active_state", "active"),
    ("warming_state", "warming"),
    ("draining_state", "draining"),
)
REFUSED = (
    "The dump contains a private key, which Envoy should have redacted. It was refused: nothing of it was read or "
    "kept. Renew that key, and find out why the proxy shows it."
)


def parse_config_dump(body: bytes, decode: Decode = decode) -> ConfigDump:
    """The resources in the dump and what is wrong with it. `decode` reads JSON, and raises ValueError."""
    if has_private_key(body):
        return ConfigDump(findings=(DumpFinding("dump", REFUSED),), refused=True)
    try:
        document = decode(body)
    except ValueError as problem:
        what = "is empty" if not body.strip() else f"is cut off or not JSON: {problem}"
        return ConfigDump(findings=(DumpFinding("dump", f"The dump {what}"),))
    return read_config_dump(document)


def read_config_dump(document: object) -> ConfigDump:
    """The same of a dump that is JSON already."""
    findings: list[DumpFinding] = []
    if isinstance(document, dict) and "configs" not in document and "workloads" in document:
        return ConfigDump(findings=(DumpFinding(ZTUNNEL, _ztunnel_said(document)),), other=tuple(document))
    if not isinstance(document, dict) or not isinstance(document.get("configs"), list):
        return ConfigDump(findings=(DumpFinding("dump", "The dump has no list `configs`: it is no Envoy's"),))
    resources: dict[Kind, list[Resource]] = {}
    bootstrap: Raw = NOTHING
    other: list[str] = []
    seen: set[str] = set()
    for number, section in enumerate(document["configs"]):
        if not isinstance(section, dict):
            findings.append(DumpFinding("dump", f"Section {number + 1} is not an object"))
            continue
        name = text(section, "@type").rpartition(".")[2]
        seen.add(name)
        if name == "BootstrapConfigDump":
            bootstrap = record(section, "bootstrap")
        elif name in _SECTIONS:
            kind, fields = _SECTIONS[name]
            resources.setdefault(kind, []).extend(_resources(kind, fields, section, name, findings))
        elif name != "ScopedRoutesConfigDump":
            other.append(name or f"section {number + 1}")
    findings += [
        DumpFinding(name, f"The dump has no {name.removesuffix('ConfigDump').lower()}: its section is missing")
        for name in _EXPECTED
        if name not in seen
    ]
    return ConfigDump(
        resources={kind: tuple(found) for kind, found in resources.items()},
        bootstrap=bootstrap,
        findings=tuple(findings),
        other=tuple(other),
    )


ZTUNNEL = "ztunnel"


def _ztunnel_said(document: Raw) -> str:
    """What ztunnel's own dump has: it is no Envoy."""
    counts = []
    for name in ("workloads", "services", "policies", "certificates"):
        found = document.get(name)
        counts.append(f"{len(found) if isinstance(found, list | dict) else 0} {name}")
    return (
        f"This is a ztunnel: it knows {', '.join(counts)}, which its raw dump shows. It has no listeners, routes or "
        "clusters: it carries connections as they are, over mutual TLS."
    )


def _resources(
    kind: Kind,
    fields: tuple[tuple[str, State, str], ...],
    section: Raw,
    name: str,
    findings: list[DumpFinding],
) -> Iterator[Resource]:
    for field, state, inner in fields:
        entries = section.get(field, [])
        if not isinstance(entries, list):
            findings.append(DumpFinding(name, f"`{field}` is not a list"))
            continue
        for position, entry in enumerate(entries):
            if not isinstance(entry, dict):
                findings.append(DumpFinding(name, f"`{field}[{position}]` is not an object"))
            elif kind == "listener" and state == "active":
                yield from _dynamic_listener(entry)
            else:
                found = _resource(kind, state, entry, entry, record(entry, inner))
                if not found.name:
                    findings.append(DumpFinding(name, f"`{field}[{position}]` has no name"))
                yield found


def _dynamic_listener(entry: Raw) -> Iterator[Resource]:
    states = [(field, state) for field, state in _LISTENER_STATES if record(entry, field)]
    for field, state in states or [("", "missing")]:
        holder = record(entry, field) if field else NOTHING
        yield _resource("listener", state, entry, holder, record(holder, "listener"))


def _resource(kind: Kind, state: State, entry: Raw, holder: Raw, config: Raw) -> Resource:
    error = record(entry, "error_state")
    details = text(error, "details")
    version = text(holder, "version_info")
    return Resource(
        kind=kind,
        name=text(config, "name") or text(config, "cluster_name") or text(entry, "name"),
        config=config,
        state="missing" if details and not config else state,
        version=version,
        updated_at=moment(holder, "last_updated"),
        error=details or None,
        error_at=moment(error, "last_update_attempt"),
        client_status=text(entry, "client_status"),
    )


_KEY_FIELD = re.compile(rb'"private_key"\s*:\s*\{([^{}]*)\}')
_KEY_VALUE = re.compile(rb'"inline_(?:string|bytes)"\s*:\s*"((?:[^"\\]|\\.)*)"')
_REDACTED = {b"[redacted]", base64.b64encode(b"[redacted]"), b""}
_MARK = b"PRIVATE KEY-----"
_MARKS = (_MARK, *(base64.b64encode(b"\0" * skip + _MARK)[4 if skip else 0 : -4] for skip in range(3)))
"""As it stands in PEM, and in base64 of PEM at each of its three alignments."""


def has_private_key(body: bytes) -> bool:
    """Whether there is one that Envoy did not redact: PEM, or the value of a `private_key`."""
    if any(mark in body for mark in _MARKS):
        return True
    return any(
        value[1] not in _REDACTED for field in _KEY_FIELD.finditer(body) for value in _KEY_VALUE.finditer(field[1])
    )
