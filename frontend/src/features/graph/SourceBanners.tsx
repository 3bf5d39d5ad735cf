import { Info, TriangleAlert } from "lucide-react";
import type { SourceState } from "../../graph/model";
import { formatMoment } from "../../lib/format";
import type { Problem } from "../../state/live";
import classes from "./graph.module.css";

const PARTS: Record<SourceState["name"], { label: string; missing: string }> = {
  telemetry: { label: "Telemetry (Prometheus)", missing: "rates, errors and latencies" },
  inventory: { label: "Inventory (Kubernetes)", missing: "pods, policies and configuration" },
  proxies: { label: "Proxies (Envoy admin)", missing: "what the proxies say themselves" },
};

function sentence(source: SourceState): string {
  const part = PARTS[source.name];
  const why = source.error ? `: ${source.error}` : "";
  if (source.state === "stale") {
    const since = source.stale_since ? ` since ${formatMoment(source.stale_since)}` : "";
    return `${part.label} is stale${since}${why}. The last good ${part.missing} are kept.`;
  }
  if (source.state === "live") return `${part.label} answers, but ${source.error}.`;
  if (source.state === "failed")
    return `${part.label} has never answered${why}. The picture is partial: ${part.missing} are missing.`;
  return `${part.label} is loading; ${part.missing} will follow.`;
}

/** Prometheus is fine, but holds no mesh's metrics. */
function speaksNoMesh(source: SourceState): boolean {
  return (
    source.name === "telemetry" && source.state === "live" && source.error !== null && source.dialects.length === 0
  );
}

/** One line for each source that isn't fine, so that a partial picture never passes for a whole one. */
export function SourceBanners({ sources, problem }: { sources: readonly SourceState[]; problem: Problem | null }) {
  const wanting = sources.filter(
    (source) =>
      (source.state !== "live" && !(source.name === "proxies" && source.state === "loading")) || speaksNoMesh(source),
  );
  return (
    <>
      {problem && (
        <div className={classes.banner} data-tone="bad" role="alert">
          <TriangleAlert size={15} aria-hidden color="var(--tone-bad)" />
          <span>
            {problem.message} <span className="dim">{problem.next_step}</span>
          </span>
        </div>
      )}
      {wanting.map((source) => (
        <div
          key={source.name}
          className={classes.banner}
          data-tone={source.state === "failed" ? "bad" : source.state === "loading" ? "" : "warn"}
          role="status"
          data-testid={`source-${source.name}`}
          data-state={source.state}
        >
          {source.state === "loading" ? (
            <Info size={15} aria-hidden />
          ) : (
            <TriangleAlert size={15} aria-hidden color={`var(--tone-${source.state === "failed" ? "bad" : "warn"})`} />
          )}
          <span>{sentence(source)}</span>
        </div>
      ))}
    </>
  );
}
