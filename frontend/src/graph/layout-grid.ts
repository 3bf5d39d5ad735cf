/** A layout for views that are too large for anything clever: in each box callers stand left of what they call, in
 * columns; boxes are packed in shelves, the busiest first. It takes time in proportion to the edges. */
import type { Size } from "./geometry";
import { type LayoutView, type Placement, rootBoxes } from "./layout";
import { NODE_HEIGHT, nodeSize } from "./node-size";
import { BOX_PADDING } from "./picture";

const ROW = NODE_HEIGHT + 22;
const COLUMN_GAP = 56;
const BOX_GAP = 64;
/** How much wider than high the whole becomes. */
const ASPECT = 1.6;
const SWEEPS = 4;

type LayoutNode = LayoutView["nodes"][number];
type LayoutEdge = LayoutView["edges"][number];

export function gridPlacement(view: LayoutView): Placement {
  const groups = new Map<string, LayoutNode[]>();
  for (const node of [...view.nodes].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const key = node.box ?? "";
    const list = groups.get(key);
    if (list) list.push(node);
    else groups.set(key, [node]);
  }
  const boxOf = new Map(view.nodes.map((node) => [node.id, node.box ?? ""]));
  const inner = new Map<string, LayoutEdge[]>();
  const traffic = new Map<string, number>();
  for (const edge of view.edges) {
    const [from, to] = [boxOf.get(edge.source), boxOf.get(edge.destination)];
    if (from === undefined || to === undefined) continue;
    if (from === to) inner.set(from, [...(inner.get(from) ?? []), edge]);
    traffic.set(from, (traffic.get(from) ?? 0) + edge.rate);
    traffic.set(to, (traffic.get(to) ?? 0) + edge.rate);
  }
  const roots = rootBoxes(view.boxes);
  const nested = [...roots].some(([box, root]) => box !== root);
  const blocks = [...groups]
    .map(([key, nodes]) => ({
      key,
      root: nested ? (roots.get(key) ?? "") : "",
      rate: traffic.get(key) ?? 0,
      ...columns(nodes, inner.get(key) ?? []),
    }))
    .sort((a, b) => compare(a.root, b.root) || b.rate - a.rate || compare(a.key, b.key));
  const area = blocks.reduce((sum, block) => sum + (block.width + BOX_GAP) * (block.height + BOX_GAP), 0);
  const shelf = Math.max(Math.sqrt(area * ASPECT), ...blocks.map((block) => block.width));
  const positions: Placement["positions"] = {};
  let [x, y, tallest] = [0, 0, 0];
  let root = blocks[0]?.root;
  for (const block of blocks) {
    // What is in another outer box begins below all of this one.
    if (block.root !== root) [x, y, tallest] = [0, y + tallest + 2 * BOX_GAP, 0];
    root = block.root;
    if (x > 0 && x + block.width > shelf) [x, y, tallest] = [0, y + tallest + BOX_GAP, 0];
    for (const [id, at] of block.places) positions[id] = { x: x + at.x, y: y + at.y };
    x += block.width + BOX_GAP;
    tallest = Math.max(tallest, block.height);
  }
  return { positions, routes: {}, straight: true };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

interface Block extends Size {
  places: [string, { x: number; y: number }][];
}

/** The nodes of a box in columns by how far down the calls they are; long columns are broken. */
function columns(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): Block {
  const ranks = rankOf(nodes, edges);
  const most = Math.max(4, Math.ceil(Math.sqrt(nodes.length * 2.2)));
  const layers: LayoutNode[][] = [];
  for (const node of nodes) {
    const rank = ranks.get(node.id) ?? 0;
    const layer = layers[rank];
    if (layer) layer.push(node);
    else layers[rank] = [node];
  }
  const filled = layers.filter(Boolean);
  untangle(filled, edges);
  const broken = filled.flatMap((layer) => {
    const parts = Math.ceil(layer.length / most);
    const size = Math.ceil(layer.length / parts);
    return Array.from({ length: parts }, (_, part) => layer.slice(part * size, (part + 1) * size));
  });
  const height = Math.max(...broken.map((column) => column.length)) * ROW - (ROW - NODE_HEIGHT);
  const places: Block["places"] = [];
  let x = BOX_PADDING;
  for (const column of broken) {
    const width = Math.max(...column.map((node) => nodeSize(node).width));
    const top = BOX_PADDING + (height - (column.length * ROW - (ROW - NODE_HEIGHT))) / 2 + NODE_HEIGHT / 2;
    column.forEach((node, index) => {
      places.push([node.id, { x: Math.round(x + width / 2), y: Math.round(top + index * ROW) }]);
    });
    x += width + COLUMN_GAP;
  }
  return { places, width: x - COLUMN_GAP + BOX_PADDING, height: height + 2 * BOX_PADDING };
}

/** How many calls deep each node is, from those that nobody in the box calls; circles are entered somewhere. */
function rankOf(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): Map<string, number> {
  const called = new Map<string, string[]>();
  const callers = new Map<string, number>();
  for (const { source, destination } of edges) {
    if (source === destination) continue;
    called.set(source, [...(called.get(source) ?? []), destination]);
    callers.set(destination, (callers.get(destination) ?? 0) + 1);
  }
  const ranks = new Map<string, number>();
  const order = [...nodes].sort((a, b) => (callers.get(a.id) ?? 0) - (callers.get(b.id) ?? 0));
  for (const start of order) {
    if (ranks.has(start.id)) continue;
    ranks.set(start.id, 0);
    let rim = [start.id];
    for (let depth = 1; rim.length > 0; depth++) {
      rim = rim.flatMap((id) => called.get(id) ?? []).filter((id) => !ranks.has(id));
      rim = [...new Set(rim)];
      for (const id of rim) ranks.set(id, depth);
    }
  }
  return ranks;
}

/** Puts each node of a layer at the height of what it calls and is called by. */
function untangle(layers: LayoutNode[][], edges: readonly LayoutEdge[]): void {
  const beside = new Map<string, string[]>();
  for (const { source, destination } of edges) {
    beside.set(source, [...(beside.get(source) ?? []), destination]);
    beside.set(destination, [...(beside.get(destination) ?? []), source]);
  }
  const height = new Map<string, number>();
  const measure = (layer: readonly LayoutNode[]) =>
    layer.forEach((node, index) => {
      height.set(node.id, (index + 0.5) / layer.length);
    });
  layers.forEach(measure);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const layer of sweep % 2 ? [...layers].reverse() : layers) {
      const wanted = new Map(
        layer.map(({ id }) => {
          const near = (beside.get(id) ?? []).map((other) => height.get(other) ?? 0.5);
          return [id, near.length > 0 ? near.reduce((a, b) => a + b, 0) / near.length : (height.get(id) ?? 0.5)];
        }),
      );
      layer.sort((a, b) => (wanted.get(a.id) ?? 0) - (wanted.get(b.id) ?? 0) || (a.id < b.id ? -1 : 1));
      measure(layer);
    }
  }
}
