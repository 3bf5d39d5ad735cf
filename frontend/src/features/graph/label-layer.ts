import type { Core, EdgeSingular, NodeSingular } from "cytoscape";
import type { EdgeData } from "../../graph/elements";
import type { Point } from "../../graph/geometry";
import { MARK_GLYPHS } from "../../graph/glyphs";
import type { Palette } from "../../graph/palette";
import { FONT } from "../../graph/style";
import { edgePolyline, pointAt } from "./edge-points";

interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

const SPOTS = [0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78];
const PILL = 19;
/** Below this zoom words can't be read: only marks stay. */
const READABLE = 0.5;
/** More edges than this in the picture: labels take their first spot, without looking for a free one. */
const CROWDED = 500;

const glyphs = new Map<string, Path2D>();

function glyph(path: string): Path2D {
  let shape = glyphs.get(path);
  if (!shape) {
    shape = new Path2D(path);
    glyphs.set(path, shape);
  }
  return shape;
}

function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** Draws what Cytoscape can't: pills with an icon on edges, placed where there is room, and names on boxes. */
export class LabelLayer {
  private readonly context: CanvasRenderingContext2D | null;
  private readonly lines = new Map<string, Point[]>();

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly cy: Core,
    private palette: Palette,
  ) {
    this.context = canvas.getContext("2d");
    cy.on("render", () => this.draw());
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
  }

  /** Edges have moved: their points are computed again when next drawn. */
  forget(): void {
    this.lines.clear();
  }

  draw(): void {
    const context = this.context;
    if (!context) return;
    const ratio = window.devicePixelRatio || 1;
    const width = this.cy.width();
    const height = this.cy.height();
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    this.drawBoxNames(context);
    this.drawPills(context, width, height);
  }

  private drawBoxNames(context: CanvasRenderingContext2D): void {
    const scale = Math.min(1.15, Math.max(0.75, this.cy.zoom()));
    context.font = `600 ${11.5 * scale}px ${FONT}`;
    context.textBaseline = "middle";
    // A rim in the ground's colour, so that a line that passes behind a name doesn't cross it out.
    context.lineWidth = 4;
    context.lineJoin = "round";
    context.strokeStyle = this.palette.page;
    this.cy.nodes("[box]").forEach((box: NodeSingular) => {
      const bounds = box.renderedBoundingBox({ includeOverlays: false, includeLabels: false });
      if (bounds.w < 30) return;
      context.globalAlpha = box.hasClass("faded") ? 0.3 : 1;
      context.fillStyle = this.palette.dim;
      const [x, y] = [bounds.x1 + 4, bounds.y1 - 9 * scale];
      context.strokeText(box.data("label"), x, y);
      context.fillText(box.data("label"), x, y);
    });
    context.globalAlpha = 1;
  }

  private line(edge: EdgeSingular): Point[] {
    let points = this.lines.get(edge.id());
    if (!points) {
      points = edgePolyline(edge);
      this.lines.set(edge.id(), points);
    }
    return points;
  }

  private drawPills(context: CanvasRenderingContext2D, width: number, height: number): void {
    const zoom = this.cy.zoom();
    const pan = this.cy.pan();
    const scale = Math.min(1.1, Math.max(0.72, zoom));
    const readable = zoom >= READABLE;
    context.font = `560 ${11 * scale}px ${FONT}`;
    const wanted = this.cy
      .edges()
      .toArray()
      .filter((edge) => {
        const data = edge.data() as EdgeData;
        return data.mark || (readable && data.text);
      })
      .sort((a, b) => this.urgency(b) - this.urgency(a));
    const roomy = wanted.length <= CROWDED;
    const taken: Rect[] = roomy ? this.nodeRects() : [];
    for (const edge of wanted) {
      const data = edge.data() as EdgeData;
      const text = readable ? data.text : "";
      const icon = data.mark ? 13 * scale : 0;
      const textWidth = text ? context.measureText(text).width : 0;
      const size = { width: icon + textWidth + (icon && text ? 4 : 0) + 12 * scale, height: PILL * scale };
      const points = this.line(edge);
      let place: Rect | null = null;
      for (const spot of roomy ? SPOTS : [0.5]) {
        const point = pointAt(points, spot);
        const rect = {
          x: point.x * zoom + pan.x - size.width / 2,
          y: point.y * zoom + pan.y - size.height / 2,
          ...size,
        };
        if (!roomy || !taken.some((other) => overlaps(rect, other))) {
          place = rect;
          break;
        }
        // No room anywhere: what is wrong is written all the same.
        if (data.mark && !place) place = rect;
      }
      if (!place || place.x > width || place.y > height || place.x + size.width < 0 || place.y + size.height < 0)
        continue;
      taken.push(place);
      this.pill(context, place, data, text, scale, edge.hasClass("faded") ? 0.2 : 1);
    }
  }

  private urgency(edge: EdgeSingular): number {
    const data = edge.data() as EdgeData;
    return (edge.hasClass("selected") ? 1e9 : 0) + (data.mark ? 1e6 : 0) + data.weight;
  }

  private nodeRects(): Rect[] {
    return this.cy.nodes("[images]").map((node) => {
      const bounds = node.renderedBoundingBox({ includeOverlays: false, includeLabels: false });
      return { x: bounds.x1, y: bounds.y1, width: bounds.w, height: bounds.h };
    });
  }

  private pill(
    context: CanvasRenderingContext2D,
    at: Rect,
    data: EdgeData,
    text: string,
    scale: number,
    alpha: number,
  ): void {
    context.globalAlpha = alpha;
    context.beginPath();
    context.roundRect(at.x, at.y, at.width, at.height, at.height / 2);
    context.fillStyle = this.palette.surface;
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = data.mark ? data.colour : this.palette.border;
    context.stroke();
    let x = at.x + 6 * scale;
    const middle = at.y + at.height / 2;
    if (data.mark) {
      const size = 13 * scale;
      context.save();
      context.translate(x, middle - size / 2);
      context.scale(size / 24, size / 24);
      context.lineWidth = 2.4;
      context.lineCap = "round";
      context.lineJoin = "round";
      context.strokeStyle = data.colour;
      context.stroke(glyph(MARK_GLYPHS[data.mark]));
      context.restore();
      x += size + 4;
    }
    context.textBaseline = "middle";
    context.fillStyle = data.mark ? data.colour : this.palette.dim;
    context.fillText(text, x, middle + 0.5);
    context.globalAlpha = 1;
  }
}
