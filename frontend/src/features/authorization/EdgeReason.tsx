import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { PageLink } from "../../components/Page";
import { problemText } from "../../components/screens";
import type { GraphEdge } from "../../graph/model";
import classes from "./authorization.module.css";
import { explainQuery, type Question } from "./queries";
import { LayerItem } from "./Reaches";

/** `NAMESPACE/NAME` of a node by its id, where it is of that kind. */
function named(id: string, ...kinds: string[]): string | null {
  const match = /^([a-z_]+):[^/]*\/([^/]+)\/([^/]+)$/.exec(id);
  return match?.[1] && kinds.includes(match[1]) ? `${match[2]}/${match[3]}` : null;
}

/** The question that an edge stands for; null where policy has nothing to say of it. */
export function questionOfEdge(edge: Pick<GraphEdge, "source" | "destination">): Question | null {
  const caller = edge.source.startsWith("unknown:") ? "" : named(edge.source, "workload");
  if (caller === null) return null;
  const service = named(edge.destination, "service");
  if (service) return { caller, service };
  const workload = named(edge.destination, "workload");
  return workload ? { caller, workload } : null;
}

/** Layer by layer, why an edge is allowed or denied. */
export function EdgeReason({ edge, cluster }: { edge: GraphEdge; cluster: string }) {
  const [shown, setShown] = useState(false);
  const question = questionOfEdge(edge);
  const query = useQuery(explainQuery(cluster, shown ? question : null));
  if (!question) return null;
  const ask = new URLSearchParams({
    ...(question.caller ? { caller: question.caller } : {}),
    ...(question.service ? { service: question.service } : {}),
  });
  return (
    <div className={classes.why}>
      <button type="button" aria-expanded={shown} onClick={() => setShown(!shown)} className={classes.whyButton}>
        {shown ? "Hide the layers" : "Why? Layer by layer"}
      </button>
      {question.service && <PageLink to={`/authorization/call?${ask}`}>Ask with a path</PageLink>}
      {shown && query.isError && <p>{problemText(query.error).message}</p>}
      {shown &&
        query.data?.reaches.map((reach) => (
          <section key={reach.workload} aria-label={`At ${reach.workload}`}>
            <h4>{reach.workload}</h4>
            <ol className={classes.layers}>
              {reach.layers.map((layer) => (
                <LayerItem key={`${layer.layer} ${layer.where}`} layer={layer} />
              ))}
            </ol>
          </section>
        ))}
    </div>
  );
}
