import type { Rect } from "./geometry";
import type { Palette } from "./palette";

/** How a picture is looked at. */
export interface Scenery {
  palette: Palette;
  zoom: number;
  /** What is in sight, in the picture's own coordinates; null: all. */
  sight: Rect | null;
  selected: string | null;
  found: ReadonlySet<string> | null;
  /** What isn't dimmed; null: nothing is. */
  lit: ReadonlySet<string> | null;
}

const FADED = 0.22;

/** The opacity that an element keeps. */
export function faded(scenery: Scenery, id: string): number {
  return scenery.lit && !scenery.lit.has(id) ? FADED : 1;
}
