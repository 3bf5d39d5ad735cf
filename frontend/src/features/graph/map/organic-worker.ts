import { organicPlacement } from "../../../graph/layout-organic";
import type { GraphEdge, GraphNode } from "../../../graph/model";

self.addEventListener("message", (event: MessageEvent<{ id: number; nodes: GraphNode[]; edges: GraphEdge[] }>) => {
  postMessage({ id: event.data.id, placement: organicPlacement(event.data) });
});
