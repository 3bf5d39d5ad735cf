import cytoscape, { type Core, type EdgeSingular, type EventObject, type NodeSingular } from "cytoscape";
import { topologyKey } from "../../graph/delta";
import { boxData, edgeData, nodeData } from "../../graph/elements";
import { type Curve, freeCurve, type Point, routedCurve } from "../../graph/geometry";
import { keepPlacement, type Placement } from "../../graph/layout";
import type { GraphView } from "../../graph/model";
import type { EdgeLabel, Overlay } from "../../graph/overlay";
import type { Palette } from "../../graph/palette";
import { stylesheet } from "../../graph/style";
import { LabelLayer } from "./label-layer";
import { layOut } from "./layout-worker";

export interface SceneLook {
  overlay: Overlay;
  label: EdgeLabel;
  palette: Palette;
}

export interface SceneEvents {
  onSelect: (id: string | null) => void;
  onHover: (id: string | null, at: Point) => void;
  onPlaced: () => void;
}

const PADDING = 48;
const LARGEST_FIT = 1.25;
const MOVED = 0.5;
/** Below this zoom labels are hard to read; at the other they are easy. */
const READABLE = 0.55;
const COMFORTABLE = 0.85;

function near(a: Point | undefined, b: Point | undefined): boolean {
  return !!a && !!b && Math.abs(a.x - b.x) < MOVED && Math.abs(a.y - b.y) < MOVED;
}

/** The picture of one view: what React doesn't do. Numbers repaint; only appearing or vanishing elements move anything. */
export class GraphScene {
  private readonly cy: Core;
  private readonly labels: LabelLayer;
  private view: GraphView | null = null;
  private topology = "";
  private placement: Placement | null = null;
  private layoutRun = 0;
  private selected: string | null = null;
  private highlighted: ReadonlySet<string> | null = null;
  private placed = false;

  constructor(
    container: HTMLElement,
    canvas: HTMLCanvasElement,
    private look: SceneLook,
    private readonly events: SceneEvents,
  ) {
    this.cy = cytoscape({
      container,
      style: stylesheet(look.palette),
      minZoom: 0.08,
      maxZoom: 2.5,
      boxSelectionEnabled: false,
      autounselectify: true,
      pixelRatio: "auto" as never,
    });
    this.labels = new LabelLayer(canvas, this.cy, look.palette);
    this.listen();
  }

  show(view: GraphView, look: SceneLook): void {
    if (look.palette !== this.look.palette) {
      this.labels.setPalette(look.palette);
      this.cy.style(stylesheet(look.palette));
    }
    this.look = look;
    this.view = view;
    const topology = topologyKey(view);
    const changed = topology !== this.topology;
    this.topology = topology;
    this.cy.batch(() => this.reconcile(view));
    if (changed) {
      const kept = this.placement && keepPlacement(view, this.placement);
      if (kept) this.place(kept);
      else void this.arrange();
    }
    this.mark();
  }

  select(id: string | null): void {
    this.selected = id;
    this.mark();
  }

  /** Dims everything else; null: nothing is dimmed. */
  highlight(ids: ReadonlySet<string> | null): void {
    this.highlighted = ids;
    this.mark();
  }

  /** Brings an element to the middle when it is not well in sight, or too small to read. */
  focus(id: string): void {
    const element = this.cy.getElementById(id);
    if (element.empty()) return;
    const box = element.renderedBoundingBox();
    const inside = box.x1 > 20 && box.y1 > 20 && box.x2 < this.cy.width() - 20 && box.y2 < this.cy.height() - 20;
    const readable = this.cy.zoom() >= READABLE;
    if (inside && readable) return;
    this.cy.animate({ center: { eles: element }, zoom: readable ? this.cy.zoom() : COMFORTABLE }, { duration: 220 });
  }

  fit(animated = true): void {
    const elements = this.cy.elements();
    if (elements.empty()) return;
    const box = elements.boundingBox({ includeOverlays: false });
    const zoom = Math.min(
      (this.cy.width() - 2 * PADDING) / box.w,
      (this.cy.height() - 2 * PADDING) / box.h,
      LARGEST_FIT,
    );
    if (!(zoom > 0)) return;
    const pan = {
      x: this.cy.width() / 2 - (zoom * (box.x1 + box.x2)) / 2,
      y: this.cy.height() / 2 - (zoom * (box.y1 + box.y2)) / 2,
    };
    if (animated) this.cy.animate({ zoom, pan }, { duration: 220 });
    else this.cy.viewport({ zoom, pan });
  }

  zoomBy(factor: number): void {
    this.cy.animate(
      {
        zoom: {
          level: this.cy.zoom() * factor,
          renderedPosition: { x: this.cy.width() / 2, y: this.cy.height() / 2 },
        } as never,
      },
      { duration: 120 },
    );
  }

  /** Lays everything out anew, forgetting what was dragged. */
  async arrange(): Promise<void> {
    const view = this.view;
    if (!view) return;
    this.layoutRun += 1;
    const run = this.layoutRun;
    const placement = await layOut(view);
    if (run !== this.layoutRun || this.cy.destroyed()) return;
    this.place(placement);
    this.fit(this.placed);
    this.placed = true;
    this.events.onPlaced();
  }

