import { Button, Table } from "@mantine/core";
import { GitMerge } from "lucide-react";
import type { ConflictProblem, ServiceWeights } from "../../api/types";
import { Card } from "../../components/Page";
import { YamlView } from "../../components/Yaml";
import type { Weights } from "./redistribute";
import classes from "./weights.module.css";

interface ConflictPanelProps {
  problem: ConflictProblem;
  base: ServiceWeights;
  mine: Weights;
  onTakeTheirs: () => void;
  onKeepMine: (current: ServiceWeights) => void;
}

/** Somebody changed the object since it was read: three ways side by side, and two ways on. */
export function ConflictPanel({ problem, base, mine, onTakeTheirs, onKeepMine }: ConflictPanelProps) {
  const current = problem.current;
  const theirs = new Map(current?.routes.flatMap((route) => route.destinations).map((one) => [one.id, one.weight]));
  const destinations = base.routes.flatMap((route) => route.destinations);
  const sameShape =
    current !== null && destinations.length === theirs.size && destinations.every((one) => theirs.has(one.id));
  return (
    <div className={classes.steps} role="alert" data-testid="conflict">
      <Card
        title={
          <span style={{ display: "inline-flex", gap: 8, alignItems: "center", color: "var(--tone-warn)" }}>
            <GitMerge size={16} aria-hidden /> Somebody changed it in the meantime
          </span>
        }
      >
        <p style={{ margin: 0 }}>{problem.message}</p>
        <p style={{ margin: "4px 0 12px" }}>{problem.next_step}</p>
        <Table fz={13} aria-label="Weights, three ways">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Version</Table.Th>
              <Table.Th ta="right">When you opened it</Table.Th>
              <Table.Th ta="right">Now</Table.Th>
              <Table.Th ta="right">Yours</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {destinations.map((one) => (
              <Table.Tr key={one.id}>
                <Table.Td>{one.label}</Table.Td>
                <Table.Td ta="right">{one.weight} %</Table.Td>
                <Table.Td ta="right" fw={theirs.get(one.id) !== one.weight ? 680 : undefined}>
                  {theirs.has(one.id) ? `${theirs.get(one.id)} %` : "gone"}
                </Table.Td>
                <Table.Td ta="right">{mine[one.id] ?? one.weight} %</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <div className={classes.buttons} style={{ marginTop: 12 }}>
          <Button onClick={onTakeTheirs}>Start from how it is now</Button>
          {sameShape && (
            <Button variant="default" onClick={() => onKeepMine(current)}>
              Keep my weights and preview again
            </Button>
          )}
        </div>
      </Card>
      {problem.current_yaml && <YamlView text={problem.current_yaml} label="YAML as it is now" maxHeight={420} />}
    </div>
  );
}
