import { deflateRawSync } from "node:zlib";
import { beforeEach, expect, test, vi } from "vitest";
import { aDelta, aView } from "../graph/fixtures";
import type { ViewSpec } from "../graph/model";
import { LiveGraph, type Socket } from "./live";

class FakeSocket implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  sent: { type: string; id?: string }[] = [];
  closed = false;
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closed = true;
  }
  say(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const SPEC: ViewSpec = {
  kind: "workload",
  service_nodes: true,
  namespaces: [],
  workloads: [],
  idle: false,
  idle_edges: false,
  box_by: [],
  expanded: [],
};
let sockets: FakeSocket[];
let live: LiveGraph;

function current(): FakeSocket {
  return sockets.at(-1) as FakeSocket;
}

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  live = new LiveGraph(() => {
    sockets.push(new FakeSocket());
    return current();
  });
  live.start();
  live.watch("demo", 15, { ...SPEC, namespaces: [] });
  current().onopen?.();
});

function types(): string[] {
  return current().sent.map((message) => message.type);
}

test("a view chosen before the socket opens is subscribed to when it does", () => {
  expect(current().sent).toEqual([
    { type: "subscribe", id: "s1", cluster: "demo", window: 15, view: SPEC, compress: true },
  ]);
});

test("deltas that follow are applied; a gap asks for a snapshot once", () => {
  current().say({ type: "snapshot", id: "s1", view: aView({ version: 1 }) });
  current().say({ type: "delta", id: "s1", delta: aDelta({ base: 1, version: 2 }) });
  expect(live.state.get().shown?.version).toBe(2);
  current().say({ type: "delta", id: "s1", delta: aDelta({ base: 3, version: 4 }) });
  current().say({ type: "delta", id: "s1", delta: aDelta({ base: 4, version: 5 }) });
  expect(types().filter((type) => type === "resync")).toHaveLength(1);
  expect(live.state.get().shown?.version).toBe(2);
  current().say({ type: "snapshot", id: "s1", view: aView({ version: 5 }) });
  current().say({ type: "delta", id: "s1", delta: aDelta({ base: 5, version: 6 }) });
  expect(live.state.get().shown?.version).toBe(6);
});

test("deflated messages are read in the order they came in, and a broken one asks for a snapshot", async () => {
  vi.useRealTimers();
  const packed = (message: object) => {
    const bytes = deflateRawSync(JSON.stringify(message));
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  };
  current().onmessage?.({ data: packed({ type: "snapshot", id: "s1", view: aView({ version: 1 }) }) });
  current().onmessage?.({ data: packed({ type: "delta", id: "s1", delta: aDelta({ base: 1, version: 2 }) }) });
  await vi.waitFor(() => expect(live.state.get().shown?.version).toBe(2));
  current().onmessage?.({ data: new Uint8Array([7, 7, 7]).buffer });
  await vi.waitFor(() => expect(types()).toContain("resync"));
});

test("a delta older than what is shown is not a gap", () => {
  current().say({ type: "snapshot", id: "s1", view: aView({ version: 9 }) });
  current().say({ type: "delta", id: "s1", delta: aDelta({ base: 7, version: 8 }) });
  expect(types()).not.toContain("resync");
});

test("pause keeps the picture and counts what it misses; resume shows the newest", () => {
  current().say({ type: "snapshot", id: "s1", view: aView({ version: 1 }) });
  live.pause();
  for (let base = 1; base < 4; base++)
    current().say({ type: "delta", id: "s1", delta: aDelta({ base, version: base + 1 }) });
  expect(live.state.get()).toMatchObject({ shown: { version: 1 }, pending: 3 });
  live.resume();
  expect(live.state.get()).toMatchObject({ shown: { version: 4 }, pending: 0 });
});

test("a slower refresh draws at its own pace, and manual only when asked", () => {
  live.setRefresh(5);
  current().say({ type: "snapshot", id: "s1", view: aView({ version: 1 }) });
  expect(live.state.get().shown?.version).toBe(1);
  current().say({ type: "delta", id: "s1", delta: aDelta({ base: 1, version: 2 }) });
  expect(live.state.get().shown?.version).toBe(1);
  vi.advanceTimersByTime(5000);
  expect(live.state.get().shown?.version).toBe(2);
  live.setRefresh("manual");
  current().say({ type: "delta", id: "s1", delta: aDelta({ base: 2, version: 3 }) });
  vi.advanceTimersByTime(9000);
  expect(live.state.get()).toMatchObject({ shown: { version: 2 }, pending: 1 });
  live.draw();
  expect(live.state.get().shown?.version).toBe(3);
});

test("another view keeps the old picture until its snapshot is there, and ignores late messages of the old one", () => {
  current().say({ type: "snapshot", id: "s1", view: aView({ version: 1 }) });
  live.watch("demo", 60, { ...SPEC, namespaces: [] });
  expect(live.state.get()).toMatchObject({ switching: true, shown: { window_seconds: 15 } });
  current().say({ type: "delta", id: "s1", delta: aDelta() });
  expect(live.state.get().shown?.version).toBe(1);
  current().say({ type: "snapshot", id: "s2", view: aView({ window_seconds: 60 }) });
  expect(live.state.get()).toMatchObject({ switching: false, shown: { window_seconds: 60 } });
  expect(types()).toEqual(["subscribe", "unsubscribe", "subscribe"]);
});

test("a lost connection is dialled again, later each time, and subscribes again", () => {
  current().say({ type: "snapshot", id: "s1", view: aView() });
  current().onclose?.({ code: 1006 });
  expect(live.state.get().connection).toBe("reconnecting");
  expect(live.state.get().shown).not.toBeNull();
  vi.advanceTimersByTime(1000);
  expect(sockets).toHaveLength(2);
  current().onclose?.({ code: 1006 });
  vi.advanceTimersByTime(700);
  expect(sockets).toHaveLength(2);
  vi.advanceTimersByTime(700);
  expect(sockets).toHaveLength(3);
  current().onopen?.();
  expect(types()).toEqual(["subscribe"]);
});

test("silence on an open connection is not trusted for ever", () => {
  current().say({ type: "snapshot", id: "s1", view: aView() });
  vi.advanceTimersByTime(15_000);
  expect(types()).toContain("ping");
  vi.advanceTimersByTime(45_000);
  expect(sockets[0]?.closed).toBe(true);
  expect(live.state.get().connection).toBe("reconnecting");
});

test("a refused socket is not dialled again", () => {
  current().onclose?.({ code: 4401 });
  vi.advanceTimersByTime(60_000);
  expect(sockets).toHaveLength(1);
  expect(live.state.get().connection).toBe("signed_out");
});

test("while the past is shown nothing is watched, also after a reconnection; then the view is asked for anew", () => {
  current().say({ type: "snapshot", id: "s1", view: aView({ version: 1 }) });
  live.rest();
  expect(current().sent.at(-1)).toEqual({ type: "unsubscribe", id: "s1" });
  current().say({ type: "delta", id: "s1", delta: aDelta({ base: 1, version: 2 }) });
  expect(live.state.get().shown?.version).toBe(1);
  current().onclose?.({ code: 1006 });
  vi.advanceTimersByTime(20_000);
  current().onopen?.();
  expect(types()).not.toContain("subscribe");
  live.watch("demo", 15, { ...SPEC, namespaces: [] });
  expect(current().sent.at(-1)).toMatchObject({ type: "subscribe", id: "s2" });
});
