import { formatMs, formatRate, formatShare } from "../lib/format";
import type { Difference, DifferenceKind } from "./model";
import type { EdgeLook, Mark, Tone } from "./overlay";

/** Each kind of difference: its colour's meaning, its mark, and its name. What needs attention first comes first. */
export const DIFFERENCES: Record<DifferenceKind, { tone: Tone; mark: Mark; name: string }> = {
  failing: { tone: "bad", mark: "failing", name: "Failing" },
  gone: { tone: "bad", mark: "gone", name: "Gone" },
  new: { tone: "plain", mark: "new", name: "New" },
  slower: { tone: "warn", mark: "slower", name: "Slower" },
  quieter: { tone: "warn", mark: "quieter", name: "Less traffic" },
  busier: { tone: "plain", mark: "busier", name: "More traffic" },
  recovered: { tone: "good", mark: "recovered", name: "Recovered" },
  faster: { tone: "good", mark: "faster", name: "Faster" },
};

export const DIFFERENCE_KINDS = Object.keys(DIFFERENCES) as DifferenceKind[];

/** The few words that fit on an edge: "2% → 8%". */
export function differenceText({ kind, before, after }: Difference): string {
  const pair = (format: (value: number | null | undefined) => string, field: "rate" | "error_share" | "p95_ms") =>
    `${format(before?.[field])} → ${format(after?.[field])}`;
  if (kind === "new") return `new · ${formatRate(after?.rate)}`;
  if (kind === "gone") return `gone · was ${formatRate(before?.rate)}`;
  if (kind === "failing" || kind === "recovered") return `${pair(formatShare, "error_share")} errors`;
  if (kind === "slower" || kind === "faster") return `p95 ${pair(formatMs, "p95_ms")}`;
  return pair(formatRate, "rate");
}

/** How an edge of a comparison is drawn: by the difference that matters most; calm when there is none. */
export function differenceLook(differences: readonly Difference[]): EdgeLook {
  const first = differences[0];
  if (!first) return { tone: "muted", mark: null, text: "" };
  const more = differences.length > 1 ? ` +${differences.length - 1}` : "";
  const { tone, mark } = DIFFERENCES[first.kind];
  return { tone, mark, text: differenceText(first) + more };
}
