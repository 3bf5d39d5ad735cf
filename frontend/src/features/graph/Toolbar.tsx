import {
  ActionIcon,
  Button,
  Checkbox,
  Menu,
  Popover,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  Tooltip,
  VisuallyHidden,
} from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import {
  ChevronDown,
  Download,
  HeartPulse,
  Lock,
  Pause,
  Play,
  ShieldCheck,
  SlidersHorizontal,
  Table2,
  Waypoints,
} from "lucide-react";
import { exportUrl, namespacesQuery } from "../../api/queries";
import type { Cluster } from "../../api/types";
import { understand } from "../../graph/find";
import type { ViewKind } from "../../graph/model";
import type { EdgeLabel, Overlay } from "../../graph/overlay";
import type { GraphUrl } from "../../graph/view-url";
import { useLiveGraph, useLiveState } from "../../state/live-context";
import classes from "./graph.module.css";
import { PastButtons } from "./replay/PastButtons";
import { StatusChip } from "./StatusChip";

const VIEWS: { value: ViewKind; label: string }[] = [
  { value: "workload", label: "Workloads" },
  { value: "service", label: "Services" },
  { value: "namespace", label: "Namespaces" },
];
const LABELS: { value: EdgeLabel; label: string }[] = [
  { value: "rate", label: "Label: rate" },
  { value: "errors", label: "Label: error share" },
  { value: "p95", label: "Label: p95 latency" },
  { value: "none", label: "No labels" },
];
const REFRESHES: { value: GraphUrl["refresh"]; label: string }[] = [
  { value: "live", label: "Live" },
  { value: "5", label: "Every 5 s" },
  { value: "15", label: "Every 15 s" },
  { value: "60", label: "Every 60 s" },
  { value: "manual", label: "Manual" },
];
const EXPORTS = [
  { to: "graphml", label: "GraphML", use: "yEd, Gephi, NetworkX" },
  { to: "dot", label: "DOT", use: "Graphviz" },
  { to: "json", label: "JSON", use: "scripts" },
] as const;
const OVERLAYS: { value: Overlay; name: string; icon: typeof Lock }[] = [
  { value: "health", name: "Health", icon: HeartPulse },
  { value: "mtls", name: "mTLS", icon: Lock },
  { value: "authz", name: "Authorization", icon: ShieldCheck },
];

interface ToolbarProps {
  cluster: Cluster;
  url: GraphUrl;
  onChange: (part: Partial<GraphUrl>) => void;
}

