import { NumberInput, Slider } from "@mantine/core";
import { useRef } from "react";
import type { ServiceWeights, WeightedDestination } from "../../api/types";
import { Pods } from "../../components/Pods";
import { formatRate, formatShare } from "../../lib/format";
import { setWeight, type Weights } from "./redistribute";
import classes from "./weights.module.css";

type Route = ServiceWeights["routes"][number];

/** White text is readable on each. */
const COLOURS = ["#3b63d9", "#0f766e", "#9a3fb5", "#b4530a", "#4b5563", "#be185d"];

export function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length] ?? "#3b63d9";
}

function weightsOf(route: Route, all: Weights): Weights {
  return Object.fromEntries(route.destinations.map((one) => [one.id, all[one.id] ?? one.weight]));
}

/** One route's versions: a slider and a number each, which always total 100. */
export function RouteEditor({
  route,
  weights,
  onChange,
  readOnly,
}: {
  route: Route;
  weights: Weights;
  onChange: (changed: Weights) => void;
  readOnly: boolean;
}) {
  // Proportions of the others as they were when this version's slider was taken up, so that going back restores them.
  const grabbed = useRef<{ id: string; from: Weights } | null>(null);
  const now = weightsOf(route, weights);
  const rates = route.destinations.map((one) => one.rate);
  const totalRate = rates.every((rate) => rate !== null)
    ? rates.reduce((sum: number, rate) => sum + (rate ?? 0), 0)
    : null;
  const move = (id: string, value: number) => {
    if (grabbed.current?.id !== id) grabbed.current = { id, from: now };
    onChange(setWeight(now, id, value, grabbed.current.from));
  };
  const settle = () => {
    grabbed.current = null;
  };
  const changed = route.destinations.some((one) => now[one.id] !== one.weight);
  return (
    <div className={classes.route} data-testid="weighted-route">
      <div className={classes.stack}>
        <span className="dim">Now</span>
        <StackedBar route={route} weights={Object.fromEntries(route.destinations.map((one) => [one.id, one.weight]))} />
        {changed && (
          <>
            <b>New</b>
            <StackedBar route={route} weights={now} />
          </>
        )}
      </div>
      {route.destinations.map((one, index) => (
        <Destination
          key={one.id}
          destination={one}
          colour={colourOf(index)}
          value={now[one.id] ?? one.weight}
          liveShare={totalRate && one.rate !== null ? one.rate / totalRate : null}
          readOnly={readOnly || route.destinations.length < 2}
          onMove={(value) => move(one.id, value)}
          onSettle={settle}
        />
      ))}
    </div>
  );
}

function StackedBar({ route, weights }: { route: Route; weights: Weights }) {
  return (
    <div
      className={classes.bar}
      role="img"
      aria-label={route.destinations.map((one) => `${one.label} ${weights[one.id]}%`).join(", ")}
    >
      {route.destinations.map((one, index) => {
        const weight = weights[one.id] ?? 0;
        return weight > 0 ? (
          <span key={one.id} style={{ flexGrow: weight, flexBasis: 0, background: colourOf(index) }}>
            {weight >= 8 && `${one.label} ${weight}%`}
          </span>
        ) : null;
      })}
    </div>
  );
}

interface DestinationProps {
  destination: WeightedDestination;
  colour: string;
  value: number;
  liveShare: number | null;
  readOnly: boolean;
  onMove: (value: number) => void;
  onSettle: () => void;
}

function Destination({ destination, colour, value, liveShare, readOnly, onMove, onSettle }: DestinationProps) {
  return (
    <div className={classes.destination} data-testid="weighted-destination" data-label={destination.label}>
      <div className={classes.destinationHead}>
        <span className={classes.swatch} style={{ background: colour }} />
        <b>{destination.label}</b>
        <span className="dim">
          {destination.workloads.map((workload) => workload.name).join(", ") || "no workload matches"}
        </span>
      </div>
      <div className={classes.control}>
        <Slider
          value={value}
          onChange={onMove}
          onChangeEnd={onSettle}
          min={0}
          max={100}
          step={1}
          label={null}
          disabled={readOnly}
          thumbLabel={`Weight of ${destination.label}`}
          styles={{ bar: { background: colour }, thumb: { borderColor: colour, background: "var(--surface)" } }}
        />
        <NumberInput
          aria-label={`Weight of ${destination.label} in percent`}
          value={value}
          onChange={(next) => typeof next === "number" && onMove(next)}
          onBlur={onSettle}
          min={0}
          max={100}
          clampBehavior="strict"
          allowDecimal={false}
          allowNegative={false}
          suffix=" %"
          size="sm"
          disabled={readOnly}
        />
      </div>
      <div className={`${classes.now} num`}>
        <span>
          {formatRate(destination.rate)} now{liveShare !== null && ` (${formatShare(liveShare)} of the traffic)`}
        </span>
        <span>
          Pods ready <Pods ready={destination.pods_ready} total={destination.pods_total} />
        </span>
      </div>
    </div>
  );
}
