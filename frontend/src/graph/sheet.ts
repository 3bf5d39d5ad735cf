/** A picture as one takes it away: under its title, above its legend. */
import { grown, type Point, type Rect } from "./geometry";
import type { LegendGroup, LegendSample } from "./legend";
import { HEALTH_TONES } from "./looks";
import { paint } from "./paint";
import { paintState } from "./paint-node";
import type { Palette } from "./palette";
import type { Pen } from "./pen";
import type { Picture } from "./picture";
import type { Scenery } from "./scenery";

export interface Heading {
  title: string;
  /** Beneath it, a line each. */
  facts: readonly string[];
}

const MARGIN = 36;
const ROW = 22;
const COLUMN_GAP = 34;
const SAMPLE = 30;
const LEAST_WIDTH = 640;

interface Column {
  group: LegendGroup;
  width: number;
}

/** How large the sheet is, and how it is painted. */
export function sheet(
  picture: Picture,
  scenery: Scenery,
  heading: Heading,
  legend: readonly LegendGroup[],
  measure: Pen["measure"],
): { bounds: Rect; paint: (pen: Pen) => void } {
  const inner = grown(picture.bounds ?? { x: 0, y: 0, width: 0, height: 0 }, MARGIN);
  const head = 34 + heading.facts.length * 19;
  const columns = legend.map((group) => ({ group, width: columnWidth(group, measure) }));
  const wanted = columns.reduce((sum, column) => sum + column.width + COLUMN_GAP, 0) + MARGIN * 2;
  const width = Math.max(inner.width, LEAST_WIDTH);
  const rows = inRows(columns, Math.max(width, Math.min(wanted, LEAST_WIDTH)) - 2 * MARGIN);
  const foot = rows.reduce((sum, row) => sum + rowHeight(row), 0) + (rows.length > 0 ? MARGIN : 0);
  const bounds = {
    x: inner.x - (width - inner.width) / 2,
    y: inner.y - head,
    width,
    height: inner.height + head + foot,
  };
  const { palette } = scenery;
  return {
    bounds,
    paint: (pen) => {
      const left = bounds.x + MARGIN;
      pen.text(heading.title, { x: left, y: bounds.y + 30 }, { size: 18, weight: 640, colour: palette.text });
      heading.facts.forEach((fact, index) => {
        const at = { x: left, y: bounds.y + 54 + index * 19 };
        pen.text(fact, at, { size: 12, weight: 450, colour: palette.dim });
      });
      paint(pen, picture, scenery);
      let y = inner.y + inner.height;
      if (rows.length > 0)
        pen.lines(
          [
            [
              { x: left, y },
              { x: bounds.x + width - MARGIN, y },
            ],
          ],
          { stroke: palette.border, width: 1 },
        );
      y += 18;
      for (const row of rows) {
        let x = left;
        for (const column of row) {
          paintGroup(pen, column.group, { x, y }, palette);
          x += column.width + COLUMN_GAP;
        }
        y += rowHeight(row);
      }
    },
  };
}

function columnWidth(group: LegendGroup, measure: Pen["measure"]): number {
  const items = group.items.map((item) => SAMPLE + measure(item.text, 12, 450));
  return Math.max(measure(group.title, 11, 600), ...items);
}

function rowHeight(row: readonly Column[]): number {
  return Math.max(...row.map((column) => column.group.items.length + 1)) * ROW + 10;
}

function inRows(columns: readonly Column[], width: number): Column[][] {
  const rows: Column[][] = [];
  let left = 0;
  for (const column of columns) {
    const row = rows.at(-1);
    if (row && left >= column.width) {
      row.push(column);
      left -= column.width + COLUMN_GAP;
    } else {
      rows.push([column]);
      left = width - column.width - COLUMN_GAP;
    }
  }
  return rows;
}

function paintGroup(pen: Pen, group: LegendGroup, at: Point, palette: Palette): void {
  pen.text(group.title, { x: at.x, y: at.y + 4 }, { size: 11, weight: 600, colour: palette.dim });
  group.items.forEach((item, index) => {
    const y = at.y + 4 + (index + 1) * ROW;
    paintSample(pen, item.sample, { x: at.x, y }, palette);
    pen.text(item.text, { x: at.x + SAMPLE, y }, { size: 12, weight: 450, colour: palette.text });
  });
}

/** A sample some 24 wide; `at` is the middle of its left side. */
function paintSample(pen: Pen, sample: LegendSample, at: Point, palette: Palette): void {
  if (sample.kind === "line") {
    const colour = palette.tones[sample.tone];
    const ink = {
      stroke: colour,
      width: 2.5,
      alpha: sample.faint ? 0.5 : 1,
      ...(sample.dashed ? { dash: [5, 3] } : {}),
    };
    pen.lines([[at, { x: at.x + 17, y: at.y }]], ink);
    const head = [
      { x: at.x + 24, y: at.y },
      { x: at.x + 16, y: at.y - 4 },
      { x: at.x + 16, y: at.y + 4 },
    ];
    pen.polygons([head], { fill: colour, alpha: sample.faint ? 0.5 : 1 });
  } else if (sample.kind === "glyph") {
    const stroke = sample.tone ? palette.tones[sample.tone] : palette.text;
    pen.glyph(sample.path, { x: at.x + 4, y: at.y - 7.5 }, 15, { stroke, width: 2 });
  } else if (sample.kind === "ring") {
    const quiet = sample.state === "idle" || sample.state === "unknown";
    const tone = HEALTH_TONES[sample.state];
    pen.circle({ x: at.x + 11, y: at.y }, 7, {
      fill: palette.softs[tone],
      stroke: quiet ? palette.strong : palette.tones[tone],
      width: 2,
      ...(quiet ? { dash: [2, 2.6] } : {}),
    });
    paintState(pen, sample.state, { x: at.x + 16, y: at.y + 4 }, palette, 1);
  } else if (sample.kind === "border") {
    pen.rect({ x: at.x, y: at.y - 6, width: 22, height: 12 }, 4, { stroke: palette.dim, width: 1, dash: [4, 3] });
  } else {
    pen.text(sample.text, { x: at.x + 11, y: at.y }, { size: 12, weight: 450, colour: palette.dim, align: "center" });
  }
}
