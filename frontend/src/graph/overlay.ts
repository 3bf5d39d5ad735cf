import { formatBytesRate, formatMs, formatRate, formatShare } from "../lib/format";
import { differenceLook } from "./compare-look";
import type { GraphEdge } from "./model";

export const OVERLAYS = ["health", "mtls", "authz"] as const;
export type Overlay = (typeof OVERLAYS)[number];

export const EDGE_LABELS = ["rate", "errors", "p95", "throughput", "mtls"] as const;
export type EdgeLabel = (typeof EDGE_LABELS)[number];

/** What a colour means, whichever overlay chose it. Never told by colour alone: a mark goes with every tone but `good`
 * and `plain`. */
export type Tone = "good" | "warn" | "bad" | "plain" | "muted";
export type Mark =
  | "warning"
  | "failing"
  | "lock"
  | "lock-open"
  | "lock-mixed"
  | "refused"
  | "shield"
  | "shield-partly"
  | "shield-off"
  | "unknown"
  | "new"
  | "gone"
  | "slower"
  | "faster"
  | "busier"
  | "quieter"
  | "recovered";

export interface EdgeLook {
  tone: Tone;
  mark: Mark | null;
  text: string;
}

const FULL = 0.9995;

/** What labels say of an edge, in the order in which they are always told. */
function labelText(edge: GraphEdge, labels: readonly EdgeLabel[], without?: EdgeLabel): string {
  const texts = EDGE_LABELS.filter((label) => labels.includes(label) && label !== without).map((label) => {
    if (label === "rate") return formatRate(edge.rate);
    if (label === "errors") return edge.error_share == null ? "" : formatShare(edge.error_share);
    if (label === "p95") return edge.p95_ms == null ? "" : formatMs(edge.p95_ms);
    if (label === "throughput") return formatBytesRate(edge.sent_bytes_rate + edge.received_bytes_rate);
    return edge.mtls.observed_share == null ? "" : `${formatShare(edge.mtls.observed_share)} mTLS`;
  });
  return joined(...texts);
}

function joined(...parts: string[]): string {
  return parts.filter(Boolean).join(" · ");
}

function healthLook(edge: GraphEdge, labels: readonly EdgeLabel[]): EdgeLook {
  const text = labelText(edge, labels);
  const errors = edge.error_share && !labels.includes("errors") ? formatShare(edge.error_share) : "";
  switch (edge.health.state) {
    case "failing":
      return { tone: "bad", mark: "failing", text: joined(errors, text) };
    case "degraded":
      return { tone: "warn", mark: "warning", text: joined(errors, text) };
    case "healthy":
      return { tone: "good", mark: null, text };
    default:
      return { tone: "muted", mark: null, text: edge.rate > 0 ? text : "" };
  }
}

/** Whether what the proxies saw contradicts what policy predicts. */
export function mtlsDisagrees(edge: GraphEdge): boolean {
  const seen = edge.mtls.observed_share;
  if (seen == null) return false;
  if (edge.mtls.expected === "mutual_tls") return seen < FULL;
  if (edge.mtls.expected === "plain_text") return seen > 1 - FULL;
  return edge.mtls.expected === "refused";
}

function mtlsLook(edge: GraphEdge, labels: readonly EdgeLabel[]): EdgeLook {
  // The overlay says itself what isn't whole.
  const text = labelText(edge, labels, (edge.mtls.observed_share ?? 1) < FULL ? "mtls" : undefined);
  const seen = edge.mtls.observed_share;
  const odd = mtlsDisagrees(edge) ? "≠ policy" : "";
  if (seen == null) {
    if (edge.mtls.expected === "refused") return { tone: "bad", mark: "refused", text: joined("refused", text) };
    return { tone: "muted", mark: "unknown", text };
  }
  if (seen >= FULL) return { tone: odd ? "bad" : "good", mark: "lock", text: joined(odd, text) };
  if (seen <= 1 - FULL) {
    return { tone: odd ? "bad" : "warn", mark: "lock-open", text: joined("plain text", odd, text) };
  }
  return { tone: odd ? "bad" : "warn", mark: "lock-mixed", text: joined(`${formatShare(seen)} mTLS`, odd, text) };
}

function authzLook(edge: GraphEdge, labels: readonly EdgeLabel[]): EdgeLook {
  const text = labelText(edge, labels);
  const { verdict, denied_rate, disagrees } = edge.authz;
  const denied = denied_rate > 0 ? `${formatRate(denied_rate)} denied` : "";
  const words = joined(denied, disagrees ? "≠ policy" : "", text);
  switch (verdict) {
    case "allowed":
      return { tone: denied ? "warn" : "good", mark: "shield", text: words };
    case "partly":
      return { tone: "warn", mark: "shield-partly", text: words };
    case "denied":
      return { tone: "bad", mark: "refused", text: words };
    case "open":
      return { tone: denied ? "warn" : "plain", mark: "shield-off", text: words };
    default:
      return { tone: denied ? "warn" : "muted", mark: "unknown", text: words };
  }
}

/** How an edge is drawn under an overlay: its colour's meaning, its mark and its words. In a comparison, that comes
 * first. */
export function edgeLook(edge: GraphEdge, overlay: Overlay, labels: readonly EdgeLabel[]): EdgeLook {
  if (edge.differences) return differenceLook(edge.differences);
  if (overlay === "mtls") return mtlsLook(edge, labels);
  if (overlay === "authz") return authzLook(edge, labels);
  return healthLook(edge, labels);
}

/** Line width in pixels: the logarithm of the rate, so that 1/s and 1,000/s both read. */
export function edgeWidth(rate: number): number {
  return Math.min(7, 1.4 + Math.log10(1 + rate) * 1.6);
}
