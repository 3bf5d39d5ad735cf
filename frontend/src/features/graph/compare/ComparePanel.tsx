import { ActionIcon, Button, CloseButton, Tooltip, UnstyledButton } from "@mantine/core";
import { CircleCheck, CircleDot, Download } from "lucide-react";
import { useState } from "react";
import { compareUrl } from "../../../api/queries";
import { Notice } from "../../../components/Notice";
import { LoadingScreen, problemText } from "../../../components/screens";
import { DIFFERENCE_KINDS, DIFFERENCES } from "../../../graph/compare-look";
import type { Comparison, Difference, DifferenceKind } from "../../../graph/model";
import type { GraphUrl } from "../../../graph/view-url";
import { formatMoment, formatSpan } from "../../../lib/format";
import { MomentField } from "../replay/MomentField";
import classes from "./compare.module.css";
import { DifferenceMark } from "./DifferenceMark";
import type { Compared } from "./useCompared";

const BEFORE = [300, 900, 3600, 6 * 3600, 24 * 3600];

interface ComparePanelProps {
  cluster: string;
  window: number;
  url: GraphUrl;
  compared: Compared;
  onChange: (part: Partial<GraphUrl>) => void;
  onSelect: (id: string) => void;
}

/** Beside the graph: which two moments, and what differs between them, in sentences. */
export function ComparePanel({ cluster, window, url, compared, onChange, onSelect }: ComparePanelProps) {
  const [only, setOnly] = useState<DifferenceKind | null>(null);
  if (url.compare === null) return null;
  const { comparison } = compared;
  const ago = (seconds: number) =>
    onChange({ compare: new Date((url.at ? Date.parse(url.at) : Date.now()) - seconds * 1000).toISOString() });
  return (
    <aside className={classes.panel} aria-label="Comparison" data-testid="compare-panel">
      <header className={classes.head}>
        <h2>Compare</h2>
        <span className={classes.grow} />
        <Tooltip label="Save as JSON">
          <ActionIcon
            component="a"
            variant="default"
            size={28}
            aria-label="Save the comparison as JSON"
            href={compareUrl(cluster, window, url.spec, url.compare, url.at)}
            download
          >
            <Download size={14} />
          </ActionIcon>
        </Tooltip>
        <CloseButton aria-label="Close the comparison" size="sm" onClick={() => onChange({ compare: null })} />
      </header>
      <div className={classes.moments}>
        <span className="dim">Before</span>
        <MomentField
          label="The earlier moment"
          open="Choose…"
          value={url.compare}
          onChange={(at) => onChange({ compare: at })}
        />
        <span className="dim">After</span>
        <span className={classes.later}>
          {url.at === null && <b>now</b>}
          <MomentField
            label="The later moment"
            open="Another moment…"
            value={url.at}
            onChange={(at) => onChange({ at })}
          />
          {url.at && (
            <Tooltip label="Compare with now">
              <ActionIcon
                variant="default"
                size={30}
                aria-label="Compare with now"
                onClick={() => onChange({ at: null })}
              >
                <CircleDot size={14} />
              </ActionIcon>
            </Tooltip>
          )}
        </span>
      </div>
      <div className={classes.ago}>
        <span className="dim">Earlier by</span>
        {BEFORE.map((seconds) => (
          <Button
            key={seconds}
            variant="default"
            size="compact-xs"
            aria-label={`Earlier by ${formatSpan(seconds)}`}
            onClick={() => ago(seconds)}
          >
            {formatSpan(seconds)}
          </Button>
        ))}
      </div>
      <Body
        compared={compared}
        comparison={comparison}
        only={only}
        selected={url.selected}
        onOnly={setOnly}
        onSelect={onSelect}
      />
    </aside>
  );
}

