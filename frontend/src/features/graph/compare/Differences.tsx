import { DIFFERENCES } from "../../../graph/compare-look";
import type { Difference } from "../../../graph/model";
import { formatMs, formatRate, formatShare } from "../../../lib/format";
import { Section } from "../parts";
import classes from "./compare.module.css";
import { DifferenceMark } from "./DifferenceMark";

/** In the side panel: what is different about the selected element; nothing outside a comparison. */
export function Differences({ of: differences }: { of: readonly Difference[] | undefined }) {
  if (!differences) return null;
  const first = differences[0];
  if (!first) {
    return (
      <Section title="Compared">
        <span className="dim">As it was, as far as chance doesn't explain.</span>
      </Section>
    );
  }
  const { before, after } = first;
  return (
    <Section title="Compared">
      {differences.map(({ kind, reason }) => (
        <p key={kind} className={classes.told}>
          <DifferenceMark kind={kind} />
          <span>
            <b style={{ color: `var(--tone-${DIFFERENCES[kind].tone})` }}>{DIFFERENCES[kind].name}</b>: {reason}
          </span>
        </p>
      ))}
      <table className={`${classes.numbers} num`}>
        <thead>
          <tr>
            <td />
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Rate</th>
            <td>{formatRate(before?.rate)}</td>
            <td>{formatRate(after?.rate)}</td>
          </tr>
          <tr>
            <th scope="row">Errors</th>
            <td>{formatShare(before?.error_share)}</td>
            <td>{formatShare(after?.error_share)}</td>
          </tr>
          <tr>
            <th scope="row">p95</th>
            <td>{formatMs(before?.p95_ms)}</td>
            <td>{formatMs(after?.p95_ms)}</td>
          </tr>
        </tbody>
      </table>
    </Section>
  );
}
