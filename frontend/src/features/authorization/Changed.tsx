import { type Column, DataTable } from "../../components/DataTable";
import { Notice } from "../../components/Notice";
import { ObjectLink } from "../../components/ObjectLink";
import { TableCard } from "../../components/Page";
import { Tag } from "../../components/Tag";
import type { Tone } from "../../graph/overlay";
import { formatRate } from "../../lib/format";
import type { ChangedEdge, ObservedTraffic, WhatIf } from "./queries";
import { Verdict } from "./Verdict";

const TURNS: Record<ChangedEdge["turn"], { text: string; tone: Tone }> = {
  denied: { text: "newly denied", tone: "bad" },
  partly_denied: { text: "partly denied", tone: "warn" },
  opened: { text: "newly allowed", tone: "good" },
  partly_opened: { text: "partly allowed", tone: "good" },
};

const COLUMNS: Column<ChangedEdge>[] = [
  {
    key: "turn",
    title: "Would be",
    cell: (row) => <Tag tone={TURNS[row.turn].tone}>{TURNS[row.turn].text}</Tag>,
    sort: (row) => row.turn,
  },
  { key: "source", title: "Caller", cell: (row) => row.source, sort: (row) => row.source },
  { key: "service", title: "Service", cell: (row) => row.service ?? "–", sort: (row) => row.service },
  { key: "destination", title: "Workload", cell: (row) => row.destination ?? "–", sort: (row) => row.destination },
  { key: "rate", title: "Rate", numeric: true, cell: (row) => formatRate(row.rate), sort: (row) => row.rate },
  {
    key: "denied",
    title: "Refused so far",
    numeric: true,
    cell: (row) => (row.denied_rate > 0 ? formatRate(row.denied_rate) : "–"),
    sort: (row) => row.denied_rate,
  },
  {
    key: "before",
    title: "Now",
    cell: (row) => <Verdict verdict={row.before.verdict} />,
    sort: (row) => row.before.verdict,
  },
  {
    key: "after",
    title: "Then",
    cell: (row) => (
      <>
        <Verdict verdict={row.after.verdict} />{" "}
        {row.after.decided_by ? <ObjectLink object={row.after.decided_by} /> : null}
        <div className="dim">{row.after.reason}</div>
      </>
    ),
  },
];

/** What edited policies would have changed, in one sentence and edge by edge. */
export function Changed({ result, traffic }: { result: WhatIf; traffic: ObservedTraffic }) {
  const denied = result.changed.filter((edge) => edge.turn === "denied").length;
  const opened = result.changed.filter((edge) => edge.turn === "opened").length;
  const partly = result.changed.length - denied - opened;
  const tone = denied > 0 ? "bad" : result.changed.length > 0 ? "warn" : "good";
  return (
    <>
      {result.problems.map((problem) => (
        <Notice
          key={`${problem.object.name} ${problem.path}`}
          tone="bad"
          title="This can't be put in force"
          role="alert"
        >
          <ObjectLink object={problem.object} />: {problem.message} <span className="mono">{problem.path}</span>
        </Notice>
      ))}
      {traffic.edges === 0 ? (
        <Notice tone="warn" role="status" testId="what-if-result" title="Nothing was observed in this time">
          So nothing can be told: choose a longer time, or wait for traffic.
        </Notice>
      ) : (
        <Notice
          tone={tone}
          role="status"
          testId="what-if-result"
          title={result.changed.length === 0 ? "Nothing that was seen would change" : "This would change"}
        >
          {result.changed.length === 0
            ? `${result.unchanged} edges are decided as before`
            : [
                denied && `${denied} edges newly denied (${formatRate(result.denied_rate)})`,
                opened && `${opened} newly allowed (${formatRate(result.opened_rate)})`,
                partly && `${partly} in part, by what metrics do not tell (${formatRate(result.partly_rate)})`,
                `${result.unchanged} as before`,
              ]
                .filter(Boolean)
                .join(", ")}
          {result.unknown > 0 && `; of ${result.unknown} policy says nothing`}
        </Notice>
      )}
      {result.changed.length > 0 && (
        <TableCard>
          <DataTable
            label="Edges that would change"
            rows={result.changed}
            columns={COLUMNS}
            rowKey={(row) => `${row.source}>${row.service}>${row.destination}|${row.protocol}`}
          />
        </TableCard>
      )}
    </>
  );
}