function Body({
  compared,
  comparison,
  only,
  selected,
  onOnly,
  onSelect,
}: {
  compared: Compared;
  comparison: Comparison | undefined;
  only: DifferenceKind | null;
  selected: string | null;
  onOnly: (kind: DifferenceKind | null) => void;
  onSelect: (id: string) => void;
}) {
  if (compared.error) {
    const { message, nextStep } = problemText(compared.error);
    return (
      <div className={classes.body}>
        <Notice tone="bad" role="alert" title="The moments can't be compared" testId="compare-failed">
          {message}. {nextStep}
          <br />
          <Button variant="default" size="compact-sm" mt={8} onClick={compared.retry}>
            Try again
          </Button>
        </Notice>
      </div>
    );
  }
  if (!comparison) return <LoadingScreen what="the comparison" />;
  const { differences } = comparison;
  const counts = new Map<DifferenceKind, number>();
  for (const { kind } of differences) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const chosen = only && counts.has(only) ? only : null;
  const shown = chosen ? differences.filter(({ kind }) => kind === chosen) : differences;
  return (
    <>
      {differences.length > 0 && (
        <fieldset className={classes.kinds} aria-label="Kinds of difference">
          {DIFFERENCE_KINDS.filter((kind) => counts.has(kind)).map((kind) => (
            <UnstyledButton
              key={kind}
              className={classes.kind}
              aria-pressed={chosen === kind}
              data-testid={`compare-kind-${kind}`}
              onClick={() => onOnly(chosen === kind ? null : kind)}
            >
              <DifferenceMark kind={kind} size={13} />
              {DIFFERENCES[kind].name} <span className="num dim">{counts.get(kind)}</span>
            </UnstyledButton>
          ))}
        </fieldset>
      )}
      <div className={classes.body}>
        {differences.length === 0 ? (
          <p className={classes.same} data-testid="compare-same">
            <CircleCheck size={16} aria-hidden color="var(--tone-good)" />
            <span>
              No difference that chance doesn't explain: {comparison.before.edges} edges before,{" "}
              {comparison.after.edges} after, over {formatSpan(comparison.window_seconds)} each.
            </span>
          </p>
        ) : (
          <Groups differences={shown} selected={selected} onSelect={onSelect} />
        )}
        <p className={classes.basis}>
          Rates over {formatSpan(comparison.window_seconds)}: {told(comparison.before)} against {told(comparison.after)}
          . Told is what has enough requests to be more than chance.
        </p>
      </div>
    </>
  );
}

function told(side: Comparison["before"]): string {
  const when = formatMoment(side.evaluated_at ?? side.published_at);
  if (!side.past) return `${when} (live)`;
  return `${when} (${side.past.origin === "ring" ? "kept" : "from Prometheus"})`;
}

function Groups({
  differences,
  selected,
  onSelect,
}: {
  differences: Difference[];
  selected: string | null;
  onSelect: (id: string) => void;
}) {
  const groups = (["edge", "node"] as const).map(
    (element) => [element, differences.filter((item) => item.element === element)] as const,
  );
  return groups
    .filter(([, items]) => items.length > 0)
    .map(([element, items]) => (
      <section key={element}>
        <h3 className={classes.group}>{element === "edge" ? "Calls" : "Workloads and services"}</h3>
        <ul className={classes.list}>
          {items.map((item) => (
            <li key={`${item.id} ${item.kind}`}>
              <UnstyledButton
                className={classes.item}
                aria-current={item.id === selected || undefined}
                onClick={() => onSelect(item.id)}
                data-testid="difference"
                data-kind={item.kind}
                data-id={item.id}
              >
                <DifferenceMark kind={item.kind} />
                <span>
                  <b>{item.label}</b>{" "}
                  <span style={{ color: `var(--tone-${DIFFERENCES[item.kind].tone})` }}>
                    {DIFFERENCES[item.kind].name.toLowerCase()}
                  </span>
                  <span className={classes.reason}>{item.reason}</span>
                </span>
              </UnstyledButton>
            </li>
          ))}
        </ul>
      </section>
    ));
}
