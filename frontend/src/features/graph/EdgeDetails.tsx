import { Table } from "@mantine/core";
import { Lock, ShieldCheck } from "lucide-react";
import { ObjectLink } from "../../components/ObjectLink";
import { Tag } from "../../components/Tag";
import { flagMeaning } from "../../graph/flags";
import type { GraphEdge } from "../../graph/model";
import { mtlsDisagrees, type Tone } from "../../graph/overlay";
import { formatBytesRate, formatMs, formatRate, formatShare } from "../../lib/format";
import { EdgeReason } from "../authorization/EdgeReason";
import { ExplainLink } from "../explain/ExplainLink";
import { EdgeExplanation } from "../mtls/EdgeExplanation";
import { Caveats } from "../telemetry/Caveats";
import classes from "./graph.module.css";
import { Bar, RedCharts, Section } from "./parts";
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

function codeTone(code: string): string {
  if (code === "0" || code.startsWith("5")) return "bad";
  return code.startsWith("4") ? "warn" : "good";
}

const GRPC_NAMES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

function Rates({
  rates,
  name,
  tone,
}: {
  rates: Record<string, number>;
  name: (key: string) => React.ReactNode;
  tone: (key: string) => string;
}) {
  const rows = Object.entries(rates).sort((a, b) => b[1] - a[1]);
  const total = rows.reduce((sum, [, rate]) => sum + rate, 0) || 1;
  return (
    <Table horizontalSpacing={6} verticalSpacing={3} fz={12.5} layout="auto" withRowBorders={false}>
      <Table.Tbody>
        {rows.map(([key, rate]) => (
          <Table.Tr key={key}>
            <Table.Td p={0}>{name(key)}</Table.Td>
            <Table.Td w={90}>
              <Bar share={rate / total} tone={tone(key)} />
            </Table.Td>
            <Table.Td w={58} ta="right" className="num">
              {formatRate(rate)}
            </Table.Td>
            <Table.Td w={50} ta="right" className="num dim" pr={0}>
              {formatShare(rate / total)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

export function EdgeDetails({ edge, cluster, window, spec, view }: PanelProps & { edge: GraphEdge }) {
  const live = useLiveSeries(cluster, window, spec, view, edge);
  const tcp = edge.protocol === "tcp";
  const flags = Object.entries(edge.flags).sort((a, b) => b[1] - a[1]);
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
      {Object.keys(edge.codes).length > 0 && (
        <Section title="Response codes">
          <Rates
            rates={edge.codes}
            tone={codeTone}
            name={(code) =>
              code === "0" ? (
                <span data-testid="code">no response</span>
              ) : (
                <span className="mono" data-testid="code">
                  {code}
                </span>
              )
            }
          />
        </Section>
      )}
      {Object.keys(edge.grpc_codes).length > 0 && (
        <Section title="gRPC status">
          <Rates
            rates={edge.grpc_codes}
            tone={(code) => (code === "0" ? "good" : "bad")}
            name={(code) => <span className="mono">{GRPC_NAMES[Number(code)] ?? code}</span>}
          />
        </Section>
      )}
      {flags.length > 0 && (
        <Section title="Response flags">
          {flags.map(([flag, rate]) => (
            <div
              key={flag}
              style={{ display: "grid", gridTemplateColumns: "52px 1fr auto", gap: 8, marginBottom: 5 }}
              data-testid="response-flag"
              data-flag={flag}
            >
              <span className="mono" style={{ fontWeight: 650 }}>
                {flag}
              </span>
              <span>{flag.split(",").map(flagMeaning).join("; ")}</span>
              <span className="num dim">{formatRate(rate)}</span>
            </div>
          ))}
        </Section>
      )}
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
          cluster={cluster}
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
        <EdgeReason key={edge.id} edge={edge} cluster={cluster} />
      </Section>
      <Section title="Traffic">
        <dl className={classes.facts}>
          <dt>Toward the server</dt>
          <dd className="num">{formatBytesRate(edge.sent_bytes_rate)}</dd>
          <dt>Back to the caller</dt>
          <dd className="num">{formatBytesRate(edge.received_bytes_rate)}</dd>
          {edge.hosts.length > 0 && (
            <>
              <dt>Hosts asked for</dt>
              <dd className="mono">{edge.hosts.join(", ")}</dd>
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

function Principals({ label, principals }: { label: string; principals: readonly string[] }) {
  if (principals.length === 0) return null;
  return (
    <>
      <dt>{label}</dt>
      <dd className="mono">
        {principals.map((principal) => (
          <div key={principal}>{principal.replace("spiffe://", "")}</div>
        ))}
      </dd>
    </>
  );
}
