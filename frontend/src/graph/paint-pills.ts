import { overlap, pointAt, type Rect } from "./geometry";
import { MARK_GLYPHS } from "./glyphs";
import type { Pen } from "./pen";
import type { DrawnEdge, Picture } from "./picture";
import { faded, type Scenery } from "./scenery";

const SPOTS = [0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78];
const HEIGHT = 19;
/** Below this zoom words can't be read: only marks stay. */
const READABLE = 0.5;
/** So many labels at most look for a free spot; more marks than this are only a crowd. */
const MOST = 400;

/** What is written on edges: a mark and words, where there is room. What is wrong is written first. */
export function paintPills(pen: Pen, picture: Picture, edges: readonly DrawnEdge[], scenery: Scenery): void {
  const { zoom } = scenery;
  const readable = zoom >= READABLE;
  const scale = Math.min(1.1, Math.max(0.72, zoom)) / zoom;
  const urgency = (edge: DrawnEdge) =>
    (edge.id === scenery.selected ? 1e12 : 0) +
    (faded(scenery, edge.id) === 1 ? 1e11 : 0) +
    (edge.look.mark ? 1e10 : 0) +
    edge.look.weight;
  const wanted = edges
    .filter(({ look }) => look.mark || (readable && look.text))
    .sort((a, b) => urgency(b) - urgency(a))
    .slice(0, MOST);
  if (wanted.length === 0) return;
  const { sight } = scenery;
  const taken: Rect[] = [];
  for (const node of picture.nodes.values()) if (!sight || overlap(node.rect, sight)) taken.push(node.rect);
  for (const edge of wanted) {
    const { mark, text } = edge.look;
    const words = readable ? text : "";
    const icon = mark ? 13 * scale : 0;
    const gap = icon && words ? 4 * scale : 0;
    const length = words ? pen.measure(words, 11 * scale, 560) : 0;
    const size = { width: icon + gap + length + 12 * scale, height: HEIGHT * scale };
    let place: Rect | null = null;
    for (const spot of SPOTS) {
      const at = pointAt(edge.line, spot);
      const rect = { x: at.x - size.width / 2, y: at.y - size.height / 2, ...size };
      if (!taken.some((other) => overlap(rect, other))) {
        place = rect;
        break;
      }
      // No room anywhere: what is wrong is written all the same, unless it is a crowd.
      if (mark && !place && wanted.length < MOST / 4) place = rect;
    }
    if (!place) continue;
    taken.push(place);
    paintPill(pen, place, edge, words, scale, scenery);
  }
}

function paintPill(pen: Pen, at: Rect, edge: DrawnEdge, words: string, scale: number, scenery: Scenery): void {
  const { palette } = scenery;
  const { mark, tone } = edge.look;
  const alpha = faded(scenery, edge.id);
  const colour = palette.tones[tone];
  pen.rect(at, at.height / 2, {
    fill: palette.surface,
    stroke: mark ? colour : palette.border,
    width: scale,
    alpha,
  });
  let x = at.x + 6 * scale;
  const middle = at.y + at.height / 2;
  if (mark) {
    const size = 13 * scale;
    pen.glyph(MARK_GLYPHS[mark], { x, y: middle - size / 2 }, size, { stroke: colour, width: 2.4, alpha });
    x += size + 4 * scale;
  }
  if (words)
    pen.text(
      words,
      { x, y: middle + 0.5 * scale },
      { size: 11 * scale, weight: 560, colour: mark ? colour : palette.dim, alpha },
    );
}
