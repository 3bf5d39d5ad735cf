/** What a find expression can ask of nodes and edges: the same table as meshui/domain/graph/find_expression.py. A
 * comparison with an attribute of several values is true when one value fits; `!=` when none is equal. */
import type { GraphEdge, GraphNode } from "./model";

export type Index = ReadonlyMap<string, GraphNode>;
export type AttributeKind = "text" | "rate" | "share" | "duration" | "code";
type Value = string | number;
/** `null`: not known, or the element's type has no such attribute. */
type Values = readonly Value[] | null;

const kinds = (kind: AttributeKind, ...names: string[]) => names.map((name) => [name, kind] as const);

/** Every attribute, and what its values are. */
export const KINDS: ReadonlyMap<string, AttributeKind> = new Map([
  ...kinds("text", "name", "namespace", "cluster", "app", "version", "kind", "health", "label"),
  ...kinds("text", "source", "destination", "protocol", "flag", "verdict", "reporter", "principal", "host"),
  ...kinds("rate", "rate", "denied"),
  ...kinds("share", "errors", "mtls"),
  ...kinds("duration", "p50", "p90", "p95", "p99"),
  ...kinds("code", "code"),
]);

/** Every attribute that stands alone: `idle`, `outside` and the names of badges. */
export const FLAGS: readonly string[] = [
  ...["missing_proxy", "idle", "outside", "gateway", "waypoint", "virtual_service", "traffic_split"],
  ...["fault_injection", "mirror", "circuit_breaker", "ejected"],
];

export const ORDER = [">", ">=", "<", "<="] as const;
export const TEXT_OPERATORS = ["contains", "startswith", "endswith"] as const;
export const OPERATORS: readonly string[] = ["=", "!=", ...ORDER, ...TEXT_OPERATORS];

/** Caseless, as Python's casefold is for all that names are made of. */
export function fold(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase().replaceAll("ς", "σ");
}

function known(...values: (Value | null | undefined)[]): Values {
  const found = values.filter((value): value is Value => value != null);
  return found.length > 0 ? found : null;
}

const OF_NODE: Record<string, (node: GraphNode) => Values> = {
  name: (node) => [node.name],
  namespace: (node) => [node.namespace],
  cluster: (node) => [node.cluster],
  app: (node) => known(node.app),
  version: (node) => known(node.version),
  kind: (node) => [node.kind],
  health: (node) => [node.health.state],
  rate: (node) => [node.inbound.rate],
  errors: (node) => known(node.inbound.error_share),
  p95: (node) => known(node.inbound.p95_ms),
  label: (node) => [node.label],
};

const OF_ENDS: Record<string, (source: GraphNode | undefined, destination: GraphNode | undefined) => Values> = {
  source: (source) => known(source?.name),
  destination: (_, destination) => known(destination?.name),
  namespace: (source, destination) => known(source?.namespace, destination?.namespace),
};

const OF_EDGE: Record<string, (edge: GraphEdge) => Values> = {
  protocol: (edge) => [edge.protocol],
  rate: (edge) => [edge.rate],
  errors: (edge) => known(edge.error_share),
  p50: (edge) => known(edge.p50_ms),
  p90: (edge) => known(edge.p90_ms),
  p95: (edge) => known(edge.p95_ms),
  p99: (edge) => known(edge.p99_ms),
  mtls: (edge) => known(edge.mtls.observed_share),
  // No flag is known to be none, so that `flag != UH` is true of it.
  flag: (edge) => Object.keys(edge.flags).flatMap((key) => [key, ...key.split(",")]),
  code: (edge) => known(...Object.keys(edge.codes).filter((code) => (edge.codes[code] ?? 0) > 0)),
  verdict: (edge) => [edge.authz.verdict],
  health: (edge) => [edge.health.state],
  reporter: (edge) => [edge.reporter],
  principal: (edge) => known(...(edge.source_principals ?? []), ...(edge.destination_principals ?? [])),
  host: (edge) => known(...(edge.hosts ?? [])),
  denied: (edge) => [edge.authz.denied_rate],
};

export function isNode(element: GraphNode | GraphEdge): element is GraphNode {
  return "inbound" in element;
}

/** The element's values of an attribute. */
export function valuesOf(element: GraphNode | GraphEdge, attribute: string, index: Index): Values {
  if (isNode(element)) return OF_NODE[attribute]?.(element) ?? null;
  const ofEnds = OF_ENDS[attribute];
  if (ofEnds) return ofEnds(index.get(element.source), index.get(element.destination));
  return OF_EDGE[attribute]?.(element) ?? null;
}

/** Whether an attribute that stands alone is true of the element. */
export function hasFlag(element: GraphNode | GraphEdge, flag: string): boolean {
  if (flag === "idle") return element.health.state === "idle";
  if (!isNode(element)) return false;
  if (flag === "outside") return element.outside ?? false;
  return (element.badges ?? []).some((badge) => badge.name === flag);
}

/** Whether a value compares so with the wanted one, which is in the attribute's own unit; texts are folded. */
export function fits(value: Value, operator: string, wanted: Value): boolean {
  if (typeof wanted === "string") {
    const text = fold(String(value));
    if (operator === "contains") return text.includes(wanted);
    if (operator === "startswith") return text.startsWith(wanted);
    return operator === "endswith" ? text.endsWith(wanted) : text === wanted;
  }
  const number = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
  if (operator === ">") return number > wanted;
  if (operator === ">=") return number >= wanted;
  if (operator === "<") return number < wanted;
  return operator === "<=" ? number <= wanted : number === wanted;
}
