import { Button, CopyButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Check, Copy } from "lucide-react";
import { useParams } from "react-router";
import { changesQuery, configObjectQuery } from "../../api/queries";
import { Notice } from "../../components/Notice";
import { Answer, Card, Columns, Facts, Page } from "../../components/Page";
import { YamlView } from "../../components/Yaml";
import { formatMoment } from "../../lib/format";
import { useCluster } from "../../state/cluster";
import { ChangeLine } from "../changes/ChangeLine";

export function ConfigObjectPage() {
  const { kind = "", namespace = "", name = "" } = useParams();
  const cluster = useCluster()?.name ?? "";
  const query = useQuery(configObjectQuery(cluster, kind, namespace, name));
  const changes = useQuery(changesQuery(cluster, `${kind}/${namespace === "_" ? "" : namespace}/${name}`));
  return (
    <Page
      title={name}
      crumbs={[
        { label: "Configuration", to: "/config" },
        { label: kind, to: `/config?kind=${encodeURIComponent(kind)}` },
      ]}
      actions={
        query.data && (
          <CopyButton value={query.data.yaml}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy} leftSection={copied ? <Check size={14} /> : <Copy size={14} />}>
                {copied ? "Copied" : "Copy YAML"}
              </Button>
            )}
          </CopyButton>
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
            <Columns>
              <Card title={kind}>
                <Facts
                  rows={[
                    ["Namespace", detail.object.namespace || "cluster-scoped"],
                    [
                      "Resource version",
                      <span key="version" className="mono">
                        {detail.resource_version}
                      </span>,
                    ],
                    [
                      "Written by",
                      detail.managers.length > 0
                        ? detail.managers.map((manager) => (
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
                  ]}
                />
              </Card>
              <Card title="Changes made through MeshUI">
                {changes.data?.length ? (
                  changes.data.slice(0, 8).map((change) => <ChangeLine key={change.id} change={change} />)
                ) : (
                  <span className="dim">None yet.</span>
                )}
              </Card>
            </Columns>
            <YamlView text={detail.yaml} label={`YAML of ${kind} ${name}`} />
          </>
        )}
      </Answer>
    </Page>
  );
}
