import type { StylesheetJson } from "cytoscape";
import type { Palette } from "./palette";

export const FONT = '"Inter Variable", system-ui, sans-serif';

/** Cytoscape's stylesheet. Labels of edges and boxes are drawn on a layer above, where icons are possible. */
export function stylesheet(palette: Palette): StylesheetJson {
  return [
    {
      selector: "node[images]",
      style: {
        shape: "data(shape)" as never,
        width: "data(width)",
        height: "data(height)",
        "corner-radius": "data(corner)",
        "background-color": "data(fill)",
        "border-color": "data(border)",
        "border-width": "data(borderWidth)",
        "border-style": "data(borderStyle)" as never,
        "background-image": "data(images)" as never,
        "background-position-x": "data(imageX)" as never,
        "background-position-y": "data(imageY)" as never,
        "background-width": "data(imageW)" as never,
        "background-height": "data(imageH)" as never,
        "background-fit": "none none" as never,
        "background-clip": "none none" as never,
        "background-image-containment": "over over" as never,
        "bounds-expansion": 12 as never,
        label: "data(label)",
        "font-family": FONT,
        "font-size": 12,
        "font-weight": 500,
        color: palette.text,
        "text-halign": "center",
        "text-valign": "center",
        "text-margin-x": 13,
        opacity: "data(opacity)" as never,
        "z-index": 10,
        "overlay-opacity": 0,
        "transition-property": "opacity",
        "transition-duration": 120,
      },
    },
    {
      selector: "node[box]",
      style: {
        shape: "round-rectangle",
        "corner-radius": "12",
        "background-color": palette.box,
        "background-opacity": 0.75,
        "border-color": palette.border,
        "border-width": 1,
        padding: "18px",
        "z-index": 1,
        "overlay-opacity": 0,
        events: "yes",
      },
    },
    {
      selector: "edge",
      style: {
        width: "data(width)",
        "line-color": "data(colour)",
        "line-style": "data(line)" as never,
        "line-dash-pattern": [7, 5],
        "line-opacity": "data(opacity)" as never,
        "curve-style": "unbundled-bezier",
        "control-point-distances": "data(distances)" as never,
        "control-point-weights": "data(weights)" as never,
        "source-endpoint": "data(sourceEnd)" as never,
        "target-endpoint": "data(targetEnd)" as never,
        "edge-distances": "endpoints" as never,
        "target-arrow-shape": "triangle",
        "target-arrow-color": "data(colour)",
        "arrow-scale": 0.85,
        "overlay-opacity": 0,
        "z-index": 5,
      },
    },
    {
      selector: "edge[?loop]",
      style: { "curve-style": "bezier", "source-endpoint": "outside-to-node", "target-endpoint": "outside-to-node" },
    },
    { selector: ".faded", style: { opacity: 0.25 } },
    { selector: "node[images].hover", style: { "border-color": palette.accent, "border-width": 1.5 } },
    {
      selector: "edge.hover",
      style: { "line-opacity": 1, "underlay-color": palette.accent, "underlay-opacity": 0.16, "underlay-padding": 5 },
    },
    {
      selector: "node[images].selected",
      style: {
        "border-color": palette.accent,
        "border-width": 2.5,
        "underlay-color": palette.accent,
        "underlay-opacity": 0.2,
        "underlay-padding": 5,
        "underlay-shape": "round-rectangle",
      },
    },
    {
      selector: "edge.selected",
      style: {
        "line-opacity": 1,
        "underlay-color": palette.accent,
        "underlay-opacity": 0.3,
        "underlay-padding": 5,
        "z-index": 20,
      },
    },
  ];
}
