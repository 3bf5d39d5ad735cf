import type { LayoutView } from "../../../graph/layout";
import { gridPlacement } from "../../../graph/layout-grid";
import { organicPlacement } from "../../../graph/layout-organic";

interface Asked extends LayoutView {
  id: number;
  layout: "organic" | "grid";
}

self.addEventListener("message", (event: MessageEvent<Asked>) => {
  const { id, layout, ...view } = event.data;
  postMessage({ id, placement: layout === "organic" ? organicPlacement(view) : gridPlacement(view) });
});
