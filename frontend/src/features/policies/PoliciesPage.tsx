import { Button, SegmentedControl, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { CircleCheck, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { configQuery } from "../../api/queries";
import type { ConfigItem, FindingsAnswer } from "../../api/types";
import { type Column, DataTable } from "../../components/DataTable";
import { ListFilter } from "../../components/ListFilter";
import { ObjectLink, objectPath } from "../../components/ObjectLink";
import { Answer, Page, PageLink, TableCard } from "../../components/Page";
import { EmptyScreen } from "../../components/screens";
import { Tag } from "../../components/Tag";
import { matchesWords, useListFilter } from "../../components/useListFilter";
import { formatMoment } from "../../lib/format";
import { useCluster } from "../../state/cluster";
import { findingsQuery } from "./queries";
import { SEVERITIES, SeverityMark } from "./Severity";

/** Rows drawn at once: thousands of them make a browser slow. */
const MOST_ROWS = 300;

export function kindName(kind: string): string {
  return kind.split(".")[0] ?? kind;
}

function Found({ row }: { row: ConfigItem }) {
  const counts = { error: row.errors, warning: row.warnings, info: row.infos };
  if (row.errors + row.warnings + row.infos === 0) {
    return (
      <span style={{ display: "inline-flex", gap: 5, alignItems: "center" }}>
        <CircleCheck size={13} aria-hidden color="var(--tone-good)" /> nothing
      </span>
    );
  }
  return (
    <span style={{ display: "inline-flex", gap: 10 }}>
      {SEVERITIES.filter((severity) => counts[severity] > 0).map((severity) => (
        <SeverityMark key={severity} severity={severity} count={counts[severity]} />
      ))}
    </span>
  );
}

const OBJECTS: Column<ConfigItem>[] = [
  {
    key: "kind",
    title: "Kind",
    cell: (row) => (
      <span style={{ display: "inline-flex", gap: 6, alignItems: "center" }} title={row.api_version}>
        {kindName(row.kind)}
        {row.off_road && (
          <Tag tone="warn">
            <TriangleAlert size={11} aria-hidden style={{ verticalAlign: "-1px" }} /> off the paved road
          </Tag>
        )}
      </span>
    ),
    sort: (row) => row.kind,
  },
  {
    key: "name",
    title: "Name",
    cell: (row) => <PageLink to={objectPath(row)}>{row.name}</PageLink>,
    sort: (row) => row.name,
  },
  {
    key: "namespace",
    title: "Namespace",
    cell: (row) => row.namespace || <span className="dim">cluster</span>,
    sort: (row) => row.namespace,
  },
  { key: "purpose", title: "For", cell: (row) => row.purpose, sort: (row) => row.purpose },
  {
    key: "found",
    title: "Found",
    cell: (row) => <Found row={row} />,
    sort: (row) => -(row.errors * 1_000_000 + row.warnings * 1000 + row.infos),
  },
  {
    key: "managed",
    title: "Managed by",
    cell: (row) => row.managed_by ?? <span className="dim">people</span>,
    sort: (row) => row.managed_by,
  },
  {
    key: "version",
    title: "API version",
    cell: (row) => <span className="mono dim">{row.api_version}</span>,
    sort: (row) => row.api_version,
  },
  {
    key: "created",
    title: "Created",
    cell: (row) => (row.created_at ? <span className="num">{formatMoment(row.created_at)}</span> : "–"),
    sort: (row) => row.created_at,
  },
];

type Finding = FindingsAnswer["findings"][number];
const GRAVITY = { error: 0, warning: 1, info: 2 };

const FINDINGS: Column<Finding>[] = [
  {
    key: "severity",
    title: "Severity",
    cell: (row) => <SeverityMark severity={row.severity} />,
    sort: (row) => GRAVITY[row.severity],
  },
  {
    key: "object",
    title: "Object",
    cell: (row) =>
      row.object.kind === "Namespace" ? (
        <PageLink to={`/mtls/${row.object.name}`}>Namespace {row.object.name}</PageLink>
      ) : row.object.kind === "Pod" ? (
        <PageLink to={`/proxies/${row.object.namespace}/${row.object.name}`}>
          Pod {row.object.namespace}/{row.object.name}
        </PageLink>
      ) : (
        <ObjectLink object={row.object} />
      ),
    sort: (row) => `${row.object.kind}/${row.object.namespace}/${row.object.name}`,
  },
  { key: "message", title: "What is found", cell: (row) => row.message, sort: (row) => row.code },
  { key: "step", title: "Next step", cell: (row) => <span className="dim">{row.next_step}</span> },
];

function useParam(name: string): [string | null, (value: string | null) => void] {
  const [params, setParams] = useSearchParams();
  const put = (value: string | null) =>
    setParams(
      (current) => {
        const next = new URLSearchParams(current);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  return [params.get(name), put];
}

const FOUND = [
  { value: "error", label: "Errors" },
  { value: "warning", label: "Warnings or worse" },
  { value: "info", label: "Anything" },
];

/** Every policy and routing object, and everything that is found on them. */
export function PoliciesPage() {
  const [view, setView] = useParam("view");
  const showFindings = view === "findings";
  const cluster = useCluster()?.name ?? "";
  const findings = useQuery(findingsQuery(cluster));
  const total = findings.data ? ` (${findings.data.total})` : "";
  return (
    <Page
      title="Policies and routing"
      actions={
        <SegmentedControl
          aria-label="What is listed"
          data={[
            { value: "objects", label: "Objects" },
            { value: "findings", label: `Findings${total}` },
          ]}
          value={showFindings ? "findings" : "objects"}
          onChange={(value) => setView(value === "findings" ? value : null)}
        />
      }
    >
      {showFindings ? <Findings /> : <Objects />}
    </Page>
  );
}

function Objects() {
  const cluster = useCluster()?.name ?? "";
  const query = useQuery(configQuery(cluster));
  const filter = useListFilter();
  const [purpose, setPurpose] = useParam("purpose");
  const [found, setFound] = useParam("found");
  return (
    <Answer query={query} what="the objects">
      {(all) => {
        const rows = all.filter(
          (row) =>
            (!filter.namespace || row.namespace === filter.namespace) &&
            (!filter.kind || row.kind === filter.kind) &&
            (!purpose || row.purpose === purpose) &&
            (!found ||
              row.errors > 0 ||
              (found !== "error" && row.warnings > 0) ||
              (found === "info" && row.infos > 0)) &&
            matchesWords(`${row.kind} ${row.namespace} ${row.name} ${row.managed_by ?? ""}`, filter.search),
        );
        return (
          <>
            <div style={{ display: "flex", gap: 8, flexWrap: "wrap" }}>
              <ListFilter
                filter={filter}
                namespaces={all.map((row) => row.namespace).filter(Boolean)}
                kinds={all.map((row) => row.kind)}
                shown={rows.length}
                total={all.length}
              />
              <Select
                aria-label="For"
                placeholder="For anything"
                clearable
                allowDeselect
                w={140}
                data={[...new Set(all.map((row) => row.purpose))].sort()}
                value={purpose}
                onChange={setPurpose}
              />
              <Select
                aria-label="Found"
                placeholder="Whatever is found"
                clearable
                allowDeselect
                w={170}
                data={FOUND}
                value={found}
                onChange={setFound}
              />
            </div>
            <Rows
              label="Policy and routing objects"
              rows={rows}
              columns={OBJECTS}
              rowKey={(row) => `${row.kind}/${row.namespace}/${row.name}`}
              initialSort={{ key: "kind" }}
              empty={all.length > 0 ? "No object matches the filter" : "The cluster has no mesh configuration"}
            />
          </>
        );
      }}
    </Answer>
  );
}

function Findings() {
  const cluster = useCluster()?.name ?? "";
  const query = useQuery(findingsQuery(cluster));
  const filter = useListFilter();
  return (
    <Answer query={query} what="the findings">
      {(answer) => {
        const rows = answer.findings.filter(
          (row) =>
            (!filter.namespace || row.object.namespace === filter.namespace) &&
            (!filter.kind || row.object.kind === filter.kind) &&
            matchesWords(
              `${row.severity} ${row.code} ${row.object.kind} ${row.object.namespace} ${row.object.name} ${row.message}`,
              filter.search,
            ),
        );
        return (
          <>
            <ListFilter
              filter={filter}
              namespaces={answer.findings.map((row) => row.object.namespace).filter(Boolean)}
              kinds={answer.findings.map((row) => row.object.kind)}
              shown={rows.length}
              total={answer.total}
            />
            <Rows
              label="Findings"
              rows={rows}
              columns={FINDINGS}
              rowKey={(row) =>
                `${row.object.kind}/${row.object.namespace}/${row.object.name}/${row.code}/${row.path}/${row.message}`
              }
              initialSort={{ key: "severity" }}
              empty={
                answer.total > 0 ? "No finding matches the filter" : "Nothing is found: the configuration is sound"
              }
            />
          </>
        );
      }}
    </Answer>
  );
}

interface RowsProps<T> {
  label: string;
  rows: readonly T[];
  columns: Column<T>[];
  rowKey: (row: T) => string;
  initialSort: { key: string };
  empty: string;
}

function Rows<T>({ rows, empty, ...table }: RowsProps<T>) {
  const [whole, setWhole] = useState(false);
  const drawn = whole ? rows : rows.slice(0, MOST_ROWS);
  return (
    <>
      <TableCard>{rows.length > 0 ? <DataTable rows={drawn} {...table} /> : <EmptyScreen title={empty} />}</TableCard>
      {drawn.length < rows.length && (
        <div>
          <span className="dim num">
            The first {drawn.length} of {rows.length}; filter, or{" "}
          </span>
          <Button variant="default" size="compact-xs" onClick={() => setWhole(true)}>
            show all
          </Button>
        </div>
      )}
    </>
  );
}
