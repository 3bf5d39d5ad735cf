import { topologyKey } from "../../../graph/delta";
import type { Point, Rect } from "../../../graph/geometry";
import { hit } from "../../../graph/hit";
import { keepPlacement, type LayoutName, type Placement } from "../../../graph/layout";
import type { GraphView } from "../../../graph/model";
import { paint, paintChanges, paintSteps } from "../../../graph/paint";
import type { Palette } from "../../../graph/palette";
import { draw, type Picture, type Telling } from "../../../graph/picture";
import type { Scenery } from "../../../graph/scenery";
import { between, type Camera, centred, fitted, toPicture, zoomedAt } from "./camera";
import { CanvasPen } from "./canvas-pen";
import { layOut } from "./layout-worker";
import { listenToPointer } from "./pointer";

export interface SceneLook {
  telling: Telling;
  palette: Palette;
  layout: LayoutName;
  /** Changes with the kind of view: each keeps places of its own. */
  key: string;
}

export interface SceneEvents {
  onSelect: (id: string | null) => void;
  onHover: (id: string | null, at: Point) => void;
  /** A double press. */
  onOpen: (id: string) => void;
  /** Everything has a place, or is being given one. */
  onPlaced: (placed: boolean) => void;
}

/** Below this zoom labels are hard to read; at the other they are easy. */
const READABLE = 0.55;
const COMFORTABLE = 0.85;
/** More edges than this aren't painted anew for each step of a gesture: the last painting is moved instead, and a new
 * one is made in slices beside it. */
const HEAVY = 1200;
const SETTLED_MS = 130;
const SLICE_MS = 9;
const GLIDE_MS = 220;
const REACH = 7;
const MOST_PLACEMENTS = 12;

/** Looks that share their places. Layers need room for what is written between them. */
function placesOf({ layout, key, telling }: SceneLook): string {
  return `${layout}|${layout === "organic" ? "" : telling.labels.length}|${key}`;
}

/** The picture of one view on a canvas: what React doesn't do. Numbers repaint; only appearing or vanishing elements
 * move anything. */
export class GraphScene {
  private readonly canvas = document.createElement("canvas");
  /** What is under the pointer, above the rest, so that pointing repaints nothing else. */
  private readonly glass = document.createElement("canvas");
  private readonly still = document.createElement("canvas");
  private readonly stopListening: () => void;
  private camera: Camera = { zoom: 1, pan: { x: 0, y: 0 } };
  private stillCamera: Camera | null = null;
  /** What the canvas shows. */
  private painted: Camera = this.camera;
  private dirty = false;
  /** A painting in the making. */
  private easel: { canvas: HTMLCanvasElement; steps: Generator<void>; camera: Camera } | null = null;
  private view: GraphView | null = null;
  private topology = "";
  private placement: Placement | null = null;
  private readonly placements = new Map<string, Placement>();
  private picture: Picture | null = null;
  private layoutRun = 0;
  private selected: string | null = null;
  private lit: ReadonlySet<string> | null = null;
  private found: ReadonlySet<string> | null = null;
  private hovered: string | null = null;
  private frame = 0;
  private settle: ReturnType<typeof setTimeout> | undefined;
  private glide: { from: Camera; to: Camera; begun: number } | null = null;
  private width = 0;
  private height = 0;
  private placed = false;
  private gone = false;

  constructor(
    private readonly host: HTMLElement,
    private look: SceneLook,
    private readonly events: SceneEvents,
  ) {
    for (const canvas of [this.canvas, this.glass]) {
      canvas.style.cssText = "position:absolute;inset:0;width:100%;height:100%";
      host.append(canvas);
    }
    this.glass.style.pointerEvents = "none";
    this.stopListening = listenToPointer(host, {
      at: (point) => this.under(point),
      canDrag: (id) => this.picture?.nodes.has(id) ?? false,
      pan: (by) => this.move({ ...this.camera, pan: { x: this.camera.pan.x + by.x, y: this.camera.pan.y + by.y } }),
      zoom: (factor, at) => this.move(zoomedAt(this.camera, factor, at)),
      drag: (id, by) => this.drag(id, by),
      hover: (id, at) => this.hover(id, at),
      press: (id) => this.events.onSelect(this.isBox(id) ? null : id),
      open: (id) => id && this.events.onOpen(id),
    });
    this.resize();
  }

  show(view: GraphView, look: SceneLook): void {
    const turned = placesOf(look) !== placesOf(this.look);
    if (turned) {
      this.placement = this.placements.get(placesOf(look)) ?? null;
      this.placed = false;
    }
    this.look = look;
    this.view = view;
    const topology = topologyKey(view);
    const changed = turned || topology !== this.topology || !this.placement;
    this.topology = topology;
    if (changed) {
      const kept = this.placement && keepPlacement(view, this.placement);
      if (!kept) {
        this.placement = null;
        void this.arrange();
        return;
      }
      this.keep(kept);
    }
    this.redraw();
    if (!this.placed) this.settleIn();
  }

  select(id: string | null): void {
    this.selected = id;
    this.repaint();
  }

