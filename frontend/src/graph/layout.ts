import type { Point, Size } from "./geometry";
import type { GraphBox, GraphEdge, GraphNode, GraphView } from "./model";
import { NODE_HEIGHT, nodeSize } from "./node-size";

/** Where nodes are (centres) and how edges run (absolute points, first and last are the ends). */
export interface Placement {
  positions: Record<string, Point>;
  routes: Record<string, Point[]>;
  /** Edges without a route run straight instead of from side to side. */
  straight?: boolean;
}

export const LAYOUTS = ["layered", "organic", "namespace"] as const;
export type LayoutName = (typeof LAYOUTS)[number];

/** More than a layered layout of the whole can bear, in time and in lines that can still be followed. */
const MOST_LAYERED_EDGES = 700;
const MOST_LAYERED_NODES = 400;

export function tooLargeForLayers(view: Pick<GraphView, "nodes" | "edges">): boolean {
  return view.edges.length > MOST_LAYERED_EDGES || view.nodes.length > MOST_LAYERED_NODES;
}

/** The layout that is made when this one is asked for: layers of a large view are made namespace by namespace. */
/** What a layout looks at. */
export interface LayoutView {
  nodes: readonly Pick<GraphNode, "id" | "label" | "box">[];
  edges: readonly Pick<GraphEdge, "source" | "destination" | "rate">[];
  boxes: readonly Pick<GraphBox, "id" | "parent">[];
}

/** The outermost box of each box. */
export function rootBoxes(boxes: LayoutView["boxes"]): Map<string, string> {
  const parents = new Map(boxes.map((box) => [box.id, box.parent ?? null]));
  const rootOf = (id: string): string => {
    const parent = parents.get(id);
    return parent && parents.has(parent) ? rootOf(parent) : id;
  };
  return new Map(boxes.map(({ id }) => [id, rootOf(id)]));
}

export function layoutFor(view: Pick<GraphView, "nodes" | "edges">, asked: LayoutName): LayoutName {
  return asked === "layered" && tooLargeForLayers(view) ? "namespace" : asked;
}

/** What ELK reads and gives back, as far as it is used here. */
export interface ElkItem {
  id: string;
  x?: number;
  y?: number;
  width?: number;
  height?: number;
  children?: ElkItem[];
  edges?: ElkLine[];
  layoutOptions?: Record<string, string>;
}

export interface ElkLine {
  id: string;
  sources: string[];
  targets: string[];
  sections?: { startPoint: Point; endPoint: Point; bendPoints?: Point[] }[];
}

/** Every box needs them too: ELK's spacings aren't inherited. */
export const SPACING = {
  "elk.spacing.nodeNode": "26",
  "elk.spacing.edgeNode": "20",
  "elk.spacing.edgeEdge": "14",
  "elk.layered.spacing.nodeNodeBetweenLayers": "96",
  "elk.layered.spacing.edgeNodeBetweenLayers": "28",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "10",
};

export const ROOT_OPTIONS = {
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.json.edgeCoords": "ROOT",
  "elk.json.shapeCoords": "ROOT",
  "elk.edgeRouting": "POLYLINE",
  "elk.spacing.componentComponent": "40",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.layered.nodePlacement.favorStraightEdges": "true",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.thoroughness": "12",
};

export const BOX_OPTIONS = { "elk.padding": "[top=30,left=18,bottom=18,right=18]" };

/** Layers stand as far apart as what is written between them is long, and closer where every second one holds only
 * services. */
function spacing(view: GraphView, labels: number): Record<string, string> {
  // A call within a namespace is an arch above it.
  const arched = view.edges.some((edge) => edge.source === edge.destination);
  const alternating =
    view.nodes.some((node) => node.kind === "service") && view.nodes.some((node) => node.kind === "workload");
  return {
    ...SPACING,
    "elk.layered.spacing.nodeNodeBetweenLayers": String(alternating ? 42 + 24 * labels : 62 + 44 * labels),
    ...(arched ? { "elk.spacing.nodeNode": "72" } : {}),
  };
}

export const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** The layered-layout problem of a view. Sorted, so that the same view is always laid out alike.
 * `labels`: how many stand on each edge. */
