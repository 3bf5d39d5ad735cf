/** A view with a place for everything: what is painted on the screen and written into files. */
import {
  around,
  boundsOf,
  type Curve,
  freeCurve,
  grown,
  loopCurve,
  type Point,
  polyline,
  type Rect,
  rectAround,
  routedCurve,
  straightCurve,
} from "./geometry";
import type { Placement } from "./layout";
import { type LineLook, lineLook, type NodeLook, nodeLook } from "./looks";
import type { GraphBox, GraphEdge, GraphNode, GraphView } from "./model";
import type { EdgeLabel, Overlay } from "./overlay";

export interface DrawnNode {
  id: string;
  node: GraphNode;
  look: NodeLook;
  at: Point;
  rect: Rect;
}

export interface DrawnEdge {
  id: string;
  edge: GraphEdge;
  look: LineLook;
  source: DrawnNode;
  target: DrawnNode;
  route: readonly Point[] | undefined;
  curve: Curve;
  /** Points along the curve, for labels and for the pointer. */
  line: Point[];
  bounds: Rect;
}

export interface DrawnBox {
  id: string;
  box: GraphBox;
  rect: Rect;
  /** 0: in no other box. */
  depth: number;
}

/** What is chosen of how edges are told. */
export interface Telling {
  overlay: Overlay;
  labels: readonly EdgeLabel[];
}

export interface Picture extends Telling {
  nodes: ReadonlyMap<string, DrawnNode>;
  /** The lightest first. */
  edges: readonly DrawnEdge[];
  edgesById: ReadonlyMap<string, DrawnEdge>;
  /** The outermost first. */
  boxes: readonly DrawnBox[];
  bounds: Rect | null;
  straight: boolean;
}

export const BOX_PADDING = 18;
const NOWHERE: Point = { x: 0, y: 0 };

function same(a: Point, b: Point): boolean {
  return a.x === b.x && a.y === b.y;
}

/** The picture of a view. What didn't change since the picture before is taken from it: a delta costs what it changes. */
export function draw(view: GraphView, placement: Placement, telling: Telling, before: Picture | null): Picture {
  const nodes = new Map<string, DrawnNode>();
  for (const node of view.nodes) {
    const at = placement.positions[node.id] ?? NOWHERE;
    const old = before?.nodes.get(node.id);
    if (old && old.node === node && same(old.at, at)) {
      nodes.set(node.id, old);
      continue;
    }
    const look = nodeLook(node);
    nodes.set(node.id, { id: node.id, node, look, at: { ...at }, rect: rectAround(at, look) });
  }
  const straight = placement.straight ?? false;
  const told =
    before && before.overlay === telling.overlay && before.labels === telling.labels && before.straight === straight;
  const edges: DrawnEdge[] = [];
  for (const edge of view.edges) {
    const source = nodes.get(edge.source);
    const target = nodes.get(edge.destination);
    if (!source || !target) continue;
    const old = before?.edgesById.get(edge.id);
    const route = placement.routes[edge.id];
    const still =
      before &&
      old &&
      before.straight === straight &&
      old.route === route &&
      same(old.source.at, source.at) &&
      same(old.target.at, target.at) &&
      old.source.look.width === source.look.width &&
      old.target.look.width === target.look.width;
    if (still && told && old.edge === edge && old.source === source && old.target === target) {
      edges.push(old);
      continue;
    }
    const shape = still ? old : shaped(source, target, route, straight);
    edges.push({
      id: edge.id,
      edge,
      look: lineLook(edge, telling.overlay, telling.labels),
      source,
      target,
      route,
      curve: shape.curve,
      line: shape.line,
      bounds: shape.bounds,
    });
  }
  edges.sort((a, b) => a.look.weight - b.look.weight);
  const boxes = drawnBoxes(view, nodes);
  return {
    ...telling,
    nodes,
    edges,
    edgesById: new Map(edges.map((edge) => [edge.id, edge])),
    boxes,
    bounds: around([
      ...[...nodes.values()].map((node) => node.rect),
      ...boxes.map((box) => box.rect),
      ...edges.map((edge) => edge.bounds),
    ]),
    straight,
  };
}

function shaped(source: DrawnNode, target: DrawnNode, route: readonly Point[] | undefined, straight: boolean) {
  let curve: Curve | null = null;
  if (source === target) curve = loopCurve(source.at, source.look);
  else if (route) curve = routedCurve(source.at, target.at, route);
  curve ??= (straight ? straightCurve : freeCurve)(source.at, source.look, target.at, target.look);
  const line = polyline(curve);
  return { curve, line, bounds: boundsOf(line) };
}

/** Boxes around what is in them, the inner ones first measured. */
function drawnBoxes(view: GraphView, nodes: ReadonlyMap<string, DrawnNode>): DrawnBox[] {
  const boxes = new Map(view.boxes.map((box) => [box.id, box]));
  const inside = new Map<string, Rect[]>();
  const put = (box: string | null | undefined, rect: Rect) => {
    if (box && boxes.has(box)) inside.set(box, [...(inside.get(box) ?? []), rect]);
  };
  const rects = new Map<string, Rect[]>();
  for (const node of nodes.values()) {
    const box = node.node.box;
    if (!box) continue;
    const list = rects.get(box);
    if (list) list.push(node.rect);
    else rects.set(box, [node.rect]);
  }
  for (const [box, list] of rects) {
    const whole = around(list);
    if (whole) put(box, whole);
  }
  const depth = (box: GraphBox): number => {
    let count = 0;
    for (let at = box.parent && boxes.get(box.parent); at; at = at.parent ? boxes.get(at.parent) : undefined)
      count += 1;
    return count;
  };
  const drawn = view.boxes
    .map((box) => ({ box, depth: depth(box) }))
    .sort((a, b) => b.depth - a.depth)
    .flatMap(({ box, depth }) => {
      const content = around(inside.get(box.id) ?? []);
      if (!content) return [];
      const rect = grown(content, BOX_PADDING);
      // Its own name stands above it, within what it is in.
      put(box.parent, { ...rect, y: rect.y - 14, height: rect.height + 14 });
      return [{ id: box.id, box, rect, depth }];
    });
  return drawn.reverse();
}
