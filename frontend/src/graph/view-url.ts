import { LAYOUTS, type LayoutName } from "./layout";
import type { Boxing, ViewKind, ViewSpec } from "./model";
import { EDGE_LABELS, type EdgeLabel, OVERLAYS, type Overlay } from "./overlay";

export const VIEW_KINDS = [
  "workload",
  "versioned_app",
  "app",
  "service",
  "namespace",
] as const satisfies readonly ViewKind[];
export const BOXINGS = ["cluster", "namespace", "app"] as const satisfies readonly Boxing[];
export const REFRESHES = ["live", "5", "15", "60", "manual"] as const;
export const SHAPES = ["map", "table"] as const;
export const MOST_HOPS = 5;

/** Everything a link to the graph says. */
export interface GraphUrl {
  spec: ViewSpec;
  /** The link names its kind of view; else a large mesh may open by namespaces. */
  viewChosen: boolean;
  /** Seconds; null: the cluster's default. */
  window: number | null;
  /** As a picture, or as a table of its edges. */
  as: (typeof SHAPES)[number];
  overlay: Overlay;
  labels: readonly EdgeLabel[];
  layout: LayoutName;
  refresh: (typeof REFRESHES)[number];
  /** Id of the selected node or edge. */
  selected: string | null;
  /** Expressions: what is highlighted, and what is left out. */
  find: string;
  hide: string;
  /** Id of the node whose neighbourhood alone is shown, so many hops out. */
  focus: string | null;
  hops: number;
  /** The moment shown (ISO 8601); null: now. */
  at: string | null;
  /** Seconds that the replay bar spans; null: it is closed. */
  span: number | null;
  /** Frames a second of the film. */
  speed: number;
  /** The earlier moment that the one shown is compared with; null: it isn't. */
  compare: string | null;
}

export const DEFAULT_GRAPH_URL: GraphUrl = {
  spec: {
    kind: "workload",
    service_nodes: false,
    namespaces: [],
    workloads: [],
    idle: false,
    idle_edges: false,
    box_by: ["namespace"],
    expanded: [],
  },
  viewChosen: false,
  window: null,
  as: "map",
  overlay: "health",
  labels: ["rate"],
  layout: "layered",
  refresh: "live",
  selected: null,
  find: "",
  hide: "",
  focus: null,
  hops: 1,
  at: null,
  span: null,
  speed: 1,
  compare: null,
};

function oneOf<T extends string>(allowed: readonly T[], text: string | null, fallback: T): T {
  return allowed.includes(text as T) ? (text as T) : fallback;
}

function flag(text: string | null, fallback: boolean): boolean {
  return text === "1" ? true : text === "0" ? false : fallback;
}

function names(text: string | null): string[] {
  return [...new Set((text ?? "").split(",").filter(Boolean))].sort();
}

/** Those that are named, in their own order; `none` is none of them, and nothing at all the default. */
function someOf<T extends string>(allowed: readonly T[], text: string | null, fallback: readonly T[]): T[] {
  if (text === "none") return [];
  const wanted = (text ?? "").split(",");
  const found = allowed.filter((name) => wanted.includes(name));
  return found.length > 0 ? found : [...fallback];
}

export const SPEEDS = [0.5, 1, 2, 4] as const;
export const SPANS = [300, 900, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600] as const;

function moment(text: string | null): string | null {
  const time = text ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

function numberOf(allowed: readonly number[], text: string | null): number | null {
  return allowed.find((value) => String(value) === text) ?? null;
}

/** The state that a query string names; anything missing or malformed is the default. */
export function readGraphUrl(params: URLSearchParams): GraphUrl {
  const base = DEFAULT_GRAPH_URL;
  const window = Number(params.get("window"));
  const hops = Number(params.get("hops"));
  return {
    spec: {
      kind: oneOf(VIEW_KINDS, params.get("view"), base.spec.kind),
      service_nodes: flag(params.get("services"), base.spec.service_nodes),
      namespaces: names(params.get("namespaces")),
      workloads: names(params.get("workloads")),
      idle: flag(params.get("idle"), base.spec.idle),
      idle_edges: flag(params.get("idle_edges"), base.spec.idle_edges),
      box_by: someOf(BOXINGS, params.get("box"), base.spec.box_by),
      expanded: names(params.get("expanded")),
    },
    viewChosen: (VIEW_KINDS as readonly string[]).includes(params.get("view") ?? ""),
    window: Number.isInteger(window) && window > 0 ? window : null,
    as: oneOf(SHAPES, params.get("as"), base.as),
    overlay: oneOf(OVERLAYS, params.get("overlay"), base.overlay),
    labels: someOf(EDGE_LABELS, params.get("label"), base.labels),
    layout: oneOf(LAYOUTS, params.get("layout"), base.layout),
    refresh: oneOf(REFRESHES, params.get("refresh"), base.refresh),
    selected: params.get("selected") || null,
    find: params.get("find") ?? "",
    hide: params.get("hide") ?? "",
    focus: params.get("focus") || null,
    hops: Number.isInteger(hops) && hops >= 1 && hops <= MOST_HOPS ? hops : base.hops,
    at: moment(params.get("at")),
    span: numberOf(SPANS, params.get("span")),
    speed: numberOf(SPEEDS, params.get("speed")) ?? base.speed,
    compare: moment(params.get("compare")),
  };
}

/** The query string of a state: only what differs from the default, other pages' parameters (cluster) kept. */
export function writeGraphUrl(state: GraphUrl, onto: URLSearchParams = new URLSearchParams()): URLSearchParams {
  const base = DEFAULT_GRAPH_URL;
  const params = new URLSearchParams(onto);
  const put = (name: string, value: string, plain: string) => {
    if (value === plain) params.delete(name);
    else params.set(name, value);
  };
  const digit = (on: boolean) => (on ? "1" : "0");
  const { spec } = state;
  put("view", spec.kind, state.viewChosen ? "" : base.spec.kind);
  put("services", digit(spec.service_nodes), digit(base.spec.service_nodes));
  put("namespaces", [...spec.namespaces].sort().join(","), "");
  put("workloads", [...spec.workloads].sort().join(","), "");
  put("idle", digit(spec.idle), digit(base.spec.idle));
  put("idle_edges", digit(spec.idle_edges), digit(base.spec.idle_edges));
  put("box", spec.box_by.join(",") || "none", base.spec.box_by.join(","));
  put("expanded", [...spec.expanded].sort().join(","), "");
  put("window", state.window == null ? "" : String(state.window), "");
  put("as", state.as, base.as);
  put("overlay", state.overlay, base.overlay);
  put("label", state.labels.join(",") || "none", base.labels.join(","));
  put("layout", state.layout, base.layout);
  put("refresh", state.refresh, base.refresh);
  put("selected", state.selected ?? "", "");
  put("find", state.find, "");
  put("hide", state.hide, "");
  put("focus", state.focus ?? "", "");
  put("hops", String(state.hops), String(base.hops));
  put("at", state.at ?? "", "");
  put("span", state.span == null ? "" : String(state.span), "");
  put("speed", String(state.speed), String(base.speed));
  put("compare", state.compare ?? "", "");
  return params;
}
