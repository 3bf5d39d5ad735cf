import { Info } from "lucide-react";
import type { GraphEdge } from "../../graph/model";

/** What the mesh's metrics can't tell of this edge, so that a number which is missing is not taken for a zero. */
export function Caveats({ edge }: { edge: GraphEdge }) {
  return edge.caveats.map((sentence) => (
    <p
      key={sentence}
      className="dim"
      style={{ display: "flex", gap: 6, margin: "8px 0 0" }}
      data-testid="telemetry-caveat"
    >
      <Info size={14} aria-hidden style={{ flex: "none", marginTop: 3 }} />
      <span>{sentence}</span>
    </p>
  ));
}
