import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { SlidersHorizontal, Timer, Waypoints } from "lucide-react";
import { Link, useParams } from "react-router";
import { serviceQuery } from "../../api/queries";
import { useCanEdit } from "../../api/session";
import { ObjectLink } from "../../components/ObjectLink";
import { Answer, Card, Columns, Facts, Page, TableCard } from "../../components/Page";
import { useCluster, useClusterLink } from "../../state/cluster";
import { WorkloadTable } from "../workloads/WorkloadTable";

export function ServicePage() {
  const { namespace = "", name = "" } = useParams();
  const cluster = useCluster()?.name ?? "";
  const query = useQuery(serviceQuery(cluster, namespace, name));
  const canEdit = useCanEdit();
  const link = useClusterLink();
  const weighted = query.data?.service.has_weights;
  return (
    <Page
      title={name}
      crumbs={[{ label: "Services", to: "/services" }]}
      actions={
        <>
          {weighted && (
            <Button
              component={Link}
              to={link(`/services/${namespace}/${name}/weights`)}
              leftSection={<SlidersHorizontal size={14} />}
              variant={canEdit ? "filled" : "default"}
            >
              {canEdit ? "Edit weights" : "Weights"}
            </Button>
          )}
          <Button
            component={Link}
            variant="default"
            leftSection={<Timer size={14} />}
            to={link(`/services/${namespace}/${name}/routes`)}
          >
            Timeouts, retries, faults
          </Button>
          <Button
            component={Link}
            variant="default"
            leftSection={<Waypoints size={14} />}
            to={link("/graph", { services: "1", selected: `service:${cluster}/${namespace}/${name}` })}
          >
            Show in the graph
          </Button>
        </>
      }
    >
      <Answer query={query} what="the service">
        {({ service, labels, selector, workloads, config }) => (
          <>
            <Columns>
              <Card title="Service">
                <Facts
                  rows={[
                    ["Namespace", service.namespace],
                    [
                      "Host",
                      <span key="host" className="mono">
                        {service.host}
                      </span>,
                    ],
                    [
                      "Ports",
                      service.ports
                        .map(
                          (port) =>
                            `${port.name} ${port.port} → ${port.target_port} (${port.app_protocol || port.protocol})`,
                        )
                        .join(", "),
                    ],
                    ["Selector", pairs(selector)],
                    ["Labels", pairs(labels)],
                  ]}
                />
              </Card>
              <Card title="Configuration that routes or shapes its traffic">
                {config.length === 0 ? (
                  <span className="dim">No object names this service.</span>
                ) : (
                  config.map((object) => (
                    <div key={`${object.kind}/${object.namespace}/${object.name}`}>
                      <ObjectLink object={object} />
                    </div>
                  ))
                )}
              </Card>
            </Columns>
            <TableCard>
              <WorkloadTable rows={workloads} />
            </TableCard>
          </>
        )}
      </Answer>
    </Page>
  );
}

function pairs(labels: Record<string, string>) {
  return (
    <span className="mono">
      {Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(", ")}
    </span>
  );
}
