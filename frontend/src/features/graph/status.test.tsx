import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { renderPage } from "../../components/testing";
import { aView } from "../../graph/fixtures";
import type { SourceState } from "../../graph/model";
import type { LiveState } from "../../state/live";
import { SourceBanners } from "./SourceBanners";
import { statusOf } from "./StatusChip";

const NOW = new Date("2026-01-01T00:01:00Z");
const LIVE: LiveState = {
  connection: "open",
  shownKey: null,
  shown: aView(),
  pending: 0,
  paused: false,
  switching: false,
  heardAt: NOW.getTime() - 3000,
  problem: null,
};
const STALE: SourceState = {
  name: "telemetry",
  state: "stale",
  as_of: "2026-01-01T00:00:10Z",
  stale_since: "2026-01-01T00:00:12Z",
  error: "Prometheus refused the connection.",
  cluster: null,
  dialects: [],
};

test("each state of the connection has its own words", () => {
  const words = (part: Partial<LiveState>, refresh = "live") => statusOf({ ...LIVE, ...part }, refresh, NOW).text;
  expect(words({})).toBe("Live · 3s ago");
  expect(words({ paused: true, pending: 4 })).toBe("Paused · 4 behind");
  expect(words({ connection: "reconnecting" })).toBe("Reconnecting · 3s");
  expect(words({ connection: "connecting", shown: null, heardAt: null })).toBe("Connecting");
  expect(words({ shown: null })).toBe("Waiting");
  expect(words({ pending: 2 }, "manual")).toBe("New data · 2 behind");
  expect(words({ shown: aView({ sources: [STALE] }) })).toMatch(/^Stale since /);
});

test("a stale source never hides behind a pause, nor a lost connection behind either", () => {
  const stale = { ...LIVE, paused: true, shown: aView({ sources: [STALE] }) };
  expect(statusOf(stale, "live", NOW).name).toBe("stale");
  expect(statusOf({ ...stale, connection: "reconnecting" }, "live", NOW).name).toBe("reconnecting");
});

test("each source that isn't fine says so, why, and what is missing", () => {
  const failed: SourceState = {
    name: "inventory",
    state: "failed",
    as_of: null,
    stale_since: null,
    error: "Forbidden.",
    cluster: null,
    dialects: [],
  };
  const fine: SourceState = { ...failed, name: "proxies", state: "live", error: null };
  renderPage(<SourceBanners sources={[STALE, failed, fine]} problem={null} />);
  expect(screen.getByTestId("source-telemetry").textContent).toContain("Prometheus refused the connection.");
  expect(screen.getByTestId("source-inventory").textContent).toContain("never answered");
  expect(screen.queryByTestId("source-proxies")).toBeNull();
});

test("which meshes' metrics are read is said, and so is that there are none", () => {
  expect(statusOf(LIVE, "live", NOW).detail).toContain("from the metrics of istio");
  const none: SourceState = { ...STALE, state: "live", error: "no metrics of a mesh were found" };
  renderPage(<SourceBanners sources={[none]} problem={null} />);
  expect(screen.getByTestId("source-telemetry").textContent).toContain("answers, but no metrics of a mesh were found");
});
