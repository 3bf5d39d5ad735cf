/** A layout by forces: what calls each other is near, what doesn't is apart, and boxes don't overlap. The same view is
 * always laid out alike: nothing is random. */
import { around, grown, overlap, type Point, type Rect, rectAround } from "./geometry";
import { type LayoutView, type Placement, rootBoxes } from "./layout";
import { nodeSize } from "./node-size";
import { BOX_PADDING } from "./picture";

const NEAR = 130;
/** Nodes are wide: a step to the side counts for less than one up or down. */
const FLAT = 0.55;
/** Nodes farther from each other than so (squared) don't push. */
const FAR = (2.2 * NEAR) ** 2;
const COHESION = 0.11;
const GAP = 44;
const MARGIN = 26;

interface Body {
  id: string;
  x: number;
  y: number;
  dx: number;
  dy: number;
  group: number;
  width: number;
  height: number;
}

export function organicPlacement(view: LayoutView): Placement {
  const groups = [...new Set(view.nodes.map((node) => node.box ?? ""))].sort();
  const bodies = [...view.nodes]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(
      (node, index): Body => ({
        id: node.id,
        ...start(index),
        dx: 0,
        dy: 0,
        group: groups.indexOf(node.box ?? ""),
        ...nodeSize(node),
      }),
    );
  const index = new Map(bodies.map((body, place) => [body.id, place]));
  const links: [number, number][] = [];
  for (const edge of view.edges) {
    const [from, to] = [index.get(edge.source), index.get(edge.destination)];
    if (from !== undefined && to !== undefined && from !== to) links.push([from, to]);
  }
  const steps = bodies.length <= 200 ? 300 : bodies.length <= 800 ? 140 : 70;
  for (let step = 0; step < steps; step++) push(bodies, links, groups.length, NEAR * 1.6 * (1 - step / steps) + 2);
  separateNodes(bodies);
  separateGroups(bodies, (body) => groups[body.group] ?? "", BOX_PADDING + GAP / 2);
  const roots = rootBoxes(view.boxes);
  if ([...roots].some(([box, root]) => box !== root))
    separateGroups(bodies, (body) => roots.get(groups[body.group] ?? "") ?? "", 2 * BOX_PADDING + GAP);
  return {
    positions: Object.fromEntries(bodies.map(({ id, x, y }) => [id, { x: Math.round(x), y: Math.round(y) }])),
    routes: {},
    straight: true,
  };
}

/** On a sunflower's spiral: even, and nobody on top of another. */
function start(index: number): Point {
  const [radius, angle] = [70 * Math.sqrt(index + 0.5), index * 2.399963];
  return { x: (radius * Math.cos(angle)) / FLAT, y: radius * Math.sin(angle) };
}

/** One step of all forces, at most so far. */
function push(bodies: Body[], links: readonly [number, number][], groups: number, most: number): void {
  const centres = Array.from({ length: groups }, () => ({ x: 0, y: 0, n: 0 }));
  for (const body of bodies) {
    const centre = centres[body.group];
    if (!centre) continue;
    centre.x += body.x;
    centre.y += body.y;
    centre.n += 1;
    body.dx = body.dy = 0;
  }
  for (let i = 0; i < bodies.length; i++) {
    const a = bodies[i] as Body;
    for (let j = i + 1; j < bodies.length; j++) {
      const b = bodies[j] as Body;
      const dx = (a.x - b.x) * FLAT;
      const dy = a.y - b.y;
      const square = dx * dx + dy * dy;
      if (square > FAR) continue;
      const force = (NEAR * NEAR) / (square + 25) / 2;
      a.dx += dx * force;
      a.dy += dy * force;
      b.dx -= dx * force;
      b.dy -= dy * force;
    }
  }
  for (const [from, to] of links) {
    const [a, b] = [bodies[from] as Body, bodies[to] as Body];
    const dx = (b.x - a.x) * FLAT;
    const dy = b.y - a.y;
    const force = Math.hypot(dx, dy) / NEAR / 3;
    a.dx += dx * force;
    a.dy += dy * force;
    b.dx -= dx * force;
    b.dy -= dy * force;
  }
  for (const body of bodies) {
    const centre = centres[body.group] as { x: number; y: number; n: number };
    body.dx += (centre.x / centre.n - body.x) * FLAT * COHESION * Math.sqrt(centre.n);
    body.dy += (centre.y / centre.n - body.y) * COHESION * Math.sqrt(centre.n);
    // All of it stays together.
    body.dx -= body.x * FLAT * 0.012;
    body.dy -= body.y * 0.02;
    const length = Math.hypot(body.dx, body.dy) || 1;
    const scale = Math.min(length, most) / length;
    body.x += (body.dx * scale) / FLAT;
    body.y += body.dy * scale;
  }
}

/** How far two rectangles must move from each other, along the shorter way. */
function parting(a: Rect, b: Rect): Point {
  const x = Math.min(a.x + a.width - b.x, b.x + b.width - a.x);
  const y = Math.min(a.y + a.height - b.y, b.y + b.height - a.y);
  const side = (from: number, to: number) => (from <= to ? -1 : 1);
  return x < y
    ? { x: (side(a.x + a.width / 2, b.x + b.width / 2) * x) / 2, y: 0 }
    : { x: 0, y: (side(a.y + a.height / 2, b.y + b.height / 2) * y) / 2 };
}

function separateNodes(bodies: Body[]): void {
  const ordered = [...bodies];
  for (let round = 0; round < 60; round++) {
    let moved = false;
    ordered.sort((a, b) => a.x - b.x);
    for (let i = 0; i < ordered.length; i++) {
      const a = ordered[i] as Body;
      for (let j = i + 1; j < ordered.length; j++) {
        const b = ordered[j] as Body;
        if (b.x - a.x > 320) break;
        const [one, other] = [grown(rectAround(a, a), MARGIN / 2), grown(rectAround(b, b), MARGIN / 2)];
        if (!overlap(one, other)) continue;
        const { x, y } = parting(one, other);
        a.x += x;
        a.y += y;
        b.x -= x;
        b.y -= y;
        moved = true;
      }
    }
    if (!moved) return;
  }
}

/** Boxes, and nodes that are in none, part until they don't overlap. */
function separateGroups(bodies: Body[], boxOf: (body: Body) => string, margin: number): void {
  const boxed = new Map<string, Body[]>();
  for (const body of bodies) {
    const key = boxOf(body) || `alone ${body.id}`;
    boxed.set(key, [...(boxed.get(key) ?? []), body]);
  }
  const units = [...boxed.values()];
  const outline = (unit: Body[]) => {
    const rect = around(unit.map((body) => rectAround(body, body)));
    return grown(rect ?? { x: 0, y: 0, width: 0, height: 0 }, margin);
  };
  for (let round = 0; round < 200; round++) {
    let moved = false;
    const rects = units.map(outline);
    for (let i = 0; i < units.length; i++) {
      for (let j = i + 1; j < units.length; j++) {
        const [a, b] = [rects[i] as Rect, rects[j] as Rect];
        if (!overlap(a, b)) continue;
        const by = parting(a, b);
        shift(units[i] as Body[], a, by.x, by.y);
        shift(units[j] as Body[], b, -by.x, -by.y);
        moved = true;
      }
    }
    if (!moved) return;
  }
}

function shift(unit: Body[], rect: Rect, x: number, y: number): void {
  rect.x += x;
  rect.y += y;
  for (const body of unit) {
    body.x += x;
    body.y += y;
  }
}
