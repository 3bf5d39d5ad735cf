import type { Point } from "../../../graph/geometry";

/** What the pointer does to a scene. Points are on the screen, from the scene's corner. */
export interface Touched {
  /** What is under the pointer: a node, an edge or a box. */
  at(point: Point): string | null;
  canDrag(id: string): boolean;
  pan(by: Point): void;
  zoom(factor: number, at: Point): void;
  drag(id: string, by: Point): void;
  hover(id: string | null, at: Point): void;
  press(id: string | null): void;
  open(id: string | null): void;
}

/** So far a press may slip and still be a press. */
const SLIP = 4;
const DOUBLE_MS = 350;
const LINE = 16;

/** Mouse, pen, touch and wheel as the few things that they mean. Returns how to stop. */
export function listenToPointer(host: HTMLElement, scene: Touched): () => void {
  const down = new Map<number, Point>();
  let held: string | null = null;
  let slipped = 0;
  let lastPress = { id: null as string | null, time: 0 };
  const place = (event: MouseEvent): Point => {
    const box = host.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const onDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    host.setPointerCapture(event.pointerId);
    const at = place(event);
    down.set(event.pointerId, at);
    const under = scene.at(at);
    held = down.size === 1 && under && scene.canDrag(under) ? under : null;
    slipped = 0;
  };
  const onMove = (event: PointerEvent) => {
    const at = place(event);
    const before = down.get(event.pointerId);
    if (!before) {
      const id = scene.at(at);
      scene.hover(id, at);
      host.style.cursor = id && scene.canDrag(id) ? "pointer" : id ? "pointer" : "";
      return;
    }
    const by = { x: at.x - before.x, y: at.y - before.y };
    slipped += Math.abs(by.x) + Math.abs(by.y);
    if (slipped <= SLIP) return;
    if (down.size === 2) {
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1] as Point;
      const apart = (point: Point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
      scene.zoom(apart(at) / apart(before), { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 });
    } else if (held) scene.drag(held, by);
    else scene.pan(by);
    down.set(event.pointerId, at);
    host.style.cursor = held ? "grabbing" : "move";
  };
  const onUp = (event: PointerEvent) => {
    const began = down.delete(event.pointerId);
    host.style.cursor = "";
    if (!began || event.type === "pointercancel" || slipped > SLIP) return;
    const id = scene.at(place(event));
    const now = event.timeStamp;
    if (id === lastPress.id && now - lastPress.time < DOUBLE_MS) {
      lastPress = { id: null, time: 0 };
      scene.open(id);
      return;
    }
    lastPress = { id, time: now };
    scene.press(id);
  };
  const onLeave = () => scene.hover(null, { x: 0, y: 0 });
  const onWheel = (event: WheelEvent) => {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? LINE : event.deltaMode === 2 ? host.clientHeight : 1;
    const turned = Math.max(-240, Math.min(240, event.deltaY * unit));
    scene.zoom(Math.exp(-turned * (event.ctrlKey ? 0.01 : 0.0018)), place(event));
  };
  host.addEventListener("pointerdown", onDown);
  host.addEventListener("pointermove", onMove);
  host.addEventListener("pointerup", onUp);
  host.addEventListener("pointercancel", onUp);
  host.addEventListener("pointerleave", onLeave);
  host.addEventListener("wheel", onWheel, { passive: false });
  return () => {
    host.removeEventListener("pointerdown", onDown);
    host.removeEventListener("pointermove", onMove);
    host.removeEventListener("pointerup", onUp);
    host.removeEventListener("pointercancel", onUp);
    host.removeEventListener("pointerleave", onLeave);
    host.removeEventListener("wheel", onWheel);
  };
}
