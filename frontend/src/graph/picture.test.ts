import { describe, expect, it, test } from "vitest";
import { aNode, anEdge, aView } from "./fixtures";
import { within } from "./focus";
import { contains, distanceTo, overlap, pathData, pointAt, polyline } from "./geometry";
import { hit } from "./hit";
import type { Placement } from "./layout";
import { gridPlacement } from "./layout-grid";
import { organicPlacement } from "./layout-organic";
import { draw, type Telling } from "./picture";
import { walk } from "./walk";

const TELLING: Telling = { overlay: "health", labels: ["rate"] };
const VIEW = aView({
  boxes: [
    { id: "cluster:demo", kind: "cluster", label: "demo", parent: null },
    { id: "namespace:demo/shop", kind: "namespace", label: "shop", parent: "cluster:demo" },
  ],
  nodes: [aNode("web"), aNode("cart"), aNode("till")],
  edges: [anEdge("web", "cart", { rate: 1 }), anEdge("web", "till", { rate: 9 }), anEdge("cart", "till")],
});
const PLACES: Placement = {
  positions: { web: { x: 0, y: 0 }, cart: { x: 300, y: 0 }, till: { x: 300, y: 200 } },
  routes: {},
};

describe("a picture", () => {
  it("has boxes around what is in them, the outer around the inner", () => {
    const picture = draw(VIEW, PLACES, TELLING, null);
    const [outer, inner] = picture.boxes;
    expect([outer?.id, inner?.id]).toEqual(["cluster:demo", "namespace:demo/shop"]);
    for (const node of picture.nodes.values()) expect(inner && contains(inner.rect, node.rect)).toBe(true);
    expect(outer && inner && contains(outer.rect, inner.rect)).toBe(true);
  });

  it("takes what didn't change from the picture before", () => {
    const before = draw(VIEW, PLACES, TELLING, null);
    const busier = anEdge("web", "cart", { rate: 100 });
    const after = draw({ ...VIEW, edges: [busier, ...VIEW.edges.slice(1)] }, PLACES, TELLING, before);
    expect(after.nodes.get("web")).toBe(before.nodes.get("web"));
    expect(after.edgesById.get("cart>till|http")).toBe(before.edgesById.get("cart>till|http"));
    const changed = after.edgesById.get("web>cart|http");
    expect(changed?.look.text).toBe("100/s");
    expect(changed?.line).toBe(before.edgesById.get("web>cart|http")?.line);
  });

  it("is told anew under another overlay", () => {
    const before = draw(VIEW, PLACES, TELLING, null);
    const after = draw(VIEW, PLACES, { overlay: "mtls", labels: [] }, before);
    expect(after.edgesById.get("web>cart|http")?.look.mark).toBe("lock");
  });

  it("paints the busiest edge last, and leaves out what has no end", () => {
    const view = { ...VIEW, edges: [...VIEW.edges, anEdge("web", "ghost")] };
    expect(draw(view, PLACES, TELLING, null).edges.map((edge) => edge.look.weight)).toEqual([1, 9, 10]);
  });

  it("knows what is at a point: nodes before edges before boxes", () => {
    const picture = draw(VIEW, PLACES, TELLING, null);
    expect(hit(picture, { x: 0, y: 0 }, 5)).toBe("web");
    expect(hit(picture, { x: 150, y: 1 }, 5)).toBe("web>cart|http");
    expect(hit(picture, { x: 0, y: 100 }, 5)).toBe("namespace:demo/shop");
    expect(hit(picture, { x: -900, y: 0 }, 5)).toBeNull();
  });
});

test("a curve passes through its ends, and its middle is on it", () => {
  const curve = [
    { x: 0, y: 0 },
    { x: 50, y: 80 },
    { x: 100, y: 0 },
  ];
  const line = polyline(curve);
  expect([line[0], line.at(-1)]).toEqual([curve[0], curve[2]]);
  expect(pointAt(line, 0.5).x).toBeCloseTo(50, 5);
  expect(distanceTo(line, { x: 50, y: 40 })).toBeLessThan(0.01);
  expect(pathData(curve)).toBe("M0 0Q50 80 100 0");
});

