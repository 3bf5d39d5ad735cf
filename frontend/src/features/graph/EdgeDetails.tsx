import { Lock, ShieldCheck } from "lucide-react";
import { ObjectLink } from "../../components/ObjectLink";
import { Tag } from "../../components/Tag";
import type { GraphEdge } from "../../graph/model";
import { mtlsDisagrees, type Tone } from "../../graph/overlay";
import { responsesOf } from "../../graph/responses";
import { formatBytesRate, formatMoment, formatMs, formatRate, formatShare } from "../../lib/format";
import { EdgeReason } from "../authorization/EdgeReason";
import { ExplainLink } from "../explain/ExplainLink";
import { EdgeExplanation } from "../mtls/EdgeExplanation";
import { Caveats } from "../telemetry/Caveats";
import classes from "./graph.module.css";
import { Names, Principals, RedCharts, Section } from "./parts";
import { ResponsesSections } from "./ResponsesTable";
import type { PanelProps } from "./SidePanel";
import { useLiveSeries } from "./useLiveSeries";

const EXPECTED: Record<GraphEdge["mtls"]["expected"], string> = {
  mutual_tls: "mutual TLS",
  plain_text: "plain text",
  refused: "refused",
  mixed: "either",
  unknown: "unknown",
};
const VERDICTS: Record<GraphEdge["authz"]["verdict"], { text: string; tone: Tone }> = {
  allowed: { text: "Allowed", tone: "good" },
  denied: { text: "Denied", tone: "bad" },
  partly: { text: "Partly allowed", tone: "warn" },
  open: { text: "Open", tone: "plain" },
  unknown: { text: "Unknown", tone: "muted" },
};

const COUNTED: Record<GraphEdge["reporter"], string> = {
  source: "the caller's proxy, which also sees what never arrived",
  destination: "the server's proxy; the caller reports nothing",
  waypoint: "the waypoint between them",
};

export function EdgeDetails({ edge, cluster, home, window, spec, view }: PanelProps & { edge: GraphEdge }) {
  const live = useLiveSeries(cluster, window, spec, view, edge);
  const tcp = edge.protocol === "tcp";
  const verdict = VERDICTS[edge.authz.verdict];
  return (
    <>
      <section className={classes.section}>
        <p className={classes.reason} data-testid="health-reason">
          {edge.health.reason}
        </p>
      </section>
      <section className={classes.section}>
        <RedCharts {...live} now={edge} tcp={tcp} />
        {!tcp && (
          <div className={classes.quantiles} style={{ marginTop: 12 }}>
            {(["p50_ms", "p90_ms", "p95_ms", "p99_ms"] as const).map((key) => (
              <div key={key}>
                <span>{key.slice(0, 3)}</span>
                <b className="num">{formatMs(edge[key])}</b>
              </div>
            ))}
          </div>
        )}
        <Caveats edge={edge} />
        <div style={{ marginTop: 12 }}>
          <ExplainLink params={{ edge: edge.id }} />
        </div>
      </section>
      <ResponsesSections responses={responsesOf([edge])} />
      <Section title="Mutual TLS" icon={<Lock size={13} aria-hidden />}>
        <dl className={classes.facts}>
          <dt>Observed</dt>
          <dd>
            {edge.mtls.observed_share == null ? "not reported" : `${formatShare(edge.mtls.observed_share)} mutual TLS`}
            {mtlsDisagrees(edge) && (
              <>
                {" "}
                <Tag tone="bad">≠ policy</Tag>
              </>
            )}
          </dd>
          <dt>Expected</dt>
          <dd>
            {EXPECTED[edge.mtls.expected]} <span className="dim">(server mode {edge.mtls.mode})</span>
          </dd>
          <Decided object={edge.mtls.decided_by} otherwise="the mesh's default" />
          <Principals label="Caller" principals={edge.source_principals} />
          <Principals label="Server" principals={edge.destination_principals} />
        </dl>
        {edge.mtls.reason && <p className={classes.reason}>{edge.mtls.reason}</p>}
        <EdgeExplanation
          key={edge.id}
          edge={edge}
          cluster={home}
          source={view.nodes.find((node) => node.id === edge.source)}
          destination={view.nodes.find((node) => node.id === edge.destination)}
        />
      </Section>
      <Section title="Authorization" icon={<ShieldCheck size={13} aria-hidden />}>
        <dl className={classes.facts}>
          <dt>Policy says</dt>
          <dd>
            <Tag tone={verdict.tone}>{verdict.text}</Tag>
            {edge.authz.disagrees && (
              <>
                {" "}
                <Tag tone="bad">≠ traffic</Tag>
              </>
            )}
          </dd>
          <dt>Denied now</dt>
          <dd className="num" data-testid="denied-rate">
            {formatRate(edge.authz.denied_rate)}
          </dd>
          <Decided object={edge.authz.decided_by} otherwise="no policy applies" />
        </dl>
        {edge.authz.reason && <p className={classes.reason}>{edge.authz.reason}</p>}
        <EdgeReason key={edge.id} edge={edge} cluster={home} />
      </Section>
      <Section title="Traffic">
        <dl className={classes.facts}>
          <dt>Protocol</dt>
          <dd>{edge.protocol === "grpc" ? "gRPC" : edge.protocol.toUpperCase()}</dd>
          <dt>Counted by</dt>
          <dd>{COUNTED[edge.reporter]}</dd>
          {edge.dialects.length > 0 && (
            <>
              <dt>Metrics of</dt>
              <dd>{edge.dialects.join(", ")}</dd>
            </>
          )}
          {edge.idle_since && (
            <>
              <dt>Silent since</dt>
              <dd className="num">{formatMoment(edge.idle_since)}</dd>
            </>
          )}
          <dt>Toward the server</dt>
          <dd className="num">{formatBytesRate(edge.sent_bytes_rate)}</dd>
          <dt>Back to the caller</dt>
          <dd className="num">{formatBytesRate(edge.received_bytes_rate)}</dd>
          {edge.hosts.length > 0 && (
            <>
              <dt>Hosts asked for</dt>
              <dd className="mono">
                <Names names={edge.hosts} />
              </dd>
            </>
          )}
        </dl>
      </Section>
    </>
  );
}

function Decided({ object, otherwise }: { object: GraphEdge["mtls"]["decided_by"]; otherwise: string }) {
  return (
    <>
      <dt>Decided by</dt>
      <dd>{object ? <ObjectLink object={object} /> : otherwise}</dd>
    </>
  );
}
