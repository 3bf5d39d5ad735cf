import { useElementSize, useMergedRef } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

interface SparklineProps {
  /** Seconds since epoch. */
  times: number[];
  values: (number | null)[];
  /** A CSS colour, or `var(--…)`. */
  colour: string;
  /** Says the whole of it to who can't see it. */
  label: string;
  format: (value: number | null) => string;
  height?: number;
  /** The axis reaches at least so far, so that noise near zero doesn't look like a mountain. */
  least?: number;
}

function resolve(element: Element, colour: string): string {
  const name = /^var\((--[\w-]+)\)$/.exec(colour)?.[1];
  return name ? getComputedStyle(element).getPropertyValue(name).trim() : colour;
}

/** A small line over time, with the value under the pointer. Charts of one panel share their cursor. */
export function Sparkline({ times, values, colour, label, format, height = 44, least = 0 }: SparklineProps) {
  const { ref: measure, width } = useElementSize<HTMLDivElement>();
  const host = useRef<HTMLDivElement | null>(null);
  const ref = useMergedRef(measure, host);
  const plot = useRef<uPlot | null>(null);
  const readout = useRef<HTMLSpanElement>(null);
  const formatter = useRef(format);
  formatter.current = format;
  const floor = useRef(least);
  floor.current = least;

  useEffect(() => {
    const element = host.current;
    if (!element || width === 0) return;
    const stroke = resolve(element, colour);
    const chart = new uPlot(
      {
        width,
        height,
        legend: { show: false },
        padding: [4, 2, 2, 2],
        cursor: { y: false, points: { size: 6 }, sync: { key: "sparklines" }, drag: { setScale: false } },
        scales: { x: { time: true }, y: { range: (_, __, max) => [0, Math.max(max || 0, floor.current) * 1.15 || 1] } },
        axes: [{ show: false }, { show: false }],
        series: [
          {},
          {
            stroke,
            width: 1.5,
            fill: `color-mix(in srgb, ${stroke} 14%, transparent)`,
            points: { show: false },
            spanGaps: false,
          },
        ],
        hooks: {
          setCursor: [
            (self) => {
              if (!readout.current) return;
              const index = self.cursor.idx;
              const time = index == null ? undefined : self.data[0][index];
              readout.current.textContent =
                index == null || time == null
                  ? ""
                  : `${formatter.current(self.data[1]?.[index] ?? null)} at ${new Date(time * 1000).toLocaleTimeString("en-GB")}`;
            },
          ],
        },
      },
      [[], []],
      element,
    );
    plot.current = chart;
    return () => {
      chart.destroy();
      plot.current = null;
    };
  }, [width, height, colour]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a chart made anew for another width or colour needs its data again
  useEffect(() => {
    plot.current?.setData([times, values]);
  }, [times, values, width, colour]);

  return (
    <div style={{ position: "relative" }} role="img" aria-label={label}>
      <div ref={ref} style={{ height }} />
      <span
        ref={readout}
        className="num dim"
        style={{
          position: "absolute",
          top: -17,
          right: 0,
          fontSize: 11,
          pointerEvents: "none",
          background: "var(--surface)",
          paddingLeft: 6,
        }}
      />
    </div>
  );
}
