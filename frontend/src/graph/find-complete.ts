/** What may follow where somebody writes a find expression: attributes, operators, values of the view at hand. */
import {
  type AttributeKind,
  FLAGS,
  isNode,
  KINDS,
  OPERATORS,
  ORDER,
  TEXT_OPERATORS,
  valuesOf,
} from "./find-attributes";
import type { GraphEdge, GraphNode, GraphView } from "./model";

export interface Option {
  text: string;
  hint: string;
}

export interface Completion {
  /** What is replaced: from here to `to`. */
  from: number;
  to: number;
  options: Option[];
}

export const MEANINGS: Record<string, string> = {
  name: "a node's name",
  namespace: "a node's namespace; of an edge, either end's",
  cluster: "a node's cluster",
  app: "a node's app",
  version: "a node's version",
  kind: "workload, service, gateway, …",
  health: "healthy, degraded, failing, idle, unknown",
  label: "what is written on a node",
  source: "an edge's caller, by name",
  destination: "an edge's server, by name",
  protocol: "http, grpc or tcp",
  flag: "a response flag, such as UH",
  verdict: "what policy says of an edge",
  reporter: "whose counters an edge's rate is from",
  principal: "a caller's or server's identity",
  host: "a host that was asked for",
  rate: "requests per second",
  denied: "requests per second refused by policy",
  errors: "share of errors, in percent",
  mtls: "share over mutual TLS, in percent",
  p50: "median latency",
  p90: "latency, 90th percentile",
  p95: "latency, 95th percentile",
  p99: "latency, 99th percentile",
  code: "a response code of an edge",
  missing_proxy: "pods without a proxy",
  idle: "no traffic",
  outside: "a neighbour outside the filter",
  gateway: "routed by a gateway",
  waypoint: "behind a waypoint",
  virtual_service: "a virtual service applies",
  traffic_split: "traffic is split",
  fault_injection: "faults are injected",
  mirror: "traffic is mirrored",
  circuit_breaker: "connections are limited",
  ejected: "endpoints are ejected",
};

export const OPERATOR_MEANINGS: Record<string, string> = {
  "=": "is",
  "!=": "is not",
  ">": "more than",
  ">=": "at least",
  "<": "less than",
  "<=": "at most",
  contains: "has it in it",
  startswith: "begins with it",
  endswith: "ends with it",
};

export const EXAMPLES: readonly Option[] = [
  { text: "errors > 5%", hint: "more than 5% of the requests fail" },
  { text: "mtls < 100", hint: "some of it is plain text" },
  { text: "p95 > 200ms and rate > 1", hint: "slow, and in use" },
  { text: "flag = UH or flag = UF", hint: "the server couldn't be reached" },
  { text: "health = failing or health = degraded", hint: "whatever isn't well" },
  { text: "missing_proxy or verdict = open", hint: "not protected" },
];

const SAMPLES: Partial<Record<AttributeKind, readonly string[]>> = {
  rate: ["1", "10", "100"],
  share: ["0%", "1%", "5%", "100%"],
  duration: ["50ms", "200ms", "1s"],
};
const MOST_OPTIONS = 40;
const PIECE = /"(?:[^"\\]|\\.)*"?|[()]|[!<>]=|[=<>!]|[^\s()"=!<>]+/gs;

interface Piece {
  text: string;
  from: number;
  to: number;
}

type Place =
  | { expects: "attribute" }
  | { expects: "operator"; attribute: string }
  | { expects: "value"; attribute: string }
  | { expects: "joiner" };

/** Where in the grammar one is after these pieces. */
function placeAfter(pieces: readonly Piece[]): Place {
  let place: Place = { expects: "attribute" };
  for (const piece of pieces) {
    const word = piece.text.toLowerCase();
    if (word === "and" || word === "or" || word === "(") place = { expects: "attribute" };
    else if (word === "not" && place.expects === "attribute") continue;
    else if (place.expects === "attribute" && KINDS.has(word)) place = { expects: "operator", attribute: word };
    else if (place.expects === "operator" && OPERATORS.includes(word))
      place = { expects: "value", attribute: place.attribute };
    else place = { expects: "joiner" };
  }
  return place;
}

