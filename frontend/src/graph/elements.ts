import { nodeLabel, nodeSize } from "./layout";
import type { GraphBox, GraphEdge, GraphNode } from "./model";
import { badgeStripWidth, badgesArt, HEALTH_TONES, ringArt } from "./node-art";
import { type EdgeLabel, edgeLook, edgeWidth, type Mark, type Overlay } from "./overlay";
import type { Palette } from "./palette";

/** Cytoscape's `data` of each element: everything the stylesheet maps from, and nothing else. */
export interface NodeData {
  id: string;
  parent?: string;
  label: string;
  width: number;
  height: number;
  shape: string;
  corner: string;
  fill: string;
  border: string;
  borderWidth: number;
  borderStyle: "solid" | "dashed";
  images: string[];
  imageX: string[];
  imageY: string[];
  imageW: number[];
  imageH: number[];
  opacity: number;
}

export interface EdgeData {
  id: string;
  source: string;
  target: string;
  colour: string;
  width: number;
  line: "solid" | "dashed";
  opacity: number;
  mark: Mark | null;
  text: string;
  /** Requests per second: what is drawn last, and so on top, and whose label wins when there is no room. */
  weight: number;
}

const SHAPES: Partial<Record<GraphNode["kind"], string>> = {
  gateway: "cut-rectangle",
  service_entry: "round-rectangle",
  unknown: "round-rectangle",
};

export function nodeData(node: GraphNode, palette: Palette): NodeData {
  const { width, height } = nodeSize(node);
  const state = node.health.state;
  const loud = state === "degraded" || state === "failing";
  const outsideMesh = node.kind === "service_entry" || node.kind === "unknown" || node.kind === "passthrough";
  const badges = badgesArt(node, palette);
  return {
    id: node.id,
    ...(node.box ? { parent: node.box } : {}),
    label: nodeLabel(node),
    width,
    height,
    shape: SHAPES[node.kind] ?? "round-rectangle",
    corner: node.kind === "service" ? "17" : "9",
    fill: palette.surface,
    border: loud ? palette.tones[HEALTH_TONES[state]] : palette.strong,
    borderWidth: loud ? 2 : 1,
    borderStyle: outsideMesh ? "dashed" : "solid",
    images: [ringArt(node, palette), ...(badges ? [badges] : [])],
    imageX: ["4px", ...(badges ? [`${width - badgeStripWidth(node) - 4}px`] : [])],
    imageY: ["4px", ...(badges ? ["-9px"] : [])],
    imageW: [26, ...(badges ? [badgeStripWidth(node)] : [])],
    imageH: [26, ...(badges ? [15] : [])],
    opacity: node.outside ? 0.55 : 1,
  };
}

export function edgeData(edge: GraphEdge, overlay: Overlay, label: EdgeLabel, palette: Palette): EdgeData {
  const look = edgeLook(edge, overlay, label);
  return {
    id: edge.id,
    source: edge.source,
    target: edge.destination,
    colour: palette.tones[look.tone],
    width: edgeWidth(edge.rate),
    line: edge.protocol === "tcp" ? "dashed" : "solid",
    opacity: edge.rate > 0 ? 0.85 : 0.4,
    mark: look.mark,
    text: look.text,
    weight: edge.rate,
  };
}

export function boxData(box: GraphBox): { id: string; label: string; box: true; parent?: string } {
  return { id: box.id, label: box.label, box: true, ...(box.parent ? { parent: box.parent } : {}) };
}
