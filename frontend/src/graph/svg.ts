/** A picture as an SVG file: real vectors, each edge and each word an object of its own. */
import { type Curve, type Point, pathData, type Rect } from "./geometry";
import { FONT } from "./palette";
import type { Ink, Lettering, Pen } from "./pen";

export function escapeXml(text: string): string {
  return (
    text
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what XML has no way to write
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
  );
}

const round = (number: number) => String(Math.round(number * 100) / 100);

function attributes(ink: Ink): string {
  const parts = [`fill="${ink.fill ?? "none"}"`];
  if (ink.stroke) parts.push(`stroke="${ink.stroke}" stroke-width="${round(ink.width ?? 1)}"`);
  if (ink.dash) parts.push(`stroke-dasharray="${ink.dash.join(" ")}"`);
  if (ink.alpha !== undefined && ink.alpha < 1) parts.push(`opacity="${round(ink.alpha)}"`);
  return parts.join(" ");
}

/** Writes SVG elements. Words are as wide as `measure` says, whatever font the reader has. */
export class SvgPen implements Pen {
  readonly parts: string[] = [];

  constructor(readonly measure: (words: string, size: number, weight: number) => number) {}

  lines(curves: readonly Curve[], ink: Ink): void {
    for (const curve of curves) this.parts.push(`<path d="${pathData(curve)}" ${attributes(ink)}/>`);
  }

  polygons(polygons: readonly (readonly Point[])[], ink: Ink): void {
    for (const points of polygons) {
      const list = points.map(({ x, y }) => `${round(x)},${round(y)}`).join(" ");
      this.parts.push(`<polygon points="${list}" ${attributes(ink)} stroke-linejoin="round"/>`);
    }
  }

  rect(rect: Rect, radius: number, ink: Ink): void {
    const place = `x="${round(rect.x)}" y="${round(rect.y)}" width="${round(rect.width)}" height="${round(rect.height)}"`;
    this.parts.push(`<rect ${place} rx="${round(Math.min(radius, rect.height / 2))}" ${attributes(ink)}/>`);
  }

  circle(centre: Point, radius: number, ink: Ink): void {
    this.parts.push(
      `<circle cx="${round(centre.x)}" cy="${round(centre.y)}" r="${round(radius)}" ${attributes(ink)}/>`,
    );
  }

  arc(centre: Point, radius: number, share: number, ink: Ink): void {
    if (share >= 1) {
      this.circle(centre, radius, ink);
      return;
    }
    const angle = 2 * Math.PI * share;
    const end = { x: centre.x + radius * Math.sin(angle), y: centre.y - radius * Math.cos(angle) };
    const d = `M${round(centre.x)} ${round(centre.y - radius)}A${radius} ${radius} 0 ${share > 0.5 ? 1 : 0} 1 ${round(end.x)} ${round(end.y)}`;
    this.parts.push(`<path d="${d}" ${attributes(ink)}/>`);
  }

  glyph(path: string, at: Point, size: number, ink: Ink): void {
    const place = `transform="translate(${round(at.x)} ${round(at.y)}) scale(${Math.round((size / 24) * 1e4) / 1e4})"`;
    this.parts.push(`<path ${place} d="${path}" ${attributes(ink)} stroke-linecap="round" stroke-linejoin="round"/>`);
  }

  text(words: string, at: Point, { size, weight, colour, align, alpha, rim }: Lettering): void {
    const rimmed = rim ? ` stroke="${rim}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"` : "";
    const seen = alpha !== undefined && alpha < 1 ? ` opacity="${round(alpha)}"` : "";
    const anchor = align === "center" ? ' text-anchor="middle"' : "";
    // The height of a capital is some 0.72 of the size: half of it below the middle is where the words stand.
    const place = `x="${round(at.x)}" y="${round(at.y + size * 0.36)}"`;
    const length = `textLength="${round(this.measure(words, size, weight))}" lengthAdjust="spacingAndGlyphs"`;
    this.parts.push(
      `<text ${place} font-size="${round(size)}" font-weight="${weight}" fill="${colour}" ${length}${anchor}${rimmed}${seen}>${escapeXml(words)}</text>`,
    );
  }

  /** The file; `bounds` is what is in it. */
  document(bounds: Rect, ground: string, title: string, description: string): string {
    const [x, y, width, height] = [bounds.x, bounds.y, bounds.width, bounds.height].map(round);
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${x} ${y} ${width} ${height}" font-family="${escapeXml(FONT)}" role="img">`,
      `<title>${escapeXml(title)}</title>`,
      `<desc>${escapeXml(description)}</desc>`,
      `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${ground}"/>`,
      ...this.parts,
      "</svg>",
      "",
    ].join("\n");
  }
}
