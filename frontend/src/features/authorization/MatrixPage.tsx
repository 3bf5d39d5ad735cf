import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Download, TriangleAlert, ZoomOut } from "lucide-react";
import { useMemo } from "react";
import { type Column, DataTable } from "../../components/DataTable";
import { Notice } from "../../components/Notice";
import { ObjectLink } from "../../components/ObjectLink";
import { Answer, Card, Facts, PageLink } from "../../components/Page";
import { EmptyScreen } from "../../components/screens";
import { formatRate } from "../../lib/format";
import { useCluster } from "../../state/cluster";
import classes from "./authorization.module.css";
import { Frame, TrafficNote, useHours, useLinked } from "./Frame";
import { type Axis, type Cell, csvUrl, type Disagreement, type MatrixAnswer, matrixQuery } from "./queries";
import { VERDICTS, Verdict } from "./Verdict";

type Matrix = MatrixAnswer["matrix"];

/** Who may call what, by policy, beside who does. */
export function MatrixPage() {
  const cluster = useCluster()?.name ?? "";
  const { get, put } = useLinked();
  const spec = { callers: get("callers"), called: get("called"), service: get("service"), hours: useHours() };
  const query = useQuery(matrixQuery(cluster, spec));
  const zoomed = spec.callers || spec.called || spec.service;
  return (
    <Frame
      actions={
        <Button
          component="a"
          href={csvUrl(cluster, spec)}
          download
          variant="default"
          leftSection={<Download size={14} />}
        >
          CSV
        </Button>
      }
    >
      {zoomed && (
        <div className={classes.zoom}>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<ZoomOut size={13} />}
            onClick={() => put({ callers: null, called: null, service: null, cell: null })}
          >
            All namespaces
          </Button>
          <span className="dim">
            {[
              spec.callers && `callers of ${spec.callers}`,
              spec.called && `services of ${spec.called}`,
              spec.service && `methods of ${spec.service}`,
            ]
              .filter(Boolean)
              .join(", ")}
          </span>
        </div>
      )}
      <Answer query={query} what="the matrix">
        {(answer) => <Answered answer={answer} byMethod={spec.service !== ""} />}
      </Answer>
    </Frame>
  );
}

