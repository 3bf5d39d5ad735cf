import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { momentsQuery, pastQuery } from "../../../api/queries";
import { type Stretch, stepped, stretchFor } from "../../../graph/film";
import type { Moments, PastMoment, ViewSpec } from "../../../graph/model";

const NOW_MS = 10_000;
const NONE: PastMoment[] = [];

export interface Film {
  stretch: Stretch;
  moments: PastMoment[];
  answer: Moments | undefined;
  loading: boolean;
  error: Error | null;
  playing: boolean;
  toggle: () => void;
  step: (steps: number) => void;
}

interface FilmOptions {
  cluster: string;
  window: number;
  spec: ViewSpec;
  span: number;
  speed: number;
  /** Of the moment shown; null: now. */
  at: string | null;
  /** That moment is on the screen, so that the next may come. */
  ready: boolean;
  onMove: (at: string | null) => void;
}

/** The film's moments, and its motion: a frame follows when the one before is drawn, and the one after it is fetched
 * meanwhile. */
export function useFilm({ cluster, window, spec, span, speed, at, ready, onMove }: FilmOptions): Film {
  const client = useQueryClient();
  const now = useCoarseNow();
  const shown = useRef<Stretch | null>(null);
  const time = at === null ? null : Date.parse(at);
  const stretch = useMemo(() => stretchFor(time, span, now, shown.current), [time, span, now]);
  shown.current = stretch;
  const query = useQuery({
    ...momentsQuery(cluster, window, stretch.from, stretch.to),
    placeholderData: keepPreviousData,
  });
  const moments = query.data?.moments ?? NONE;

  const [playing, setPlaying] = useState(false);
  const move = useRef(onMove);
  move.current = onMove;
  const next = useMemo(() => stepped(moments, time, 1), [moments, time]);
  useEffect(() => {
    if (!playing || !ready || time === null) return;
    if (next) void client.prefetchQuery(pastQuery(cluster, window, spec, next.at));
    const timer = setTimeout(() => {
      move.current(next?.at ?? null);
      if (!next) setPlaying(false);
    }, 1000 / speed);
    return () => clearTimeout(timer);
  }, [playing, ready, time, next, speed, client, cluster, window, spec]);

  return {
    stretch,
    moments,
    answer: query.data,
    loading: query.isFetching,
    error: query.error,
    playing: playing && time !== null,
    toggle: () => {
      if (playing && time !== null) {
        setPlaying(false);
        return;
      }
      // From the present the film begins at its beginning.
      if (time === null && moments[0]) onMove(moments[0].at);
      setPlaying(moments.length > 0);
    },
    step: (steps) => {
      setPlaying(false);
      onMove(stepped(moments, time, steps)?.at ?? null);
    },
  };
}

function coarse(): number {
  return Math.floor(Date.now() / NOW_MS) * NOW_MS;
}

/** The time now, in steps that are worth asking for anew. */
function useCoarseNow(): number {
  const [now, setNow] = useState(coarse);
  useEffect(() => {
    const timer = setInterval(() => setNow(coarse()), NOW_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
