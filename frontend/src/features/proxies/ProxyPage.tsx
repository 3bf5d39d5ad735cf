import { Button, Select, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Route } from "lucide-react";
import { Link, useParams, useSearchParams } from "react-router";
import type { ProxyDetail } from "../../api/types";
import { Notice } from "../../components/Notice";
import { Answer, Card, Columns, Facts, Page, PageLink } from "../../components/Page";
import { formatMoment, formatSpan } from "../../lib/format";
import { useCluster, useClusterLink } from "../../state/cluster";
import { Compare } from "./Compare";
import { LogLevels } from "./LogLevels";
import { formatBytes, SyncMark } from "./marks";
import { proxiesQuery, proxyQuery } from "./queries";
import { Raw } from "./Raw";
import { Stats } from "./Stats";
import { ClustersTable, EndpointsTable, ListenersTable, RoutesTable, SecretsTable } from "./tables";

const TABS = [
  "overview",
  "listeners",
  "routes",
  "clusters",
  "endpoints",
  "secrets",
  "stats",
  "logging",
  "compare",
  "raw",
] as const;
type Tab = (typeof TABS)[number];

const TITLES: Record<Tab, string> = {
  overview: "Overview",
  listeners: "Listeners",
  routes: "Routes",
  clusters: "Clusters",
  endpoints: "Endpoints",
  secrets: "Secrets",
  stats: "Statistics",
  logging: "Log levels",
  compare: "Compare",
  raw: "Raw",
};
const COUNTED = ["listeners", "routes", "clusters", "endpoints", "secrets"] as const;

export function ProxyPage() {
  const { namespace = "", pod = "" } = useParams();
  const cluster = useCluster()?.name ?? "";
  const name = { cluster, namespace, pod };
  const query = useQuery(proxyQuery(name));
  const link = useClusterLink();
  const [params, setParams] = useSearchParams();
  const tab = TABS.find((one) => one === params.get("tab")) ?? "overview";
  const workload = query.data?.workload;
  return (
    <Page
      title={<span className="mono">{pod}</span>}
      crumbs={[{ label: "Proxies", to: "/proxies" }]}
      actions={
        workload && (
          <Button
            component={Link}
            variant="default"
            leftSection={<Route size={14} />}
            to={link("/explain", { from: `${namespace}/${workload}` })}
          >
            Explain a request from here
          </Button>
        )
      }
    >
      <Answer query={query} what="the proxy">
        {(proxy) => (
          <>
            {proxy.findings.length > 0 && (
              <Notice tone="bad" title="Not all of it could be read">
                {proxy.findings.map((one) => (
                  <div key={`${one.section}${one.message}`}>{one.message}</div>
                ))}
              </Notice>
            )}
            {proxy.note && <Notice tone="plain">{proxy.note}</Notice>}
            <Tabs
              value={tab}
              keepMounted={false}
              onChange={(value) =>
                setParams((current) => {
                  const next = new URLSearchParams(current);
                  for (const gone of ["search", "section", "resource"]) next.delete(gone);
                  if (value && value !== "overview") next.set("tab", value);
                  else next.delete("tab");
                  return next;
                })
              }
            >
              <Tabs.List>
                {TABS.map((one) => {
                  const counted = COUNTED.find((each) => each === one);
                  return (
                    <Tabs.Tab key={one} value={one}>
                      {TITLES[one]}
                      {counted && <span className="dim num"> {proxy.counts[counted]}</span>}
                    </Tabs.Tab>
                  );
                })}
              </Tabs.List>
              <Tabs.Panel value={tab} pt={14}>
                <Panel tab={tab} proxy={proxy} name={name} />
              </Tabs.Panel>
            </Tabs>
          </>
        )}
      </Answer>
    </Page>
  );
}

