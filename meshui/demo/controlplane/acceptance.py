"""Which version of each object is in force: the newest, or where that can't be applied, the last one that could.

An object that fails its check falls back to its own last good version. One that fails for want of another (a route to
a subset that its DestinationRule no longer defines) keeps that other's last good version in force, too. Without any
last good version it is left out. What the rest of the mesh does is not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from meshui.demo.controlplane import destination_rules, jwt, mtls, names, rbac, virtual_services
from meshui.demo.controlplane.manifests import Key, Manifest, UnusableError, key_of, number, spec_of
from meshui.demo.controlplane.world import World, build_world

_RESOLUTIONS = ("STATIC", "DNS", "DNS_ROUND_ROBIN")


@dataclass(frozen=True)
class Accepted:
    """A world in which every object can be applied, and why the others can't."""

    world: World
    problems: Mapping[Key, str]


@dataclass
class Acceptance:
    """Remembers each object's last good version; `accept` is otherwise a function of what it is given."""

    last_good: dict[Key, Manifest] = field(default_factory=dict)

    def accept(
        self,
        pods: Iterable[Manifest],
        services: Iterable[Manifest],
        configs: Iterable[Manifest],
        strange_certificates: Iterable[str] = (),
    ) -> Accepted:
        """The world to put in force, from the newest versions of everything."""
        pods, services, strange = list(pods), list(services), list(strange_certificates)
        newest = {key_of(manifest): manifest for manifest in configs}
        chosen = dict(newest)
        problems: dict[Key, str] = {}
        # Ends, for a round that fails goes from newest to last good, or from that to nothing.
        while True:
            failures = list(_own_failures(chosen.values()))
            if not failures:
                world = build_world(pods, services, chosen.values(), strange)
                failures = list(_failures(world))
            if not failures:
                break
            for key, error in failures:
                problems.setdefault(key, str(error))
                self._fall_back(key, error, chosen, problems)
        self.last_good = chosen
        return Accepted(world, {key: problem for key, problem in problems.items() if key in newest})

    def _fall_back(self, key: Key, error: UnusableError, chosen: dict[Key, Manifest], problems: dict[Key, str]) -> None:
        good = self.last_good.get(key)
        if good is not None and chosen.get(key) is not good:
            chosen[key] = good
            return
        for kind, host in error.needs:
            for needed, manifest in self.last_good.items():
                if needed[0] == kind and _rule_host(manifest) == host and chosen.get(needed) is not manifest:
                    chosen[needed] = manifest
                    problems.setdefault(needed, f"{key[0]} {key[1]}/{key[2]} still needs its previous version")
                    return
        chosen.pop(key, None)


def check(manifest: Manifest) -> None:
    """What can be said of an object by itself. Raises UnusableError."""
    try:
        if own_check := _CHECKS.get(manifest["kind"]):
            own_check(manifest)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, UnusableError):
            raise
        raise UnusableError(f"spec: is not of the shape of a {manifest['kind']}: {error!r}") from error


def _own_failures(manifests: Iterable[Manifest]) -> Iterable[tuple[Key, UnusableError]]:
    for manifest in manifests:
        try:
            check(manifest)
        except UnusableError as error:
            yield key_of(manifest), error


def _failures(world: World) -> Iterable[tuple[Key, UnusableError]]:
    """Objects that can't be applied in this world."""
    for manifest in world.kind("VirtualService"):
        try:
            virtual_services.check(manifest, world)
        except UnusableError as error:
            yield key_of(manifest), error
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            yield key_of(manifest), UnusableError(f"spec: is not of the shape of a VirtualService: {error!r}")


def _rule_host(manifest: Manifest) -> str:
    return names.full_host(spec_of(manifest)["host"], manifest["metadata"]["namespace"])


def _check_gateway(manifest: Manifest) -> None:
    for index, server in enumerate(spec_of(manifest).get("servers") or []):
        where = f"spec.servers[{index}]"
        number((server.get("port") or {}).get("number"), f"{where}.port.number", 1, 65535)
        mode = (server.get("tls") or {}).get("mode")
        if mode not in (None, "ISTIO_MUTUAL"):
            raise UnusableError(f"{where}.tls.mode: {mode} needs secrets, which this control plane doesn't read")
        if not server.get("hosts"):
            raise UnusableError(f"{where}.hosts: is empty")


def _check_service_entry(manifest: Manifest) -> None:
    spec = spec_of(manifest)
    resolution = spec.get("resolution") or "NONE"
    if resolution not in _RESOLUTIONS:
        raise UnusableError(
            f"spec.resolution: {resolution} needs traffic capture, which this mesh doesn't have; "
            f"use one of {', '.join(_RESOLUTIONS)}"
        )
    for index, port in enumerate(spec.get("ports") or []):
        number(port.get("number"), f"spec.ports[{index}].number", 1, 65535)
    for index, endpoint in enumerate(spec.get("endpoints") or []):
        if not endpoint.get("address"):
            raise UnusableError(f"spec.endpoints[{index}].address: is missing")
        if resolution == "STATIC" and not _is_address(endpoint["address"]):
            raise UnusableError(f"spec.endpoints[{index}].address: {endpoint['address']!r} is not an IP address")


def _is_address(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == 4 and all(part.isascii() and part.isdigit() and int(part) < 256 for part in parts)


_CHECKS: dict[str, Callable[[Manifest], None]] = {
    "DestinationRule": destination_rules.check,
    "PeerAuthentication": mtls.check,
    "AuthorizationPolicy": rbac.check,
    "RequestAuthentication": jwt.check,
    "Gateway": _check_gateway,
    "ServiceEntry": _check_service_entry,
}
