/** A layout box by box: each is laid out for itself, then the boxes among each other. It grows with the largest box
 * instead of with the whole, and calls between boxes are straight lines. */
import { BOX_OPTIONS, byId, type ElkItem, type ElkLine, LIFTED, ROOT_OPTIONS, SPACING } from "./layout";
import type { GraphView } from "./model";
import { nodeSize } from "./node-size";

/** More boxes than this side by side are packed; in layers they would be a long way off. */
const MOST_IN_LAYERS = 9;

const INNER = {
  ...SPACING,
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.edgeRouting": "POLYLINE",
  "elk.hierarchyHandling": "SEPARATE_CHILDREN",
  "elk.aspectRatio": "1.4",
};
const PACKED = {
  "elk.algorithm": "rectpacking",
  "elk.aspectRatio": "1.7",
  "elk.spacing.nodeNode": "64",
  "elk.rectpacking.widthApproximation.optimizationGoal": "MAX_SCALE_DRIVEN",
};

export function boxedElkGraph(view: GraphView, labels = 1): ElkItem {
  const apart = { "elk.layered.spacing.nodeNodeBetweenLayers": String(62 + 44 * labels) };
  const parents = new Map<string, string>();
  const items = new Map<string, ElkItem>();
  const root: ElkItem = { id: "", children: [], edges: [] };
  for (const box of [...view.boxes].sort(byId)) {
    items.set(box.id, { id: box.id, children: [], edges: [], layoutOptions: { ...INNER, ...BOX_OPTIONS, ...apart } });
    if (box.parent) parents.set(box.id, box.parent);
  }
  for (const node of [...view.nodes].sort(byId)) {
    items.set(node.id, { id: node.id, ...nodeSize(node) });
    if (node.box && items.has(node.box)) parents.set(node.id, node.box);
  }
  for (const [id, item] of items) (items.get(parents.get(id) ?? "") ?? root).children?.push(item);
  const chains = new Map([...items.keys()].map((id) => [id, chainOf(id, parents)]));
  const made = new Map<string, ElkLine>();
  for (const edge of [...view.edges].sort(byId)) {
    const [from, to] = [chains.get(edge.source), chains.get(edge.destination)];
    if (!from || !to || edge.source === edge.destination) continue;
    const depth = from.findIndex((id, index) => id !== to[index]);
    const [source, target] = [from[depth], to[depth]];
    if (!source || !target) continue;
    const own = source === edge.source && target === edge.destination;
    const id = own ? edge.id : `${LIFTED}${source}>${target}`;
    if (made.has(id)) continue;
    const line = { id, sources: [source], targets: [target] };
    made.set(id, line);
    (depth === 0 ? root : items.get(from[depth - 1] ?? ""))?.edges?.push(line);
  }
  const many = (root.children?.length ?? 0) > MOST_IN_LAYERS;
  root.layoutOptions = {
    ...ROOT_OPTIONS,
    ...SPACING,
    "elk.hierarchyHandling": "SEPARATE_CHILDREN",
    "elk.spacing.nodeNode": "48",
    ...(many ? PACKED : {}),
  };
  if (many) root.edges = [];
  return root;
}

/** An item and all that it is in, the outermost first. */
function chainOf(id: string, parents: ReadonlyMap<string, string>): string[] {
  const chain = [id];
  for (let at = parents.get(id); at; at = parents.get(at)) chain.unshift(at);
  return chain;
}
