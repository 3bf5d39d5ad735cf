import { Button, Checkbox, MultiSelect, Popover, Stack, VisuallyHidden } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { ChevronDown } from "lucide-react";
import { namespacesQuery, workloadsQuery } from "../../api/queries";
import { many } from "../../graph/find-complete";
import type { ViewSpec } from "../../graph/model";
import { union } from "../../graph/responses";
import { useMembers } from "../../state/cluster";
import classes from "./graph.module.css";

interface ScopeFilterProps {
  cluster: string;
  spec: ViewSpec;
  onChange: (part: Pick<ViewSpec, "namespaces" | "workloads">) => void;
}

/** Which part of the mesh: namespaces, and single workloads with whom they talk to. */
export function ScopeFilter({ cluster, spec, onChange }: ScopeFilterProps) {
  const { namespaces, workloads } = spec;
  const members = useMembers(cluster);
  const known = useQueries({ queries: members.map((name) => namespacesQuery(name)) });
  const all = useQueries({ queries: members.map((name) => workloadsQuery(name)) });
  const names = union(namespaces, ...known.map(({ data }) => (data ?? []).map((item) => item.name)));
  const options = union(
    workloads,
    ...all.map(({ data }) => (data ?? []).map((item) => `${item.namespace}/${item.name}`)),
  );
  const parts = [
    namespaces.length > 2 ? many(namespaces.length, "namespace") : namespaces.join(", "),
    workloads.length > 1 ? many(workloads.length, "workload") : workloads.join(),
  ].filter(Boolean);
  return (
    <Popover position="bottom-start" trapFocus>
      <Popover.Target>
        <Button variant={parts.length > 0 ? "light" : "default"} rightSection={<ChevronDown size={13} />} maw={230}>
          <VisuallyHidden>Namespaces and workloads: </VisuallyHidden>
          <span className={classes.clip}>{parts.join(" + ") || "All namespaces"}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown w={280}>
        <h3 className={classes.menuTitle}>Namespaces</h3>
        <Checkbox.Group
          value={namespaces}
          onChange={(chosen) => onChange({ namespaces: chosen, workloads })}
          aria-label="Namespaces"
        >
          <Stack gap={8} mah={280} style={{ overflow: "auto" }}>
            {names.map((name) => (
              <Checkbox key={name} value={name} label={name} />
            ))}
          </Stack>
        </Checkbox.Group>
        <h3 className={classes.menuTitle} style={{ marginTop: 14 }}>
          Workloads and their neighbours
        </h3>
        <MultiSelect
          aria-label="Workloads"
          placeholder={workloads.length === 0 ? "Choose workloads" : ""}
          data={options}
          value={workloads}
          onChange={(chosen) => onChange({ namespaces, workloads: chosen })}
          searchable
          limit={50}
          comboboxProps={{ withinPortal: false }}
          nothingFoundMessage="No workload is called so"
        />
        <p className={classes.menuNote}>Neighbours one hop out stay, dimmed.</p>
        <Button
          variant="subtle"
          mt={6}
          fullWidth
          disabled={parts.length === 0}
          onClick={() => onChange({ namespaces: [], workloads: [] })}
        >
          Show all
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}
