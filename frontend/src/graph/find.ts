/** Find and hide in the browser: the language of meshui/domain/graph/find.py, held against each view that arrives. */
import { FLAGS, KINDS } from "./find-attributes";
import { type Expression, FindError, parse, tokens } from "./find-parse";
import type { GraphView } from "./model";

export interface Matched {
  nodes: ReadonlySet<string>;
  edges: ReadonlySet<string>;
}

/** The nodes and edges of the view that the expression is true of. */
export function find(view: GraphView, expression: Expression): Matched {
  const index = new Map(view.nodes.map((node) => [node.id, node]));
  const matching = <T extends GraphView["nodes"][number] | GraphView["edges"][number]>(elements: readonly T[]) =>
    new Set(elements.filter((element) => expression(element, index)).map((element) => element.id));
  return { nodes: matching(view.nodes), edges: matching(view.edges) };
}

/** The view without what was found, without edges that lost an end and boxes that became empty. */
export function without(view: GraphView, found: Matched): GraphView {
  if (found.nodes.size === 0 && found.edges.size === 0) return view;
  const nodes = view.nodes.filter((node) => !found.nodes.has(node.id));
  const edges = view.edges.filter(
    (edge) => !found.edges.has(edge.id) && !found.nodes.has(edge.source) && !found.nodes.has(edge.destination),
  );
  const parents = new Map(view.boxes.map((box) => [box.id, box.parent ?? null]));
  const before = used(view.nodes, parents);
  const after = used(nodes, parents);
  return { ...view, nodes, edges, boxes: view.boxes.filter((box) => !before.has(box.id) || after.has(box.id)) };
}

/** The boxes of the nodes and all that these are in. */
function used(nodes: GraphView["nodes"], parents: ReadonlyMap<string, string | null>): Set<string> {
  const found = new Set<string>();
  for (const node of nodes) {
    for (let box = node.box; box && !found.has(box); box = parents.get(box) ?? null) found.add(box);
  }
  return found;
}

export interface Wanted {
  /** What was written; plain words as the expression that they stand for. */
  text: string;
  expression: Expression | null;
  error: FindError | null;
}

const NOTHING: Wanted = { text: "", expression: null, error: null };

/** What a person means by the text: an expression, or plain words that are parts of a node's name, app, version or kind.
 * Nothing at all is no mistake. */
export function understand(written: string): Wanted {
  if (written.trim() === "") return NOTHING;
  const text = inWords(written) ?? written;
  try {
    return { text, expression: parse(text), error: null };
  } catch (error) {
    if (error instanceof FindError) return { text: written, expression: null, error };
    throw error;
  }
}

const OF_WORDS = ["label", "name", "app", "version", "kind"];

/** The expression that plain words stand for; null when they are the beginning of an expression. */
function inWords(written: string): string | null {
  let words: ReturnType<typeof tokens>;
  try {
    words = tokens(written).slice(0, -1);
  } catch {
    return null;
  }
  if (words.some((token) => token.kind !== "word" || ["and", "or", "not"].includes(token.text.toLowerCase())))
    return null;
  const first = words[0]?.text.toLowerCase() ?? "";
  if (KINDS.has(first) || FLAGS.includes(first)) return null;
  const quoted = (text: string) => `"${text.replace(/[\\"]/g, "\\$&")}"`;
  return words
    .map((word) => `(${OF_WORDS.map((name) => `${name} contains ${quoted(word.text)}`).join(" or ")})`)
    .join(" and ");
}
