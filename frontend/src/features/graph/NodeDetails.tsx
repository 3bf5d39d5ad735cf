import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ArrowDownLeft, ArrowUpRight, Expand, Focus, SlidersHorizontal } from "lucide-react";
import { Link } from "react-router";
import { serviceQuery, workloadQuery } from "../../api/queries";
import { useCanEdit } from "../../api/session";
import { HealthMark } from "../../components/HealthMark";
import { ObjectLink } from "../../components/ObjectLink";
import { DIFFERENCES } from "../../graph/compare-look";
import { BADGE_NAMES } from "../../graph/legend";
import type { GraphEdge, GraphNode, GraphView } from "../../graph/model";
import { nodeLabel } from "../../graph/node-size";
import { responsesOf, union } from "../../graph/responses";
import { formatMs, formatRate, formatShare } from "../../lib/format";
import { useClusterLink } from "../../state/cluster";
import classes from "./graph.module.css";
import { Names, Principals, RedCharts, Section } from "./parts";
import { ResponsesSections } from "./ResponsesTable";
import type { PanelProps } from "./SidePanel";
import { useLiveSeries } from "./useLiveSeries";

export function NodeDetails({
  node,
  cluster,
  home,
  window,
  spec,
  view,
  onSelect,
  onOpen,
}: PanelProps & { node: GraphNode }) {
  const live = useLiveSeries(cluster, window, spec, view, node);
  const red = node.inbound.rate > 0 ? node.inbound : node.outbound;
  const into = view.edges.filter((edge) => edge.destination === node.id).sort((a, b) => b.rate - a.rate);
  const out = view.edges.filter((edge) => edge.source === node.id).sort((a, b) => b.rate - a.rate);
  // What differs between two moments is told above, and is no configuration.
  const badges = node.badges.filter((badge) => !(badge.name in DIFFERENCES));
  const own = union(...into.map((edge) => edge.destination_principals), ...out.map((edge) => edge.source_principals));
  const callers = union(...into.map((edge) => edge.source_principals));
  const hosts = union(...into.map((edge) => edge.hosts));
  return (
    <>
      <section className={classes.section}>
        <p className={classes.reason} data-testid="health-reason">
          {node.health.reason}
        </p>
        <Actions node={node} cluster={home} onOpen={onOpen} />
      </section>
      <section className={classes.section}>
        <RedCharts {...live} now={red} tcp={red.error_share == null && red.p95_ms == null} />
      </section>
      <Section title="Traffic">
        <dl className={classes.facts}>
          {(["inbound", "outbound"] as const).map((way) => (
            <Traffic key={way} name={way === "inbound" ? "In" : "Out"} traffic={node[way]} />
          ))}
        </dl>
      </Section>
      {(node.app || node.pods_total !== null || node.has_proxy !== null) && (
        <Section title="Facts">
          <dl className={classes.facts}>
            <Fact name="App" value={node.app} />
            <Fact name="Version" value={node.version} />
            <Fact name="Kind" value={node.workload_kind} />
            <Fact
              name="Pods ready"
              value={node.pods_total == null ? null : `${node.pods_ready ?? 0} of ${node.pods_total}`}
            />
            <Fact
              name="Proxy"
              value={
                node.has_proxy == null
                  ? null
                  : node.has_proxy
                    ? "sidecar"
                    : "none: its traffic is plain text and seen from one side only"
              }
            />
          </dl>
        </Section>
      )}
      <ResponsesSections responses={responsesOf(into)} />
      {hosts.length + callers.length + own.length > 0 && (
        <Section title="Identities">
          <dl className={classes.facts}>
            <Principals label="Its own" principals={own} />
            <Principals label="Its callers" principals={callers} />
            {hosts.length > 0 && (
              <>
                <dt>Asked for as</dt>
                <dd className="mono">
                  <Names names={hosts} />
                </dd>
              </>
            )}
          </dl>
        </Section>
      )}
      {badges.length > 0 && (
        <Section title="Configuration">
          {badges.map((badge) => (
            <p key={badge.name} className={classes.reason} style={{ marginBottom: 6 }}>
              <b>{BADGE_NAMES[badge.name] ?? badge.name.replace(/_/g, " ")}</b>
              {badge.reason && <span className="dim"> · {badge.reason}</span>}
              {badge.object && (
                <>
                  <br />
                  <ObjectLink object={badge.object} />
                </>
              )}
            </p>
          ))}
        </Section>
      )}
      <Neighbours
        title={`Called by (${into.length})`}
        edges={into}
        end="source"
        view={view}
        onSelect={onSelect}
        icon={<ArrowDownLeft size={13} aria-hidden />}
      />
      <Neighbours
        title={`Calls (${out.length})`}
        edges={out}
        end="destination"
        view={view}
        onSelect={onSelect}
        icon={<ArrowUpRight size={13} aria-hidden />}
      />
    </>
  );
}

