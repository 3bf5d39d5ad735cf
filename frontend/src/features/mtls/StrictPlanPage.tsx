import { Button, CopyButton, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Check, Copy } from "lucide-react";
import { useParams, useSearchParams } from "react-router";
import type { StrictAnswer } from "../../api/types";
import { type Column, DataTable } from "../../components/DataTable";
import { Notice } from "../../components/Notice";
import { ObjectLink } from "../../components/ObjectLink";
import { Answer, Card, Page, PageLink, TableCard } from "../../components/Page";
import { Tag } from "../../components/Tag";
import { YamlView } from "../../components/Yaml";
import type { Tone } from "../../graph/overlay";
import { formatAgo, formatRate } from "../../lib/format";
import { useCluster } from "../../state/cluster";
import classes from "./mtls.module.css";
import { strictQuery } from "./queries";
import { useWindow, WindowSelect } from "./useWindow";

type Caller = StrictAnswer["callers"][number];

const VERDICTS: Record<StrictAnswer["status"], { title: string; tone: Tone }> = {
  safe: { title: "Safe", tone: "good" },
  would_break: { title: "Would break something", tone: "bad" },
  not_enough_traffic: { title: "Not enough traffic to tell", tone: "warn" },
};
const CAUSES: Record<Caller["cause"], string> = {
  no_proxy: "no proxy",
  outside: "from outside the mesh",
  destination_rule: "DestinationRule",
  bypass: "goes past its proxy",
  ambient: "ambient",
};

const COLUMNS: Column<Caller>[] = [
  {
    key: "caller",
    title: "Caller",
    cell: (row) =>
      row.namespace && row.cause !== "outside" ? (
        <PageLink to={`/workloads/${row.namespace}/${row.name}`}>
          {row.namespace}/{row.name}
        </PageLink>
      ) : (
        row.name || "unknown"
      ),
    sort: (row) => `${row.namespace}/${row.name}`,
  },
  { key: "to", title: "Calls", cell: (row) => row.destination_name, sort: (row) => row.destination_name },
  { key: "cause", title: "Cause", cell: (row) => <Tag tone="warn">{CAUSES[row.cause]}</Tag>, sort: (row) => row.cause },
  {
    key: "rate",
    title: "In plain text",
    numeric: true,
    cell: (row) => formatRate(row.plain_rate),
    sort: (row) => row.plain_rate,
  },
  {
    key: "seen",
    title: "Last seen",
    cell: (row) =>
      row.last_seen ? (
        <span className="num">{formatAgo(row.last_seen, new Date())}</span>
      ) : (
        <span className="dim">before MeshUI looked</span>
      ),
    sort: (row) => row.last_seen,
  },
  {
    key: "reason",
    title: "Why it would be refused",
    cell: (row) => (
      <>
        {row.reason}
        {row.candidates.length > 0 && ` It may be ${row.candidates.join(" or ")}, without a proxy.`}{" "}
        {row.decided_by && <ObjectLink object={row.decided_by} />}
      </>
    ),
  },
];

function Copied({ text, what }: { text: string; what: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button
          size="compact-xs"
          variant="default"
          onClick={copy}
          leftSection={copied ? <Check size={12} /> : <Copy size={12} />}
        >
          {copied ? "Copied" : what}
        </Button>
      )}
    </CopyButton>
  );
}

