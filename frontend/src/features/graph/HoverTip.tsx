import { HealthMark } from "../../components/HealthMark";
import type { Point } from "../../graph/geometry";
import { shownBadges } from "../../graph/looks";
import type { GraphView } from "../../graph/model";
import { nodeLabel } from "../../graph/node-size";
import type { Overlay } from "../../graph/overlay";
import { formatMs, formatRate, formatShare } from "../../lib/format";
import classes from "./graph.module.css";

/** What is under the pointer, in two or three lines. */
export function HoverTip({ view, id, at, overlay }: { view: GraphView; id: string; at: Point; overlay: Overlay }) {
  const node = view.nodes.find((item) => item.id === id);
  const edge = node ? undefined : view.edges.find((item) => item.id === id);
  if (!node && !edge) return null;
  const place = { left: at.x + 14, top: at.y + 14 };
  if (node) {
    return (
      <div className={classes.tip} style={place} aria-hidden="true">
        <b>{nodeLabel(node)}</b>{" "}
        <span className="dim">
          {node.kind.replace("_", " ")}
          {node.namespace && ` in ${node.namespace}`}
        </span>
        <div>
          <HealthMark state={node.health.state} size={13} /> {node.health.reason}
        </div>
        {shownBadges(node).map((badge) => (
          <div key={badge.name} className="dim">
            {badge.name.replace(/_/g, " ")}
            {badge.reason && `: ${badge.reason}`}
          </div>
        ))}
      </div>
    );
  }
  if (!edge) return null;
  const label = (nodeId: string) => {
    const end = view.nodes.find((item) => item.id === nodeId);
    return end ? nodeLabel(end) : nodeId;
  };
  const reason = overlay === "mtls" ? edge.mtls.reason : overlay === "authz" ? edge.authz.reason : edge.health.reason;
  return (
    <div className={classes.tip} style={place} aria-hidden="true">
      <b>
        {label(edge.source)} → {label(edge.destination)}
      </b>{" "}
      <span className="dim">{edge.protocol}</span>
      <div className="num">
        {formatRate(edge.rate)} · {formatShare(edge.error_share)} errors · p95 {formatMs(edge.p95_ms)}
      </div>
      <div>
        {overlay === "health" && <HealthMark state={edge.health.state} size={13} />} {reason}
      </div>
    </div>
  );
}
