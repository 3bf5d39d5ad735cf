import { DIFFERENCES } from "../../../graph/compare-look";
import { MARK_GLYPHS } from "../../../graph/glyphs";
import type { DifferenceKind } from "../../../graph/model";

/** The sign of a kind of difference, in its colour. */
export function DifferenceMark({ kind, size = 16 }: { kind: DifferenceKind; size?: number }) {
  const { mark, tone } = DIFFERENCES[kind];
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke={`var(--tone-${tone})`}
      strokeWidth={2.2}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={MARK_GLYPHS[mark]} />
    </svg>
  );
}
