/** How elements look, in words of the product: what is drawn of a node and an edge, before any colour. */
import type { GraphEdge, GraphNode, HealthState, NodeKind } from "./model";
import { nodeLabel, nodeSize } from "./node-size";
import { type EdgeLabel, edgeLook, edgeWidth, type Mark, type Overlay, type Tone } from "./overlay";

export const HEALTH_TONES: Record<HealthState, Tone> = {
  healthy: "good",
  degraded: "warn",
  failing: "bad",
  idle: "muted",
  unknown: "muted",
};

export interface NodeLook {
  kind: NodeKind;
  state: HealthState;
  label: string;
  width: number;
  height: number;
  /** Radius of its corners: services are round. */
  corner: number;
  /** Not part of the mesh: its border is dashed. */
  foreign: boolean;
  /** Share of errors, to the next twentieth. */
  errors: number;
  badges: string[];
  /** A neighbour outside the filter. */
  outside: boolean;
}

export interface LineLook {
  tone: Tone;
  mark: Mark | null;
  text: string;
  width: number;
  dashed: boolean;
  idle: boolean;
  /** Requests per second: what is drawn last, and so on top, and whose label wins when there is no room. */
  weight: number;
}

const FOREIGN = new Set<NodeKind>(["service_entry", "unknown", "passthrough", "blackhole"]);

export function nodeLook(node: GraphNode): NodeLook {
  return {
    kind: node.kind,
    state: node.health.state,
    label: nodeLabel(node),
    ...nodeSize(node),
    corner: node.kind === "service" ? 17 : node.kind === "namespace" ? 5 : 9,
    foreign: FOREIGN.has(node.kind),
    errors: Math.ceil((node.inbound.error_share ?? 0) * 20) / 20,
    badges: shownBadges(node).map((badge) => badge.name),
    outside: node.outside ?? false,
  };
}

export function lineLook(edge: GraphEdge, overlay: Overlay, labels: readonly EdgeLabel[]): LineLook {
  return {
    ...edgeLook(edge, overlay, labels),
    width: edgeWidth(edge.rate),
    dashed: edge.protocol === "tcp",
    idle: edge.rate <= 0,
    weight: edge.rate,
  };
}

export const LOUD_BADGES: ReadonlySet<string> = new Set(["missing_proxy", "fault_injection", "ejected"]);
/** What a kind already says needs no badge. */
const SAID_BY_KIND = new Set(["gateway", "waypoint"]);

/** A node's badges, the alarming first. */
export function shownBadges(node: GraphNode) {
  const loud = (name: string) => (LOUD_BADGES.has(name) ? 0 : 1);
  return (node.badges ?? [])
    .filter((badge) => !(SAID_BY_KIND.has(badge.name) && node.kind === "gateway"))
    .sort((a, b) => loud(a.name) - loud(b.name));
}
