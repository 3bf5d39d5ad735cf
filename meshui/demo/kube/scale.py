"""The `scale` subresource: an object's replicas as autoscaling/v1 shows and sets them."""

from __future__ import annotations

import json
from collections.abc import Callable

from meshui.demo.kube.errors import Cause, invalid
from meshui.demo.kube.objects import Target
from meshui.demo.kube.schema import Object


def scale_of(object_: Object) -> Object:
    """An object with replicas as autoscaling/v1 shows it."""
    metadata = object_["metadata"]
    shown = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    selected = ((object_["spec"].get("selector") or {}).get("matchLabels") or {}).items()
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: metadata[key] for key in shown if key in metadata},
        "spec": {"replicas": object_["spec"].get("replicas", 1)},
        "status": {
            "replicas": (object_.get("status") or {}).get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in sorted(selected)),
        },
    }


def rescaling(target: Target, change: Callable[[Object], Object]) -> Callable[[Object], Object]:
    """A change of an object from a change of its Scale. Raises a 422 for replicas that can't be."""

    def rescaled(object_: Object) -> Object:
        wanted = change(scale_of(object_))
        replicas = (wanted.get("spec") or {}).get("replicas", 0)
        if not isinstance(replicas, int) or isinstance(replicas, bool) or replicas < 0:
            message = f"Invalid value: {json.dumps(replicas)}: must be greater than or equal to 0"
            raise invalid(target.resource, target.name, (Cause("spec.replicas", "FieldValueInvalid", message),))
        version = (wanted.get("metadata") or {}).get("resourceVersion")
        metadata = object_["metadata"] | ({"resourceVersion": version} if version else {})
        return object_ | {"metadata": metadata, "spec": object_["spec"] | {"replicas": replicas}}

    return rescaled
