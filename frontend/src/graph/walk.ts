import type { Point } from "./geometry";
import type { GraphEdge, GraphView } from "./model";

export const STEPS: Record<string, Point> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** Where an arrow key leads. From a node to the nearest node that way; with Shift onto an edge, to the right onto the
 * busiest call out, to the left onto the busiest call in. From an edge along it to either end, up and down to the other
 * edges of its caller. */
export function walk(
  view: GraphView,
  position: (id: string) => Point | null,
  from: string | null,
  key: string,
  ontoEdge: boolean,
): string | null {
  const direction = STEPS[key];
  if (!direction) return null;
  const edge = view.edges.find((one) => one.id === from);
  if (edge) return alongEdge(view, edge, direction);
  const origin = from ? position(from) : null;
  if (!from || !origin) return view.nodes[0]?.id ?? null;
  if (ontoEdge && direction.x !== 0) {
    const end = direction.x > 0 ? "source" : "destination";
    return busiest(view.edges.filter((one) => one[end] === from))[0]?.id ?? null;
  }
  return nearest(view, position, from, origin, direction);
}

function busiest(edges: GraphEdge[]): GraphEdge[] {
  return edges.sort((a, b) => b.rate - a.rate || (a.id < b.id ? -1 : 1));
}

function alongEdge(view: GraphView, edge: GraphEdge, direction: Point): string | null {
  if (direction.x !== 0) return direction.x > 0 ? edge.destination : edge.source;
  const siblings = busiest(view.edges.filter((one) => one.source === edge.source));
  const next = siblings.indexOf(edge) + direction.y;
  return siblings[(next + siblings.length) % siblings.length]?.id ?? null;
}

function nearest(
  view: GraphView,
  position: (id: string) => Point | null,
  from: string,
  origin: Point,
  direction: Point,
): string | null {
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const { id } of view.nodes) {
    const at = position(id);
    if (!at || id === from) continue;
    const [dx, dy] = [at.x - origin.x, at.y - origin.y];
    const along = dx * direction.x + dy * direction.y;
    if (along <= 1) continue;
    const cost = along + 2.2 * Math.abs(dx * direction.y - dy * direction.x);
    if (cost < least) [best, least] = [id, cost];
  }
  return best;
}
