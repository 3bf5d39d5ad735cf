import type { Matched } from "./find";
import type { GraphView } from "./model";

/** What stays bright when something is found: it, the ends of found edges, and, when only nodes are found, the edges
 * between them. Null when nothing is found: then nothing is dimmed. */
export function litBy(view: GraphView, found: Matched): Set<string> | null {
  if (found.nodes.size === 0 && found.edges.size === 0) return null;
  const lit = new Set([...found.nodes, ...found.edges]);
  for (const edge of view.edges) {
    if (found.edges.has(edge.id)) lit.add(edge.source).add(edge.destination);
    else if (found.edges.size === 0 && found.nodes.has(edge.source) && found.nodes.has(edge.destination))
      lit.add(edge.id);
  }
  return lit;
}
