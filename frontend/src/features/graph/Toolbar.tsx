import { ActionIcon, SegmentedControl, Select, Tooltip } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { HeartPulse, Lock, Pause, Play, ShieldCheck, Table2, Waypoints } from "lucide-react";
import type { Cluster } from "../../api/types";
import type { ViewKind } from "../../graph/model";
import type { Overlay } from "../../graph/overlay";
import type { GraphUrl } from "../../graph/view-url";
import { useLiveGraph, useLiveState } from "../../state/live-context";
import { DisplayMenu } from "./DisplayMenu";
import { ExportMenu, type PictureFormat } from "./ExportMenu";
import classes from "./graph.module.css";
import { PastButtons } from "./replay/PastButtons";
import { ScopeFilter } from "./ScopeFilter";
import { StatusChip } from "./StatusChip";

const VIEWS: { value: ViewKind; label: string }[] = [
  { value: "workload", label: "Workloads" },
  { value: "versioned_app", label: "Versioned apps" },
  { value: "app", label: "Apps" },
  { value: "service", label: "Services" },
  { value: "namespace", label: "Namespaces" },
];
const REFRESHES: { value: GraphUrl["refresh"]; label: string }[] = [
  { value: "live", label: "Live" },
  { value: "5", label: "Every 5 s" },
  { value: "15", label: "Every 15 s" },
  { value: "60", label: "Every 60 s" },
  { value: "manual", label: "Manual" },
];
const OVERLAYS: { value: Overlay; name: string; icon: typeof Lock }[] = [
  { value: "health", name: "Health", icon: HeartPulse },
  { value: "mtls", name: "mTLS", icon: Lock },
  { value: "authz", name: "Authorization", icon: ShieldCheck },
];

interface ToolbarProps {
  cluster: Cluster;
  url: GraphUrl;
  tooLarge: boolean;
  onChange: (part: Partial<GraphUrl>) => void;
  onPicture: ((to: PictureFormat) => void) | null;
}

export function Toolbar({ cluster, url, tooLarge, onChange, onPicture }: ToolbarProps) {
  const live = useLiveGraph();
  const { paused } = useLiveState();
  const toggle = () => (paused ? live.resume() : live.pause());
  useHotkeys(url.at ? [] : [["space", toggle]]);
  const window = url.window ?? cluster.default_window_seconds;
  return (
    <div className={classes.toolbar} role="toolbar" aria-label="Graph">
      <Select
        aria-label="View"
        w={132}
        data={VIEWS}
        value={url.spec.kind}
        onChange={(kind) =>
          onChange({ spec: { ...url.spec, kind: kind as ViewKind }, viewChosen: true, focus: null, hops: 1 })
        }
      />
      <ScopeFilter
        cluster={cluster.name}
        spec={url.spec}
        onChange={(scope) => onChange({ spec: { ...url.spec, ...scope } })}
      />
      <SegmentedControl
        aria-label="Overlay"
        value={url.overlay}
        onChange={(overlay) => onChange({ overlay: overlay as Overlay })}
        data={OVERLAYS.map(({ value, name, icon: Icon }) => ({
          value,
          label: (
            <span style={{ display: "inline-flex", alignItems: "center", gap: 5 }}>
              <Icon size={13} aria-hidden className={classes.spare} />
              {name}
            </span>
          ),
        }))}
      />
      <DisplayMenu url={url} tooLarge={tooLarge} onChange={onChange} />
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
      <ExportMenu cluster={cluster.name} window={window} url={url} onPicture={onPicture} />
      <div className={classes.grow} />
      <Select
        aria-label="Window"
        w={86}
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
        w={98}
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
