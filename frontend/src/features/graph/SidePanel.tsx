import { CloseButton } from "@mantine/core";
import { ArrowRight } from "lucide-react";
import type { ReactNode } from "react";
import { HealthMark } from "../../components/HealthMark";
import { EmptyScreen } from "../../components/screens";
import { KIND_NAMES } from "../../graph/legend";
import type { GraphEdge, GraphNode, GraphView, ViewSpec } from "../../graph/model";
import { nodeLabel } from "../../graph/node-size";
import { ClusterScope } from "../../state/cluster";
import { Differences } from "./compare/Differences";
import { EdgeDetails } from "./EdgeDetails";
import classes from "./graph.module.css";
import { NodeDetails } from "./NodeDetails";

export interface PanelProps {
  /** Of the view: one, or all. */
  cluster: string;
  /** The element's own. */
  home: string;
  window: number;
  spec: ViewSpec;
  view: GraphView;
  onSelect: (id: string | null) => void;
  /** Expands a namespace, or shows a neighbourhood alone. */
  onOpen: (id: string) => void;
}

/** The cluster of a node, or of what an edge calls. */
function homeOf(item: GraphNode | GraphEdge | null, view: GraphView): string | undefined {
  if (!item || "inbound" in item) return item?.cluster;
  return view.nodes.find((node) => node.id === item.destination)?.cluster;
}

/** Everything known about the selected node or edge. */
export function SidePanel({
  item,
  id,
  ...given
}: Omit<PanelProps, "home"> & { item: GraphNode | GraphEdge | null; id: string }) {
  const home = homeOf(item, given.view) ?? given.cluster;
  const props = { ...given, home };
  const label = (nodeId: string) => {
    const node = props.view.nodes.find((other) => other.id === nodeId);
    return node ? nodeLabel(node) : nodeId;
  };
  let title: ReactNode = "Not in this view";
  let subtitle: ReactNode = (
    <span className="mono" style={{ overflowWrap: "anywhere" }}>
      {id}
    </span>
  );
  let body: ReactNode = (
    <EmptyScreen title="It isn't in the picture now">
      It has no traffic within the window, or the filter hides it. It comes back by itself when it is seen again.
    </EmptyScreen>
  );
  if (item && "inbound" in item) {
    title = nodeLabel(item);
    subtitle = (
      <>
        {KIND_NAMES[item.kind]}
        {item.namespace && <> in {item.namespace}</>}
      </>
    );
    body = <NodeDetails key={id} node={item} {...props} />;
  } else if (item) {
    title = (
      <>
        {label(item.source)} <ArrowRight size={14} aria-label="to" style={{ verticalAlign: "-2px" }} />{" "}
        {label(item.destination)}
      </>
    );
    subtitle = `${item.protocol.toUpperCase()}, as counted by the ${item.reporter} (${item.dialects.join(", ")})`;
    body = <EdgeDetails key={id} edge={item} {...props} />;
  }
  return (
    <aside className={classes.panel} aria-label="Details" data-testid="side-panel">
      <header className={classes.panelHead}>
        <div style={{ flex: 1, minWidth: 0 }}>
          <h2 className={classes.panelTitle}>{title}</h2>
          <span className="dim">{subtitle}</span>
        </div>
        {item && <HealthMark state={item.health.state} named />}
        <CloseButton aria-label="Close the panel" size="sm" onClick={() => props.onSelect(null)} />
      </header>
      <ClusterScope.Provider value={home === given.cluster ? null : home}>
        <div className={classes.panelBody}>
          <Differences of={item?.differences} />
          {body}
        </div>
      </ClusterScope.Provider>
    </aside>
  );
}