/** Ways on from here; editing only for who may. */
function Actions({ node, cluster, onOpen }: { node: GraphNode; cluster: string; onOpen: (id: string) => void }) {
  const canEdit = useCanEdit();
  const link = useClusterLink();
  const isService = node.kind === "service";
  const isWorkload = node.kind === "workload" || node.kind === "gateway";
  const workload = useQuery({ ...workloadQuery(cluster, node.namespace, node.name), enabled: isWorkload });
  const serviceName = isService ? { namespace: node.namespace, name: node.name } : workload.data?.workload.services[0];
  const service = useQuery({
    ...serviceQuery(cluster, serviceName?.namespace ?? "", serviceName?.name ?? ""),
    enabled: !!serviceName,
  });
  return (
    <div style={{ display: "flex", gap: 8, marginTop: 10, flexWrap: "wrap" }}>
      {canEdit && serviceName && service.data?.service.has_weights && (
        <Button
          component={Link}
          to={link(`/services/${serviceName.namespace}/${serviceName.name}/weights`)}
          leftSection={<SlidersHorizontal size={14} />}
          data-testid="edit-weights"
        >
          Edit weights
        </Button>
      )}
      {isWorkload && (
        <Button component={Link} variant="default" to={link(`/workloads/${node.namespace}/${node.name}`)}>
          Workload
        </Button>
      )}
      {serviceName && (
        <Button component={Link} variant="default" to={link(`/services/${serviceName.namespace}/${serviceName.name}`)}>
          Service {isWorkload && serviceName.name}
        </Button>
      )}
      <Button
        variant="default"
        leftSection={node.kind === "namespace" ? <Expand size={13} /> : <Focus size={13} />}
        onClick={() => onOpen(node.id)}
      >
        {node.kind === "namespace" ? "Expand" : "Neighbourhood"}
      </Button>
    </div>
  );
}

function Traffic({ name, traffic }: { name: string; traffic: GraphNode["inbound"] }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="num">
        {formatRate(traffic.rate)}
        {traffic.error_share != null && ` · ${formatShare(traffic.error_share)} errors`}
        {traffic.p95_ms != null && ` · p95 ${formatMs(traffic.p95_ms)}`}
      </dd>
    </>
  );
}

function Fact({ name, value }: { name: string; value: string | null }) {
  if (!value) return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

interface NeighboursProps {
  title: string;
  icon: React.ReactNode;
  edges: GraphEdge[];
  end: "source" | "destination";
  view: GraphView;
  onSelect: (id: string) => void;
}

function Neighbours({ title, icon, edges, end, view, onSelect }: NeighboursProps) {
  if (edges.length === 0) return null;
  return (
    <Section title={title} icon={icon}>
      <ul className={classes.neighbours}>
        {edges.map((edge) => {
          const node = view.nodes.find((item) => item.id === edge[end]);
          return (
            <li key={edge.id}>
              <button
                type="button"
                className={classes.neighbour}
                onClick={() => onSelect(edge.id)}
                title="Show this edge"
              >
                <HealthMark state={edge.health.state} size={14} />
                <span className={classes.clip}>
                  {node ? nodeLabel(node) : edge[end]}{" "}
                  {edge.protocol !== "http" && <span className="dim">{edge.protocol}</span>}
                </span>
                <span className="num">{formatRate(edge.rate)}</span>
                <span className="num dim" style={{ minWidth: 40, textAlign: "right" }}>
                  {formatShare(edge.error_share)}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
