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

/** Only what is within so many hops of a node, whichever way the calls go, and the boxes of it. The whole view when the
 * node isn't in it. */
export function within(view: GraphView, id: string, hops: number): GraphView {
  if (!view.nodes.some((node) => node.id === id)) return view;
  const beside = new Map<string, string[]>();
  const link = (from: string, to: string) => {
    const list = beside.get(from);
    if (list) list.push(to);
    else beside.set(from, [to]);
  };
  for (const { source, destination } of view.edges) {
    link(source, destination);
    link(destination, source);
  }
  const near = new Set([id]);
  let rim = [id];
  for (let hop = 0; hop < hops; hop++) {
    rim = rim.flatMap((node) => beside.get(node) ?? []).filter((node) => !near.has(node));
    for (const node of rim) near.add(node);
  }
  const nodes = view.nodes.filter((node) => near.has(node.id));
  const edges = view.edges.filter((edge) => near.has(edge.source) && near.has(edge.destination));
  const parents = new Map(view.boxes.map((box) => [box.id, box.parent ?? null]));
  const used = new Set<string>();
  for (const node of nodes) {
    for (let box = node.box ?? null; box && !used.has(box); box = parents.get(box) ?? null) used.add(box);
  }
  return { ...view, nodes, edges, boxes: view.boxes.filter((box) => used.has(box.id)) };
}
