import type { RequestExplanation } from "../../api/types";
import { type Column, DataTable } from "../../components/DataTable";
import { Notice } from "../../components/Notice";
import { ObjectLink } from "../../components/ObjectLink";
import { Card, PageLink, TableCard } from "../../components/Page";
import { Tag } from "../../components/Tag";
import type { Tone } from "../../graph/overlay";
import { formatRate, formatShare } from "../../lib/format";
import classes from "./explain.module.css";
import { Steps } from "./Steps";

type Verdict = RequestExplanation["verdict"];
type Meaning = RequestExplanation["meanings"][number];

const VERDICTS: Record<Verdict, { text: string; tone: Tone }> = {
  reaches: { text: "Gets there", tone: "good" },
  leaves: { text: "Leaves the mesh", tone: "plain" },
  answered: { text: "The proxy answers itself", tone: "warn" },
  depends: { text: "It depends", tone: "warn" },
  denied: { text: "Denied", tone: "bad" },
  refused: { text: "Connection refused", tone: "bad" },
  no_endpoint: { text: "No endpoint", tone: "bad" },
  no_cluster: { text: "No such cluster", tone: "bad" },
  no_route: { text: "No route", tone: "bad" },
  unknown: { text: "Not known", tone: "muted" },
};

const COLUMNS: Column<Meaning>[] = [
  {
    key: "answer",
    title: "Answer",
    cell: (row) => (
      <span className="mono" style={{ fontWeight: 650, whiteSpace: "nowrap" }}>
        {[row.code, row.flag].filter(Boolean).join(" ") || "–"}
      </span>
    ),
    sort: (row) => `${row.code} ${row.flag}`,
  },
  {
    key: "meaning",
    title: "Means here",
    cell: (row) => (
      <div style={{ whiteSpace: "normal" }}>
        <b style={{ fontWeight: 600 }}>{row.title}.</b> <span className="dim">{row.says}</span>{" "}
        {row.object && <ObjectLink object={row.object} />}
      </div>
    ),
  },
  {
    key: "expected",
    title: "By configuration",
    cell: (row) => (row.expected ? <Tag tone={row.code === "200" ? "good" : "warn"}>expected</Tag> : ""),
    sort: (row) => (row.expected ? 0 : 1),
  },
  {
    key: "rate",
    title: "Now",
    numeric: true,
    cell: (row) => formatRate(row.rate),
    sort: (row) => row.rate,
  },
];

export function Explanation({
  explanation,
  title,
  highlight,
}: {
  explanation: RequestExplanation;
  title: string;
  /** NAMESPACE/NAME of a workload whose branch was asked about. */
  highlight?: string;
}) {
  const verdict = VERDICTS[explanation.verdict];
  return (
    <section className={classes.answer} aria-label={title} data-testid="explanation" data-verdict={explanation.verdict}>
      <Notice tone={verdict.tone} title={`${title}: ${verdict.text}`} role="status">
        <span data-testid="summary">{explanation.summary}</span>
      </Notice>
      {explanation.findings.length > 0 && (
        <Notice tone="warn" title="Not all of it could be read">
          {explanation.findings.map((finding) => (
            <div key={finding}>{finding}</div>
          ))}
        </Notice>
      )}
      <Card title={`At the source: ${explanation.source}`}>
        <Steps steps={explanation.steps} label="Steps at the source" />
      </Card>
      {[...explanation.branches]
        .sort((a, b) => b.share - a.share)
        .map((branch) => (
          <Card key={branch.cluster || branch.workloads.join()}>
            <div className={classes.branchHead} data-testid="branch" data-cluster={branch.cluster}>
              <span className={`${classes.share} num`} data-testid="chance">
                {formatShare(branch.share)}
              </span>
              {branch.workloads.map((name) => (
                <span key={name} style={{ fontWeight: name === highlight ? 700 : undefined }}>
                  <PageLink to={`/workloads/${name}`}>{name}</PageLink>
                </span>
              ))}
              <Tag tone={VERDICTS[branch.verdict].tone}>{VERDICTS[branch.verdict].text}</Tag>
              <span className="dim">
                {branch.weight !== null && `weight ${branch.weight}, `}
                {branch.healthy} of {branch.endpoints} endpoints get requests
              </span>
            </div>
            <Steps steps={branch.steps} label={`Steps toward ${branch.workloads.join(", ") || branch.cluster}`} />
          </Card>
        ))}
      {explanation.meanings.length > 0 && (
        <TableCard>
          <DataTable
            label="What an answer means here"
            rows={explanation.meanings}
            columns={COLUMNS}
            rowKey={(row) => `${row.code} ${row.flag} ${row.title}`}
          />
        </TableCard>
      )}
    </section>
  );
}
