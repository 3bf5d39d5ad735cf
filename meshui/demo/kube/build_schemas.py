"""Writes `schemas/*.json` from the projects' own published API descriptions; run by hand when those move on.

    go mod download k8s.io/kubernetes@v1.34.2 k8s.io/api@v0.34.2 k8s.io/apimachinery@v0.34.2 \\
        istio.io/api@v1.31.4 sigs.k8s.io/gateway-api@v1.7.0 github.com/argoproj/argo-rollouts@v1.10.2
    python -m meshui.demo.kube.build_schemas "$(go env GOPATH)/pkg/mod"

Built-in kinds come from Kubernetes' OpenAPI v3 documents and protobuf definitions, the others from their
CustomResourceDefinitions. Descriptions
are dropped, nothing else is changed, so a file stays a valid `components.schemas` of an OpenAPI v3 document.
All four projects are under the Apache License 2.0 (`schemas/NOTICE`).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from meshui.demo.kube.resources import RESOURCES, Resource

KUBERNETES = "k8s.io/kubernetes@v1.34.2"
PROTOBUF = ("k8s.io/api@v0.34.2", "k8s.io/apimachinery@v0.34.2")
CUSTOM = {
    "networking.istio.io": "istio.io/api@v1.31.4/kubernetes",
    "security.istio.io": "istio.io/api@v1.31.4/kubernetes",
    "telemetry.istio.io": "istio.io/api@v1.31.4/kubernetes",
    "extensions.istio.io": "istio.io/api@v1.31.4/kubernetes",
    "gateway.networking.k8s.io": "sigs.k8s.io/gateway-api@v1.7.0/config/crd/standard",
    "argoproj.io": "github.com/argoproj/argo-rollouts@v1.10.2/manifests/crds",
}
EXTRA_KINDS = {
    ("", "v1"): ("ObjectMeta", "Scale"),
    ("authentication.k8s.io", "v1"): ("TokenReview", "SelfSubjectReview"),
    ("authorization.k8s.io", "v1"): (
        "SelfSubjectAccessReview",
        "SubjectAccessReview",
        "LocalSubjectAccessReview",
        "SelfSubjectRulesReview",
    ),
}
NAMES = frozenset({"properties", "definitions"})
"""Keywords whose keys are names of fields: a field may well be called "description"."""


def without_prose(node: Any, names: bool = False) -> Any:
    """The same schema without descriptions, examples and CEL rules; a `$ref` wrapped for its siblings is unwrapped."""
    if isinstance(node, list):
        return [without_prose(item) for item in node]
    if not isinstance(node, dict):
        return node
    dropped = () if names else ("description", "example", "externalDocs", "x-kubernetes-validations")
    kept = {key: without_prose(value, key in NAMES) for key, value in node.items() if key not in dropped}
    match kept.get("allOf"):
        case [{"$ref": str(), **others}] if not others and not names and "properties" not in kept:
            # Kubernetes wraps references to add a description and a zero default; the server doesn't apply either.
            return kept["allOf"][0]
    if not names and kept.get("default") in ("", {}, 0, False):
        del kept["default"]
    return kept


def references(node: Any) -> Iterator[str]:
    """Names of the definitions that a schema refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rsplit("/", 1)[1]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def builtin(modules: Path) -> dict[str, Any]:
    """Every built-in kind that is served, with the definitions it needs."""
    wanted: dict[tuple[str, str], set[str]] = {key: set(kinds) for key, kinds in EXTRA_KINDS.items()}
    for resource in RESOURCES:
        if not resource.custom:
            wanted.setdefault((resource.group, resource.version), set()).add(resource.kind)
    kinds: dict[str, str] = {}
    definitions: dict[str, Any] = {}
    for (group, version), names in wanted.items():
        path = f"apis__{group}__{version}" if group else f"api__{version}"
        document = json.loads((modules / KUBERNETES / "api/openapi-spec/v3" / f"{path}_openapi.json").read_text())
        schemas: dict[str, Any] = document["components"]["schemas"]
        pending: list[str] = []
        for name in names:
            found = next(full for full in sorted(schemas) if full.rsplit(".", 1)[1] == name)
            kinds[f"{group}/{name}"] = found
            pending.append(found)
        while pending:
            name = pending.pop()
            if name not in definitions:
                definitions[name] = without_prose(schemas[name])
                pending.extend(references(definitions[name]))
    return {"source": KUBERNETES, "kinds": kinds, "definitions": definitions}


