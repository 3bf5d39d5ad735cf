import { Button, CopyButton, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Check, Copy } from "lucide-react";
import { namespacesQuery, servicesQuery } from "../../api/queries";
import { type Column, DataTable } from "../../components/DataTable";
import { Notice } from "../../components/Notice";
import { Answer, Card, TableCard } from "../../components/Page";
import { ProblemAlert } from "../../components/ProblemAlert";
import { EmptyScreen } from "../../components/screens";
import { Tag } from "../../components/Tag";
import { YamlView } from "../../components/Yaml";
import { formatRate } from "../../lib/format";
import { useCluster } from "../../state/cluster";
import classes from "./authorization.module.css";
import { Changed } from "./Changed";
import { Frame, TrafficNote, useHours, useLinked } from "./Frame";
import { type SuggestionAnswer, suggestQuery } from "./queries";

type Caller = SuggestionAnswer["policies"][number]["callers"][number];

const COLUMNS: Column<Caller>[] = [
  { key: "name", title: "Caller", cell: (row) => row.name, sort: (row) => row.name },
  {
    key: "kept",
    title: "Policy",
    cell: (row) => <Tag tone={row.kept ? "good" : "bad"}>{row.kept ? "allowed" : "left out"}</Tag>,
    sort: (row) => Number(row.kept),
  },
  { key: "rate", title: "Rate", numeric: true, cell: (row) => formatRate(row.rate), sort: (row) => row.rate },
  { key: "principal", title: "Principal", cell: (row) => <span className="mono">{row.principal ?? "–"}</span> },
  { key: "reason", title: "Why", cell: (row) => row.reason },
];

/** The least-privilege policies that observed traffic needs. */
export function SuggestPage() {
  const cluster = useCluster()?.name ?? "";
  const { get, put } = useLinked();
  const spec = { namespace: get("namespace"), service: get("service"), hours: useHours() };
  const namespaces = useQuery(namespacesQuery(cluster));
  const services = useQuery(servicesQuery(cluster));
  const query = useQuery(suggestQuery(cluster, spec));
  return (
    <Frame>
      <Card>
        <div className={classes.form}>
          <Select
            label="Namespace"
            searchable
            placeholder="Choose one"
            data={(namespaces.data ?? []).filter((one) => one.services > 0).map((one) => one.name)}
            value={spec.namespace || null}
            onChange={(value) => put({ namespace: value, service: null })}
          />
          <Select
            label="Service"
            searchable
            clearable
            placeholder="All that were called"
            disabled={!spec.namespace}
            data={(services.data ?? []).filter((one) => one.namespace === spec.namespace).map((one) => one.name)}
            value={spec.service || null}
            onChange={(value) => put({ service: value })}
          />
        </div>
      </Card>
      {!spec.namespace ? (
        <EmptyScreen title="Choose a namespace or a service">
          From who called it, the policies are made that allow this and nothing else, with what they would have denied.
        </EmptyScreen>
      ) : query.isError && !query.data ? (
        <ProblemAlert error={query.error} title="Nothing can be suggested" />
      ) : (
        <Answer query={query} what="the suggestion">
          {(answer) => <Suggested answer={answer} />}
        </Answer>
      )}
    </Frame>
  );
}

function Suggested({ answer }: { answer: SuggestionAnswer }) {
  return (
    <>
      <Notice tone="plain" title="What observation can't tell">
        <ul style={{ margin: 0, paddingLeft: 18 }}>
          {answer.limits.map((limit) => (
            <li key={limit}>{limit}</li>
          ))}
        </ul>
      </Notice>
      <h2 className={classes.heading}>What they would have done</h2>
      <Changed result={answer.effect} traffic={answer.traffic} />
      <div className={classes.headingRow}>
        <h2 className={classes.heading}>The policies</h2>
        <Copied text={answer.yaml} label="Copy all" />
      </div>
      {answer.policies.map((policy) => (
        <Card
          key={policy.name}
          title={
            <span className={classes.headingRow}>
              {policy.service || "Everything else in the namespace is denied"}
              <Copied text={policy.yaml} label={`Copy ${policy.name}`} />
            </span>
          }
        >
          <div className={classes.suggested}>
            <YamlView text={policy.yaml} label={`YAML of ${policy.name}`} maxHeight={420} />
            {policy.callers.length > 0 && (
              <TableCard>
                <DataTable
                  label={`Callers of ${policy.service}`}
                  rows={policy.callers}
                  columns={COLUMNS}
                  rowKey={(row) => row.name}
                />
              </TableCard>
            )}
          </div>
        </Card>
      ))}
      <TrafficNote traffic={answer.traffic} />
    </>
  );
}

function Copied({ text, label }: { text: string; label: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button
          size="compact-xs"
          variant="default"
          aria-label={label}
          leftSection={copied ? <Check size={13} /> : <Copy size={13} />}
          onClick={copy}
        >
          {copied ? "Copied" : label.startsWith("Copy all") ? label : "Copy"}
        </Button>
      )}
    </CopyButton>
  );
}
