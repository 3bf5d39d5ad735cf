import { Tooltip } from "@mantine/core";
import { flagMeaning } from "../../graph/flags";
import { byRate, type Responses } from "../../graph/responses";
import { formatRate, formatShare } from "../../lib/format";
import classes from "./panel.module.css";
import { Bar, Section } from "./parts";

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

function toneOfCode(code: string): string {
  if (code === "0" || code.startsWith("5")) return "bad";
  return code.startsWith("4") ? "warn" : "good";
}

/** What was answered: codes by flags, gRPC's statuses, and each flag in plain words. */
export function ResponsesSections({ responses }: { responses: Responses }) {
  const codes = byRate(responses.codes);
  const grpc = byRate(responses.grpc);
  const flags = byRate(responses.flags);
  return (
    <>
      {codes.length > 0 && (
        <Section title="Responses">
          <CodesByFlags codes={codes} flags={flags.map(([flag]) => flag)} responses={responses} />
        </Section>
      )}
      {grpc.length > 0 && (
        <Section title="gRPC status">
          <table className={classes.rates}>
            <tbody>
              {grpc.map(([code, rate]) => (
                <tr key={code}>
                  <th scope="row" className="mono">
                    {GRPC_NAMES[Number(code)] ?? code}
                  </th>
                  <Rate rate={rate} of={grpc} tone={code === "0" ? "good" : "bad"} />
                </tr>
              ))}
            </tbody>
          </table>
        </Section>
      )}
      {flags.length > 0 && (
        <Section title="Response flags">
          <dl className={classes.flags}>
            {flags.map(([flag, rate]) => (
              <div key={flag} data-testid="response-flag" data-flag={flag}>
                <dt className="mono">{flag}</dt>
                <dd>{flag.split(",").map(flagMeaning).join("; ")}</dd>
                <dd className="num dim">{formatRate(rate)}</dd>
              </div>
            ))}
          </dl>
        </Section>
      )}
    </>
  );
}

function Rate({ rate, of, tone }: { rate: number; of: readonly [string, number][]; tone: string }) {
  const total = of.reduce((sum, [, one]) => sum + one, 0) || 1;
  return (
    <>
      <td className={classes.bar}>
        <Bar share={rate / total} tone={tone} />
      </td>
      <td className="num">{formatRate(rate)}</td>
      <td className="num dim">{formatShare(rate / total)}</td>
    </>
  );
}

function CodesByFlags({
  codes,
  flags,
  responses,
}: {
  codes: readonly [string, number][];
  flags: readonly string[];
  responses: Responses;
}) {
  return (
    <div className={classes.scroll}>
      <table className={classes.rates} data-testid="codes-by-flags">
        {flags.length > 0 && (
          <thead>
            <tr>
              <th scope="col">Code</th>
              <td />
              <th scope="col" colSpan={2}>
                All
              </th>
              {flags.map((flag) => (
                <th key={flag} scope="col" className="mono">
                  <Tooltip label={flag.split(",").map(flagMeaning).join("; ")}>
                    <span>{flag}</span>
                  </Tooltip>
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {codes.map(([code, rate]) => (
            <tr key={code}>
              <th scope="row" className={code === "0" ? undefined : "mono"} data-testid="code">
                {code === "0" ? "no response" : code}
              </th>
              <Rate rate={rate} of={codes} tone={toneOfCode(code)} />
              {flags.map((flag) => {
                const its = responses.codeFlags[code]?.[flag] ?? 0;
                return (
                  <td key={flag} className="num">
                    {its > 0 ? formatRate(its) : <span className="dim">·</span>}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
