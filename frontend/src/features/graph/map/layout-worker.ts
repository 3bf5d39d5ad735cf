import ELK from "elkjs/lib/elk-api.js";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";
import {
  type ElkItem,
  elkGraph,
  type LayoutName,
  layoutFor,
  type Placement,
  readPlacement,
  tooLargeForLayers,
} from "../../../graph/layout";
import { boxedElkGraph } from "../../../graph/layout-boxes";
import type { GraphView } from "../../../graph/model";

let elk: InstanceType<typeof ELK> | null = null;
let own: Worker | null = null;
let asked = 0;

/** Starts ELK's thread, so that the first layout doesn't wait for it. */
export function warmUp(): void {
  if (typeof Worker !== "undefined") elk ??= new ELK({ workerFactory: () => new Worker(workerUrl) });
}

/** Lays a view out in a thread of its own; the threads are started once and kept. */
export async function layOut(view: GraphView, wanted: LayoutName, labels: number): Promise<Placement> {
  const layout = layoutFor(view, wanted);
  if (layout === "organic") return byOurselves(view, "organic");
  if (tooLargeForLayers(view)) return byOurselves(view, "grid");
  elk ??= new ELK({ workerFactory: () => new Worker(workerUrl) });
  const problem = layout === "namespace" ? boxedElkGraph(view, labels) : elkGraph(view, labels);
  const placement = readPlacement((await elk.layout(problem as never)) as unknown as ElkItem);
  return layout === "namespace" ? { ...placement, straight: true } : placement;
}

function byOurselves(view: GraphView, layout: "organic" | "grid"): Promise<Placement> {
  own ??= new Worker(new URL("./own-worker.ts", import.meta.url), { type: "module" });
  const worker = own;
  asked += 1;
  const id = asked;
  return new Promise((resolve) => {
    const onMessage = (event: MessageEvent<{ id: number; placement: Placement }>) => {
      if (event.data.id !== id) return;
      worker.removeEventListener("message", onMessage);
      resolve(event.data.placement);
    };
    worker.addEventListener("message", onMessage);
    // Only what a layout looks at: copying all of it to the thread would hold up the page.
    const nodes = view.nodes.map(({ id, label, box }) => ({ id, label, box }));
    const edges = view.edges.map(({ source, destination, rate }) => ({ source, destination, rate }));
    worker.postMessage({ id, layout, nodes, edges, boxes: view.boxes });
  });
}
