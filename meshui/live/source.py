"""The hub's views, from the snapshot store."""

from __future__ import annotations

from meshui import wiring
from meshui.domain.graph.model import GraphView, ViewSpec
from meshui.services import read_graph


class StoredViews:
    """Views of the live snapshots."""

    def version(self, cluster: str, window_seconds: int) -> int | None:
        return read_graph.live_version(wiring.store(), cluster, window_seconds, wiring.members(cluster))

    def view(self, cluster: str, spec: ViewSpec, window_seconds: int) -> tuple[GraphView, bytes]:
        store, members = wiring.store(), wiring.members(cluster)
        while True:
            view = read_graph.current_view(store, cluster, spec, window_seconds, members)
            version, encoded = read_graph.current_view_bytes(store, cluster, spec, window_seconds, members)
            # A publication between the two calls: take both from the newer one.
            if version == view.version:
                return view, encoded