  /** Dims all but `lit`, and sets off what was found; null: nothing of it. */
  highlight(lit: ReadonlySet<string> | null, found: ReadonlySet<string> | null): void {
    this.lit = lit;
    this.found = found;
    this.repaint();
  }

  /** Brings an element to the middle when it is not well in sight, or too small to read. */
  focus(id: string): void {
    const rect = this.rectOf(id);
    if (!rect) return;
    const { zoom, pan } = this.glide?.to ?? this.camera;
    const [left, top] = [rect.x * zoom + pan.x, rect.y * zoom + pan.y];
    const inside =
      left > 20 &&
      top > 20 &&
      left + rect.width * zoom < this.width - 20 &&
      top + rect.height * zoom < this.height - 20;
    const readable = zoom >= READABLE;
    if (inside && readable) return;
    const middle = { x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 };
    this.glideTo(centred(middle, readable ? zoom : COMFORTABLE, this.width, this.height));
  }

  fit(animated = true): void {
    const camera = this.picture?.bounds && fitted(this.picture.bounds, this.width, this.height);
    if (!camera) return;
    if (animated) this.glideTo(camera);
    else this.move(camera);
  }

  zoomBy(factor: number): void {
    this.glideTo(zoomedAt(this.glide?.to ?? this.camera, factor, { x: this.width / 2, y: this.height / 2 }));
  }

  /** Lays everything out anew, forgetting what was dragged. */
  async arrange(): Promise<void> {
    const view = this.view;
    if (!view) return;
    this.layoutRun += 1;
    const run = this.layoutRun;
    this.events.onPlaced(false);
    const placement = await layOut(view, this.look.layout, this.look.telling.labels.length);
    if (run !== this.layoutRun || this.gone || !this.view) return;
    // What came while it was laid out finds a place beside its neighbours.
    this.keep(keepPlacement(this.view, placement) ?? placement);
    this.redraw();
    this.settleIn();
  }

  /** The picture and how it is looked at, for a file of it. */
  exposed(): { picture: Picture; scenery: Scenery } | null {
    return this.picture && { picture: this.picture, scenery: { ...this.scenery(), zoom: 1, sight: null } };
  }

  /** Where nodes are, for walking among them. */
  position(id: string): Point | null {
    return this.picture?.nodes.get(id)?.at ?? null;
  }

  resize(): void {
    const ratio = window.devicePixelRatio || 1;
    this.width = this.host.clientWidth;
    this.height = this.host.clientHeight;
    for (const canvas of [this.canvas, this.glass]) {
      canvas.width = Math.round(this.width * ratio);
      canvas.height = Math.round(this.height * ratio);
    }
    this.stillCamera = this.easel = null;
    if (this.width > 0 && this.placed) this.paintNow();
    else if (this.width > 0) this.fit(false);
  }

