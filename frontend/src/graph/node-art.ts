import { BADGE_GLYPHS, KIND_GLYPHS } from "./glyphs";
import type { Badge, GraphNode, HealthState } from "./model";
import type { Tone } from "./overlay";
import type { Palette } from "./palette";

/** Pictures of a node as SVG data URIs: the ring with its kind and state, and the strip of badges. Few distinct ones
 * exist (shares are rounded to twentieths), so each is made once. */

export const HEALTH_TONES: Record<HealthState, Tone> = {
  healthy: "good",
  degraded: "warn",
  failing: "bad",
  idle: "muted",
  unknown: "muted",
};

export const RING_SIZE = 26;
export const BADGE_SIZE = 15;
const SHOWN_BADGES = 3;

const cache = new Map<string, string>();

function cached(key: string, draw: () => string): string {
  let uri = cache.get(key);
  if (!uri) {
    uri = `data:image/svg+xml;utf8,${encodeURIComponent(draw())}`;
    cache.set(key, uri);
  }
  return uri;
}

function glyph(path: string, x: number, y: number, size: number, colour: string, width = 2): string {
  const scale = size / 24;
  return `<path transform="translate(${x} ${y}) scale(${scale})" d="${path}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;
}

/** The mark at the ring's corner: a triangle, an octagon, a dash or a question mark; healthy needs none. */
function stateMark(state: HealthState, palette: Palette): string {
  const colour = palette.tones[HEALTH_TONES[state]];
  const ink = palette.surface;
  if (state === "degraded") {
    return `<path d="M19.500 14.500l6 10.500h-12z" fill="${colour}" stroke="${ink}" stroke-width="1.500" stroke-linejoin="round"/><path d="M19.500 18.500v3M19.500 23v.1" stroke="${ink}" stroke-width="1.400" stroke-linecap="round"/>`;
  }
  if (state === "failing") {
    return `<path d="M17.200 14.500h5l3.300 3.300v4.400l-3.300 3.300h-5l-3.300-3.300v-4.400z" fill="${colour}" stroke="${ink}" stroke-width="1.500"/><path d="M17.700 18l4 4M21.700 18l-4 4" stroke="${ink}" stroke-width="1.500" stroke-linecap="round"/>`;
  }
  return "";
}

export function ringArt(node: GraphNode, palette: Palette): string {
  const tone = palette.tones[HEALTH_TONES[node.health.state]];
  const share = Math.ceil((node.inbound.error_share ?? 0) * 20) / 20;
  const quiet = node.health.state === "idle" || node.health.state === "unknown";
  return cached(["ring", node.kind, node.health.state, share, palette.page].join("|"), () => {
    const radius = 11;
    const around = 2 * Math.PI * radius;
    const centre = RING_SIZE / 2;
    const ring = `<circle cx="${centre}" cy="${centre}" r="${radius}" fill="${palette.softs[HEALTH_TONES[node.health.state]]}" stroke="${quiet ? palette.strong : share > 0 ? palette.tones.good : tone}" stroke-width="2"${quiet ? ' stroke-dasharray="2 2.600"' : ""}/>`;
    const errors =
      share > 0 && !quiet
        ? `<circle cx="${centre}" cy="${centre}" r="${radius}" fill="none" stroke="${palette.tones.bad}" stroke-width="2.600" stroke-dasharray="${around * share} ${around}" transform="rotate(-90 ${centre} ${centre})"/>`
        : "";
    const icon = glyph(KIND_GLYPHS[node.kind], 6.5, 6.5, 13, quiet ? palette.dim : palette.text, 2.1);
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${RING_SIZE * 2}" height="${RING_SIZE * 2}" viewBox="0 0 ${RING_SIZE} ${RING_SIZE}">${ring}${errors}${icon}${stateMark(node.health.state, palette)}</svg>`;
  });
}

const LOUD = new Set(["missing_proxy", "fault_injection", "ejected"]);
/** What a kind already says needs no badge. */
const SAID_BY_KIND = new Set(["gateway"]);

export function shownBadges(node: GraphNode): Badge[] {
  const loud = (badge: Badge) => (LOUD.has(badge.name) ? 0 : 1);
  return (node.badges ?? [])
    .filter((badge) => !(SAID_BY_KIND.has(badge.name) && node.kind === "gateway"))
    .sort((a, b) => loud(a) - loud(b));
}

export function badgeStripWidth(node: GraphNode): number {
  return Math.min(shownBadges(node).length, SHOWN_BADGES) * (BADGE_SIZE + 2);
}

export function badgesArt(node: GraphNode, palette: Palette): string | null {
  const badges = shownBadges(node);
  if (badges.length === 0) return null;
  const names = badges.slice(0, SHOWN_BADGES).map((badge) => badge.name);
  return cached(["badges", names.join(), palette.page].join("|"), () => {
    const width = names.length * (BADGE_SIZE + 2);
    const marks = names.map((name, index) => {
      const tone: Tone = LOUD.has(name) ? "warn" : "plain";
      const x = index * (BADGE_SIZE + 2) + 0.75;
      const tile = `<rect x="${x}" y="0.75" width="${BADGE_SIZE - 1.5}" height="${BADGE_SIZE - 1.5}" rx="4" fill="${palette.softs[tone]}" stroke="${palette.tones[tone]}" stroke-width="1"/>`;
      return tile + glyph(BADGE_GLYPHS[name] ?? BADGE_GLYPHS.default ?? "", x + 2.25, 3, 9, palette.tones[tone], 2.6);
    });
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width * 2}" height="${BADGE_SIZE * 2}" viewBox="0 0 ${width} ${BADGE_SIZE}">${marks.join("")}</svg>`;
  });
}
