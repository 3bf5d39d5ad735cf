import { ActionIcon, Button, CloseButton, Select, Tooltip } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { ChevronLeft, ChevronRight, CircleDot, Pause, Play } from "lucide-react";
import type { Cluster } from "../../../api/types";
import { problemText } from "../../../components/screens";
import { type GraphUrl, SPANS, SPEEDS } from "../../../graph/view-url";
import { formatSpan } from "../../../lib/format";
import { MomentField } from "./MomentField";
import classes from "./replay.module.css";
import { Strip } from "./Strip";
import { useFilm } from "./useFilm";

export const DEFAULT_SPAN = 3600;
const SPEED_NAMES: Record<number, string> = { 0.5: "½ frame/s", 1: "1 frame/s", 2: "2 frames/s", 4: "4 frames/s" };

interface ReplayBarProps {
  cluster: Cluster;
  window: number;
  url: GraphUrl;
  /** The moment asked for is on the screen. */
  ready: boolean;
  onChange: (part: Partial<GraphUrl>) => void;
}

/** Below the graph: the past as a film, to be scrubbed through, played, or entered by the clock. */
export function ReplayBar({ cluster, window, url, ready, onChange }: ReplayBarProps) {
  const span = url.span ?? DEFAULT_SPAN;
  const film = useFilm({
    cluster: cluster.name,
    window,
    spec: url.spec,
    span,
    speed: url.speed,
    at: url.at,
    ready,
    onMove: (at) => onChange({ at, span }),
  });
  useHotkeys([
    ["[", () => film.step(-1)],
    ["]", () => film.step(1)],
    ...(url.at || film.playing ? ([["space", film.toggle]] as [string, () => void][]) : []),
  ]);
  const problem = film.error ? problemText(film.error).message : film.answer?.problem;
  return (
    <section className={classes.bar} aria-label="Replay" data-testid="replay-bar">
      <div className={classes.controls}>
        <Tooltip label="Back one moment  [">
          <ActionIcon variant="default" size={30} aria-label="Back one moment" onClick={() => film.step(-1)}>
            <ChevronLeft size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={film.playing ? "Pause the film" : "Play the film"}>
          <ActionIcon
            variant={film.playing ? "light" : "default"}
            size={30}
            aria-label={film.playing ? "Pause the film" : "Play the film"}
            aria-pressed={film.playing}
            disabled={film.moments.length === 0}
            onClick={film.toggle}
          >
            {film.playing ? <Pause size={15} /> : <Play size={15} />}
          </ActionIcon>
        </Tooltip>
        <Tooltip label="On one moment  ]">
          <ActionIcon
            variant="default"
            size={30}
            aria-label="On one moment"
            disabled={url.at === null}
            onClick={() => film.step(1)}
          >
            <ChevronRight size={16} />
          </ActionIcon>
        </Tooltip>
        <Select
          aria-label="Speed of the film"
          w={112}
          data={SPEEDS.map((speed) => ({ value: String(speed), label: SPEED_NAMES[speed] ?? String(speed) }))}
          value={String(url.speed)}
          onChange={(speed) => onChange({ speed: Number(speed) })}
        />
      </div>
      <div className={classes.middle}>
        <Strip
          stretch={film.stretch}
          moments={film.moments}
          stepSeconds={film.answer?.step_seconds ?? 60}
          at={url.at}
          onMove={(at) => onChange({ at, span })}
          onStep={film.step}
        />
        {problem ? (
          <p className={classes.note} role="status">
            {problem}
          </p>
        ) : (
          film.moments.length === 0 &&
          !film.loading && <p className={classes.note}>Nothing is known of the mesh in this stretch of time.</p>
        )}
      </div>
      <div className={classes.controls}>
        <Select
          aria-label="Stretch of time"
          w={104}
          data={SPANS.map((seconds) => ({ value: String(seconds), label: `Over ${formatSpan(seconds)}` }))}
          value={String(span)}
          onChange={(value) => onChange({ span: Number(value) })}
        />
        <MomentField
          label="Jump to a moment"
          open="Jump to…"
          value={url.at}
          onChange={(at) => onChange({ at, span })}
        />
        <Button
          variant={url.at ? "filled" : "default"}
          leftSection={<CircleDot size={13} />}
          disabled={url.at === null}
          onClick={() => onChange({ at: null, span })}
        >
          {url.at ? "Back to live" : "Live"}
        </Button>
        <CloseButton aria-label="Close the replay" size="sm" onClick={() => onChange({ at: null, span: null })} />
      </div>
    </section>
  );
}
