import { expect, test } from "vitest";
import { LAYOUTS } from "./layout";
import { EDGE_LABELS, OVERLAYS } from "./overlay";
import {
  BOXINGS,
  DEFAULT_GRAPH_URL,
  type GraphUrl,
  REFRESHES,
  readGraphUrl,
  VIEW_KINDS,
  writeGraphUrl,
} from "./view-url";

test("every state survives the trip through a link", () => {
  for (const kind of VIEW_KINDS)
    for (const overlay of OVERLAYS)
      for (const labels of [[], [...EDGE_LABELS], ...EDGE_LABELS.map((label) => [label])])
        for (const refresh of REFRESHES)
          for (const layout of LAYOUTS)
            for (const bool of [true, false]) {
              const state: GraphUrl = {
                spec: {
                  kind,
                  service_nodes: bool,
                  namespaces: bool ? ["payments", "shop"] : [],
                  workloads: bool ? [] : ["shop/cart", "shop/web"],
                  idle: !bool,
                  idle_edges: bool,
                  box_by: bool ? [...BOXINGS] : [],
                  expanded: bool ? ["shop"] : [],
                },
                viewChosen: true,
                window: bool ? 60 : null,
                as: bool ? "map" : "table",
                overlay,
                labels,
                layout,
                refresh,
                selected: bool ? "workload:demo/shop/web>service:demo/shop/cart|http" : null,
                find: bool ? "cart & v1=2" : "",
                hide: bool ? "" : "health = healthy and rate < 1",
                focus: bool ? null : "workload:demo/shop/web",
                hops: bool ? 1 : 3,
                at: bool ? "2026-11-24T12:00:00.000Z" : null,
                span: bool ? 3600 : null,
                speed: bool ? 0.5 : 1,
                compare: bool ? null : "2026-11-24T11:00:00.000Z",
              };
              expect(readGraphUrl(new URLSearchParams(writeGraphUrl(state).toString()))).toEqual(state);
            }
});

test("the default state has an empty link, and other parameters stay", () => {
  expect(writeGraphUrl(DEFAULT_GRAPH_URL).toString()).toBe("");
  expect(writeGraphUrl(DEFAULT_GRAPH_URL, new URLSearchParams("cluster=demo&overlay=mtls")).toString()).toBe(
    "cluster=demo",
  );
});

test("a view that somebody chose is named even when it is the default", () => {
  const link = writeGraphUrl({ ...DEFAULT_GRAPH_URL, viewChosen: true }).toString();
  expect(link).toBe("view=workload");
  expect(readGraphUrl(new URLSearchParams(link)).viewChosen).toBe(true);
});

test("nonsense in a link is the default", () => {
  const nonsense = new URLSearchParams(
    "view=x&overlay=&label=9&window=-3&refresh=0.1&services=maybe&namespaces=,,&box=galaxy&layout=&hops=99&focus=",
  );
  for (const [name, value] of Object.entries({ at: "soon", compare: "", span: "7", speed: "9" }))
    nonsense.set(name, value);
  expect(readGraphUrl(nonsense)).toEqual(DEFAULT_GRAPH_URL);
});
