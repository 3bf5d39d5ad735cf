export interface Point {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Rect extends Point, Size {}

/** A smooth line: its first and last points are its ends, those between pull it (a quadratic B-spline). */
export type Curve = readonly Point[];

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

/** The curve between two nodes along a route of absolute points (its first and last are the ends). */
export function routedCurve(source: Point, target: Point, route: readonly Point[]): Curve | null {
  const start = route[0];
  const end = route.at(-1);
  if (!start || !end || route.length < 2) return null;
  const sides: Sides = { start: start.x >= source.x ? 1 : -1, end: end.x > target.x ? 1 : -1 };
  return [start, ...controlPoints(start, end, route.slice(1, -1), sides), end];
}

/** The curve between two nodes that stand away from any route: out of the right side, into the left one. */
export function freeCurve(source: Point, sourceSize: Size, target: Point, targetSize: Size): Curve {
  const start = { x: source.x + sourceSize.width / 2, y: source.y };
  const end = { x: target.x - targetSize.width / 2, y: target.y };
  if (end.x >= start.x) return [start, ...controlPoints(start, end, []), end];
  const above = Math.min(start.y, end.y) - 70;
  return [
    start,
    { x: start.x + 40, y: start.y },
    { x: start.x + 40, y: above },
    { x: end.x - 40, y: above },
    { x: end.x - 40, y: end.y },
    end,
  ];
}

/** A nearly straight line from border to border, bent to its right so that there and back are two lines. */
export function straightCurve(source: Point, sourceSize: Size, target: Point, targetSize: Size): Curve {
  const length = Math.hypot(target.x - source.x, target.y - source.y) || 1;
  const aside = Math.min(14, length * 0.06);
  const middle = {
    x: (source.x + target.x) / 2 - ((target.y - source.y) / length) * aside,
    y: (source.y + target.y) / 2 + ((target.x - source.x) / length) * aside,
  };
  return [border(source, sourceSize, middle), middle, border(target, targetSize, middle)];
}

/** An arch above a node that calls itself. */
export function loopCurve(at: Point, size: Size): Curve {
  const top = at.y - size.height / 2;
  return [
    { x: at.x + 15, y: top },
    { x: at.x + 24, y: top - 34 },
    { x: at.x - 24, y: top - 34 },
    { x: at.x - 15, y: top },
  ];
}

/** Where the line from a rectangle's centre toward a point leaves it. */
function border(centre: Point, size: Size, toward: Point): Point {
  const [dx, dy] = [toward.x - centre.x, toward.y - centre.y];
  const scale = Math.min(size.width / 2 / (Math.abs(dx) || 1e-9), size.height / 2 / (Math.abs(dy) || 1e-9), 1);
  return { x: centre.x + dx * scale, y: centre.y + dy * scale };
}

const round = (number: number) => Math.round(number * 10) / 10;

/** A curve as SVG path data. */
export function pathData(curve: Curve): string {
  const [start, ...rest] = curve;
  if (!start) return "";
  const parts = [`M${round(start.x)} ${round(start.y)}`];
  eachPiece(rest, (control, to) => {
    parts.push(
      control
        ? `Q${round(control.x)} ${round(control.y)} ${round(to.x)} ${round(to.y)}`
        : `L${round(to.x)} ${round(to.y)}`,
    );
  });
  return parts.join("");
}

/** The quadratic pieces of a curve after its start: control point (none: straight) and end of each. */
export function eachPiece(rest: Curve, draw: (control: Point | null, to: Point) => void): void {
  const end = rest.at(-1);
  if (!end) return;
  if (rest.length === 1) {
    draw(null, end);
    return;
  }
  for (let index = 0; index < rest.length - 1; index++) {
    const control = rest[index] as Point;
    const next = rest[index + 1] as Point;
    draw(control, index === rest.length - 2 ? end : { x: (control.x + next.x) / 2, y: (control.y + next.y) / 2 });
  }
}

const STEPS_PER_PIECE = 6;

/** Points along a curve. */
export function polyline(curve: Curve): Point[] {
  const [start, ...rest] = curve;
  if (!start) return [];
  const points = [start];
  let from = start;
  eachPiece(rest, (control, to) => {
    for (let step = 1; control && step < STEPS_PER_PIECE; step++) {
      const t = step / STEPS_PER_PIECE;
      const u = 1 - t;
      points.push({
        x: u * u * from.x + 2 * u * t * control.x + t * t * to.x,
        y: u * u * from.y + 2 * u * t * control.y + t * t * to.y,
      });
    }
    points.push(to);
    from = to;
  });
  return points;
}

/** The point at a fraction of a polyline's length. */
export function pointAt(points: readonly Point[], fraction: number): Point {
  let left = lengthOf(points) * fraction;
  for (let index = 1; index < points.length; index++) {
    const from = points[index - 1] as Point;
    const to = points[index] as Point;
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    if (left <= length && length > 0)
      return { x: from.x + ((to.x - from.x) * left) / length, y: from.y + ((to.y - from.y) * left) / length };
    left -= length;
  }
  return points.at(-1) ?? { x: 0, y: 0 };
}

function lengthOf(points: readonly Point[]): number {
  let length = 0;
  for (let index = 1; index < points.length; index++) {
    const [from, to] = [points[index - 1] as Point, points[index] as Point];
    length += Math.hypot(to.x - from.x, to.y - from.y);
  }
  return length;
}

/** The three corners of an arrowhead, the tip first. */
export function arrowHead(curve: Curve, length: number): [Point, Point, Point] {
  const tip = curve.at(-1) ?? { x: 0, y: 0 };
  const from = curve.at(-2) ?? tip;
  const distance = Math.hypot(tip.x - from.x, tip.y - from.y) || 1;
  const [dx, dy] = [(tip.x - from.x) / distance, (tip.y - from.y) / distance];
  const half = length * 0.5;
  const back = { x: tip.x - dx * length, y: tip.y - dy * length };
  return [tip, { x: back.x - dy * half, y: back.y + dx * half }, { x: back.x + dy * half, y: back.y - dx * half }];
}

/** How far a point is from a polyline. */
export function distanceTo(points: readonly Point[], at: Point): number {
  let least = Number.POSITIVE_INFINITY;
  for (let index = 1; index < points.length; index++) {
    const [a, b] = [points[index - 1] as Point, points[index] as Point];
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const t = Math.max(0, Math.min(1, ((at.x - a.x) * dx + (at.y - a.y) * dy) / (dx * dx + dy * dy || 1)));
    least = Math.min(least, Math.hypot(at.x - a.x - t * dx, at.y - a.y - t * dy));
  }
  return least;
}

export function rectAround(at: Point, size: Size): Rect {
  return { x: at.x - size.width / 2, y: at.y - size.height / 2, ...size };
}

export function overlap(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

export function contains(rect: Rect, at: Point): boolean {
  return at.x >= rect.x && at.x <= rect.x + rect.width && at.y >= rect.y && at.y <= rect.y + rect.height;
}

/** The smallest rectangle with all of these in it; null of none. */
export function around(rects: Iterable<Rect>): Rect | null {
  let [left, top, right, bottom] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  for (const rect of rects) {
    left = Math.min(left, rect.x);
    top = Math.min(top, rect.y);
    right = Math.max(right, rect.x + rect.width);
    bottom = Math.max(bottom, rect.y + rect.height);
  }
  return left <= right ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}

export function boundsOf(points: readonly Point[]): Rect {
  return around(points.map((point) => ({ ...point, width: 0, height: 0 }))) ?? { x: 0, y: 0, width: 0, height: 0 };
}

export function grown(rect: Rect, by: number): Rect {
  return { x: rect.x - by, y: rect.y - by, width: rect.width + 2 * by, height: rect.height + 2 * by };
}