/** May it become STRICT? What was seen, who would break, and the way there. */
export function StrictPlanPage() {
  const { namespace = "" } = useParams();
  const [params, setParams] = useSearchParams();
  const workload = params.get("workload");
  const quietIsSafe = params.get("quiet") === "1";
  const cluster = useCluster()?.name ?? "";
  const window_ = useWindow();
  const query = useQuery({
    ...strictQuery(cluster, window_, namespace, workload, quietIsSafe),
    enabled: cluster !== "" && window_ > 0,
  });
  const scope = workload ? `${namespace}/${workload}` : namespace;
  const gate = `${window.location.origin}/api/v1/clusters/${cluster}/mtls/strict?namespace=${namespace}${
    workload ? `&workload=${workload}` : ""
  }&window=${window_}${quietIsSafe ? "&quiet_is_safe=true" : ""}`;
  const command = `exit $(curl -sf -H "Authorization: Bearer $MESHUI_TOKEN" \\\n  "${gate}" | jq .exit_code)`;
  return (
    <Page
      title={`STRICT in ${scope}`}
      crumbs={[
        { label: "Mutual TLS", to: "/mtls" },
        { label: namespace, to: `/mtls/${namespace}` },
      ]}
      actions={
        <>
          <Switch
            label="Quiet workloads count as safe"
            checked={quietIsSafe}
            onChange={(event) => {
              const on = event.currentTarget.checked;
              setParams(
                (current) => {
                  const next = new URLSearchParams(current);
                  if (on) next.set("quiet", "1");
                  else next.delete("quiet");
                  return next;
                },
                { replace: true },
              );
            }}
          />
          <WindowSelect />
        </>
      }
    >
      <Answer query={query} what="the plan">
        {(plan) => (
          <>
            <div data-testid="strict-verdict" data-status={plan.status}>
              <Notice tone={VERDICTS[plan.status].tone} title={VERDICTS[plan.status].title} role="status">
                {plan.reason}
              </Notice>
            </div>
            {plan.callers.length > 0 && (
              <TableCard>
                <DataTable
                  label="Callers that would be refused"
                  rows={plan.callers}
                  columns={COLUMNS}
                  rowKey={(row) => `${row.node}>${row.destination}|${row.protocol}|${row.service}`}
                  rowData={(row) => ({ "data-caller": `${row.namespace}/${row.name}` })}
                  initialSort={{ key: "rate", descending: true }}
                />
              </TableCard>
            )}
            {(plan.hazards.length > 0 || plan.quiet.length > 0) && (
              <Card title="Also to know">
                <ul className={classes.plain}>
                  {plan.hazards.map((hazard) => (
                    <li key={`${hazard.code}${hazard.name}${hazard.message}`}>
                      <Tag tone={hazard.breaks ? "bad" : "warn"}>{hazard.breaks ? "breaks" : "stays open"}</Tag>{" "}
                      <b>{hazard.name}</b>: {hazard.message} <span className="dim">{hazard.next_step}</span>
                    </li>
                  ))}
                  {plan.quiet.length > 0 && (
                    <li>
                      <Tag>quiet</Tag> <b>{plan.quiet.map((one) => one.name).join(", ")}</b>: fewer than 20 calls in the
                      window, so nobody can be ruled out. Choose a longer window.
                    </li>
                  )}
                </ul>
              </Card>
            )}
            <Card title="The way there">
              {plan.steps.length === 0 ? (
                <span className="dim">Nothing is left to do: it takes mutual TLS only.</span>
              ) : (
                <ol className={classes.steps}>
                  {plan.steps.map((step) => (
                    <li
                      key={step.kind + step.title}
                      className={classes.step}
                      data-testid="plan-step"
                      data-kind={step.kind}
                      data-optional={step.optional || undefined}
                    >
                      <div>
                        <div className={classes.stepHead}>
                          <h3>
                            {step.title} {step.optional && <Tag>optional</Tag>}
                          </h3>
                          {step.yaml && <Copied text={step.yaml} what="Copy YAML" />}
                        </div>
                        <p>{step.text}</p>
                        {step.yaml && (
                          <>
                            {step.patch && (
                              <p className="dim">
                                Only the fields to merge: <span className="mono">kubectl apply --server-side -f -</span>
                              </p>
                            )}
                            <YamlView text={step.yaml} label={`Objects of: ${step.title}`} maxHeight={320} />
                          </>
                        )}
                      </div>
                    </li>
                  ))}
                </ol>
              )}
            </Card>
            <Card title="The same check in a pipeline">
              <div className={classes.stepHead}>
                <p style={{ margin: "0 0 8px" }}>
                  It ends with 0 when safe, 1 when something would break, 2 when there is not enough traffic to tell;
                  now <b className="num">{plan.exit_code}</b>.
                </p>
                <Copied text={command} what="Copy" />
              </div>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard */}
              <code className={`mono ${classes.command}`} tabIndex={0}>
                {command}
              </code>
            </Card>
          </>
        )}
      </Answer>
    </Page>
  );
}
