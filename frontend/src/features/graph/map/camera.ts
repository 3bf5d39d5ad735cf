import type { Point, Rect } from "../../../graph/geometry";

export interface Camera {
  zoom: number;
  /** Where the picture's origin is on the screen. */
  pan: Point;
}

export const LEAST_ZOOM = 0.04;
export const MOST_ZOOM = 2.5;
const PADDING = 48;
const LARGEST_FIT = 1.25;

export function clampZoom(zoom: number): number {
  return Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, zoom));
}

/** Zooms so that the point of the screen stays where it is. */
export function zoomedAt(camera: Camera, factor: number, at: Point): Camera {
  const zoom = clampZoom(camera.zoom * factor);
  const ratio = zoom / camera.zoom;
  return { zoom, pan: { x: at.x - (at.x - camera.pan.x) * ratio, y: at.y - (at.y - camera.pan.y) * ratio } };
}

/** The whole of it in the window. */
export function fitted(bounds: Rect, width: number, height: number): Camera | null {
  // Names of boxes stand above them.
  const box = { ...bounds, y: bounds.y - 16, height: bounds.height + 16 };
  const zoom = Math.min((width - 2 * PADDING) / box.width, (height - 2 * PADDING) / box.height, LARGEST_FIT);
  if (!(zoom > 0)) return null;
  return centred({ x: box.x + box.width / 2, y: box.y + box.height / 2 }, clampZoom(zoom), width, height);
}

export function centred(at: Point, zoom: number, width: number, height: number): Camera {
  return { zoom, pan: { x: width / 2 - at.x * zoom, y: height / 2 - at.y * zoom } };
}

export function toPicture(camera: Camera, at: Point): Point {
  return { x: (at.x - camera.pan.x) / camera.zoom, y: (at.y - camera.pan.y) / camera.zoom };
}

/** Between two cameras; `t` from 0 to 1, slow at both ends. */
export function between(from: Camera, to: Camera, t: number): Camera {
  const s = t < 0.5 ? 2 * t * t : 1 - (2 - 2 * t) ** 2 / 2;
  const mix = (a: number, b: number) => a + (b - a) * s;
  // The zoom goes evenly in steps of factors, and the middle of the way is straight.
  const zoom = from.zoom * (to.zoom / from.zoom) ** s;
  const weight = to.zoom === from.zoom ? s : (zoom - from.zoom) / (to.zoom - from.zoom);
  const line = (a: number, b: number) => a + (b - a) * weight;
  return to.zoom === from.zoom
    ? { zoom, pan: { x: mix(from.pan.x, to.pan.x), y: mix(from.pan.y, to.pan.y) } }
    : { zoom, pan: { x: line(from.pan.x, to.pan.x), y: line(from.pan.y, to.pan.y) } };
}