export function elkGraph(view: GraphView, labels = 1): ElkItem {
  const distances = spacing(view, labels);
  const boxes = new Map<string, ElkItem>();
  const top: ElkItem[] = [];
  for (const box of [...view.boxes].sort(byId)) {
    boxes.set(box.id, { id: box.id, layoutOptions: { ...BOX_OPTIONS, ...distances }, children: [] });
  }
  for (const box of view.boxes) {
    const item = boxes.get(box.id);
    const parent = box.parent ? boxes.get(box.parent) : undefined;
    if (item) (parent?.children ?? top).push(item);
  }
  const nodes = new Set<string>();
  for (const node of [...view.nodes].sort(byId)) {
    nodes.add(node.id);
    const box = node.box ? boxes.get(node.box) : undefined;
    (box?.children ?? top).push({ id: node.id, ...nodeSize(node) });
  }
  const edges = view.edges
    .filter((edge) => nodes.has(edge.source) && nodes.has(edge.destination) && edge.source !== edge.destination)
    .map((edge) => ({ id: edge.id, sources: [edge.source], targets: [edge.destination] }))
    .sort(byId);
  return { id: "", layoutOptions: { ...ROOT_OPTIONS, ...distances }, children: top, edges };
}

/** Begins the ids of edges that stand for others, between boxes. */
export const LIFTED = "~";

export function readPlacement(result: ElkItem): Placement {
  const positions: Placement["positions"] = {};
  const routes: Placement["routes"] = {};
  const visit = (item: ElkItem) => {
    for (const edge of item.edges ?? []) {
      const section = edge.sections?.[0];
      if (section && !edge.id.startsWith(LIFTED))
        routes[edge.id] = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
    }
    if (item.children?.length) for (const child of item.children) visit(child);
    else if (item.x != null && item.y != null) {
      positions[item.id] = { x: item.x + (item.width ?? 0) / 2, y: item.y + (item.height ?? 0) / 2 };
    }
  };
  visit(result);
  return { positions, routes };
}

/** Keeps a placement when few nodes are new, putting those beside a neighbour; null when a new layout is due. */
export function keepPlacement(view: GraphView, old: Placement): Placement | null {
  const fresh = view.nodes.filter((node) => !old.positions[node.id]);
  const kept = view.nodes.length - fresh.length;
  if (kept === 0 || fresh.length > Math.max(1, kept * 0.1)) return null;
  const positions: Placement["positions"] = {};
  for (const node of view.nodes) {
    const position = old.positions[node.id];
    if (position) positions[node.id] = position;
  }
  const taken = Object.values(positions);
  for (const node of fresh) {
    const size = nodeSize(node);
    positions[node.id] = freeSpot(besideNeighbour(view, node, positions), size, taken);
    taken.push(positions[node.id] as Point);
  }
  const routes: Placement["routes"] = {};
  for (const edge of view.edges) {
    const route = old.routes[edge.id];
    if (route) routes[edge.id] = route;
  }
  return { ...old, positions, routes };
}

function besideNeighbour(view: GraphView, node: GraphNode, positions: Record<string, Point>): Point {
  for (const edge of view.edges) {
    const source = edge.destination === node.id ? positions[edge.source] : undefined;
    if (source) return { x: source.x + 220, y: source.y };
    const destination = edge.source === node.id ? positions[edge.destination] : undefined;
    if (destination) return { x: destination.x - 220, y: destination.y };
  }
  const mate = view.nodes.find((other) => other.box === node.box && positions[other.id]);
  const beside = mate ? positions[mate.id] : undefined;
  if (beside) return { x: beside.x, y: beside.y + NODE_HEIGHT + 26 };
  const all = Object.values(positions);
  return { x: Math.min(0, ...all.map((point) => point.x)), y: Math.max(0, ...all.map((point) => point.y)) + 90 };
}

function freeSpot(wanted: Point, size: Size, taken: readonly Point[]): Point {
  const step = NODE_HEIGHT + 26;
  for (let ring = 0; ring < 200; ring++) {
    const offset = ring % 2 === 0 ? (ring / 2) * step : -((ring + 1) / 2) * step;
    const spot = { x: wanted.x, y: wanted.y + offset };
    const clear = taken.every(
      (other) => Math.abs(other.x - spot.x) > size.width + 20 || Math.abs(other.y - spot.y) >= step - 8,
    );
    if (clear) return spot;
  }
  return wanted;
}
