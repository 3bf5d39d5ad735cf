export interface Point {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

/** A curve as Cytoscape wants it: ends relative to the nodes' centres, control points relative to the line between
 * the ends (a fraction along it, and pixels to its side). */
export interface Curve {
  sourceEnd: Point;
  targetEnd: Point;
  weights: number[];
  distances: number[];
}

const LEAD = 18;

/** Which way a curve leaves its start and reaches its end: 1 on the right side of a node, -1 on the left. */
export interface Sides {
  start: 1 | -1;
  end: 1 | -1;
}

const FORWARD: Sides = { start: 1, end: -1 };

/** Control points of a curve that stands straight on the sides of its nodes and follows the bends between. */
export function controlPoints(start: Point, end: Point, bends: readonly Point[], sides: Sides = FORWARD): Point[] {
  const reach = bends.length === 0 ? Math.max(LEAD, Math.abs(end.x - start.x) / 2) : LEAD;
  return [{ x: start.x + sides.start * reach, y: start.y }, ...bends, { x: end.x + sides.end * reach, y: end.y }];
}

export function relativeCurve(
  start: Point,
  end: Point,
  points: readonly Point[],
): Pick<Curve, "weights" | "distances"> {
  const dx = end.x - start.x;
  const dy = end.y - start.y;
  const length = Math.hypot(dx, dy) || 1;
  const along = (point: Point) => ((point.x - start.x) * dx + (point.y - start.y) * dy) / (length * length);
  const aside = (point: Point) => ((point.x - start.x) * -dy + (point.y - start.y) * dx) / length;
  return { weights: points.map(along), distances: points.map(aside) };
}

/** The curve between two nodes along a route of absolute points (its first and last are the ends). */
export function routedCurve(source: Point, target: Point, route: readonly Point[]): Curve | null {
  const start = route[0];
  const end = route.at(-1);
  if (!start || !end || route.length < 2) return null;
  const sides: Sides = { start: start.x >= source.x ? 1 : -1, end: end.x > target.x ? 1 : -1 };
  return {
    sourceEnd: { x: start.x - source.x, y: start.y - source.y },
    targetEnd: { x: end.x - target.x, y: end.y - target.y },
    ...relativeCurve(start, end, controlPoints(start, end, route.slice(1, -1), sides)),
  };
}

/** The curve between two nodes that were moved away from their route: out of the right side, into the left one. */
export function freeCurve(source: Point, sourceSize: Size, target: Point, targetSize: Size): Curve {
  const start = { x: source.x + sourceSize.width / 2, y: source.y };
  const end = { x: target.x - targetSize.width / 2, y: target.y };
  const backward = end.x < start.x;
  const lift = backward ? 70 : 0;
  const points = backward
    ? [
        { x: start.x + 40, y: start.y },
        { x: start.x + 40, y: Math.min(start.y, end.y) - lift },
        { x: end.x - 40, y: Math.min(start.y, end.y) - lift },
        { x: end.x - 40, y: end.y },
      ]
    : controlPoints(start, end, []);
  return {
    sourceEnd: { x: sourceSize.width / 2, y: 0 },
    targetEnd: { x: -targetSize.width / 2, y: 0 },
    ...relativeCurve(start, end, points),
  };
}
