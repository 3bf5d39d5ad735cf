import { Button, CopyButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Check, CircleCheck, CircleHelp, Copy, TriangleAlert } from "lucide-react";
import { Link, useParams } from "react-router";
import { changesQuery, configObjectQuery } from "../../api/queries";
import type { ConfigDetail } from "../../api/types";
import { Notice } from "../../components/Notice";
import { ObjectLink } from "../../components/ObjectLink";
import { Answer, Card, Columns, Facts, Page, PageLink } from "../../components/Page";
import { Tag } from "../../components/Tag";
import { type YamlNote, YamlView } from "../../components/Yaml";
import { formatMoment } from "../../lib/format";
import { useCluster, useClusterLink } from "../../state/cluster";
import { ChangeLine } from "../changes/ChangeLine";
import { kindName } from "./PoliciesPage";
import { SeverityMark, severityTone } from "./Severity";

const SCOPES: Record<ConfigDetail["scope"], string> = {
  mesh: "the whole mesh",
  namespace: "its whole namespace",
  selector: "what its selector selects",
  reference: "what it names",
  none: "nothing that MeshUI can tell",
};

/** One object: what is found at which line, what it holds for, who writes it, and what became of it. */
export function PolicyPage() {
  const { kind = "", namespace = "", name = "" } = useParams();
  const cluster = useCluster()?.name ?? "";
  const link = useClusterLink();
  const query = useQuery(configObjectQuery(cluster, kind, namespace, name));
  return (
    <Page
      title={name}
      crumbs={[
        { label: "Policies and routing", to: "/config" },
        { label: kindName(kind), to: "/config" },
      ]}
      actions={
        query.data && (
          <>
            <Button component={Link} variant="default" to={link("/config", { kind })}>
              All of this kind
            </Button>
            <CopyButton value={query.data.yaml}>
              {({ copied, copy }) => (
                <Button
                  variant="default"
                  onClick={copy}
                  leftSection={copied ? <Check size={14} /> : <Copy size={14} />}
                >
                  {copied ? "Copied" : "Copy YAML"}
                </Button>
              )}
            </CopyButton>
          </>
        )
      }
    >
      <Answer query={query} what="the object">
        {(detail) => (
          <>
            {detail.problem && (
              <Notice tone="bad" title="Not in force">
                {detail.problem}
              </Notice>
            )}
            {detail.off_road && (
              <Notice tone="warn" title="Off the paved road">
                {detail.off_road}
              </Notice>
            )}
            <Columns>
              <About kind={kind} detail={detail} />
              <HoldsFor detail={detail} />
            </Columns>
            <Columns>
              <Status detail={detail} />
              <History detail={detail} cluster={cluster} />
            </Columns>
            {detail.findings.length > 0 && <FindingList detail={detail} />}
            <YamlView text={detail.yaml} label={`YAML of ${kindName(kind)} ${name}`} notes={notes(detail)} />
          </>
        )}
      </Answer>
    </Page>
  );
}

function notes(detail: ConfigDetail): YamlNote[] {
  return detail.findings.flatMap((finding) =>
    finding.line === null
      ? []
      : [
          {
            line: finding.line,
            tone: severityTone(finding.severity),
            text: (
              <>
                <SeverityMark severity={finding.severity} /> {finding.message}
              </>
            ),
          },
        ],
  );
}

function About({ kind, detail }: { kind: string; detail: ConfigDetail }) {
  return (
    <Card title={kindName(kind)}>
      <Facts
        rows={[
          ["Namespace", detail.object.namespace || "cluster-scoped"],
          ["For", detail.purpose],
          [
            "Managed by",
            detail.managed_by ? (
              <>
                <b>{detail.managed_by}</b> <span className="dim">({detail.managed_reason})</span>
              </>
            ) : (
              "people: no tool is known to write it"
            ),
          ],
          [
            "Resource version",
            <span key="version" className="mono">
              {detail.resource_version}
            </span>,
          ],
        ]}
      />
    </Card>
  );
}

