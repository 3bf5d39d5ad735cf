import { ActionIcon, Tooltip } from "@mantine/core";
import { useElementSize, useHotkeys } from "@mantine/hooks";
import { LayoutGrid, Maximize, Minus, Plus } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Matched } from "../../graph/find";
import { neighbourhood } from "../../graph/focus";
import type { Point } from "../../graph/geometry";
import { litBy } from "../../graph/lit";
import type { GraphView } from "../../graph/model";
import { FONT } from "../../graph/palette";
import type { GraphUrl } from "../../graph/view-url";
import { walk } from "../../graph/walk";
import { usePalette } from "../../state/palette";
import { GraphOutline } from "./GraphOutline";
import classes from "./graph.module.css";
import { HoverTip } from "./HoverTip";
import { Legend } from "./Legend";
import { warmUp } from "./map/layout-worker";
import { GraphScene } from "./map/scene";

// The layout thread starts while the view is still on its way.
warmUp();

interface GraphMapProps {
  view: GraphView;
  /** Which kind of view it is: each keeps the places of its nodes. */
  viewKey: string;
  url: GraphUrl;
  found: Matched | null;
  /** What to bring into sight, each time that this is another object. */
  target: { id: string } | null;
  onChange: (part: Partial<GraphUrl>) => void;
  /** A double press, or Enter on what is selected already. */
  onOpen: (id: string) => void;
  onScene?: (scene: GraphScene | null) => void;
  children?: ReactNode;
}

export function GraphMap({ view, viewKey, url, found, target, onChange, onOpen, onScene, children }: GraphMapProps) {
  const palette = usePalette();
  const host = useRef<HTMLDivElement>(null);
  const { ref: sizeRef, width, height } = useElementSize<HTMLDivElement>();
  const [scene, setScene] = useState<GraphScene | null>(null);
  const [hover, setHover] = useState<{ id: string; at: Point } | null>(null);
  const [placed, setPlaced] = useState(false);
  const handlers = useRef({ onChange, onOpen, onScene });
  handlers.current = { onChange, onOpen, onScene };
  const labels = url.labels.join();
  const telling = useMemo(
    () => ({ overlay: url.overlay, labels: (labels ? labels.split(",") : []) as GraphUrl["labels"] }),
    [url.overlay, labels],
  );
  const look = useMemo(
    () => ({ telling, palette, layout: url.layout, key: viewKey }),
    [telling, palette, url.layout, viewKey],
  );
  const firstLook = useRef(look);

  useEffect(() => {
    let made: GraphScene | null = null;
    let gone = false;
    // Labels are measured and drawn in the product's font, so it has to be there first.
    void document.fonts.load(`600 12px ${FONT}`).finally(() => {
      if (gone || !host.current) return;
      made = new GraphScene(host.current, firstLook.current, {
        onSelect: (selected) => handlers.current.onChange({ selected }),
        onHover: (id, at) => setHover(id ? { id, at } : null),
        onOpen: (id) => handlers.current.onOpen(id),
        onPlaced: setPlaced,
      });
      setScene(made);
      handlers.current.onScene?.(made);
    });
    return () => {
      gone = true;
      made?.destroy();
      setScene(null);
      handlers.current.onScene?.(null);
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
  const foundIds = useMemo(() => found && new Set([...found.nodes, ...found.edges]), [found]);
  useEffect(() => scene?.highlight(lit, foundIds), [scene, lit, foundIds]);

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
  ]);

  const goTo = useCallback(
    (id: string) => {
      handlers.current.onChange({ selected: id });
      scene?.focus(id);
    },
    [scene],
  );
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || !scene || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" && url.selected) {
      onOpen(url.selected);
      return;
    }
    const next = walk(view, (id) => scene.position(id), url.selected, event.key, event.shiftKey);
    if (!next) return;
    event.preventDefault();
    goTo(next);
  };

  return (
    <div ref={sizeRef} style={{ position: "absolute", inset: 0 }}>
      <div
        className={classes.map}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application, walked through with the arrow keys
        tabIndex={0}
        role="application"
        aria-label="Map of the mesh. Arrow keys go from node to node, with Shift onto an edge; Enter opens a neighbourhood."
        onKeyDown={onKeyDown}
        data-testid="graph-map"
        data-placed={placed || undefined}
      >
        <div ref={host} className={classes.scene} aria-hidden="true" />
      </div>
      {children}
      {!placed && <div className={classes.placing}>Laying out {view.nodes.length.toLocaleString("en")} nodes…</div>}
      <div className={`${classes.float} ${classes.zoom}`}>
        <MapButton label="Zoom in (+)" onClick={() => scene?.zoomBy(1.3)} icon={<Plus size={15} />} />
        <MapButton label="Zoom out (-)" onClick={() => scene?.zoomBy(1 / 1.3)} icon={<Minus size={15} />} />
        <MapButton label="Fit to the window (f)" onClick={() => scene?.fit()} icon={<Maximize size={15} />} />
        <MapButton label="Lay out anew (l)" onClick={() => void scene?.arrange()} icon={<LayoutGrid size={15} />} />
      </div>
      <Legend view={view} overlay={url.overlay} />
      {hover && <HoverTip view={view} id={hover.id} at={hover.at} overlay={url.overlay} />}
      <GraphOutline view={view} selected={url.selected} onSelect={goTo} />
    </div>
  );
}

function MapButton({ label, onClick, icon }: { label: string; onClick: () => void; icon: ReactNode }) {
  return (
    <Tooltip label={label} position="left">
      <ActionIcon aria-label={label} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