function Answered({ answer, byMethod }: { answer: MatrixAnswer; byMethod: boolean }) {
  const { matrix } = answer;
  const { get, put } = useLinked();
  const cells = useMemo(() => new Map(matrix.cells.map((cell) => [`${cell.row} ${cell.column}`, cell])), [matrix]);
  if (matrix.columns.length === 0) return <EmptyScreen title="No service has a workload behind it here" />;
  const [row, column] = get("cell").split("|");
  const selected = matrix.cells.find(
    (cell) => matrix.rows[cell.row]?.id === row && matrix.columns[cell.column]?.id === column,
  );
  return (
    <>
      <Legend />
      {(matrix.left_out_rows > 0 || matrix.left_out_columns > 0) && (
        <Notice tone="warn" title="Not all fits">
          {matrix.left_out_rows} callers and {matrix.left_out_columns} services are left out: choose a namespace, or
          take the CSV of one.
        </Notice>
      )}
      <div className={classes.matrixFrame}>
        <table className={classes.matrix} aria-label="Who may call what" data-testid="matrix">
          <thead>
            <Heads matrix={matrix} byMethod={byMethod} />
          </thead>
          <tbody>
            {matrix.rows.map((axis, number) => (
              <tr key={axis.id}>
                <th scope="row">
                  <RowHead axis={axis} />
                </th>
                {matrix.columns.map((head, place) => (
                  <td key={head.id}>
                    <CellButton
                      cell={cells.get(`${number} ${place}`)}
                      row={axis}
                      column={head}
                      selected={selected !== undefined && cells.get(`${number} ${place}`) === selected}
                      onSelect={() => put({ cell: `${axis.id}|${head.id}` })}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {answer.disagreements.length > 0 && <Disagreements rows={answer.disagreements} />}
      {selected && <Selected cell={selected} matrix={matrix} byMethod={byMethod} />}
      <TrafficNote traffic={answer.traffic} />
    </>
  );
}

function Heads({ matrix, byMethod }: { matrix: Matrix; byMethod: boolean }) {
  const { put } = useLinked();
  const groups: { namespace: string; span: number }[] = [];
  for (const column of matrix.columns) {
    const last = groups.at(-1);
    if (last?.namespace === column.namespace) last.span += 1;
    else groups.push({ namespace: column.namespace, span: 1 });
  }
  return (
    <>
      <tr>
        <th scope="col" rowSpan={2} className={classes.corner}>
          <span className="dim">caller ↓ called →</span>
        </th>
        {groups.map((group) => (
          <th key={group.namespace} colSpan={group.span} scope="colgroup" className={classes.group}>
            <button type="button" onClick={() => put({ called: group.namespace, cell: null })}>
              {group.namespace}
            </button>
          </th>
        ))}
      </tr>
      <tr>
        {matrix.columns.map((column) => (
          <th key={column.id} scope="col" className={classes.columnHead}>
            {byMethod ? (
              <span>{column.name}</span>
            ) : (
              <button
                type="button"
                title={`Methods of ${column.id}`}
                onClick={() => put({ service: column.id, cell: null })}
              >
                {column.name}
              </button>
            )}
          </th>
        ))}
      </tr>
    </>
  );
}

function RowHead({ axis }: { axis: Axis }) {
  const { put } = useLinked();
  if (axis.namespace === "" || axis.id !== axis.namespace) {
    return (
      <span>
        {axis.namespace && <span className="dim">{axis.namespace}/</span>}
        {axis.name}
      </span>
    );
  }
  return (
    <button
      type="button"
      title={`Workloads of ${axis.name}`}
      onClick={() => put({ callers: axis.namespace, cell: null })}
    >
      {axis.name}
    </button>
  );
}

function CellButton({
  cell,
  row,
  column,
  selected,
  onSelect,
}: {
  cell: Cell | undefined;
  row: Axis;
  column: Axis;
  selected: boolean;
  onSelect: () => void;
}) {
  if (!cell) return <span className={classes.self}>·</span>;
  const { text, tone, icon: Icon } = VERDICTS[cell.verdict];
  const seen = cell.rate > 0 ? `, ${formatRate(cell.rate)}` : "";
  const refused = cell.denied_rate > 0 ? `, ${formatRate(cell.denied_rate)} refused` : "";
  return (
    <button
      type="button"
      className={classes.cell}
      aria-label={`${row.id} to ${column.id}: ${text}${seen}${refused}${cell.disagrees ? ", traffic disagrees" : ""}`}
      aria-pressed={selected}
      title={cell.reason}
      data-verdict={cell.verdict}
      style={{ color: `var(--tone-${tone})`, background: `var(--soft-${tone})` }}
      onClick={onSelect}
    >
      <Icon size={13} aria-hidden />
      {cell.rate > 0 && <span className="num">{formatRate(cell.rate).replace(/ .*$/, "")}</span>}
      {cell.disagrees && <TriangleAlert size={11} aria-hidden color="var(--tone-warn)" />}
    </button>
  );
}

function Selected({ cell, matrix, byMethod }: { cell: Cell; matrix: Matrix; byMethod: boolean }) {
  const { get } = useLinked();
  const row = matrix.rows[cell.row];
  const column = matrix.columns[cell.column];
  if (!row || !column) return null;
  const service = byMethod ? get("service") : column.id;
  const caller = row.id.includes("/") ? row.id : "";
  const ask = new URLSearchParams({
    service,
    ...(caller ? { caller } : {}),
    ...(byMethod ? { method: column.id } : {}),
  });
  return (
    <Card
      title={
        <>
          {row.id} → {byMethod ? `${service} ${column.id}` : column.id}
        </>
      }
    >
      {cell.disagrees && (
        <div style={{ marginBottom: 10 }}>
          <Notice tone="warn" title="Policy and traffic disagree">
            {cell.verdict === "denied"
              ? `Policy denies it, yet ${formatRate(cell.rate - cell.denied_rate)} get through.`
              : `Policy allows it, yet ${formatRate(cell.denied_rate)} are refused.`}
          </Notice>
        </div>
      )}
      <Facts
        rows={[
          ["Policy says", <Verdict key="verdict" verdict={cell.verdict} />],
          ["Decided by", cell.object ? <ObjectLink key="object" object={cell.object} /> : null],
          ["Because", cell.reason],
          ["Observed", byMethod ? "metrics do not tell methods" : formatRate(cell.rate)],
          ["Refused", cell.denied_rate > 0 ? formatRate(cell.denied_rate) : null],
          [
            "Closer",
            caller || row.namespace === "" ? (
              <PageLink key="ask" to={`/authorization/call?${ask}`}>
                May it call? Ask with path, method and headers
              </PageLink>
            ) : null,
          ],
        ]}
      />
    </Card>
  );
}

const DISAGREEMENTS: Column<Disagreement>[] = [
  { key: "source", title: "Caller", cell: (row) => row.source, sort: (row) => row.source },
  {
    key: "called",
    title: "Called",
    cell: (row) => row.destination ?? row.service ?? "–",
    sort: (row) => row.destination ?? row.service,
  },
  {
    key: "verdict",
    title: "Policy says",
    cell: (row) => <Verdict verdict={row.verdict} />,
    sort: (row) => row.verdict,
  },
  {
    key: "object",
    title: "Decided by",
    cell: (row) => (row.decided_by ? <ObjectLink object={row.decided_by} /> : "–"),
  },
  { key: "rate", title: "Rate", numeric: true, cell: (row) => formatRate(row.rate), sort: (row) => row.rate },
  {
    key: "denied",
    title: "Refused",
    numeric: true,
    cell: (row) => formatRate(row.denied_rate),
    sort: (row) => row.denied_rate,
  },
  { key: "message", title: "What is odd", cell: (row) => row.message },
];

function Disagreements({ rows }: { rows: readonly Disagreement[] }) {
  return (
    <Card title="Where traffic and policy disagree">
      <DataTable
        label="Where traffic and policy disagree"
        rows={rows}
        columns={DISAGREEMENTS}
        rowKey={(row) => `${row.source}>${row.service}>${row.destination}|${row.protocol}`}
      />
    </Card>
  );
}

function Legend() {
  const told = {
    allowed: "every caller of the row may",
    partly: "some callers, or some requests",
    denied: "nobody may",
    open: "no policy: open by default",
  } as const;
  return (
    <ul className={classes.legend}>
      {(Object.keys(told) as (keyof typeof told)[]).map((verdict) => (
        <li key={verdict}>
          <Verdict verdict={verdict} /> <span className="dim">{told[verdict]}</span>
        </li>
      ))}
      <li>
        <TriangleAlert size={13} aria-hidden color="var(--tone-warn)" />{" "}
        <span className="dim">traffic disagrees with policy</span>
      </li>
    </ul>
  );
}
