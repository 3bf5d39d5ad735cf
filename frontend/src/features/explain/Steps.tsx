import { CircleCheck, CircleDot, CircleHelp, CircleX, TriangleAlert } from "lucide-react";
import type { ExplainStep } from "../../api/types";
import { ObjectLink } from "../../components/ObjectLink";
import { PageLink } from "../../components/Page";
import type { Tone } from "../../graph/overlay";
import classes from "./explain.module.css";

const KINDS: Record<ExplainStep["kind"], string> = {
  source: "Source",
  listener: "Listener",
  filter_chain: "Filter chain",
  request: "Request",
  virtual_host: "Virtual host",
  route: "Route",
  fault: "Fault",
  mirror: "Mirror",
  rewrite: "Rewrite",
  answer: "Answer",
  timeout: "Timeout",
  retries: "Retries",
  cluster: "Cluster",
  endpoints: "Endpoints",
  tls: "TLS offered",
  inbound: "Inbound",
  mtls: "mTLS mode",
  authorization: "Authorization",
};

const STATES: Record<ExplainStep["state"], { icon: typeof CircleCheck; tone: Tone; spoken: string }> = {
  good: { icon: CircleCheck, tone: "good", spoken: "goes on: " },
  plain: { icon: CircleDot, tone: "plain", spoken: "" },
  warn: { icon: TriangleAlert, tone: "warn", spoken: "mind: " },
  bad: { icon: CircleX, tone: "bad", spoken: "ends: " },
  unknown: { icon: CircleHelp, tone: "muted", spoken: "not known: " },
};

/** Where a step stands in a proxy's tables. */
export function configPath(config: NonNullable<ExplainStep["config"]>): string {
  const [namespace, pod] = config.pod.includes("/") ? config.pod.split("/") : ["_", config.pod];
  const query = new URLSearchParams({ tab: config.section, search: config.name });
  return `/proxies/${encodeURIComponent(namespace || "_")}/${encodeURIComponent(pod ?? "")}?${query}`;
}

export function Steps({ steps, label }: { steps: readonly ExplainStep[]; label: string }) {
  return (
    <ol className={classes.steps} aria-label={label}>
      {steps.map((step, index) => {
        const state = STATES[step.state];
        const Icon = state.icon;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place
          <li key={index} className={classes.step} data-testid="step" data-kind={step.kind} data-state={step.state}>
            <Icon size={15} color={`var(--tone-${state.tone})`} aria-hidden style={{ marginTop: 3 }} />
            <span className={classes.kind}>{KINDS[step.kind]}</span>
            <div className={classes.body}>
              <span className="visually-hidden">{state.spoken}</span>
              <span className={classes.title}>{step.title}</span>
              <div className={classes.says}>{step.says}</div>
              {(step.object || step.config) && (
                <div className={classes.links}>
                  {step.object && <ObjectLink object={step.object} />}
                  {step.config && (
                    <PageLink to={configPath(step.config)}>
                      {step.config.section} of <span className="mono">{step.config.pod}</span>
                    </PageLink>
                  )}
                </div>
              )}
              <More
                title="Why not the ones before it"
                lines={step.passed_over.map((one) => `${one.name} (${one.match}): ${one.why}`)}
              />
              <More
                title={step.kind === "filter_chain" || step.kind === "inbound" ? "Why not the others" : "More"}
                lines={step.details}
              />
            </div>
          </li>
        );
      })}
    </ol>
  );
}

function More({ title, lines }: { title: string; lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <details className={classes.more}>
      <summary>
        {title} <span className="dim">({lines.length})</span>
      </summary>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </details>
  );
}
