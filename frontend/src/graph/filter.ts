import type { GraphView } from "./model";

/** The ids of a node, its edges and the nodes at their other ends; of an edge, itself and both ends. */
export function neighbourhood(view: GraphView, id: string): Set<string> {
  const near = new Set<string>([id]);
  for (const edge of view.edges) {
    if (edge.id === id || edge.source === id || edge.destination === id) {
      near.add(edge.id).add(edge.source).add(edge.destination);
    }
  }
  return near;
}
