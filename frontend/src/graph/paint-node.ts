import { grown, type Point, type Rect } from "./geometry";
import { BADGE_GLYPHS, KIND_GLYPHS } from "./glyphs";
import { HEALTH_TONES, LOUD_BADGES, type NodeLook } from "./looks";
import type { HealthState } from "./model";
import type { Tone } from "./overlay";
import type { Palette } from "./palette";
import type { Pen } from "./pen";
import type { DrawnNode } from "./picture";
import { faded, type Scenery } from "./scenery";

const WORDS_FROM = 0.38;
const RINGS_FROM = 0.22;
const RING = 11;
const BADGE = 15;
const SHOWN_BADGES = 3;

/** A node: its ring (kind, health, share of errors), its name and its badges. */
export function paintNode(pen: Pen, node: DrawnNode, scenery: Scenery): void {
  const { palette, zoom } = scenery;
  const { look, rect } = node;
  const alpha = faded(scenery, node.id) * (look.outside ? 0.55 : 1);
  const tone = palette.tones[HEALTH_TONES[look.state]];
  const loud = look.state === "degraded" || look.state === "failing";
  const chosen = node.id === scenery.selected;
  const found = scenery.found?.has(node.id) ?? false;
  if (chosen || found)
    pen.rect(grown(rect, 5), look.corner + 4, { fill: palette.accent, alpha: (chosen ? 0.26 : 0.2) * alpha });
  const far = zoom < RINGS_FROM;
  const border = chosen || found ? palette.accent : loud || far ? tone : palette.strong;
  outline(pen, rect, look, {
    fill: far ? palette.softs[HEALTH_TONES[look.state]] : palette.surface,
    stroke: border,
    width: far ? 1 / zoom : chosen ? 2.5 : loud ? 2 : found ? 1.75 : 1,
    alpha,
    ...(look.foreign && !far ? { dash: [4, 3] } : {}),
  });
  if (far) return;
  paintRing(pen, { x: rect.x + 17, y: node.at.y }, look, palette, alpha);
  if (zoom < WORDS_FROM) return;
  pen.text(
    look.label,
    { x: node.at.x + 13, y: node.at.y + 0.5 },
    { size: 12, weight: 500, colour: palette.text, align: "center", alpha },
  );
  paintBadges(pen, rect, look, palette, alpha);
}

/** Gateways have their corners cut, services round ends, namespaces a second edge behind. */
function outline(pen: Pen, rect: Rect, look: NodeLook, ink: Parameters<Pen["rect"]>[2]): void {
  if (look.kind === "gateway") {
    const [left, top, right, bottom, cut] = [rect.x, rect.y, rect.x + rect.width, rect.y + rect.height, 8];
    pen.polygons(
      [
        [
          { x: left + cut, y: top },
          { x: right - cut, y: top },
          { x: right, y: top + cut },
          { x: right, y: bottom - cut },
          { x: right - cut, y: bottom },
          { x: left + cut, y: bottom },
          { x: left, y: bottom - cut },
          { x: left, y: top + cut },
        ],
      ],
      ink,
    );
    return;
  }
  if (look.kind === "namespace") pen.rect({ ...rect, x: rect.x + 4, y: rect.y - 4 }, look.corner, ink);
  pen.rect(rect, look.corner, ink);
}

function paintRing(pen: Pen, centre: Point, look: NodeLook, palette: Palette, alpha: number): void {
  const quiet = look.state === "idle" || look.state === "unknown";
  const tone = palette.tones[HEALTH_TONES[look.state]];
  pen.circle(centre, RING, {
    fill: palette.softs[HEALTH_TONES[look.state]],
    stroke: quiet ? palette.strong : look.errors > 0 ? palette.tones.good : tone,
    width: 2,
    alpha,
    ...(quiet ? { dash: [2, 2.6] } : {}),
  });
  if (look.errors > 0 && !quiet) pen.arc(centre, RING, look.errors, { stroke: palette.tones.bad, width: 2.6, alpha });
  pen.glyph(KIND_GLYPHS[look.kind], { x: centre.x - 6.5, y: centre.y - 6.5 }, 13, {
    stroke: quiet ? palette.dim : palette.text,
    width: 2.1,
    alpha,
  });
  paintState(pen, look.state, { x: centre.x + 6.5, y: centre.y + 7.5 }, palette, alpha);
}

/** The mark at the ring's corner: a triangle or an octagon; healthy needs none. */
export function paintState(pen: Pen, state: HealthState, at: Point, palette: Palette, alpha: number): void {
  if (state !== "degraded" && state !== "failing") return;
  const colour = palette.tones[HEALTH_TONES[state]];
  const corners =
    state === "degraded"
      ? [
          [0, -6],
          [6, 5],
          [-6, 5],
        ]
      : [
          [-2.4, -5.5],
          [2.4, -5.5],
          [5.5, -2.4],
          [5.5, 2.4],
          [2.4, 5.5],
          [-2.4, 5.5],
          [-5.5, 2.4],
          [-5.5, -2.4],
        ];
  pen.polygons([corners.map(([x = 0, y = 0]) => ({ x: at.x + x, y: at.y + y }))], {
    fill: colour,
    stroke: palette.surface,
    width: 1.5,
    alpha,
  });
  const sign = state === "degraded" ? "M12 8v5 M12 17v.5" : "M8 8l8 8 M16 8l-8 8";
  pen.glyph(sign, { x: at.x - 6, y: at.y - 6 }, 12, { stroke: palette.surface, width: 3, alpha });
}

function paintBadges(pen: Pen, rect: Rect, look: NodeLook, palette: Palette, alpha: number): void {
  const names = look.badges.slice(0, SHOWN_BADGES);
  const left = rect.x + rect.width - names.length * (BADGE + 2) - 4;
  names.forEach((name, index) => {
    const tone: Tone = LOUD_BADGES.has(name) ? "warn" : "plain";
    const tile = { x: left + index * (BADGE + 2), y: rect.y - 9, width: BADGE - 1.5, height: BADGE - 1.5 };
    pen.rect(tile, 4, { fill: palette.softs[tone], stroke: palette.tones[tone], width: 1, alpha });
    const glyph = BADGE_GLYPHS[name] ?? BADGE_GLYPHS.default ?? "";
    pen.glyph(glyph, { x: tile.x + 2.25, y: tile.y + 2.25 }, 9, { stroke: palette.tones[tone], width: 2.6, alpha });
  });
}
