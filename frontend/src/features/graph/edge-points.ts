import type { EdgeSingular } from "cytoscape";
import type { Point } from "../../graph/geometry";

const STEPS_PER_PIECE = 8;

/** Points along an edge as it is drawn, in model coordinates. */
export function edgePolyline(edge: EdgeSingular): Point[] {
  const start = edge.sourceEndpoint();
  const end = edge.targetEndpoint();
  const controls = (edge.controlPoints() ?? []) as Point[];
  if (controls.length === 0) return [start, end];
  const points: Point[] = [start];
  let from: Point = start;
  for (let index = 0; index < controls.length; index++) {
    const control = controls[index] as Point;
    const next = controls[index + 1];
    const to = next ? { x: (control.x + next.x) / 2, y: (control.y + next.y) / 2 } : end;
    for (let step = 1; step <= STEPS_PER_PIECE; step++) {
      const t = step / STEPS_PER_PIECE;
      const u = 1 - t;
      points.push({
        x: u * u * from.x + 2 * u * t * control.x + t * t * to.x,
        y: u * u * from.y + 2 * u * t * control.y + t * t * to.y,
      });
    }
    from = to;
  }
  return points;
}

/** The point at a fraction of a polyline's length. */
export function pointAt(points: readonly Point[], fraction: number): Point {
  const lengths = points
    .slice(1)
    .map((point, index) => Math.hypot(point.x - (points[index]?.x ?? 0), point.y - (points[index]?.y ?? 0)));
  let left = lengths.reduce((a, b) => a + b, 0) * fraction;
  for (let index = 0; index < lengths.length; index++) {
    const length = lengths[index] ?? 0;
    const from = points[index] as Point;
    const to = points[index + 1] as Point;
    if (left <= length && length > 0) {
      return { x: from.x + ((to.x - from.x) * left) / length, y: from.y + ((to.y - from.y) * left) / length };
    }
    left -= length;
  }
  return points.at(-1) ?? { x: 0, y: 0 };
}
