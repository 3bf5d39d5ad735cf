import { expect, test } from "vitest";
import { aNode, anEdge, aView } from "./fixtures";
import { controlPoints, routedCurve } from "./geometry";
import { elkGraph, keepPlacement, readPlacement } from "./layout";
import { nodeLabel, nodeSize } from "./node-size";

test("nodes go into their boxes and edges to unknown nodes are left out", () => {
  const view = aView({
    nodes: [aNode("web"), aNode("lost", { box: "nowhere" })],
    edges: [anEdge("web", "ghost"), anEdge("web", "lost")],
  });
  const root = elkGraph(view);
  expect(root.children?.map((item) => item.id)).toEqual(["namespace:demo/shop", "lost"]);
  expect(root.children?.[0]?.children?.map((item) => item.id)).toEqual(["web"]);
  expect(root.edges?.map((edge) => edge.id)).toEqual(["web>lost|http"]);
});

test("the order in which a view arrives doesn't change the layout problem", () => {
  const nodes = [aNode("a"), aNode("b"), aNode("c")];
  const edges = [anEdge("a", "b"), anEdge("b", "c")];
  expect(elkGraph(aView({ nodes: [...nodes].reverse(), edges: [...edges].reverse() }))).toEqual(
    elkGraph(aView({ nodes, edges })),
  );
});

test("a long label is cut, so that no node is wider than its neighbours can bear", () => {
  expect(nodeLabel(aNode("x", { label: "catalog-v1" }))).toBe("catalog-v1");
  expect(nodeSize(aNode("x", { label: "a".repeat(100) })).width).toBeLessThan(240);
});

test("ELK's answer becomes centres and absolute routes", () => {
  const placement = readPlacement({
    id: "",
    children: [{ id: "box", x: 0, y: 0, children: [{ id: "a", x: 10, y: 10, width: 100, height: 34 }] }],
    edges: [
      {
        id: "e",
        sources: ["a"],
        targets: ["b"],
        sections: [{ startPoint: { x: 110, y: 27 }, endPoint: { x: 200, y: 27 }, bendPoints: [{ x: 150, y: 40 }] }],
      },
    ],
  });
  expect(placement.positions.a).toEqual({ x: 60, y: 27 });
  expect(placement.routes.e).toHaveLength(3);
});

const twenty = Array.from({ length: 20 }, (_, index) => aNode(`n${index}`));
const placed = {
  positions: Object.fromEntries(twenty.map((node, index) => [node.id, { x: 0, y: index * 100 }])),
  routes: {
    "n0>n1|http": [
      { x: 0, y: 0 },
      { x: 1, y: 1 },
    ],
  },
};

test("one new node among many moves nobody and overlaps nobody", () => {
  const view = aView({ nodes: [...twenty, aNode("new")], edges: [anEdge("n0", "new"), anEdge("n0", "n1")] });
  const next = keepPlacement(view, placed);
  for (const node of twenty) expect(next?.positions[node.id]).toEqual(placed.positions[node.id]);
  expect(next?.positions.new).toEqual({ x: 220, y: 0 });
  expect(next?.routes).toEqual(placed.routes);
});

test("a gone node leaves the rest in place; many new nodes ask for a new layout", () => {
  expect(keepPlacement(aView({ nodes: twenty.slice(5), edges: [] }), placed)).not.toBeNull();
  const many = Array.from({ length: 5 }, (_, index) => aNode(`new${index}`));
  expect(keepPlacement(aView({ nodes: [...twenty, ...many] }), placed)).toBeNull();
});

test("a curve that leaves to the left and arrives from the right stands straight on both", () => {
  const start = { x: 100, y: 0 };
  const end = { x: 0, y: 50 };
  expect(controlPoints(start, end, [], { start: -1, end: 1 })).toEqual([
    { x: 50, y: 0 },
    { x: 50, y: 50 },
  ]);
  expect(controlPoints(start, { x: 300, y: 0 }, [{ x: 200, y: 9 }])[0]).toEqual({ x: 118, y: 0 });
});

test("a curve begins and ends where its route does", () => {
  const curve = routedCurve({ x: 50, y: 50 }, { x: 250, y: 80 }, [
    { x: 100, y: 52 },
    { x: 200, y: 80 },
  ]);
  expect(curve?.[0]).toEqual({ x: 100, y: 52 });
  expect(curve?.at(-1)).toEqual({ x: 200, y: 80 });
});