/** What may be written at the caret. */
export function complete(text: string, caret: number, view: GraphView | null): Completion {
  const pieces = [...text.matchAll(PIECE)].map((match) => ({
    text: match[0],
    from: match.index,
    to: match.index + match[0].length,
  }));
  const current = pieces.find((piece) => piece.from < caret && caret <= piece.to && !"()".includes(piece.text));
  const before = pieces.filter((piece) => piece.to <= (current ? current.from : caret));
  const begun = current ? text.slice(current.from, caret).replace(/^"/, "").toLowerCase() : "";
  const [from, to] = current ? [current.from, current.to] : [caret, caret];
  const options = candidates(placeAfter(before), view, begun, before);
  const fitting = options
    .filter((option) => option.text.toLowerCase().includes(begun))
    .sort((a, b) => Number(starts(b, begun)) - Number(starts(a, begun)))
    .slice(0, MOST_OPTIONS);
  const done = fitting.length === 1 && fitting[0]?.text === text.slice(from, to);
  return { from, to, options: done ? [] : fitting };
}

function starts(option: Option, begun: string): boolean {
  return option.text.toLowerCase().replace(/^"/, "").startsWith(begun);
}

function candidates(place: Place, view: GraphView | null, begun: string, before: readonly Piece[]): Option[] {
  if (place.expects === "joiner") {
    const open = before.filter((piece) => piece.text === "(").length > before.filter((p) => p.text === ")").length;
    const joiners = [
      { text: "and", hint: "both are true" },
      { text: "or", hint: "either is true" },
    ];
    return open ? [...joiners, { text: ")", hint: "closes the group" }] : joiners;
  }
  if (place.expects === "operator") {
    const kind = KINDS.get(place.attribute) ?? "text";
    return OPERATORS.filter((operator) => suits(kind, operator)).map((operator) => ({
      text: operator,
      hint: OPERATOR_MEANINGS[operator] ?? "",
    }));
  }
  if (place.expects === "value") return view ? values(place.attribute, view) : [];
  const words = [...KINDS.keys(), ...FLAGS].map((word) => ({ text: word, hint: MEANINGS[word] ?? "" }));
  const named = view && begun !== "" ? nodesCalled(view, begun) : [];
  return [...named, ...words, { text: "not", hint: "the opposite" }];
}

/** Nodes called so: the first word is most often a name. */
function nodesCalled(view: GraphView, begun: string): Option[] {
  const names = new Set(view.nodes.map((node) => node.name).filter((name) => name.toLowerCase().startsWith(begun)));
  return [...names]
    .sort()
    .slice(0, 6)
    .map((name) => ({ text: `name = ${quoted(name)}`, hint: "a node of this view" }));
}

function suits(kind: AttributeKind, operator: string): boolean {
  if (kind === "text") return !(ORDER as readonly string[]).includes(operator);
  return kind === "code" || !(TEXT_OPERATORS as readonly string[]).includes(operator);
}

/** The attribute's values in the view, most frequent first; for numbers a few that are often asked for. */
function values(attribute: string, view: GraphView): Option[] {
  const samples = SAMPLES[KINDS.get(attribute) ?? "text"];
  if (samples) return samples.map((text) => ({ text, hint: "" }));
  const index = new Map(view.nodes.map((node) => [node.id, node]));
  const counts = new Map<string, { nodes: number; edges: number }>();
  const count = (element: GraphNode | GraphEdge) => {
    for (const value of new Set((valuesOf(element, attribute, index) ?? []).map(String))) {
      const seen = counts.get(value) ?? { nodes: 0, edges: 0 };
      seen[isNode(element) ? "nodes" : "edges"] += 1;
      counts.set(value, seen);
    }
  };
  view.nodes.forEach(count);
  view.edges.forEach(count);
  return [...counts]
    .filter(([value]) => value !== "")
    .sort(([a, one], [b, other]) => other.nodes + other.edges - one.nodes - one.edges || a.localeCompare(b))
    .map(([value, { nodes, edges }]) => ({
      text: quoted(value),
      hint: [nodes && many(nodes, "node"), edges && many(edges, "edge")].filter(Boolean).join(", "),
    }));
}

export function many(number: number, what: string): string {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}

/** A value as it is written in an expression. */
function quoted(value: string): string {
  const plain = /^[^\s()"=!<>]+$/.test(value) && !["and", "or", "not"].includes(value.toLowerCase());
  return plain ? value : `"${value.replace(/[\\"]/g, "\\$&")}"`;
}

/** The text after an option was taken, and where the caret is then. */
export function accept(text: string, completion: Completion, option: Option): { text: string; caret: number } {
  const rest = text.slice(completion.to).replace(/^\s+/, "");
  const head = `${text.slice(0, completion.from)}${option.text} `;
  return { text: `${head}${rest}`, caret: head.length };
}
