import { Button } from "@mantine/core";
import { GitCompareArrows, History } from "lucide-react";
import type { GraphView } from "../../../graph/model";
import { formatAgo, formatMoment } from "../../../lib/format";
import { useNow } from "../../../state/clock";
import classes from "./replay.module.css";

interface PastBannerProps {
  at: string;
  view: GraphView | null;
  loading: boolean;
  onLive: () => void;
  /** null: that is what the page does already. */
  onCompare: (() => void) | null;
}

/** Says calmly that this is not now, when it was, and where it comes from. */
export function PastBanner({ at, view, loading, onLive, onCompare }: PastBannerProps) {
  const now = useNow(5000);
  const past = view?.past;
  const moment = (!loading && view?.evaluated_at) || at;
  const read = past?.origin === "prometheus" ? past.configuration_as_of : null;
  return (
    <div className={classes.banner} role="status" data-testid="past-banner" data-origin={past?.origin}>
      <History size={15} aria-hidden />
      <span>
        <b className="num">The past: {formatMoment(moment, now)}</b>
        <span className="dim">
          {" "}
          ({formatAgo(moment, now)}). {loading ? "Loading this moment…" : past?.reason}
          {!loading && read && ` Objects as read at ${formatMoment(read, now)}.`}
        </span>
      </span>
      <span className={classes.grow} />
      {onCompare && (
        <Button variant="default" size="compact-xs" leftSection={<GitCompareArrows size={13} />} onClick={onCompare}>
          Compare with now
        </Button>
      )}
      <Button variant="default" size="compact-xs" onClick={onLive}>
        Back to live
      </Button>
    </div>
  );
}