  destroy(): void {
    this.gone = true;
    this.layoutRun += 1;
    this.stopListening();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.settle);
    this.canvas.remove();
    this.glass.remove();
  }

  private keep(placement: Placement): void {
    this.placement = placement;
    const key = placesOf(this.look);
    this.placements.delete(key);
    this.placements.set(key, placement);
    const oldest = this.placements.keys().next().value;
    if (this.placements.size > MOST_PLACEMENTS && oldest !== undefined) this.placements.delete(oldest);
  }

  private settleIn(): void {
    this.fit(false);
    this.placed = true;
    this.events.onPlaced(true);
  }

  private redraw(): void {
    if (!this.view || !this.placement) return;
    const before = this.picture;
    this.picture = draw(this.view, this.placement, this.look.telling, before);
    if (before && this.heavy() && this.placed && !this.stillCamera) {
      const context = this.canvas.getContext("2d");
      if (context) paintChanges(this.enter(context), this.picture, before, this.scenery());
    }
    this.repaint();
  }

  private rectOf(id: string): Rect | null {
    const { picture } = this;
    return (
      picture?.nodes.get(id)?.rect ??
      picture?.edgesById.get(id)?.bounds ??
      picture?.boxes.find((box) => box.id === id)?.rect ??
      null
    );
  }

  private isBox(id: string | null): boolean {
    return !!id && !this.picture?.nodes.has(id) && !this.picture?.edgesById.has(id);
  }

  private under(point: Point): string | null {
    return this.picture && hit(this.picture, toPicture(this.camera, point), REACH / this.camera.zoom);
  }

  private hover(id: string | null, at: Point): void {
    const shown = this.isBox(id) ? null : id;
    this.events.onHover(shown, at);
    if (shown === this.hovered) return;
    this.hovered = shown;
    this.paintGlass();
  }

  private drag(id: string, by: Point): void {
    const drawn = this.picture?.nodes.get(id);
    if (!drawn || !this.placement) return;
    const { zoom } = this.camera;
    this.placement.positions[id] = { x: drawn.at.x + by.x / zoom, y: drawn.at.y + by.y / zoom };
    for (const edge of this.view?.edges ?? [])
      if (edge.source === id || edge.destination === id) delete this.placement.routes[edge.id];
    this.events.onHover(null, by);
    this.redraw();
  }

  private glideTo(to: Camera): void {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.move(to);
      return;
    }
    this.glide = { from: this.camera, to, begun: performance.now() };
    this.request();
  }

  private move(camera: Camera): void {
    this.glide = null;
    this.moveTo(camera);
  }

  private moveTo(camera: Camera): void {
    this.camera = camera;
    this.events.onHover(null, { x: 0, y: 0 });
    if (this.heavy() && this.placed) {
      this.easel = null;
      if (!this.stillCamera) this.takeStill();
      clearTimeout(this.settle);
      this.settle = setTimeout(() => this.repaint(), SETTLED_MS);
      this.request();
    } else this.repaint();
  }

  private heavy(): boolean {
    return (this.picture?.edges.length ?? 0) > HEAVY;
  }

  private takeStill(): void {
    this.still.width = this.canvas.width;
    this.still.height = this.canvas.height;
    this.still.getContext("2d")?.drawImage(this.canvas, 0, 0);
    this.stillCamera = this.painted;
  }

  /** The picture, its look or where it is looked at from changed. */
  private repaint(): void {
    this.dirty = true;
    this.request();
  }

  private request(): void {
    if (this.frame || this.gone) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.step();
    });
  }

  private step(): void {
    if (this.glide) {
      const { from, to, begun } = this.glide;
      const t = Math.min(1, (performance.now() - begun) / GLIDE_MS);
      this.moveTo(between(from, to, t));
      if (t >= 1) this.glide = null;
      else this.request();
    }
    if (this.stillCamera) this.paintStill(this.stillCamera);
    if (this.dirty && this.heavy() && this.width > 0) this.setUpEasel();
    else if (this.dirty) this.paintNow();
    this.dirty = false;
    if (this.easel) this.paintSlice(this.easel);
  }

  private setUpEasel(): void {
    if (!this.picture) return;
    const canvas = this.easel?.canvas ?? document.createElement("canvas");
    canvas.width = this.canvas.width;
    canvas.height = this.canvas.height;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) return;
    const pen = this.enter(context);
    this.easel = { canvas, steps: paintSteps(pen, this.picture, this.scenery()), camera: this.camera };
  }

  /** Goes on painting as long as a frame can bear, and hangs the picture up when it is finished. */
  private paintSlice(easel: NonNullable<typeof this.easel>): void {
    const begun = performance.now();
    const context = easel.canvas.getContext("2d");
    let done = false;
    while (!done && performance.now() - begun < SLICE_MS) {
      done = easel.steps.next().done ?? false;
      // Makes the browser really paint what it was told so far.
      context?.getImageData(0, 0, 1, 1);
    }
    if (!done) {
      this.request();
      return;
    }
    this.easel = null;
    this.stillCamera = null;
    const shown = this.canvas.getContext("2d");
    if (shown) {
      this.clear(shown);
      shown.drawImage(easel.canvas, 0, 0);
    }
    this.painted = easel.camera;
    this.paintGlass();
  }

  private scenery(): Scenery {
    const { camera, width, height } = this;
    const corner = toPicture(camera, { x: 0, y: 0 });
    return {
      palette: this.look.palette,
      zoom: camera.zoom,
      sight: { ...corner, width: width / camera.zoom, height: height / camera.zoom },
      selected: this.selected,
      found: this.found,
      lit: this.lit,
    };
  }

  private paintStill(taken: Camera): void {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const ratio = window.devicePixelRatio || 1;
    const scale = this.camera.zoom / taken.zoom;
    this.clear(context);
    context.setTransform(
      scale,
      0,
      0,
      scale,
      (this.camera.pan.x - taken.pan.x * scale) * ratio,
      (this.camera.pan.y - taken.pan.y * scale) * ratio,
    );
    context.drawImage(this.still, 0, 0);
  }

  private paintNow(): void {
    const context = this.canvas.getContext("2d");
    if (!context || !this.picture) return;
    this.clear(context);
    paint(this.enter(context), this.picture, this.scenery());
    this.painted = this.camera;
    this.paintGlass();
  }

  private clear(context: CanvasRenderingContext2D): void {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  }

  /** A pen in the picture's coordinates. */
  private enter(context: CanvasRenderingContext2D): CanvasPen {
    const ratio = window.devicePixelRatio || 1;
    const { zoom, pan } = this.camera;
    context.setTransform(zoom * ratio, 0, 0, zoom * ratio, pan.x * ratio, pan.y * ratio);
    return new CanvasPen(context);
  }

  private paintGlass(): void {
    const context = this.glass.getContext("2d");
    if (!context) return;
    this.clear(context);
    if (!this.hovered || !this.picture) return;
    const pen = this.enter(context);
    const { accent } = this.look.palette;
    const node = this.picture.nodes.get(this.hovered);
    const edge = this.picture.edgesById.get(this.hovered);
    if (node) pen.rect(node.rect, node.look.corner, { stroke: accent, width: 2 });
    else if (edge) pen.lines([edge.curve], { stroke: accent, width: edge.look.width + 8, alpha: 0.3 });
  }
}
