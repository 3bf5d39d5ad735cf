import type { LegendGroup } from "../../../graph/legend";
import type { Picture } from "../../../graph/picture";
import type { Scenery } from "../../../graph/scenery";
import { type Heading, sheet } from "../../../graph/sheet";
import { SvgPen } from "../../../graph/svg";
import { CanvasPen } from "./canvas-pen";

export interface Exposed {
  picture: Picture;
  scenery: Scenery;
}

/** Chromium draws no canvas with a longer side. */
const LONGEST_SIDE = 16_000;
const SHARP = 2;

/** The picture as an SVG text. */
export function pictureSvg({ picture, scenery }: Exposed, heading: Heading, legend: readonly LegendGroup[]): string {
  const ruler = new CanvasPen(context(1, 1));
  const pen = new SvgPen((words, size, weight) => ruler.measure(words, size, weight));
  const page = sheet(picture, scenery, heading, legend, pen.measure);
  page.paint(pen);
  return pen.document(page.bounds, scenery.palette.page, heading.title, heading.facts.join(". "));
}

/** The picture as a PNG, twice as sharp as a plain screen. */
export function picturePng(
  { picture, scenery }: Exposed,
  heading: Heading,
  legend: readonly LegendGroup[],
): Promise<Blob> {
  const ruler = new CanvasPen(context(1, 1));
  const page = sheet(picture, scenery, heading, legend, (words, size, weight) => ruler.measure(words, size, weight));
  const { bounds } = page;
  const scale = Math.min(SHARP, LONGEST_SIDE / bounds.width, LONGEST_SIDE / bounds.height);
  const paper = context(Math.ceil(bounds.width * scale), Math.ceil(bounds.height * scale));
  paper.fillStyle = scenery.palette.page;
  paper.fillRect(0, 0, paper.canvas.width, paper.canvas.height);
  paper.setTransform(scale, 0, 0, scale, -bounds.x * scale, -bounds.y * scale);
  page.paint(new CanvasPen(paper));
  return new Promise((resolve, reject) => {
    paper.canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture is too large."))), "image/png");
  });
}

function context(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const made = canvas.getContext("2d");
  if (!made) throw new Error("This browser has no canvas.");
  return made;
}

/** Gives the browser a file to save. */
export function save(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
