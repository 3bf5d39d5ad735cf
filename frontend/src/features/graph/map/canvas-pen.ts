import { type Curve, eachPiece, type Point, type Rect } from "../../../graph/geometry";
import { FONT } from "../../../graph/palette";
import type { Ink, Lettering, Pen } from "../../../graph/pen";

const shapes = new Map<string, Path2D>();

function shape(path: string): Path2D {
  let made = shapes.get(path);
  if (!made) {
    made = new Path2D(path);
    shapes.set(path, made);
  }
  return made;
}

const widths = new Map<string, number>();
const MOST_WIDTHS = 20_000;

/** Paints on a canvas. */
export class CanvasPen implements Pen {
  private font = "";

  constructor(private readonly context: CanvasRenderingContext2D) {
    context.lineJoin = "round";
  }

  lines(curves: readonly Curve[], ink: Ink): void {
    const { context } = this;
    this.dip(ink);
    context.beginPath();
    for (const [start, ...rest] of curves) {
      if (!start) continue;
      context.moveTo(start.x, start.y);
      eachPiece(rest, (control, to) => {
        if (control) context.quadraticCurveTo(control.x, control.y, to.x, to.y);
        else context.lineTo(to.x, to.y);
      });
    }
    context.stroke();
    this.lift(ink);
  }

  polygons(polygons: readonly (readonly Point[])[], ink: Ink): void {
    this.dip(ink);
    this.context.beginPath();
    for (const [first, ...others] of polygons) {
      if (!first) continue;
      this.context.moveTo(first.x, first.y);
      for (const point of others) this.context.lineTo(point.x, point.y);
      this.context.closePath();
    }
    this.finish(ink);
  }

  rect(rect: Rect, radius: number, ink: Ink): void {
    this.dip(ink);
    this.context.beginPath();
    this.context.roundRect(rect.x, rect.y, rect.width, rect.height, Math.min(radius, rect.height / 2));
    this.finish(ink);
  }

  circle(centre: Point, radius: number, ink: Ink): void {
    this.arc(centre, radius, 1, ink);
  }

  arc(centre: Point, radius: number, share: number, ink: Ink): void {
    this.dip(ink);
    this.context.beginPath();
    this.context.arc(centre.x, centre.y, radius, -Math.PI / 2, Math.PI * (2 * share - 0.5));
    this.finish(ink);
  }

  glyph(path: string, at: Point, size: number, ink: Ink): void {
    const { context } = this;
    context.save();
    context.translate(at.x, at.y);
    context.scale(size / 24, size / 24);
    context.globalAlpha = ink.alpha ?? 1;
    context.lineWidth = ink.width ?? 2;
    context.lineCap = "round";
    context.strokeStyle = ink.stroke ?? "";
    context.stroke(shape(path));
    context.restore();
  }

  text(words: string, at: Point, { size, weight, colour, align = "left", alpha = 1, rim }: Lettering): void {
    const { context } = this;
    this.write(size, weight);
    context.globalAlpha = alpha;
    context.textAlign = align;
    context.textBaseline = "middle";
    if (rim) {
      context.lineWidth = size * 0.35;
      context.strokeStyle = rim;
      context.strokeText(words, at.x, at.y);
    }
    context.fillStyle = colour;
    context.fillText(words, at.x, at.y);
    context.globalAlpha = 1;
  }

  measure(words: string, size: number, weight: number): number {
    const key = `${weight}|${words}`;
    let width = widths.get(key);
    if (width === undefined) {
      if (widths.size > MOST_WIDTHS) widths.clear();
      this.write(100, weight);
      width = this.context.measureText(words).width / 100;
      widths.set(key, width);
    }
    return width * size;
  }

  private write(size: number, weight: number): void {
    const font = `${weight} ${size}px ${FONT}`;
    if (font !== this.font) this.context.font = font;
    this.font = font;
  }

  private dip(ink: Ink): void {
    const { context } = this;
    context.globalAlpha = ink.alpha ?? 1;
    if (ink.fill) context.fillStyle = ink.fill;
    if (ink.stroke) {
      context.strokeStyle = ink.stroke;
      context.lineWidth = ink.width ?? 1;
    }
    if (ink.dash) context.setLineDash(ink.dash as number[]);
  }

  private finish(ink: Ink): void {
    if (ink.fill) this.context.fill();
    if (ink.stroke) this.context.stroke();
    this.lift(ink);
  }

  private lift(ink: Ink): void {
    if (ink.dash) this.context.setLineDash([]);
    this.context.globalAlpha = 1;
  }
}
