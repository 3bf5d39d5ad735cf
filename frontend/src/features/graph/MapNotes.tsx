import { ActionIcon, CloseButton, UnstyledButton } from "@mantine/core";
import { Minus, Plus } from "lucide-react";
import { many } from "../../graph/find-complete";
import type { GraphView } from "../../graph/model";
import { nodeLabel } from "../../graph/node-size";
import { type GraphUrl, MOST_HOPS } from "../../graph/view-url";
import classes from "./graph.module.css";

interface MapNotesProps {
  view: GraphView;
  url: GraphUrl;
  /** The mesh is large, so it was opened by namespaces. */
  opened: boolean;
  onChange: (part: Partial<GraphUrl>) => void;
  onLeave: () => void;
}

/** What narrows the picture now, and the way back. */
export function MapNotes({ view, url, opened, onChange, onLeave }: MapNotesProps) {
  const centre = url.focus ? view.nodes.find((node) => node.id === url.focus) : undefined;
  const respec = (part: Partial<GraphUrl["spec"]>) => onChange({ spec: { ...url.spec, ...part }, viewChosen: true });
  const expanded = url.spec.kind === "namespace" ? url.spec.expanded : [];
  return (
    <div className={classes.notes}>
      {url.focus && (
        <div className={classes.note} role="status" data-testid="focus">
          {centre ? (
            <>
              <span>
                Around <b>{nodeLabel(centre)}</b>
              </span>
              <ActionIcon
                size={20}
                aria-label="One hop less"
                disabled={url.hops <= 1}
                onClick={() => onChange({ hops: url.hops - 1 })}
              >
                <Minus size={12} />
              </ActionIcon>
              <span className="num">{many(url.hops, "hop")}</span>
              <ActionIcon
                size={20}
                aria-label="One hop more"
                disabled={url.hops >= MOST_HOPS}
                onClick={() => onChange({ hops: url.hops + 1 })}
              >
                <Plus size={12} />
              </ActionIcon>
            </>
          ) : (
            <span>The node in focus isn't in this view; all of it is shown.</span>
          )}
          <CloseButton size="xs" aria-label="Leave the neighbourhood (Esc)" onClick={onLeave} />
        </div>
      )}
      {opened && expanded.length === 0 && (
        <div className={classes.note} role="status" data-testid="opened-by-namespace">
          <span>A large mesh, by namespaces: double-click one to expand it.</span>
          <UnstyledButton className={classes.noteLink} onClick={() => respec({ kind: "workload" })}>
            Show all workloads
          </UnstyledButton>
        </div>
      )}
      {expanded.length > 0 && (
        <div className={classes.note} role="status" data-testid="expanded">
          <span>Expanded:</span>
          {expanded.map((name) => (
            <span key={name} className={classes.noteItem}>
              <b>{name}</b>
              <CloseButton
                size="xs"
                aria-label={`Collapse ${name}`}
                onClick={() => respec({ expanded: expanded.filter((other) => other !== name) })}
              />
            </span>
          ))}
        </div>
      )}
    </div>
  );
}
