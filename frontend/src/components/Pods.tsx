import { CircleCheck, TriangleAlert } from "lucide-react";

/** "2 of 2", with a mark when some are missing. */
export function Pods({ ready, total }: { ready: number | null; total: number | null }) {
  if (total == null) return <span className="dim">–</span>;
  const fine = (ready ?? 0) >= total && total > 0;
  const Icon = fine ? CircleCheck : TriangleAlert;
  return (
    <span
      className="num"
      style={{ display: "inline-flex", gap: 5, alignItems: "center", color: fine ? undefined : "var(--tone-warn)" }}
    >
      <Icon size={13} aria-hidden color={fine ? "var(--tone-good)" : "currentcolor"} />
      {ready ?? 0} of {total}
    </span>
  );
}
