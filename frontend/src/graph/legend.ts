/** What is in a view, explained: only shapes, colours and marks that occur. */
import { DIFFERENCE_KINDS, DIFFERENCES } from "./compare-look";
import { BADGE_GLYPHS, KIND_GLYPHS, MARK_GLYPHS } from "./glyphs";
import { LOUD_BADGES, shownBadges } from "./looks";
import type { GraphView, HealthState, NodeKind } from "./model";
import { edgeLook, type Mark, type Overlay, type Tone } from "./overlay";

export type LegendSample =
  | { kind: "line"; tone: Tone; dashed?: boolean; faint?: boolean }
  | { kind: "glyph"; path: string; tone: Tone | null }
  | { kind: "ring"; state: HealthState }
  | { kind: "border"; dashed: boolean }
  | { kind: "words"; text: string };

export interface LegendItem {
  sample: LegendSample;
  text: string;
}

export interface LegendGroup {
  title: string;
  items: LegendItem[];
}

interface Meaning {
  tone: Tone;
  mark: Mark | null;
  text: string;
}

const EDGES: Record<Overlay, Meaning[]> = {
  health: [
    { mark: null, tone: "good", text: "Healthy" },
    { mark: "warning", tone: "warn", text: "Degraded" },
    { mark: "failing", tone: "bad", text: "Failing" },
    { mark: null, tone: "muted", text: "Idle or unknown" },
  ],
  mtls: [
    { mark: "lock", tone: "good", text: "Mutual TLS" },
    { mark: "lock", tone: "bad", text: "Mutual TLS, against policy" },
    { mark: "lock-mixed", tone: "warn", text: "Some of it plain text" },
    { mark: "lock-mixed", tone: "bad", text: "Some plain text, against policy" },
    { mark: "lock-open", tone: "warn", text: "Plain text" },
    { mark: "lock-open", tone: "bad", text: "Plain text, against policy" },
    { mark: "refused", tone: "bad", text: "Refused by policy" },
    { mark: "unknown", tone: "muted", text: "Not reported" },
  ],
  authz: [
    { mark: "shield", tone: "good", text: "Allowed by policy" },
    { mark: "shield", tone: "warn", text: "Allowed, yet some denied" },
    { mark: "shield-partly", tone: "warn", text: "Partly allowed" },
    { mark: "refused", tone: "bad", text: "Denied" },
    { mark: "shield-off", tone: "plain", text: "Open: no policy" },
    { mark: "shield-off", tone: "warn", text: "No policy, yet some denied" },
    { mark: "unknown", tone: "muted", text: "Unknown" },
    { mark: "unknown", tone: "warn", text: "Unknown, some denied" },
  ],
};

const STATES: [HealthState, string][] = [
  ["healthy", "Healthy"],
  ["degraded", "Degraded"],
  ["failing", "Failing"],
  ["idle", "Idle"],
  ["unknown", "Unknown"],
];

export const KIND_NAMES: Record<NodeKind, string> = {
  workload: "Workload",
  app: "App",
  service: "Service",
  gateway: "Gateway",
  service_entry: "External service",
  passthrough: "Passthrough",
  blackhole: "Black hole",
  unknown: "Unknown caller",
  namespace: "Namespace",
};

export const BADGE_NAMES: Record<string, string> = {
  missing_proxy: "No proxy",
  fault_injection: "Fault injection",
  ejected: "Endpoints ejected",
  traffic_split: "Traffic split",
  circuit_breaker: "Circuit breaker",
  virtual_service: "Virtual service",
  mirror: "Mirrored",
  gateway: "Behind a gateway",
  waypoint: "Waypoint",
  request_timeout: "Timeout",
};

const COMPARED: Meaning[] = [
  ...DIFFERENCE_KINDS.map((kind) => ({ ...DIFFERENCES[kind], text: DIFFERENCES[kind].name })),
  { mark: null, tone: "muted", text: "As it was" },
];

export function legendOf(view: Pick<GraphView, "nodes" | "edges">, overlay: Overlay): LegendGroup[] {
  const compared = view.edges.some((edge) => edge.differences);
  const looks = new Set(view.edges.map((edge) => signOf(edgeLook(edge, overlay, []))));
  const lines = (compared ? COMPARED : EDGES[overlay])
    .filter((meaning) => looks.has(signOf(meaning)))
    .map(
      ({ mark, tone, text }): LegendItem => ({
        sample: mark ? { kind: "glyph", path: MARK_GLYPHS[mark], tone } : { kind: "line", tone },
        text,
      }),
    );
  if (view.edges.some((edge) => edge.protocol === "tcp"))
    lines.push({ sample: { kind: "line", tone: "muted", dashed: true }, text: "TCP" });
  if (view.edges.some((edge) => edge.rate <= 0))
    lines.push({ sample: { kind: "line", tone: "muted", faint: true }, text: "No traffic now" });
  if (view.edges.length > 0) lines.push({ sample: { kind: "words", text: "━" }, text: "Wider: more requests" });
  const kinds = new Set(view.nodes.map((node) => node.kind));
  const nodes = (Object.keys(KIND_NAMES) as NodeKind[])
    .filter((kind) => kinds.has(kind))
    .map(
      (kind): LegendItem => ({
        sample: { kind: "glyph", path: KIND_GLYPHS[kind], tone: null },
        text: KIND_NAMES[kind],
      }),
    );
  if (["service_entry", "unknown", "passthrough", "blackhole"].some((kind) => kinds.has(kind as NodeKind)))
    nodes.push({ sample: { kind: "border", dashed: true }, text: "Not part of the mesh" });
  const states = new Set(view.nodes.map((node) => node.health.state));
  const health = STATES.filter(([state]) => states.has(state)).map(
    ([state, text]): LegendItem => ({ sample: { kind: "ring", state }, text }),
  );
  if (view.nodes.some((node) => (node.inbound.error_share ?? 0) > 0))
    health.push({ sample: { kind: "words", text: "◔" }, text: "Red arc: share of errors" });
  const names = new Set(view.nodes.flatMap((node) => shownBadges(node).map((badge) => badge.name)));
  const badges = [...names].sort().map(
    (name): LegendItem => ({
      sample: {
        kind: "glyph",
        path: BADGE_GLYPHS[name] ?? BADGE_GLYPHS.default ?? "",
        tone: LOUD_BADGES.has(name) ? "warn" : "plain",
      },
      text: BADGE_NAMES[name] ?? name.replace(/_/g, " "),
    }),
  );
  const titles: Record<Overlay, string> = {
    health: "Calls: health",
    mtls: "Calls: mTLS",
    authz: "Calls: authorization",
  };
  return [
    { title: compared ? "Calls: what differs" : titles[overlay], items: lines },
    { title: "Nodes", items: nodes },
    { title: "Health of a node", items: health },
    { title: "Badges", items: badges },
  ].filter((group) => group.items.length > 0);
}

function signOf({ mark, tone }: Pick<Meaning, "mark" | "tone">): string {
  return `${mark ?? "line"}|${tone}`;
}
