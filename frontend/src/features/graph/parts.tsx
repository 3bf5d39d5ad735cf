import { Anchor } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { Sparkline } from "../../components/Sparkline";
import { problemText } from "../../components/screens";
import type { LiveSeries } from "../../graph/series";
import { formatMoment, formatMs, formatRate, formatShare } from "../../lib/format";
import classes from "./graph.module.css";
import panel from "./panel.module.css";

export function Section({ title, icon, children }: { title: string; icon?: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.section}>
      <h3>
        {icon}
        {title}
      </h3>
      {children}
    </section>
  );
}

const SHOWN_NAMES = 6;

/** Names below each other, the first few; the others on demand. */
export function Names({ names }: { names: readonly string[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? names : names.slice(0, SHOWN_NAMES);
  return (
    <span className={panel.names}>
      {shown.map((name) => (
        <span key={name}>{name}</span>
      ))}
      {names.length > shown.length && (
        <Anchor component="button" type="button" fz={12} ta="left" onClick={() => setAll(true)}>
          {names.length - shown.length} more
        </Anchor>
      )}
    </span>
  );
}

/** Identities, without the scheme that all of them have. */
export function Principals({ label, principals }: { label: string; principals: readonly string[] }) {
  if (principals.length === 0) return null;
  return (
    <>
      <dt>{label}</dt>
      <dd className="mono">
        <Names names={principals.map((principal) => principal.replace("spiffe://", ""))} />
      </dd>
    </>
  );
}

interface ChartsProps {
  series: LiveSeries;
  loading: boolean;
  error: Error | null;
  now: { rate: number; error_share: number | null; p95_ms: number | null };
  /** Connections have no errors or latencies. */
  tcp?: boolean;
}

/** Rate, errors and duration as lines that go on by themselves, under their value now. */
export function RedCharts({ series, loading, error, now, tcp = false }: ChartsProps) {
  const [first, last] = [series.times[0], series.times.at(-1)];
  return (
    <div className={classes.charts} data-testid="red-charts" aria-busy={loading}>
      <Chart
        name={tcp ? "Connections" : "Requests"}
        value={formatRate(now.rate)}
        values={series.rate}
        times={series.times}
        colour="var(--accent)"
        format={formatRate}
      />
      {!tcp && (
        <>
          <Chart
            name="Errors"
            value={formatShare(now.error_share)}
            values={series.errors}
            times={series.times}
            colour="var(--tone-bad)"
            format={formatShare}
            least={0.02}
          />
          <Chart
            name="p95 latency"
            value={formatMs(now.p95_ms)}
            values={series.p95}
            times={series.times}
            colour="var(--tone-warn)"
            format={formatMs}
          />
        </>
      )}
      {first !== undefined && last !== undefined && (
        <div className={`${panel.axis} num`} aria-hidden="true">
          <span>{formatMoment(new Date(first * 1000))}</span>
          <span>{formatMoment(new Date(last * 1000))}</span>
        </div>
      )}
      {error && (
        <span className="dim">
          What was before isn't available: {problemText(error).message}.
          {series.times.length > 0 && " The lines begin now."}
        </span>
      )}
    </div>
  );
}

interface ChartProps {
  name: string;
  value: string;
  times: number[];
  values: (number | null)[];
  colour: string;
  format: (value: number | null) => string;
  least?: number;
}

function Chart({ name, value, ...line }: ChartProps) {
  return (
    <div>
      <div className={classes.chartHead}>
        <span className="dim">{name}</span>
        <b className="num">{value}</b>
      </div>
      <Sparkline label={`${name} over time, now ${value}`} {...line} />
    </div>
  );
}

/** A share of a whole as a bar; the number beside it says the same. */
export function Bar({ share, tone }: { share: number; tone: string }) {
  return (
    <span className={classes.bar} aria-hidden="true">
      <span style={{ width: `${Math.max(2, Math.min(100, share * 100))}%`, background: `var(--tone-${tone})` }} />
    </span>
  );
}
