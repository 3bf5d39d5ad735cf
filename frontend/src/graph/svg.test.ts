import { expect, test } from "vitest";
import { aNode, anEdge, aView } from "./fixtures";
import { legendOf } from "./legend";
import { DARK, LIGHT } from "./palette";
import { draw } from "./picture";
import { sheet } from "./sheet";
import { SvgPen } from "./svg";

const VIEW = aView({
  nodes: [
    aNode("web", { label: "web <&> co", badges: [{ name: "missing_proxy", reason: "", object: null }] }),
    aNode("till", { health: { state: "failing", reason: "" } }),
  ],
  edges: [anEdge("web", "till", { health: { state: "failing", reason: "" }, error_share: 0.5, protocol: "tcp" })],
});
const PLACES = { positions: { web: { x: 0, y: 0 }, till: { x: 400, y: 0 } }, routes: {} };

function svg(palette = DARK): Document {
  const picture = draw(VIEW, PLACES, { overlay: "health", labels: ["rate"] }, null);
  const scenery = { palette, zoom: 1, sight: null, selected: null, found: null, lit: null };
  const pen = new SvgPen((words, size) => words.length * size * 0.6);
  const page = sheet(picture, scenery, { title: "Mesh", facts: ["now"] }, legendOf(VIEW, "health"), pen.measure);
  page.paint(pen);
  const text = pen.document(page.bounds, palette.page, "Mesh", "now");
  return new DOMParser().parseFromString(text, "image/svg+xml");
}

test("the file is SVG with every word as a word", () => {
  const file = svg();
  expect(file.querySelector("parsererror")).toBeNull();
  const words = [...file.querySelectorAll("text")].map((text) => text.textContent);
  expect(words).toEqual(expect.arrayContaining(["Mesh", "now", "web <&> co", "till", "shop", "50% · 10/s"]));
  expect(file.querySelector("image")).toBeNull();
});

test("the legend explains what occurs, and nothing else", () => {
  const texts = legendOf(VIEW, "health").flatMap((group) => group.items.map((item) => item.text));
  expect(texts).toEqual(expect.arrayContaining(["Failing", "TCP", "Workload", "Healthy", "No proxy"]));
  expect(texts).not.toContain("Degraded");
  expect(texts).not.toContain("Gateway");
  const words = [...svg().querySelectorAll("text")].map((text) => text.textContent);
  expect(words).toEqual(expect.arrayContaining(texts));
});

test("nothing is outside the sheet, in whichever colours", () => {
  for (const palette of [DARK, LIGHT]) {
    const file = svg(palette);
    const [x = 0, y = 0, width = 0, height = 0] = (file.documentElement.getAttribute("viewBox") ?? "")
      .split(" ")
      .map(Number);
    expect(file.querySelector("rect")?.getAttribute("fill")).toBe(palette.page);
    for (const text of file.querySelectorAll("text")) {
      const centred = text.getAttribute("text-anchor") === "middle" ? 0.5 : 0;
      const length = Number(text.getAttribute("textLength"));
      const left = Number(text.getAttribute("x")) - length * centred;
      expect(left).toBeGreaterThanOrEqual(x);
      expect(left + length).toBeLessThanOrEqual(x + width);
      expect(Number(text.getAttribute("y"))).toBeLessThanOrEqual(y + height);
    }
  }
});
