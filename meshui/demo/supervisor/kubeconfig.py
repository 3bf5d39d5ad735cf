"""The kubeconfig of the demo's cluster: one context a role."""

from __future__ import annotations

import yaml

from meshui.demo.layout import CLUSTER, Layout

TOKENS = {"admin": "demo-admin", "meshui": "demo-meshui", "operator": "demo-operator", "viewer": "demo-viewer"}


def write(layout: Layout) -> None:
    """Writes `$MESHUI_STATE/kubeconfig`; `kubectl --kubeconfig` works with it."""
    # kubectl sends a token over TLS only; the API server answers both on its one port
    server = layout.kubernetes_url.replace("http:", "https:")
    authority = layout.state / "kubernetes" / "ca.crt"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CLUSTER, "cluster": {"server": server, "certificate-authority": str(authority)}}],
        "users": [{"name": name, "user": {"token": token}} for name, token in TOKENS.items()],
        "contexts": [
            {"name": name, "context": {"cluster": CLUSTER, "user": name, "namespace": "shop"}} for name in TOKENS
        ],
        "current-context": "admin",
    }
    layout.kubeconfig.write_text(yaml.safe_dump(document, sort_keys=False))
    layout.kubeconfig.chmod(0o600)
