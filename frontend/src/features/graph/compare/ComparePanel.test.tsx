import { fireEvent, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { ApiError } from "../../../api/client";
import { renderPage } from "../../../components/testing";
import { aView } from "../../../graph/fixtures";
import type { Comparison, Difference, DifferenceKind } from "../../../graph/model";
import { DEFAULT_GRAPH_URL } from "../../../graph/view-url";
import { ComparePanel } from "./ComparePanel";
import type { Compared } from "./useCompared";

function difference(kind: DifferenceKind, id: string, over: Partial<Difference> = {}): Difference {
  return {
    element: "edge",
    id,
    kind,
    label: id,
    reason: `${id} is ${kind}`,
    before: { rate: 10, error_share: 0, p95_ms: 5 },
    after: { rate: 10, error_share: 0.5, p95_ms: 5 },
    ...over,
  };
}

function side(over = {}) {
  const at = "2026-11-24T11:00:00Z";
  return { version: 1, published_at: at, evaluated_at: at, past: null, nodes: 2, edges: 3, ...over };
}

function open(differences: Difference[] | null, over: Partial<Compared> = {}) {
  const onSelect = vi.fn();
  const onChange = vi.fn();
  const comparison = differences && ({ window_seconds: 60, before: side(), after: side(), differences } as Comparison);
  const compared: Compared = {
    view: aView(),
    comparison: comparison ?? undefined,
    loading: false,
    error: null,
    retry: vi.fn(),
    ...over,
  };
  const url = { ...DEFAULT_GRAPH_URL, compare: "2026-11-24T11:00:00.000Z" };
  renderPage(
    <ComparePanel cluster="demo" window={60} url={url} compared={compared} onChange={onChange} onSelect={onSelect} />,
  );
  return { onSelect, onChange, compared };
}

test("differences are told in sentences, calls before workloads, and one that is pressed is selected", () => {
  const { onSelect } = open([difference("failing", "web>cart"), difference("new", "cart", { element: "node" })]);
  expect(screen.getAllByRole("heading", { level: 3 }).map((item) => item.textContent)).toEqual([
    "Calls",
    "Workloads and services",
  ]);
  fireEvent.click(screen.getByText("web>cart is failing"));
  expect(onSelect).toHaveBeenCalledWith("web>cart");
});

test("one kind can be looked at alone", () => {
  open([difference("failing", "a"), difference("slower", "b"), difference("slower", "c")]);
  fireEvent.click(screen.getByRole("button", { name: /^Slower 2/ }));
  expect(screen.getAllByTestId("difference").map((item) => item.dataset.id)).toEqual(["b", "c"]);
  fireEvent.click(screen.getByRole("button", { name: /^Slower 2/ }));
  expect(screen.getAllByTestId("difference")).toHaveLength(3);
});

test("that nothing differs is an answer too", () => {
  open([]);
  expect(screen.getByTestId("compare-same").textContent).toContain("3 edges before, 3 after");
});

test("until it is there it is loading, and a failure says why and can be tried again", () => {
  open(null);
  screen.getByTestId("screen-loading");
  const { compared } = open(null, { error: new ApiError(404, { message: "Prometheus has nothing there" }) });
  expect(screen.getByTestId("compare-failed").textContent).toContain("Prometheus has nothing there");
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(compared.retry).toHaveBeenCalled();
});

test("the comparison can be saved, and left", () => {
  const { onChange } = open([]);
  const link = screen.getByRole("link", { name: "Save the comparison as JSON" });
  expect(link.getAttribute("href")).toContain("/api/v1/clusters/demo/graph/compare?from=2026-11-24T11%3A00%3A00.000Z&");
  expect(link.getAttribute("href")).toContain("download=true");
  fireEvent.click(screen.getByRole("button", { name: "Close the comparison" }));
  expect(onChange).toHaveBeenCalledWith({ compare: null });
});
