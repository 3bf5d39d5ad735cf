import type { GraphView } from "./model";

const MANY_NODES = 250;
const MANY_EDGES = 1000;

/** More than a picture can tell at once: such a mesh opens by its namespaces. */
export function isLarge(view: Pick<GraphView, "nodes" | "edges">): boolean {
  return view.nodes.length > MANY_NODES || view.edges.length > MANY_EDGES;
}
