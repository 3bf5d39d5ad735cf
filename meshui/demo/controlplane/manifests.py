"""Reading manifests: small accessors that say where in an object something is wrong."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

Manifest = dict[str, Any]
Key = tuple[str, str, str]
"""Kind, namespace and name of an object."""


class UnusableError(ValueError):
    """An object that can't be put into force; the message says where and why."""

    def __init__(self, message: str, needs: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.needs = needs
        """Kind and host of objects whose last good versions might help."""


def key_of(manifest: Manifest) -> Key:
    metadata = manifest["metadata"]
    return manifest["kind"], metadata.get("namespace", ""), metadata["name"]


def age_order(manifest: Manifest) -> tuple[str, str, str]:
    """Oldest first, as Istio orders objects: creation, name, namespace."""
    metadata = manifest["metadata"]
    return metadata.get("creationTimestamp") or "", metadata["name"], metadata.get("namespace", "")


def spec_of(manifest: Manifest) -> dict[str, Any]:
    spec = manifest.get("spec")
    return spec if isinstance(spec, dict) else {}


def labels_of(manifest: Manifest) -> dict[str, str]:
    return manifest["metadata"].get("labels") or {}


def selects(selector: Mapping[str, str] | None, labels: Mapping[str, str]) -> bool:
    """Whether every label that is asked for is there; an empty selector selects everything."""
    return all(labels.get(name) == value for name, value in (selector or {}).items())


_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 0.000001, "ns": 0.000000001}
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ms|us|ns|h|m|s)")


def seconds(text: object, where: str) -> float:
    """A Go duration ("1.5s", "1m30s") in seconds. Raises UnusableError."""
    position, total = 0, 0.0
    if isinstance(text, str):
        for match in _DURATION.finditer(text):
            if match.start() != position:
                break
            total += float(match[1]) * _UNITS[match[2]]
            position = match.end()
    if not isinstance(text, str) or not text or position != len(text):
        raise UnusableError(f"{where}: {text!r} is not a duration like 1.5s")
    return total


def duration(text: object, where: str) -> str:
    """A Go duration as Envoy's JSON wants it. Raises UnusableError."""
    return as_duration(seconds(text, where))


def as_duration(value: float) -> str:
    micro = timedelta(seconds=value) // timedelta(microseconds=1)
    whole, rest = divmod(micro, 1_000_000)
    return f"{whole}.{rest:06}".rstrip("0").rstrip(".") + "s"


def cidr(text: str, where: str) -> dict[str, Any]:
    """An address or network as Envoy's CidrRange. Raises UnusableError."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise UnusableError(f"{where}: {text!r} is not an IP address or network") from None
    return {"address_prefix": str(network.network_address), "prefix_len": network.prefixlen}


def number(value: object, where: str, low: int = 0, high: int = 2**32 - 1) -> int:
    """A whole number in range. Raises UnusableError."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise UnusableError(f"{where}: {value!r} is not a whole number from {low} to {high}")
    return value


def regex(text: object, where: str) -> dict[str, Any]:
    """A safe_regex matcher. Raises UnusableError when Envoy's engine (RE2) can't take the expression."""
    # Imported here, for RE2 logs to stderr what it refuses unless told otherwise.
    import re2  # type: ignore[import-untyped]

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(text, options=options)
    except (re2.error, TypeError) as error:
        raise UnusableError(f"{where}: {text!r} is not an RE2 expression: {error}") from None
    return {"regex": text}
