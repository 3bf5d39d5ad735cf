import type { GraphNode, GraphView } from "./model";

/** Nodes whose label, name, app or namespace contains every word; best matches (a name that starts so) first. */
export function findNodes(nodes: readonly GraphNode[], text: string): GraphNode[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const found = nodes.filter((node) => {
    const haystack = `${node.label} ${node.name} ${node.app ?? ""} ${node.version ?? ""} ${node.namespace} ${node.kind}`;
    return words.every((word) => haystack.toLowerCase().includes(word));
  });
  const first = words[0] ?? "";
  const rank = (node: GraphNode) =>
    (node.label.toLowerCase().startsWith(first) ? 0 : 2) + (node.kind === "service" ? 1 : 0);
  return found.sort((a, b) => rank(a) - rank(b) || a.label.localeCompare(b.label) || a.id.localeCompare(b.id));
}

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
