/** Paints a picture: boxes, edges, nodes, then what is written on them. Far away there is less: words, arrows and icons
 * go first, colours and marks stay. */
import { arrowHead, type Curve, grown, overlap, type Point, type Rect } from "./geometry";
import { paintNode } from "./paint-node";
import { paintPills } from "./paint-pills";
import type { Pen } from "./pen";
import type { DrawnEdge, Picture } from "./picture";
import { faded, type Scenery } from "./scenery";

const ARROWS_FROM = 0.28;
const NAMES_FROM = 30;
/** So many elements a step; more lines than this in one path make each of them dearer. */
const BUNDLE = 64;
/** More lines than this in sight grow faint. */
const CROWD = 800;
/** More changes than this are better painted with all the rest. */
const MOST_AT_ONCE = 800;

export function paint(pen: Pen, picture: Picture, scenery: Scenery): void {
  const steps = paintSteps(pen, picture, scenery);
  while (!steps.next().done);
}

/** The same in many small steps, for pictures that take longer than a frame. */
export function* paintSteps(pen: Pen, picture: Picture, scenery: Scenery): Generator<void> {
  const { sight } = scenery;
  const inSight = (rect: Rect, margin = 0) => !sight || overlap(grown(rect, margin), sight);
  for (const { rect, depth } of picture.boxes) {
    if (inSight(rect)) paintGround(pen, rect, depth, scenery);
  }
  const edges = picture.edges.filter((edge) => inSight(edge.bounds, 8));
  yield* paintEdges(pen, edges, scenery);
  let painted = 0;
  for (const node of picture.nodes.values()) {
    if (!inSight(node.rect, 20)) continue;
    paintNode(pen, node, scenery);
    painted += 1;
    if (painted % BUNDLE === 0) yield;
  }
  for (const box of picture.boxes) paintBoxName(pen, box.rect, box.box.label, scenery);
  yield;
  paintPills(pen, picture, edges, scenery);
}

/** What changed, over the picture as it was: seen at once, and painted properly with all the rest soon after. */
export function paintChanges(pen: Pen, picture: Picture, before: Picture, scenery: Scenery): void {
  const changed = picture.edges.filter((edge) => before.edgesById.get(edge.id) !== edge);
  if (changed.length > MOST_AT_ONCE) return;
  for (const _ of paintEdges(pen, changed, scenery));
  for (const node of picture.nodes.values()) if (before.nodes.get(node.id) !== node) paintNode(pen, node, scenery);
}

function paintGround(pen: Pen, rect: Rect, depth: number, { palette }: Scenery): void {
  pen.rect(rect, 12, {
    fill: palette.box,
    stroke: depth === 0 ? palette.border : palette.strong,
    width: 1,
    alpha: 0.8,
  });
}

function paintBoxName(pen: Pen, rect: Rect, name: string, { palette, zoom }: Scenery): void {
  if (rect.width * zoom < NAMES_FROM) return;
  const scale = Math.min(1.15, Math.max(0.75, zoom)) / zoom;
  pen.text(
    name,
    { x: rect.x + 4 / zoom, y: rect.y - 9 * scale },
    { size: 11.5 * scale, weight: 600, colour: palette.dim, rim: palette.page },
  );
}

/** Lines that look alike are painted together. */
function* paintEdges(pen: Pen, edges: readonly DrawnEdge[], scenery: Scenery): Generator<void> {
  const { palette, zoom } = scenery;
  for (const edge of edges) {
    const chosen = edge.id === scenery.selected;
    if (chosen || scenery.found?.has(edge.id))
      pen.lines([edge.curve], { stroke: palette.accent, width: edge.look.width + 10, alpha: chosen ? 0.32 : 0.2 });
  }
  const groups = new Map<string, DrawnEdge[]>();
  for (const edge of edges) {
    const { tone, width, dashed, idle } = edge.look;
    const dim = faded(scenery, edge.id) < 1;
    const key = `${ORDER[tone]}|${Math.round(width * 2)}|${dashed}|${idle}|${dim}`;
    const group = groups.get(key);
    if (group) group.push(edge);
    else groups.set(key, [edge]);
  }
  const arrows = zoom >= ARROWS_FROM;
  const crowd = Math.min(1, CROWD / Math.max(1, edges.length));
  for (const [, group] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const first = group[0] as DrawnEdge;
    const { tone, width, dashed, idle } = first.look;
    const colour = palette.tones[tone];
    // Among thousands of lines the calm ones become a haze, before which what is wrong stands out.
    const calm = tone === "warn" || tone === "bad" ? 1 : Math.max(0.14, crowd ** 0.8);
    const alpha = (idle ? 0.45 : 0.88) * calm * faded(scenery, first.id);
    const head = 5 + width * 1.6;
    // A line thinner than half a pixel is only a smear: it costs the same and says less.
    const thin = Math.max(calm < 0.5 ? Math.min(width, 1.6) : width, 0.6 / zoom);
    const ink = { stroke: colour, width: thin, alpha, ...(dashed ? { dash: [7, 5] } : {}) };
    for (let from = 0; from < group.length; from += BUNDLE) {
      const bundle = group.slice(from, from + BUNDLE);
      pen.lines(arrows ? bundle.map(({ curve }) => shortened(curve, head * 0.8)) : bundle.map(direct), ink);
      if (arrows)
        pen.polygons(
          bundle.map(({ curve }) => arrowHead(curve, head)),
          { fill: colour, alpha },
        );
      yield;
    }
  }
}

/** From so far away a bend can't be told from a straight line. */
function direct({ curve }: DrawnEdge): Curve {
  return curve.length === 3 ? [curve[0] as Point, curve[2] as Point] : curve;
}

/** What is wrong is painted last. */
const ORDER = { muted: 0, plain: 1, good: 2, warn: 3, bad: 4 } as const;

/** The curve up to the arrowhead's middle, so that its tip stays sharp. */
function shortened(curve: Curve, by: number): Curve {
  const tip = curve.at(-1) as Point;
  const from = curve.at(-2) as Point;
  const length = Math.hypot(tip.x - from.x, tip.y - from.y);
  if (length <= by) return curve;
  const end = { x: tip.x - ((tip.x - from.x) / length) * by, y: tip.y - ((tip.y - from.y) / length) * by };
  return [...curve.slice(0, -1), end];
}
