import { useElementSize } from "@mantine/hooks";
import { type KeyboardEvent, type PointerEvent, useMemo, useRef, useState } from "react";
import { nearest, type Stretch, stripPaths, ticks } from "../../../graph/film";
import type { PastMoment } from "../../../graph/model";
import { formatMoment, formatRate, formatShare } from "../../../lib/format";
import classes from "./replay.module.css";

const HEIGHT = 34;
const TICK_PX = 90;
const ORIGINS = { ring: "kept by MeshUI", prometheus: "from Prometheus" } as const;

interface StripProps {
  stretch: Stretch;
  moments: PastMoment[];
  stepSeconds: number;
  at: string | null;
  onMove: (at: string | null) => void;
  onStep: (steps: number) => void;
}

/** Time from left to right, with the mesh's rate and errors: a slider whose positions are the film's moments. */
export function Strip({ stretch, moments, stepSeconds, at, onMove, onStep }: StripProps) {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const [pointed, setPointed] = useState<PastMoment | null>(null);
  const dragging = useRef(false);
  const paths = useMemo(
    () => stripPaths(moments, stretch, { width, height: HEIGHT }, stepSeconds),
    [moments, stretch, width, stepSeconds],
  );
  const marks = useMemo(
    () => ticks(stretch, Math.floor(width / TICK_PX), new Date(stretch.to).getTimezoneOffset()),
    [stretch, width],
  );
  const long = stretch.to - stretch.from > 86_400_000;
  const x = (time: number) => ((time - stretch.from) / (stretch.to - stretch.from)) * width;
  const shown = at === null ? null : Date.parse(at);
  const told = at === null ? undefined : nearest(moments, Date.parse(at));

  const under = (event: PointerEvent): PastMoment | null => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / Math.max(1, box.width)));
    return nearest(moments, stretch.from + share * (stretch.to - stretch.from));
  };
  const go = (moment: PastMoment | null) => {
    if (moment && moment.at !== at) onMove(moment.at);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (steps) onStep(steps);
    else if (event.key === "Home") go(moments[0] ?? null);
    else if (event.key === "End") onMove(null);
    else return;
    event.preventDefault();
  };
  return (
    <div
      ref={ref}
      className={classes.strip}
      role="slider"
      tabIndex={0}
      aria-label="Moment shown"
      aria-valuemin={stretch.from}
      aria-valuemax={stretch.to}
      aria-valuenow={shown ?? stretch.to}
      aria-valuetext={at === null ? "now" : describe(told ?? null, at)}
      data-testid="replay-strip"
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        dragging.current = true;
        go(under(event));
      }}
      onPointerMove={(event) => {
        const moment = under(event);
        setPointed(moment);
        if (dragging.current) go(moment);
      }}
      onPointerUp={() => {
        dragging.current = false;
      }}
      onPointerLeave={() => setPointed(null)}
    >
      <svg width={width} height={HEIGHT} aria-hidden="true">
        <path className={classes.rate} d={paths.rate} />
        <path className={classes.failed} d={paths.failed} />
        {moments.map((moment) => (
          <line
            key={moment.at}
            className={classes.origin}
            data-origin={moment.origin}
            x1={x(Date.parse(moment.at)) - 0.5}
            x2={x(Date.parse(moment.at)) + (moment.origin === "ring" ? step(stretch, width, stepSeconds) : 1.5)}
            y1={HEIGHT - 1}
            y2={HEIGHT - 1}
          />
        ))}
        {pointed && (
          <line className={classes.pointed} x1={x(Date.parse(pointed.at))} x2={x(Date.parse(pointed.at))} y2={HEIGHT} />
        )}
        <line className={classes.cursor} x1={cursor(shown, width, x)} x2={cursor(shown, width, x)} y2={HEIGHT} />
        <circle className={classes.handle} cx={cursor(shown, width, x)} cy={5} r={4.5} />
      </svg>
      <div className={`${classes.ticks} num`} aria-hidden="true">
        {marks.map((time) => (
          <span key={time} style={{ left: x(time) }}>
            {label(time, long, stretch.to - stretch.from)}
          </span>
        ))}
      </div>
      {pointed && (
        <div
          className={`${classes.pointedText} num`}
          style={{ left: Math.min(Math.max(x(Date.parse(pointed.at)), 110), Math.max(110, width - 110)) }}
        >
          {describe(pointed, pointed.at)}
        </div>
      )}
    </div>
  );
}

function step(stretch: Stretch, width: number, stepSeconds: number): number {
  return ((stepSeconds * 1000) / (stretch.to - stretch.from)) * width;
}

function cursor(shown: number | null, width: number, x: (time: number) => number): number {
  const place = shown === null ? width : x(shown);
  return Math.min(Math.max(place, 1), Math.max(1, width - 1));
}

function label(time: number, days: boolean, spanMs: number): string {
  const date = new Date(time);
  if (days && date.getHours() === 0) return date.toLocaleDateString("en-CA").slice(5);
  const text = date.toLocaleTimeString("en-GB");
  return spanMs > 600_000 ? text.slice(0, 5) : text;
}

function describe(moment: PastMoment | null, at: string): string {
  const time = formatMoment(at);
  if (!moment) return time;
  if (moment.rate == null) return `${time} · ${ORIGINS[moment.origin]}`;
  return `${time} · ${formatRate(moment.rate)} · ${formatShare(moment.error_share)} errors · ${ORIGINS[moment.origin]}`;
}
