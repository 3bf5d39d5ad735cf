import { expect, test } from "vitest";
import { comparedView } from "./compare";
import { DIFFERENCE_KINDS, DIFFERENCES, differenceLook, differenceText } from "./compare-look";
import { aNode, anEdge, aView } from "./fixtures";
import { MARK_GLYPHS } from "./glyphs";
import type { Comparison, Difference } from "./model";
import { edgeLook } from "./overlay";

function aDifference(over: Partial<Difference> = {}): Difference {
  return {
    element: "edge",
    id: "web>cart|http",
    kind: "failing",
    label: "web → cart",
    reason: "8% of 10 req/s fail; 2% before",
    before: { rate: 10, error_share: 0.02, p95_ms: 25 },
    after: { rate: 10, error_share: 0.08, p95_ms: 75 },
    ...over,
  };
}

const comparison = (...differences: Difference[]) => ({ differences }) as unknown as Comparison;

test("what is gone is shown beside what is there, without traffic", () => {
  const before = aView({ nodes: [aNode("web"), aNode("old")], edges: [anEdge("web", "old")] });
  const after = aView();
  const view = comparedView(before, after, comparison());
  expect(view.nodes.map((node) => [node.id, node.outside])).toEqual([
    ["web", false],
    ["cart", false],
    ["old", true],
  ]);
  expect(view.edges.map((edge) => [edge.id, edge.rate])).toEqual([
    ["web>cart|http", 10],
    ["web>old|http", 0],
  ]);
});

test("edges carry their differences and are drawn by the first; the others are calm", () => {
  const view = comparedView(
    aView(),
    aView({ edges: [anEdge("web", "cart"), anEdge("cart", "web")] }),
    comparison(aDifference(), aDifference({ kind: "slower" })),
  );
  const [failing, calm] = view.edges.map((edge) => edgeLook(edge, "health", ["rate"]));
  expect(failing).toEqual({ tone: "bad", mark: "failing", text: "2.0% → 8.0% errors +1" });
  expect(calm).toEqual({ tone: "muted", mark: null, text: "" });
});

test("a node tells its differences by badges, before its own", () => {
  const busy = aNode("web", { badges: [{ name: "gateway", reason: "", object: null }] });
  const view = comparedView(
    aView(),
    aView({ nodes: [busy] }),
    comparison(aDifference({ element: "node", id: "web", kind: "new", reason: "1 req/s where there was nothing" })),
  );
  expect(view.nodes[0]?.badges).toEqual([
    { name: "new", reason: "1 req/s where there was nothing", object: null },
    { name: "gateway", reason: "", object: null },
  ]);
});

test("each kind has a mark of its own, so that colour is never the only sign", () => {
  const marks = DIFFERENCE_KINDS.map((kind) => MARK_GLYPHS[DIFFERENCES[kind].mark]);
  expect(new Set(marks).size).toBe(DIFFERENCE_KINDS.length);
  for (const kind of DIFFERENCE_KINDS) expect(differenceLook([aDifference({ kind })]).text).not.toBe("");
});

test.each([
  ["new", "new · 10/s"],
  ["gone", "gone · was 10/s"],
  ["recovered", "2.0% → 8.0% errors"],
  ["slower", "p95 25 ms → 75 ms"],
  ["busier", "10/s → 10/s"],
] as const)("%s says in few words what it is", (kind, text) => {
  expect(differenceText(aDifference({ kind }))).toBe(text);
});
