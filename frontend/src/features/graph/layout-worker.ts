import ELK from "elkjs/lib/elk-api.js";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";
import { type ElkItem, elkGraph, type Placement, readPlacement } from "../../graph/layout";
import type { GraphView } from "../../graph/model";

let elk: InstanceType<typeof ELK> | null = null;

/** Starts ELK's thread, so that the first layout doesn't wait for it. */
export function warmUp(): void {
  if (typeof Worker !== "undefined") elk ??= new ELK({ workerFactory: () => new Worker(workerUrl) });
}

/** Lays a view out in ELK's own thread; the worker is started once and kept. */
export async function layOut(view: GraphView): Promise<Placement> {
  elk ??= new ELK({ workerFactory: () => new Worker(workerUrl) });
  return readPlacement((await elk.layout(elkGraph(view) as never)) as unknown as ElkItem);
}
