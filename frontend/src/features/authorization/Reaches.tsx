import { ArrowRight } from "lucide-react";
import { ObjectLink } from "../../components/ObjectLink";
import { Card } from "../../components/Page";
import classes from "./authorization.module.css";
import type { Explanation, Layer, Reach } from "./queries";
import { Verdict } from "./Verdict";

const LAYERS: Record<Layer["layer"], string> = {
  network: "Network policy",
  mtls: "Mutual TLS",
  waypoint: "Waypoint",
  ztunnel: "ztunnel",
  sidecar: "Sidecar",
  gateway: "Gateway",
  linkerd: "Linkerd proxy",
};

/** Answers that say the same of several workloads are told once. */
function grouped(reaches: readonly Reach[]): Reach[][] {
  const groups = new Map<string, Reach[]>();
  for (const reach of reaches) {
    const name = reach.workload.split("/").at(-1) ?? "";
    const key = JSON.stringify([reach.verdict, reach.object, reach.layers]).replaceAll(name, "");
    groups.set(key, [...(groups.get(key) ?? []), reach]);
  }
  return [...groups.values()];
}

/** The layers that a call meets, the one that decides marked. */
export function Reaches({ answer }: { answer: Explanation }) {
  return (
    <div className={classes.reaches} aria-live="polite">
      {grouped(answer.reaches).map((same) => {
        const [reach] = same;
        if (!reach) return null;
        return (
          <Card
            key={reach.workload}
            title={
              <span className={classes.route}>
                {answer.caller || "outside the mesh"} <ArrowRight size={13} aria-hidden /> {answer.called}
                <span className="dim">at {same.map((one) => one.workload.split("/").at(-1)).join(", ")}</span>
              </span>
            }
          >
            <p className={classes.told} data-testid="reach">
              <Verdict verdict={reach.verdict} /> {reach.reason}
            </p>
            <ol className={classes.layers}>
              {reach.layers.map((layer) => (
                <LayerItem key={`${layer.layer} ${layer.where}`} layer={layer} />
              ))}
            </ol>
          </Card>
        );
      })}
    </div>
  );
}

export function LayerItem({ layer }: { layer: Layer }) {
  return (
    <li data-verdict={layer.verdict}>
      <div className={classes.layerHead}>
        <b>{LAYERS[layer.layer]}</b> <span className="dim">{layer.where}</span> <Verdict verdict={layer.verdict} />
        {layer.object && <ObjectLink object={layer.object} />}
        {layer.rule != null && <span className="dim">rule {layer.rule + 1}</span>}
      </div>
      <p>{layer.reason}</p>
      {layer.deciding && (
        <p>
          <span className="dim">It {layer.deciding.outcome}:</span> {layer.deciding.words}.
        </p>
      )}
      {layer.near.length > 0 && (
        <>
          <p className="dim">Nearly:</p>
          <ul data-testid="near-misses">
            {layer.near.map((near) => (
              <li key={`${near.policy.namespace}/${near.policy.name} ${near.rule}`}>
                {near.outcome === "skipped" ? "Rule" : `${near.action} rule`} {near.rule + 1} of{" "}
                <ObjectLink object={near.policy} />{" "}
                {near.outcome === "skipped" ? `is not in force: ${near.words}` : `matches but for this: ${near.words}.`}
              </li>
            ))}
          </ul>
        </>
      )}
      {layer.steps.length > 0 && (
        <details>
          <summary>How it was decided</summary>
          <ol>
            {layer.steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </details>
      )}
      {layer.shadows.map((shadow) => (
        <p key={shadow} className="dim">
          {shadow}
        </p>
      ))}
    </li>
  );
}
