import { useQuery } from "@tanstack/react-query";
import type { ProxyComparison } from "../../api/types";
import { Answer, Card } from "../../components/Page";
import { Tag } from "../../components/Tag";
import { YamlDiff, YamlView } from "../../components/Yaml";
import { unifiedDiff } from "../../lib/unified-diff";
import classes from "./proxies.module.css";
import { compareQuery, type ProxyName } from "./queries";

type Difference = ProxyComparison["differences"][number];

/** What differs, by kind and name: each opens to the difference of its JSON. */
export function Compare({ name, other, earlier }: { name: ProxyName; other: string; earlier: string }) {
  const query = useQuery(compareQuery(name, other, earlier));
  return (
    <Answer query={query} what="the comparison">
      {(found) => (
        <Card title={`${found.left} beside ${found.right}`}>
          <p className="dim" style={{ marginTop: 0 }}>
            {found.differences.length === 0 ? "Nothing differs" : `${found.differences.length} differ`}, {found.same}{" "}
            are the same.
          </p>
          {found.differences.map((one) => (
            <DifferenceLine key={`${one.kind} ${one.name}`} difference={one} comparison={found} />
          ))}
        </Card>
      )}
    </Answer>
  );
}

function DifferenceLine({ difference, comparison }: { difference: Difference; comparison: ProxyComparison }) {
  const only = difference.difference === "only_left" ? comparison.left : comparison.right;
  return (
    <details className={classes.difference} data-testid="difference" data-kind={difference.kind}>
      <summary>
        {difference.kind} <b className="mono">{difference.name}</b>{" "}
        {difference.difference === "different" ? <Tag tone="warn">different</Tag> : <Tag>only {only}</Tag>}
      </summary>
      <div style={{ marginTop: 8 }}>
        {difference.difference === "different" ? (
          <YamlDiff
            diff={unifiedDiff(difference.left.split("\n"), difference.right.split("\n"))}
            label={`Difference of ${difference.name}`}
            maxHeight={420}
          />
        ) : (
          <YamlView text={difference.left || difference.right} label={difference.name} maxHeight={420} />
        )}
      </div>
    </details>
  );
}
