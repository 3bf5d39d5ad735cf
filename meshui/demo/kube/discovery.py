"""What the server serves, as clients discover it: versions, groups, resources, CustomResourceDefinitions."""

from __future__ import annotations

import platform

from meshui.demo.kube.resources import RESOURCES, Resource, group_versions
from meshui.demo.kube.reviews import REVIEWS
from meshui.demo.kube.schema import Object

VERSION = "v1.34.2"
CREATED = "2026-01-05T08:00:00Z"


def version() -> Object:
    major, minor, _ = VERSION[1:].split(".")
    return {
        "major": major,
        "minor": minor,
        "gitVersion": f"{VERSION}+meshui",
        "gitCommit": "0" * 40,
        "gitTreeState": "clean",
        "buildDate": CREATED,
        "goVersion": "go0",
        "compiler": "meshui",
        "platform": f"{platform.system().lower()}/amd64",
    }


def core_versions(address: str) -> Object:
    servers = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": servers}


def groups() -> Object:
    listed = [_group(name) for name in group_versions() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}


def group(name: str) -> Object | None:
    """One group; None when it isn't served."""
    if not name or name not in group_versions():
        return None
    return {"kind": "APIGroup", "apiVersion": "v1"} | _group(name)


def _group(name: str) -> Object:
    versions = [{"groupVersion": f"{name}/{version}", "version": version} for version in group_versions()[name]]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def resources(group_name: str, version: str) -> Object | None:
    """The resources of one version of a group; None when it isn't served."""
    if version not in group_versions().get(group_name, ()):
        return None
    listed: list[Object] = []
    for resource in RESOURCES:
        if resource.group == group_name and version in resource.versions:
            listed.append(_resource(resource))
            listed.extend(_subresource(resource, name) for name in resource.subresources)
    for (review_group, plural), kind in REVIEWS.items():
        if review_group == group_name:
            namespaced = kind.startswith("Local")
            listed.append(
                {
                    "name": plural,
                    "singularName": kind.lower(),
                    "namespaced": namespaced,
                    "kind": kind,
                    "verbs": ["create"],
                }
            )
    group_version = f"{group_name}/{version}" if group_name else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": listed}


def _resource(resource: Resource) -> Object:
    listed: Object = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
        "storageVersionHash": "",
    }
    if resource.short_names:
        listed["shortNames"] = list(resource.short_names)
    if resource.categories:
        listed["categories"] = list(resource.categories)
    return listed


def _subresource(resource: Resource, name: str) -> Object:
    listed: Object = {
        "name": f"{resource.plural}/{name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": ["get"] if name in ("log", "proxy") else ["get", "patch", "update"],
    }
    if name == "scale":
        listed |= {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    return listed


def definitions() -> list[Object]:
    """A CustomResourceDefinition for each custom kind; the schemas themselves are at /openapi/v3."""
    found: list[Object] = []
    for resource in RESOURCES:
        if resource.custom:
            names: Object = {
                "plural": resource.plural,
                "singular": resource.singular,
                "kind": resource.kind,
                "listKind": f"{resource.kind}List",
            }
            if resource.short_names:
                names["shortNames"] = list(resource.short_names)
            found.append(
                {
                    "apiVersion": "apiextensions.k8s.io/v1",
                    "kind": "CustomResourceDefinition",
                    "metadata": {"name": resource.qualified, "creationTimestamp": CREATED},
                    "spec": {
                        "group": resource.group,
                        "names": names,
                        "scope": "Namespaced" if resource.namespaced else "Cluster",
                        "versions": [_version(resource, version) for version in resource.versions],
                    },
                    "status": {
                        "acceptedNames": names,
                        "storedVersions": [resource.version],
                        "conditions": [
                            {
                                "type": "Established",
                                "status": "True",
                                "reason": "InitialNamesAccepted",
                                "message": "the initial names have been accepted",
                                "lastTransitionTime": CREATED,
                            }
                        ],
                    },
                }
            )
    return found


def _version(resource: Resource, version: str) -> Object:
    return {
        "name": version,
        "served": True,
        "storage": version == resource.version,
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
        "subresources": {"status": {}} if resource.has_status else {},
    }
