import type { Comparison, Difference, GraphEdge, GraphNode, GraphView } from "./model";

/** Both views in one: the later one with what is gone from the earlier (without rate), every element with its
 * differences, and every node with a badge for each of them. */
export function comparedView(before: GraphView, after: GraphView, comparison: Comparison): GraphView {
  const byId = new Map<string, Difference[]>();
  for (const difference of comparison.differences) {
    const known = byId.get(difference.id);
    if (known) known.push(difference);
    else byId.set(difference.id, [difference]);
  }
  const edges = united(before.edges, after.edges, (edge) => ({ ...edge, rate: 0 })).map(
    (edge): GraphEdge => ({ ...edge, differences: byId.get(edge.id) ?? [] }),
  );
  const nodes = united(before.nodes, after.nodes, (node): GraphNode => ({ ...node, outside: true })).map((node) => {
    const differences = byId.get(node.id) ?? [];
    const badges = differences.map(({ kind, reason }) => ({ name: kind, reason, object: null }));
    return { ...node, differences, badges: [...badges, ...node.badges] };
  });
  return { ...after, edges, nodes, boxes: united(before.boxes, after.boxes, (box) => box) };
}

function united<T extends { id: string }>(before: readonly T[], after: readonly T[], gone: (item: T) => T): T[] {
  const there = new Set(after.map((item) => item.id));
  return [...after, ...before.filter((item) => !there.has(item.id)).map(gone)];
}
