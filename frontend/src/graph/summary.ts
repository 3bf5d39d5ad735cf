import type { GraphView } from "./model";

export interface Summary {
  nodes: number;
  edges: number;
  /** Requests per second sent by what nothing calls. */
  entering: number;
  /** Over all edges that have responses; null when none has. */
  errorShare: number | null;
}

/** A view in four numbers. */
export function summarise(view: GraphView): Summary {
  const called = new Set<string>();
  let requests = 0;
  let errors = 0;
  for (const edge of view.edges) {
    called.add(edge.destination);
    if (edge.error_share == null) continue;
    requests += edge.rate;
    errors += edge.rate * edge.error_share;
  }
  let entering = 0;
  for (const node of view.nodes) if (!called.has(node.id)) entering += node.outbound.rate;
  return {
    nodes: view.nodes.length,
    edges: view.edges.length,
    entering,
    errorShare: requests > 0 ? errors / requests : null,
  };
}
