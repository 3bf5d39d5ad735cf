import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Cluster } from "../../../api/types";
import { renderPage, stubApi } from "../../../components/testing";
import { aView } from "../../../graph/fixtures";
import type { Moments } from "../../../graph/model";
import { DEFAULT_GRAPH_URL, type GraphUrl } from "../../../graph/view-url";
import { ReplayBar } from "./ReplayBar";

const NOW = Date.parse("2026-11-24T12:00:05Z");
const CLUSTER: Cluster = {
  name: "demo",
  label: "demo",
  windows: [{ seconds: 60, label: "1m" }],
  default_window_seconds: 60,
  demo: true,
};
const TIMES = ["2026-11-24T11:57:00Z", "2026-11-24T11:58:00Z", "2026-11-24T11:59:00Z"];

function film(over: Partial<Moments> = {}): Moments {
  return {
    cluster: "demo",
    window_seconds: 60,
    step_seconds: 60,
    first: "2026-11-24T11:00:00Z",
    last: "2026-11-24T12:00:00Z",
    moments: TIMES.map((at) => ({ at, origin: "ring", rate: 10, error_share: 0.1 })),
    problem: null,
    ...over,
  };
}

let shown: GraphUrl;

function Bar({ url: first, ready }: { url: Partial<GraphUrl>; ready: boolean }) {
  const [url, setUrl] = useState<GraphUrl>({ ...DEFAULT_GRAPH_URL, span: 3600, ...first });
  shown = url;
  return (
    <ReplayBar
      cluster={CLUSTER}
      window={60}
      url={url}
      ready={ready}
      onChange={(part) => setUrl((old) => ({ ...old, ...part }))}
    />
  );
}

async function open(url: Partial<GraphUrl> = {}, { answer = film(), ready = true } = {}) {
  const asked = stubApi({
    "GET /clusters/demo/graph/moments": () => ({ body: answer }),
    "GET /clusters/demo/graph": () => ({ body: aView() }),
  });
  renderPage(<Bar url={url} ready={ready} />);
  const play = await screen.findByRole("button", { name: "Play the film" });
  if (answer.moments.length > 0) await waitFor(() => expect(play.hasAttribute("disabled")).toBe(false));
  return asked;
}

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true, now: NOW });
});

afterEach(() => {
  vi.useRealTimers();
});

test("the arrow keys go from moment to moment, and past the last one to now", async () => {
  await open();
  const slider = screen.getByRole("slider", { name: "Moment shown" });
  expect(slider.getAttribute("aria-valuetext")).toBe("now");
  fireEvent.keyDown(slider, { key: "ArrowLeft" });
  expect(shown.at).toBe(TIMES[2]);
  expect(slider.getAttribute("aria-valuetext")).toContain("10% errors · kept by MeshUI");
  fireEvent.keyDown(slider, { key: "ArrowLeft" });
  expect(shown.at).toBe(TIMES[1]);
  fireEvent.keyDown(slider, { key: "Home" });
  expect(shown.at).toBe(TIMES[0]);
  fireEvent.keyDown(slider, { key: "PageUp" });
  expect(shown.at).toBeNull();
});

test("the film begins at its beginning, moves a frame a second, and ends in the present", async () => {
  await open();
  fireEvent.click(screen.getByRole("button", { name: "Play the film" }));
  for (const at of [...TIMES, null]) {
    expect(shown.at).toBe(at);
    await act(() => vi.advanceTimersByTimeAsync(1050));
  }
  screen.getByRole("button", { name: "Play the film" });
});

test("a frame waits until the one before is on the screen", async () => {
  await open({ at: TIMES[0] }, { ready: false });
  fireEvent.click(screen.getByRole("button", { name: "Play the film" }));
  await act(() => vi.advanceTimersByTimeAsync(5000));
  expect(shown.at).toBe(TIMES[0]);
});

test("stepping stops the film", async () => {
  await open({ at: TIMES[0], speed: 0.5 });
  fireEvent.click(screen.getByRole("button", { name: "Play the film" }));
  fireEvent.click(screen.getByRole("button", { name: "On one moment" }));
  await act(() => vi.advanceTimersByTimeAsync(5000));
  expect(shown.at).toBe(TIMES[1]);
});

test("a time that is typed is jumped to, one in the future is refused", async () => {
  const person = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });
  await open();
  fireEvent.click(screen.getByRole("button", { name: "Jump to…" }));
  const field = screen.getByLabelText("Jump to a moment");
  const local = (at: number) => new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
  fireEvent.change(field, { target: { value: local(NOW + 3_600_000) } });
  await person.type(field, "{Enter}");
  expect(shown.at).toBeNull();
  screen.getByText("This is in the future");
  fireEvent.change(field, { target: { value: local(Date.parse(TIMES[0] ?? "")) } });
  await person.type(field, "{Enter}");
  expect(shown.at).toBe("2026-11-24T11:57:00.000Z");
});

test("back to live leaves the bar open; closing it leaves the past too", async () => {
  await open({ at: TIMES[1] });
  fireEvent.click(screen.getByRole("button", { name: "Back to live" }));
  expect([shown.at, shown.span]).toEqual([null, 3600]);
  fireEvent.click(screen.getByRole("button", { name: "Close the replay" }));
  expect([shown.at, shown.span]).toEqual([null, null]);
});

test("why nothing is known of a time is said", async () => {
  await open({}, { answer: film({ moments: [] }) });
  await screen.findByText(/Nothing is known of the mesh/);
});

test("why the strip is empty where Prometheus doesn't answer is said", async () => {
  await open({}, { answer: film({ problem: "Prometheus at http://p refused the connection" }) });
  await screen.findByText(/refused the connection/);
});