function HoldsFor({ detail }: { detail: ConfigDetail }) {
  return (
    <Card title="What it holds for">
      <Facts
        rows={[
          ["Reaches", SCOPES[detail.scope]],
          [
            "Workloads",
            detail.workloads_total > 0 ? (
              <span key="workloads" data-testid="selected-workloads">
                {detail.workloads.map((one, index) => (
                  <span key={`${one.namespace}/${one.name}`}>
                    {index > 0 && ", "}
                    <PageLink to={`/workloads/${one.namespace}/${one.name}`}>
                      {one.namespace === detail.object.namespace ? one.name : `${one.namespace}/${one.name}`}
                    </PageLink>
                  </span>
                ))}
                {detail.workloads_total > detail.workloads.length &&
                  ` and ${detail.workloads_total - detail.workloads.length} more`}
              </span>
            ) : null,
          ],
          [
            "Services",
            detail.services.length > 0
              ? detail.services.map((one, index) => (
                  <span key={`${one.namespace}/${one.name}`}>
                    {index > 0 && ", "}
                    <PageLink to={`/services/${one.namespace}/${one.name}`}>
                      {one.namespace === detail.object.namespace ? one.name : `${one.namespace}/${one.name}`}
                    </PageLink>
                  </span>
                ))
              : null,
          ],
          [
            "Names",
            detail.names.length > 0
              ? detail.names.map(({ object, exists }) => (
                  <div key={`${object.kind}/${object.namespace}/${object.name}`}>
                    {exists ? (
                      <ObjectLink object={object} />
                    ) : (
                      <>
                        {object.kind} {object.namespace}/{object.name} <Tag tone="bad">isn’t there</Tag>
                      </>
                    )}
                  </div>
                ))
              : null,
          ],
          [
            "Named by",
            detail.named_by.length > 0
              ? detail.named_by.map((object) => (
                  <div key={`${object.kind}/${object.namespace}/${object.name}`}>
                    <ObjectLink object={object} />
                  </div>
                ))
              : null,
          ],
        ]}
      />
    </Card>
  );
}

const CONDITION = {
  True: { icon: CircleCheck, tone: "good" },
  False: { icon: TriangleAlert, tone: "bad" },
} as const;

function Status({ detail }: { detail: ConfigDetail }) {
  return (
    <Card title="Status">
      {detail.conditions.length === 0 ? (
        <span className="dim">No controller has reported on it.</span>
      ) : (
        detail.conditions.map((one) => {
          const look = CONDITION[one.status as keyof typeof CONDITION] ?? { icon: CircleHelp, tone: "muted" };
          return (
            <div key={`${one.of}/${one.type}`}>
              <span style={{ color: `var(--tone-${look.tone})` }}>
                <look.icon size={13} aria-hidden style={{ verticalAlign: "-2px" }} /> {one.type} {one.status}
              </span>{" "}
              {one.of && <span className="dim">({one.of})</span>} {one.reason}
              {one.message && <span className="dim">: {one.message}</span>}
            </div>
          );
        })
      )}
    </Card>
  );
}

function History({ detail, cluster }: { detail: ConfigDetail; cluster: string }) {
  const { kind, namespace, name } = detail.object;
  const changes = useQuery(changesQuery(cluster, `${kind}/${namespace}/${name}`));
  return (
    <Card title="History">
      <Facts
        rows={[
          [
            "Written by",
            detail.managers.length > 0
              ? [...detail.managers]
                  .sort((a, b) => (b.time ?? "").localeCompare(a.time ?? ""))
                  .map((manager) => (
                    <div key={`${manager.manager}${manager.operation}${manager.time}`}>
                      <span className="mono">{manager.manager}</span>{" "}
                      <span className="dim">
                        {manager.operation}
                        {manager.time && `, ${formatMoment(manager.time)}`}
                      </span>
                    </div>
                  ))
              : null,
          ],
          [
            "Changed through MeshUI",
            changes.data?.length
              ? changes.data.slice(0, 8).map((change) => <ChangeLine key={change.id} change={change} />)
              : "not yet",
          ],
        ]}
      />
    </Card>
  );
}

function FindingList({ detail }: { detail: ConfigDetail }) {
  return (
    <Card title={`Found (${detail.findings.length})`}>
      <ul style={{ margin: 0, padding: 0, listStyle: "none", display: "grid", gap: 8 }}>
        {detail.findings.map((finding) => (
          <li key={`${finding.code}${finding.path}${finding.message}`} data-testid="finding" data-code={finding.code}>
            <SeverityMark severity={finding.severity} /> {finding.message}{" "}
            <span className="dim">
              {finding.next_step} <span className="mono">{finding.path}</span>
              {finding.line !== null && `, line ${finding.line}`}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
