"""Which workloads a label selector selects, by an index, so that thousands of policies stay cheap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from meshui.domain.mesh.inventory import Inventory, Key


def mapping(value: Any) -> dict[str, Any]:
    """The value where it is a mapping, else an empty one: manifests may hold anything anywhere."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """The value where it is a text, else ""."""
    return value if isinstance(value, str) else ""


def at(manifest: Any, *path: str) -> Any:
    """What stands below these keys; None where the way ends."""
    for key in path:
        manifest = mapping(manifest).get(key)
    return manifest


class WorkloadLabels:
    """The workloads of a cluster by their labels."""

    def __init__(self, inventory: Inventory) -> None:
        self._labels: dict[Key, dict[str, str]] = {key: one.labels for key, one in inventory.workloads.items()}
        self._pairs: dict[tuple[str, str], set[Key]] = {}
        self._namespaces: dict[str, list[Key]] = {}
        for key, labels in sorted(self._labels.items()):
            self._namespaces.setdefault(key[0], []).append(key)
            for pair in labels.items():
                self._pairs.setdefault(pair, set()).add(key)

    def everywhere(self, namespace: str | None) -> tuple[Key, ...]:
        """All workloads of the namespace; None: of the cluster."""
        return tuple(self._labels) if namespace is None else tuple(self._namespaces.get(namespace, ()))

    def selected(
        self, namespace: str | None, labels: Mapping[str, Any], expressions: Iterable[Any] = ()
    ) -> tuple[Key, ...]:
        """Those of the namespace (None: of the cluster) that have all the labels and meet all of Kubernetes'
        matchExpressions. Without either: all."""
        pairs = [(key, value) for key, value in labels.items() if isinstance(value, str)]
        if len(pairs) < len(labels):
            return ()
        if pairs:
            smallest = min((self._pairs.get(pair, set()) for pair in pairs), key=len)
            found = [
                key
                for key in smallest
                if namespace in (None, key[0]) and all(self._labels[key].get(name) == value for name, value in pairs)
            ]
        else:
            found = list(self.everywhere(namespace))
        wanted = [mapping(one) for one in expressions]
        return tuple(sorted(key for key in found if all(_meets(self._labels[key], one) for one in wanted)))

    def of_selector(self, namespace: str | None, selector: Any) -> tuple[Key, ...]:
        """As `selected`, of a Kubernetes selector (`matchLabels`, `matchExpressions`)."""
        said = mapping(selector)
        return self.selected(namespace, mapping(said.get("matchLabels")), sequence(said.get("matchExpressions")))


def _meets(labels: Mapping[str, str], expression: Mapping[str, Any]) -> bool:
    key, values = text(expression.get("key")), sequence(expression.get("values"))
    match expression.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False