function Panel({
  tab,
  proxy,
  name,
}: {
  tab: Tab;
  proxy: ProxyDetail;
  name: { cluster: string; namespace: string; pod: string };
}) {
  switch (tab) {
    case "overview":
      return <Overview proxy={proxy} />;
    case "listeners":
      return <ListenersTable name={name} />;
    case "routes":
      return <RoutesTable name={name} />;
    case "clusters":
      return <ClustersTable name={name} />;
    case "endpoints":
      return <EndpointsTable name={name} />;
    case "secrets":
      return <SecretsTable name={name} />;
    case "stats":
      return <Stats name={name} />;
    case "logging":
      return <LogLevels name={name} />;
    case "compare":
      return <CompareChoice proxy={proxy} name={name} />;
    case "raw":
      return <Raw name={name} />;
  }
}

function Overview({ proxy }: { proxy: ProxyDetail }) {
  return (
    <Columns>
      <Card title="Proxy">
        <Facts
          rows={[
            ["Kind", proxy.kind],
            [
              "Workload",
              proxy.workload && (
                <PageLink to={`/workloads/${proxy.namespace}/${proxy.workload}`}>{proxy.workload}</PageLink>
              ),
            ],
            ["State", proxy.state],
            [
              "Envoy",
              <span key="version" className="mono">
                {proxy.version}
              </span>,
            ],
            ["Up for", proxy.uptime_seconds === null ? null : formatSpan(proxy.uptime_seconds)],
            ["Memory", formatBytes(proxy.memory_bytes)],
            [
              "Node",
              <span key="node" className="mono">
                {proxy.node_id}
              </span>,
            ],
            ["Read at", formatMoment(proxy.read_at)],
            ["Of unknown type", proxy.unknown_sections.join(", ")],
          ]}
        />
      </Card>
      <Card title="In step with the control plane">
        {proxy.sync.length === 0 && <span className="dim">It has not been asked yet.</span>}
        <Facts
          rows={proxy.sync.map((one) => [
            `${one.type[0]?.toUpperCase()}${one.type.slice(1)}s`,
            <div key={one.type}>
              <SyncMark sync={one} /> <span className="dim">{one.reason}</span>
              {one.version && (
                <div className="mono dim" style={{ fontSize: 12 }}>
                  {one.version}
                  {one.since && `, since ${formatMoment(one.since)}`}
                </div>
              )}
            </div>,
          ])}
        />
      </Card>
    </Columns>
  );
}

function CompareChoice({
  proxy,
  name,
}: {
  proxy: ProxyDetail;
  name: { cluster: string; namespace: string; pod: string };
}) {
  const [params, setParams] = useSearchParams();
  const all = useQuery(proxiesQuery(name.cluster));
  const other = params.get("other") ?? "";
  const earlier = params.get("earlier") ?? "";
  const put = (key: "other" | "earlier", value: string | null) =>
    setParams(
      (current) => {
        const next = new URLSearchParams(current);
        next.delete("other");
        next.delete("earlier");
        if (value) next.set(key, value);
        return next;
      },
      { replace: true },
    );
  return (
    <div style={{ display: "flex", flexDirection: "column", gap: 14 }}>
      <div style={{ display: "flex", gap: 12, flexWrap: "wrap" }}>
        <Select
          label="With another proxy"
          placeholder="Choose a proxy"
          searchable
          clearable
          w={320}
          data={(all.data ?? [])
            .map((one) => `${one.namespace}/${one.pod}`)
            .filter((one) => one !== `${name.namespace}/${name.pod}`)}
          value={other || null}
          onChange={(value) => put("other", value)}
        />
        <Select
          label="With itself earlier"
          placeholder="Choose a moment"
          clearable
          w={240}
          data={proxy.earlier.map((one) => ({ value: String(one.id), label: formatMoment(one.read_at) }))}
          value={earlier || null}
          onChange={(value) => put("earlier", value)}
        />
      </div>
      {other || earlier ? (
        <Compare name={name} other={other} earlier={earlier} />
      ) : (
        <span className="dim">
          The last few different configurations of each proxy are kept; certificates that renew themselves don't count.
        </span>
      )}
    </div>
  );
}
