import { Collapse, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ChevronDown, ChevronRight } from "lucide-react";
import { useState } from "react";
import { problemText } from "../../components/screens";
import type { GraphEdge, GraphNode } from "../../graph/model";
import { Chain, Mode } from "./Mode";
import { edgeExplanationQuery } from "./queries";

const PLANES = { sidecar: "has a sidecar", ambient: "is in ambient mode", none: "has no proxy" } as const;
const EXPECTED: Record<string, string> = {
  mutual_tls: "mutual TLS",
  plain_text: "plain text",
  refused: "refused",
  unknown: "depends on certificates",
};

function ends(edge: GraphEdge, source?: GraphNode, destination?: GraphNode): Record<string, string> | null {
  const name = (node: GraphNode) => `${node.namespace}/${node.name}`;
  if (!destination || (destination.kind !== "service" && destination.kind !== "workload")) return null;
  return {
    ...(source?.kind === "workload" || source?.kind === "gateway" ? { caller: name(source) } : {}),
    ...(edge.reporter === "source" ? { caller_reports: "true" } : {}),
    [destination.kind === "service" ? "service" : "called"]: name(destination),
  };
}

interface EdgeExplanationProps {
  edge: GraphEdge;
  source?: GraphNode;
  destination?: GraphNode;
  cluster: string;
}

/** Both sides of an edge's mutual TLS, level by level; asked for when it is opened. */
export function EdgeExplanation({ edge, source, destination, cluster }: EdgeExplanationProps) {
  const [open, setOpen] = useState(false);
  const params = ends(edge, source, destination);
  const query = useQuery({ ...edgeExplanationQuery(cluster, params ?? {}), enabled: open && params !== null });
  if (!params) return null;
  return (
    <div style={{ marginTop: 8 }}>
      <UnstyledButton onClick={() => setOpen(!open)} aria-expanded={open} fz={12.5} c="var(--accent)">
        {open ? <ChevronDown size={12} aria-hidden /> : <ChevronRight size={12} aria-hidden />} Why, level by level
      </UnstyledButton>
      <Collapse expanded={open}>
        <div style={{ display: "grid", gap: 8, marginTop: 6 }} data-testid="mtls-explanation">
          {query.isError && <span className="dim">{problemText(query.error).message}</span>}
          {query.data && <span>The caller {PLANES[query.data.caller_plane]}.</span>}
          {query.data?.called.flatMap((called) =>
            called.ports.map((port) => (
              <div key={`${called.namespace}/${called.name}/${port.port}/${port.reason}`}>
                <div>
                  <b>{called.name}</b>
                  {port.port !== null && <span className="num">:{port.port}</span>} {PLANES[called.plane]} ·{" "}
                  <Mode mode={called.plane === "none" ? "NONE" : port.mode} /> →{" "}
                  {EXPECTED[port.expected] ?? port.expected}
                </div>
                {called.plane !== "none" && <Chain steps={port.steps} />}
              </div>
            )),
          )}
        </div>
      </Collapse>
    </div>
  );
}
