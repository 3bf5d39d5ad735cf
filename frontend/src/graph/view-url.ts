import type { ViewKind, ViewSpec } from "./model";
import { EDGE_LABELS, type EdgeLabel, OVERLAYS, type Overlay } from "./overlay";

export const VIEW_KINDS = ["workload", "service", "namespace"] as const satisfies readonly ViewKind[];
export const REFRESHES = ["live", "5", "15", "60", "manual"] as const;
export const SHAPES = ["map", "table"] as const;

/** Everything a link to the graph says. */
export interface GraphUrl {
  spec: ViewSpec;
  /** Seconds; null: the cluster's default. */
  window: number | null;
  /** As a picture, or as a table of its edges. */
  as: (typeof SHAPES)[number];
  overlay: Overlay;
  label: EdgeLabel;
  refresh: (typeof REFRESHES)[number];
  /** Id of the selected node or edge. */
  selected: string | null;
  /** Expressions: what is highlighted, and what is left out. */
  find: string;
  hide: string;
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
  spec: { kind: "workload", service_nodes: false, namespaces: [], idle: false },
  window: null,
  as: "map",
  overlay: "health",
  label: "rate",
  refresh: "live",
  selected: null,
  find: "",
  hide: "",
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
  const namespaces = (params.get("namespaces") ?? "").split(",").filter(Boolean);
  return {
    spec: {
      kind: oneOf(VIEW_KINDS, params.get("view"), base.spec.kind),
      service_nodes: flag(params.get("services"), base.spec.service_nodes),
      namespaces: [...new Set(namespaces)].sort(),
      idle: flag(params.get("idle"), base.spec.idle),
    },
    window: Number.isInteger(window) && window > 0 ? window : null,
    as: oneOf(SHAPES, params.get("as"), base.as),
    overlay: oneOf(OVERLAYS, params.get("overlay"), base.overlay),
    label: oneOf(EDGE_LABELS, params.get("label"), base.label),
    refresh: oneOf(REFRESHES, params.get("refresh"), base.refresh),
    selected: params.get("selected") || null,
    find: params.get("find") ?? "",
    hide: params.get("hide") ?? "",
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
  put("view", state.spec.kind, base.spec.kind);
  put("services", state.spec.service_nodes ? "1" : "0", base.spec.service_nodes ? "1" : "0");
  put("namespaces", [...state.spec.namespaces].sort().join(","), "");
  put("idle", state.spec.idle ? "1" : "0", base.spec.idle ? "1" : "0");
  put("window", state.window == null ? "" : String(state.window), "");
  put("as", state.as, base.as);
  put("overlay", state.overlay, base.overlay);
  put("label", state.label, base.label);
  put("refresh", state.refresh, base.refresh);
  put("selected", state.selected ?? "", "");
  put("find", state.find, "");
  put("hide", state.hide, "");
  put("at", state.at ?? "", "");
  put("span", state.span == null ? "" : String(state.span), "");
  put("speed", String(state.speed), String(base.speed));
  put("compare", state.compare ?? "", "");
  return params;
}
