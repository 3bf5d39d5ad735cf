import { ActionIcon, Tooltip } from "@mantine/core";
import { useElementSize, useHotkeys } from "@mantine/hooks";
import { LayoutGrid, Maximize, Minus, Plus } from "lucide-react";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { neighbourhood } from "../../graph/filter";
import type { Matched } from "../../graph/find";
import type { Point } from "../../graph/geometry";
import { litBy } from "../../graph/lit";
import type { GraphView } from "../../graph/model";
import { FONT } from "../../graph/style";
import type { GraphUrl } from "../../graph/view-url";
import { usePalette } from "../../state/palette";
import { GraphOutline } from "./GraphOutline";
import classes from "./graph.module.css";
import { HoverTip } from "./HoverTip";
import { Legend } from "./Legend";
import { warmUp } from "./layout-worker";
import { GraphScene } from "./scene";

// The layout thread starts while the view is still on its way.
warmUp();

interface GraphMapProps {
  view: GraphView;
  url: GraphUrl;
  found: Matched | null;
  /** What to bring into sight, each time that this is another object. */
  target: { id: string } | null;
  onChange: (part: Partial<GraphUrl>) => void;
}

const ARROWS: Record<string, Point> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

export function GraphMap({ view, url, found, target, onChange }: GraphMapProps) {
  const palette = usePalette();
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { ref: sizeRef, width, height } = useElementSize<HTMLDivElement>();
  const [scene, setScene] = useState<GraphScene | null>(null);
  const [hover, setHover] = useState<{ id: string; at: Point } | null>(null);
  const [placed, setPlaced] = useState(false);
  const change = useRef(onChange);
  change.current = onChange;
  const look = useMemo(() => ({ overlay: url.overlay, label: url.label, palette }), [url.overlay, url.label, palette]);
  const firstLook = useRef(look);

  useEffect(() => {
    let made: GraphScene | null = null;
    let gone = false;
    // Labels are measured and drawn in the product's font, so it has to be there first.
    void document.fonts.load(`600 12px ${FONT}`).finally(() => {
      if (gone || !host.current || !canvas.current) return;
      made = new GraphScene(host.current, canvas.current, firstLook.current, {
        onSelect: (selected) => change.current({ selected }),
        onHover: (id, at) => setHover(id ? { id, at } : null),
        onPlaced: () => setPlaced(true),
      });
      setScene(made);
    });
    return () => {
      gone = true;
      made?.destroy();
      setScene(null);
    };
  }, []);

  useEffect(() => scene?.show(view, look), [scene, view, look]);
  useEffect(() => scene?.select(url.selected), [scene, url.selected]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the canvas follows the size of its place
  useEffect(() => scene?.resize(), [scene, width, height]);

  const lit = useMemo(() => {
    if (found) return litBy(view, found);
    return url.selected && view.nodes.some((node) => node.id === url.selected)
      ? neighbourhood(view, url.selected)
      : null;
  }, [found, url.selected, view]);
  useEffect(() => scene?.highlight(lit), [scene, lit]);

  // A link to something selected shows it, once everything has its place.
  const shownOnce = useRef(false);
  useEffect(() => {
    if (!placed || shownOnce.current) return;
    shownOnce.current = true;
    if (url.selected) scene?.focus(url.selected);
  }, [placed, scene, url.selected]);

  useEffect(() => {
    if (target) scene?.focus(target.id);
  }, [scene, target]);

  useHotkeys([
    ["f", () => scene?.fit()],
    ["l", () => void scene?.arrange()],
    ["+", () => scene?.zoomBy(1.3)],
    ["=", () => scene?.zoomBy(1.3)],
    ["-", () => scene?.zoomBy(1 / 1.3)],
    ["Escape", () => onChange({ selected: null })],
  ]);

  const goTo = (id: string) => {
    onChange({ selected: id });
    scene?.focus(id);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const direction = event.target === event.currentTarget ? ARROWS[event.key] : undefined;
    if (!direction || !scene) return;
    event.preventDefault();
    const next = scene.neighbour(url.selected, direction);
    if (next) {
      onChange({ selected: next });
      scene.focus(next);
    }
  };

  return (
    <div ref={sizeRef} style={{ position: "absolute", inset: 0 }}>
      <div
        className={classes.map}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application, walked through with the arrow keys
        tabIndex={0}
        role="application"
        aria-label="Map of the mesh. Arrow keys go from node to node."
        onKeyDown={onKeyDown}
        data-testid="graph-map"
        data-placed={placed || undefined}
      >
        <div ref={host} className={classes.scene} />
        <canvas ref={canvas} className={classes.labels} />
      </div>
      <div className={`${classes.float} ${classes.zoom}`}>
        <MapButton label="Zoom in (+)" onClick={() => scene?.zoomBy(1.3)} icon={<Plus size={15} />} />
        <MapButton label="Zoom out (-)" onClick={() => scene?.zoomBy(1 / 1.3)} icon={<Minus size={15} />} />
        <MapButton label="Fit to the window (f)" onClick={() => scene?.fit()} icon={<Maximize size={15} />} />
        <MapButton label="Lay out anew (l)" onClick={() => void scene?.arrange()} icon={<LayoutGrid size={15} />} />
      </div>
      <Legend overlay={url.overlay} />
      {hover && <HoverTip view={view} id={hover.id} at={hover.at} overlay={url.overlay} />}
      <GraphOutline view={view} onSelect={goTo} />
    </div>
  );
}

function MapButton({ label, onClick, icon }: { label: string; onClick: () => void; icon: React.ReactNode }) {
  return (
    <Tooltip label={label} position="left">
      <ActionIcon aria-label={label} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