  /** The nearest node from `id` in a direction, for the arrow keys. */
  neighbour(id: string | null, direction: Point): string | null {
    const nodes = this.cy.nodes("[images]");
    const from = id ? this.cy.getElementById(id) : null;
    if (!from || from.empty() || from.isEdge()) return nodes[0]?.id() ?? null;
    const origin = (from as unknown as NodeSingular).position();
    let best: string | null = null;
    let least = Number.POSITIVE_INFINITY;
    nodes.forEach((node) => {
      const dx = node.position().x - origin.x;
      const dy = node.position().y - origin.y;
      const along = dx * direction.x + dy * direction.y;
      if (node.id() === id || along <= 1) return;
      const cost = along + 2.2 * Math.abs(dx * direction.y - dy * direction.x);
      if (cost < least) {
        least = cost;
        best = node.id();
      }
    });
    return best;
  }

  resize(): void {
    this.cy.resize();
  }

  destroy(): void {
    this.layoutRun += 1;
    this.cy.destroy();
  }

  private listen(): void {
    this.cy.on("tap", (event: EventObject) => {
      const target = event.target;
      if (target === this.cy || target.data("box")) this.events.onSelect(null);
      else this.events.onSelect(target.id());
    });
    const hoverable = "node[images], edge";
    this.cy.on("mouseover", hoverable, (event: EventObject) => {
      event.target.addClass("hover");
      this.events.onHover(event.target.id(), event.renderedPosition);
    });
    this.cy.on("mouseout", hoverable, (event: EventObject) => {
      event.target.removeClass("hover");
      this.events.onHover(null, event.renderedPosition);
    });
    this.cy.on("drag", "node", (event: EventObject) => this.dragged(event.target as NodeSingular));
    this.cy.on("pan zoom", () => this.events.onHover(null, { x: 0, y: 0 }));
  }

  private dragged(node: NodeSingular): void {
    if (!this.placement) return;
    const moved = node.isParent() ? node.descendants("[images]") : node;
    moved.forEach((item) => {
      if (this.placement && item.isNode())
        this.placement.positions[item.id()] = { ...(item as NodeSingular).position() };
    });
    for (const edge of moved.connectedEdges().toArray()) {
      delete this.placement.routes[edge.id()];
      this.curve(edge);
    }
    this.labels.forget();
  }

  private reconcile(view: GraphView): void {
    const { overlay, label, palette } = this.look;
    const wanted = new Set([...view.boxes, ...view.nodes, ...view.edges].map((item) => item.id));
    this.cy
      .elements()
      .filter((element) => !wanted.has(element.id()))
      .remove();
    for (const box of view.boxes) this.upsert("nodes", boxData(box));
    for (const node of view.nodes) this.upsert("nodes", nodeData(node, palette));
    const ids = new Set(view.nodes.map((node) => node.id));
    for (const edge of view.edges) {
      if (!ids.has(edge.source) || !ids.has(edge.destination)) continue;
      this.upsert("edges", { ...edgeData(edge, overlay, label, palette), loop: edge.source === edge.destination });
    }
  }

  private upsert(group: "nodes" | "edges", data: { id: string; parent?: string; loop?: boolean }): void {
    const element = this.cy.getElementById(data.id);
    if (element.empty()) {
      const start = group === "nodes" ? this.placement?.positions[data.id] : undefined;
      this.cy.add({
        group,
        data: group === "edges" ? { ...data, ...NO_CURVE } : data,
        ...(start ? { position: { ...start } } : {}),
      });
      return;
    }
    const old = element.data();
    for (const key of Object.keys(data)) {
      const next = data[key as keyof typeof data] as unknown;
      if (key !== "id" && key !== "parent" && key !== "source" && key !== "target" && String(old[key]) !== String(next))
        element.data(key, next);
    }
    if (group === "nodes" && (old.parent ?? null) !== (data.parent ?? null))
      (element as unknown as NodeSingular).move({ parent: data.parent ?? null });
  }

  private place(placement: Placement): void {
    this.placement = placement;
    this.cy.batch(() => {
      this.cy.nodes("[images]").forEach((node) => {
        const position = placement.positions[node.id()];
        if (position && !near(position, node.position())) node.position({ ...position });
      });
    });
    this.cy.batch(() => {
      for (const edge of this.cy.edges().toArray()) this.curve(edge);
    });
    this.labels.forget();
  }

  private curve(edge: EdgeSingular): void {
    if (edge.data("loop")) return;
    const source = edge.source();
    const target = edge.target();
    const route = this.placement?.routes[edge.id()];
    const atHome =
      near(this.placement?.positions[source.id()], source.position()) &&
      near(this.placement?.positions[target.id()], target.position());
    const routed = route && atHome ? routedCurve(source.position(), target.position(), route) : null;
    const size = (node: NodeSingular) => ({ width: node.data("width") ?? 0, height: node.data("height") ?? 0 });
    const curve: Curve = routed ?? freeCurve(source.position(), size(source), target.position(), size(target));
    edge.data({
      distances: curve.distances,
      weights: curve.weights,
      sourceEnd: `${curve.sourceEnd.x}px ${curve.sourceEnd.y}px`,
      targetEnd: `${curve.targetEnd.x}px ${curve.targetEnd.y}px`,
    });
  }

  private mark(): void {
    const lit = this.highlighted;
    this.cy.batch(() => {
      this.cy.elements().forEach((element) => {
        const id = element.id();
        element.toggleClass("selected", id === this.selected);
        element.toggleClass("faded", !!lit && !element.data("box") && !lit.has(id));
      });
    });
    this.labels.draw();
  }
}

const NO_CURVE = { distances: [0], weights: [0.5], sourceEnd: "0px 0px", targetEnd: "0px 0px" };
