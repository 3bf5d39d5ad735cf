import { expect, test } from "vitest";
import { applyDelta, topologyKey } from "./delta";
import { aDelta, aNode, anEdge, aView } from "./fixtures";

test("a delta changes, adds and removes by id and keeps the rest", () => {
  const view = aView();
  const next = applyDelta(
    view,
    aDelta({
      nodes: [aNode("cart", { label: "Cart" }), aNode("new")],
      edges: [anEdge("web", "new")],
      removed_edges: ["web>cart|http"],
    }),
  );
  expect(next?.version).toBe(2);
  expect(next?.nodes.map((node) => node.label)).toEqual(["web", "Cart", "new"]);
  expect(next?.edges.map((edge) => edge.id)).toEqual(["web>new|http"]);
  expect(next?.boxes).toBe(view.boxes);
  expect(view.nodes).toHaveLength(2);
});

test("a delta that doesn't follow the view is a gap", () => {
  expect(applyDelta(aView({ version: 1 }), aDelta({ base: 2, version: 3 }))).toBeNull();
  expect(applyDelta(aView(), aDelta({ cluster: "other" }))).toBeNull();
  expect(applyDelta(aView(), aDelta({ window_seconds: 60 }))).toBeNull();
});

test("many small deltas end where one snapshot would", () => {
  let view = aView({ nodes: [], edges: [], version: 0 });
  for (let step = 0; step < 200; step++) {
    const id = `n${(step * 7) % 30}`;
    const removes = step % 3 === 2;
    const next = applyDelta(
      view,
      aDelta({
        base: step,
        version: step + 1,
        nodes: removes ? [] : [aNode(id, { label: `${step}` })],
        removed_nodes: removes ? [id] : [],
      }),
    );
    if (!next) throw new Error("gap");
    view = next;
  }
  const ids = view.nodes.map((node) => node.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(view.version).toBe(200);
});

test("numbers alone never change the topology", () => {
  const view = aView();
  const busier = applyDelta(view, aDelta({ edges: [anEdge("web", "cart", { rate: 99 })] }));
  expect(busier && topologyKey(busier)).toBe(topologyKey(view));
  const grown = applyDelta(view, aDelta({ nodes: [aNode("x")] }));
  expect(grown && topologyKey(grown)).not.toBe(topologyKey(view));
});
