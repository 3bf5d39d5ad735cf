import type { Curve, Point, Rect } from "./geometry";

export interface Ink {
  fill?: string;
  stroke?: string;
  width?: number;
  dash?: readonly number[];
  alpha?: number;
}

export interface Lettering {
  size: number;
  weight: number;
  colour: string;
  align?: "left" | "center";
  alpha?: number;
  /** A rim in this colour, so that what passes behind doesn't cross the words out. */
  rim?: string;
}

/** What a picture is painted with: a canvas, or a file of vectors. */
export interface Pen {
  lines(curves: readonly Curve[], ink: Ink): void;
  polygons(polygons: readonly (readonly Point[])[], ink: Ink): void;
  rect(rect: Rect, radius: number, ink: Ink): void;
  circle(centre: Point, radius: number, ink: Ink): void;
  /** Part of a circle, clockwise from its top. */
  arc(centre: Point, radius: number, share: number, ink: Ink): void;
  /** A path in a 24 by 24 box, put with its corner at `at`, so big. */
  glyph(path: string, at: Point, size: number, ink: Ink): void;
  /** `at` is the middle of the words' height. */
  text(words: string, at: Point, lettering: Lettering): void;
  measure(words: string, size: number, weight: number): number;
}