def custom(group: str, folder: Path) -> dict[str, Any]:
    """A group's kinds from its CustomResourceDefinitions, in the version that is stored."""
    by_plural: dict[str, Resource] = {item.plural: item for item in RESOURCES if item.group == group}
    kinds: dict[str, str] = {}
    definitions: dict[str, Any] = {}
    for path in sorted(folder.glob("*.yaml")):
        for document in yaml.load_all(path.read_text(), yaml.CSafeLoader):
            if not document or document.get("kind") != "CustomResourceDefinition":
                continue
            spec = document["spec"]
            resource = by_plural.pop(spec["names"]["plural"], None) if spec["group"] == group else None
            if resource is None:
                continue
            version = next(item for item in spec["versions"] if item["name"] == resource.version)
            kinds[f"{group}/{resource.kind}"] = resource.kind
            definitions[resource.kind] = without_prose(version["schema"]["openAPIV3Schema"])
    if by_plural:
        raise LookupError(f"{folder} has no definition of {', '.join(by_plural)}")
    return {"source": CUSTOM[group], "kinds": kinds, "definitions": definitions}


_FIELD = re.compile(r"^\s*(repeated |optional |required )?(map<string, )?([.\w]+)>? (\w+) = (\d+);", re.MULTILINE)
_SCALARS = frozenset({"string", "bytes", "bool", "double", "int32", "int64", "uint32", "uint64"})


def protobuf(modules: Path) -> dict[str, Any]:
    """Every message that a built-in kind is made of: number -> field, type, and whether it is repeated or a map."""
    found: dict[str, dict[str, list[str]]] = {}
    for module in PROTOBUF:
        for path in (modules / module).rglob("generated.proto"):
            text = re.sub(r"//.*", "", path.read_text())
            package = text.split("package ", 1)[1].split(";", 1)[0]
            for body in text.split("\nmessage ")[1:]:
                fields = found.setdefault(f"{package}.{body.split(' ', 1)[0]}", {})
                for label, is_map, type_, name, number in _FIELD.findall(body):
                    local = "." not in type_ and type_ not in _SCALARS
                    full = f"{package}.{type_}" if local else type_.lstrip(".")
                    fields[number] = [name, full, "map" if is_map else "repeated" if label == "repeated " else ""]
    groups = {resource.group for resource in RESOURCES if not resource.custom} | {group for group, _ in EXTRA_KINDS}
    kinds: dict[str, str] = {}
    for group in sorted(groups - {"apiextensions.k8s.io"}):
        package = f"k8s.io.api.{(group or 'core').split('.')[0]}.v1"
        for name in found:
            if name.rpartition(".")[0] == package:
                kinds[f"{group}/v1/{name.rpartition('.')[2]}".lstrip("/")] = name
    wanted = {resource.kind for resource in RESOURCES} | {kind for extra in EXTRA_KINDS.values() for kind in extra}
    kinds = {key: name for key, name in kinds.items() if key.rpartition("/")[2] in wanted}
    kinds["autoscaling/v1/Scale"] = "k8s.io.api.autoscaling.v1.Scale"
    for version in {key.rpartition("/")[0] for key in kinds}:
        kinds[f"{version}/DeleteOptions"] = "k8s.io.apimachinery.pkg.apis.meta.v1.DeleteOptions"
    messages: dict[str, Any] = {}
    pending = list(kinds.values())
    while pending:
        name = pending.pop()
        if name not in messages:
            messages[name] = found[name]
            pending.extend(type_ for _, type_, _ in found[name].values() if type_ in found)
    return {"source": " ".join(PROTOBUF), "kinds": kinds, "messages": messages}


def main(modules: Path) -> None:
    target = Path(__file__).parent / "schemas"
    documents = {"kubernetes": builtin(modules), "protobuf": protobuf(modules)}
    documents |= {group: custom(group, modules / folder) for group, folder in CUSTOM.items()}
    for name, document in documents.items():
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        (target / f"{name}.json").write_text(text + "\n")
        print(f"{name}.json: {len(document['kinds'])} kinds, {len(text) // 1024} KiB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