export function Toolbar({ cluster, url, onChange }: ToolbarProps) {
  const live = useLiveGraph();
  const { paused } = useLiveState();
  const toggle = () => (paused ? live.resume() : live.pause());
  useHotkeys(url.at ? [] : [["space", toggle]]);
  const window = url.window ?? cluster.default_window_seconds;
  // What the server would refuse is not asked of it.
  const hiding = understand(url.hide);
  const hidden = hiding.expression ? hiding.text : "";
  return (
    <div className={classes.toolbar} role="toolbar" aria-label="Graph">
      <SegmentedControl
        aria-label="View"
        data={VIEWS}
        value={url.spec.kind}
        onChange={(kind) => onChange({ spec: { ...url.spec, kind: kind as ViewKind } })}
      />
      <NamespaceFilter
        cluster={cluster.name}
        chosen={url.spec.namespaces}
        onChange={(namespaces) => onChange({ spec: { ...url.spec, namespaces } })}
      />
      <SegmentedControl
        aria-label="Overlay"
        value={url.overlay}
        onChange={(overlay) => onChange({ overlay: overlay as Overlay })}
        data={OVERLAYS.map(({ value, name, icon: Icon }) => ({
          value,
          label: (
            <span style={{ display: "inline-flex", alignItems: "center", gap: 5 }}>
              <Icon size={13} aria-hidden />
              {name}
            </span>
          ),
        }))}
      />
      <Select
        aria-label="Edge label"
        w={142}
        data={LABELS}
        value={url.label}
        onChange={(label) => onChange({ label: label as EdgeLabel })}
      />
      <Menu closeOnItemClick={false}>
        <Menu.Target>
          <Button variant="default" leftSection={<SlidersHorizontal size={13} />}>
            Display
          </Button>
        </Menu.Target>
        <Menu.Dropdown p="sm">
          <Stack gap={9}>
            <Switch
              label="Service nodes"
              description="Each service between its callers and its workloads"
              checked={url.spec.service_nodes}
              disabled={url.spec.kind !== "workload"}
              onChange={(event) => onChange({ spec: { ...url.spec, service_nodes: event.currentTarget.checked } })}
            />
            <Switch
              label="Idle nodes"
              description="Also what had no traffic in the window"
              checked={url.spec.idle}
              onChange={(event) => onChange({ spec: { ...url.spec, idle: event.currentTarget.checked } })}
            />
          </Stack>
        </Menu.Dropdown>
      </Menu>
      <Tooltip label={url.as === "map" ? "Show as a table" : "Show as a map"}>
        <ActionIcon
          variant="default"
          size={30}
          aria-label={url.as === "map" ? "Show as a table" : "Show as a map"}
          onClick={() => onChange({ as: url.as === "map" ? "table" : "map" })}
        >
          {url.as === "map" ? <Table2 size={15} /> : <Waypoints size={15} />}
        </ActionIcon>
      </Tooltip>
      <Menu>
        <Menu.Target>
          <Tooltip label="Export this view">
            <ActionIcon variant="default" size={30} aria-label="Export this view">
              <Download size={15} />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          {EXPORTS.map(({ to, label, use }) => (
            <Menu.Item
              key={to}
              component="a"
              href={exportUrl(cluster.name, window, url.spec, hidden, to, url.at)}
              download
              rightSection={<span className="dim">{use}</span>}
            >
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <div className={classes.grow} />
      <Select
        aria-label="Window"
        w={100}
        data={cluster.windows.map((item) => ({ value: String(item.seconds), label: `Last ${item.label}` }))}
        value={String(window)}
        onChange={(value) =>
          onChange({ window: Number(value) === cluster.default_window_seconds ? null : Number(value) })
        }
      />
      <PastButtons url={url} onChange={onChange} />
      {!url.at && <LiveControls paused={paused} toggle={toggle} refresh={url.refresh} onChange={onChange} />}
    </div>
  );
}

function LiveControls({
  paused,
  toggle,
  refresh,
  onChange,
}: {
  paused: boolean;
  toggle: () => void;
  refresh: GraphUrl["refresh"];
  onChange: ToolbarProps["onChange"];
}) {
  return (
    <>
      <Select
        aria-label="Refresh"
        w={96}
        data={REFRESHES}
        value={refresh}
        onChange={(value) => onChange({ refresh: value as GraphUrl["refresh"] })}
      />
      <Tooltip label={`${paused ? "Resume" : "Pause"} (Space)`}>
        <ActionIcon
          variant="default"
          size={30}
          aria-label={paused ? "Resume" : "Pause"}
          aria-pressed={paused}
          onClick={toggle}
        >
          {paused ? <Play size={15} /> : <Pause size={15} />}
        </ActionIcon>
      </Tooltip>
      <StatusChip refresh={refresh} />
    </>
  );
}

function NamespaceFilter({
  cluster,
  chosen,
  onChange,
}: {
  cluster: string;
  chosen: string[];
  onChange: (chosen: string[]) => void;
}) {
  const { data } = useQuery(namespacesQuery(cluster));
  const names = [...new Set([...(data ?? []).map((item) => item.name), ...chosen])].sort();
  const label =
    chosen.length === 0 ? "All namespaces" : chosen.length <= 2 ? chosen.join(", ") : `${chosen.length} namespaces`;
  return (
    <Popover position="bottom-start" trapFocus>
      <Popover.Target>
        <Button variant={chosen.length > 0 ? "light" : "default"} rightSection={<ChevronDown size={13} />}>
          <VisuallyHidden>Namespaces: </VisuallyHidden>
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Checkbox.Group value={chosen} onChange={onChange} aria-label="Namespaces">
          <Stack gap={8} miw={170} mah={320} style={{ overflow: "auto" }}>
            {names.map((name) => (
              <Checkbox key={name} value={name} label={name} />
            ))}
          </Stack>
        </Checkbox.Group>
        <Button variant="subtle" mt={10} fullWidth disabled={chosen.length === 0} onClick={() => onChange([])}>
          Show all
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}
