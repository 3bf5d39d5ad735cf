import { Button, Chip, Group, Popover, SegmentedControl, Stack, Switch } from "@mantine/core";
import { SlidersHorizontal } from "lucide-react";
import { LAYOUTS, type LayoutName } from "../../graph/layout";
import type { Boxing, ViewSpec } from "../../graph/model";
import { EDGE_LABELS, type EdgeLabel } from "../../graph/overlay";
import { BOXINGS, type GraphUrl } from "../../graph/view-url";
import classes from "./graph.module.css";

const LABEL_NAMES: Record<EdgeLabel, string> = {
  rate: "Rate",
  errors: "Error share",
  p95: "p95 latency",
  throughput: "Throughput",
  mtls: "mTLS",
};
const BOX_NAMES: Record<Boxing, string> = { cluster: "Cluster", namespace: "Namespace", app: "App" };
const LAYOUT_NAMES: Record<LayoutName, string> = {
  layered: "Layered",
  organic: "Organic",
  namespace: "By namespace",
};

function Choices<T extends string>({
  title,
  names,
  chosen,
  onChange,
}: {
  title: string;
  names: Record<T, string>;
  chosen: readonly T[];
  onChange: (chosen: T[]) => void;
}) {
  return (
    <fieldset className={classes.choices}>
      <legend className={classes.menuTitle}>{title}</legend>
      <Chip.Group multiple value={[...chosen]} onChange={(value) => onChange(value as T[])}>
        <Group gap={6}>
          {(Object.keys(names) as T[]).map((name) => (
            <Chip key={name} value={name} size="xs" radius="sm">
              {names[name]}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
    </fieldset>
  );
}

interface DisplayMenuProps {
  url: GraphUrl;
  /** The layered layout was asked for, but the view is too large for it. */
  tooLarge: boolean;
  onChange: (part: Partial<GraphUrl>) => void;
}

/** What is shown of the view, and how it is laid out. */
export function DisplayMenu({ url, tooLarge, onChange }: DisplayMenuProps) {
  const { spec } = url;
  const respec = (part: Partial<ViewSpec>) => onChange({ spec: { ...spec, ...part } });
  const hasServices = spec.kind !== "service" && spec.kind !== "namespace";
  return (
    <Popover position="bottom-start" trapFocus width={372}>
      <Popover.Target>
        <Button variant="default" leftSection={<SlidersHorizontal size={13} className={classes.spare} />}>
          Display
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="sm">
        <Stack gap={13}>
          <Choices
            title="Labels on edges"
            names={LABEL_NAMES}
            chosen={url.labels}
            onChange={(labels) => onChange({ labels: EDGE_LABELS.filter((label) => labels.includes(label)) })}
          />
          <Choices
            title="Boxes, the outer first"
            names={BOX_NAMES}
            chosen={spec.box_by}
            onChange={(chosen) => respec({ box_by: BOXINGS.filter((box) => chosen.includes(box)) })}
          />
          <div>
            <h3 className={classes.menuTitle}>Layout</h3>
            <SegmentedControl
              fullWidth
              aria-label="Layout"
              value={url.layout}
              onChange={(layout) => onChange({ layout: layout as LayoutName })}
              data={LAYOUTS.map((value) => ({ value, label: LAYOUT_NAMES[value] }))}
            />
            {tooLarge && url.layout === "layered" && (
              <p className={classes.menuNote}>This view is too large for layers; it is laid out by namespace.</p>
            )}
          </div>
          <Stack gap={9}>
            <Switch
              label="Service nodes"
              description="Each service between its callers and what serves it"
              checked={spec.service_nodes && hasServices}
              disabled={!hasServices}
              onChange={(event) => respec({ service_nodes: event.currentTarget.checked })}
            />
            <Switch
              label="Idle nodes"
              description="Also what had no traffic in the window"
              checked={spec.idle}
              onChange={(event) => respec({ idle: event.currentTarget.checked })}
            />
            <Switch
              label="Idle edges"
              description="Also calls of the last hour that have stopped"
              checked={spec.idle_edges}
              onChange={(event) => respec({ idle_edges: event.currentTarget.checked })}
            />
          </Stack>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