describe("a neighbourhood", () => {
  const chain = aView({
    nodes: ["a", "b", "c", "d"].map((id) => aNode(id, id === "d" ? { box: "other" } : {})),
    edges: [anEdge("a", "b"), anEdge("b", "c"), anEdge("c", "d")],
    boxes: [
      { id: "namespace:demo/shop", kind: "namespace", label: "shop", parent: null },
      { id: "other", kind: "namespace", label: "other", parent: null },
    ],
  });
  const ids = (id: string, hops: number) => within(chain, id, hops).nodes.map((node) => node.id);

  it("reaches so many hops, with and against the calls", () => {
    expect(ids("b", 1)).toEqual(["a", "b", "c"]);
    expect(ids("b", 2)).toEqual(["a", "b", "c", "d"]);
    expect(within(chain, "b", 1).edges).toHaveLength(2);
  });

  it("keeps only the boxes of what is in it", () => {
    expect(within(chain, "a", 1).boxes.map((box) => box.id)).toEqual(["namespace:demo/shop"]);
  });

  it("of a node that isn't there is the whole view", () => {
    expect(within(chain, "gone", 1)).toBe(chain);
  });
});

describe("the arrow keys", () => {
  const position = (id: string) => PLACES.positions[id] ?? null;
  const step = (from: string | null, key: string, shift = false) => walk(VIEW, position, from, key, shift);

  it("go to the nearest node that way", () => {
    expect(step("web", "ArrowRight")).toBe("cart");
    expect(step("cart", "ArrowDown")).toBe("till");
    expect(step("till", "ArrowLeft")).toBe("web");
    expect(step("web", "ArrowUp")).toBeNull();
  });

  it("go onto the busiest edge with Shift, along it to its ends, and to its siblings", () => {
    expect(step("web", "ArrowRight", true)).toBe("web>till|http");
    expect(step("till", "ArrowLeft", true)).toBe("cart>till|http");
    expect(step("web>till|http", "ArrowRight")).toBe("till");
    expect(step("web>till|http", "ArrowLeft")).toBe("web");
    expect(step("web>till|http", "ArrowDown")).toBe("web>cart|http");
  });

  it("begin somewhere, and other keys lead nowhere", () => {
    expect(step(null, "ArrowDown")).toBe("web");
    expect(step("web", "Enter")).toBeNull();
  });
});

describe.each([
  ["organic", organicPlacement],
  ["grid", gridPlacement],
] as const)("the %s layout", (_, place) => {
  const nodes = Array.from({ length: 60 }, (_, index) => aNode(`n${index}`, { box: `b${index % 4}` }));
  const edges = nodes.slice(1).map((node, index) => anEdge(nodes[Math.floor(index / 2)]?.id ?? "", node.id));
  const boxes = [0, 1, 2, 3].map((index) => ({
    id: `b${index}`,
    kind: "namespace" as const,
    label: `b${index}`,
    parent: null,
  }));
  const view = aView({ nodes, edges, boxes });

  it("lays the same view out alike, whatever its order", () => {
    expect(place({ nodes: [...nodes].reverse(), edges, boxes })).toEqual(place({ nodes, edges, boxes }));
  });

  it("lets no node lie on another, nor a box on another", () => {
    const picture = draw(view, place(view), TELLING, null);
    const rects = [...picture.nodes.values()].map((node) => node.rect);
    const boxRects = picture.boxes.map((box) => box.rect);
    for (const list of [rects, boxRects])
      list.forEach((rect, index) => {
        for (const other of list.slice(index + 1)) expect(overlap(rect, other)).toBe(false);
      });
  });
});

test.each([organicPlacement, gridPlacement])("outer boxes don't overlap either", (place) => {
  const nodes = Array.from({ length: 24 }, (_, index) => aNode(`n${index}`, { box: `ns${index % 4}` }));
  const edges = nodes.slice(1).map((node, index) => anEdge(nodes[index]?.id ?? "", node.id));
  const boxes = [
    ...["east", "west"].map((id) => ({ id, kind: "cluster" as const, label: id, parent: null })),
    ...[0, 1, 2, 3].map((n) => ({
      id: `ns${n}`,
      kind: "namespace" as const,
      label: `ns${n}`,
      parent: n % 2 ? "east" : "west",
    })),
  ];
  const view = aView({ nodes, edges, boxes });
  const outer = draw(view, place(view), TELLING, null).boxes.filter((box) => box.depth === 0);
  expect(outer).toHaveLength(2);
  expect(outer[0] && outer[1] && overlap(outer[0].rect, outer[1].rect)).toBe(false);
});

test("callers stand left of what they call, when there are too many for a proper layout", () => {
  const view = aView({ nodes: ["a", "b", "c"].map((id) => aNode(id)), edges: [anEdge("a", "b"), anEdge("b", "c")] });
  const { positions } = gridPlacement(view);
  expect(positions.a?.x).toBeLessThan(positions.b?.x ?? 0);
  expect(positions.b?.x).toBeLessThan(positions.c?.x ?? 0);
});
