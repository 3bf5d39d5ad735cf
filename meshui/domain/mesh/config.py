"""What the mesh itself is set to: root namespace, trust domain, auto mTLS."""

from __future__ import annotations

import re

import msgspec

from meshui.domain.mesh.hosts import DEFAULT_DOMAIN
from meshui.domain.mesh.objects import Manifest

_SCALAR = re.compile(
    r"^(rootNamespace|trustDomain|enableAutoMtls):[ \t]*[\"']?([^\"'#\n]*?)[\"']?[ \t]*(?:#.*)?$", re.M
)


class MeshConfig(msgspec.Struct, frozen=True):
    """Istio's MeshConfig as far as answers depend on it; the defaults are Istio's own."""

    root_namespace: str = "istio-system"
    trust_domain: str = "cluster.local"
    domain: str = DEFAULT_DOMAIN
    auto_mtls: bool = True


def mesh_config(config_map: Manifest) -> MeshConfig:
    """From istiod's ConfigMap `istio` (data.mesh). Only top-level scalars are read, so no YAML parser is needed; what
    is not there keeps Istio's default."""
    data = config_map.get("data")
    text = data.get("mesh", "") if isinstance(data, dict) else ""
    found = {match[1]: match[2] for match in _SCALAR.finditer(text)} if isinstance(text, str) else {}
    default = MeshConfig()
    return MeshConfig(
        root_namespace=found.get("rootNamespace") or default.root_namespace,
        trust_domain=found.get("trustDomain") or default.trust_domain,
        auto_mtls=found.get("enableAutoMtls", "true").lower() != "false",
    )
